//! Programs that are not installed: each is told once, however many archives need it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use common::program::warn;

use super::PROGRAM;

/// Those that were told; all logs have the same.
#[derive(Clone, Default)]
pub(super) struct Missing(Rc<RefCell<BTreeSet<&'static str>>>);

impl Missing {
    /// Tells it, unless it was told.
    pub(super) fn tell(&self, program: &'static str) {
        if self.0.borrow_mut().insert(program) {
            let message = format_args!("{program} is not installed: what it packed is left out");
            warn(&PROGRAM.name, &message);
        }
    }
}
