//! Ending as another process did.

use common::base::signal::Signal;
use common::prelude::*;
use common::sys::signal::{Mask, forget_pending, kill, set_mask};
use common::sys::wait::Ended;
use rustix::process::{Resource, Rlimit, getpid, getrlimit, setrlimit};

/// The way to exit with the same code; a signal that killed the other kills us here, without a second
/// core file.
pub(super) fn end_as(ended: Ended) -> Error {
    let signal = match ended {
        Ended::Exited(code) => return Error::silent(code),
        Ended::Killed(signal) => Signal(signal),
    };
    let limit = getrlimit(Resource::Core);
    // Refused: then there are two.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
    // One that came last must not kill us first.
    forget_pending();
    // It is blocked until the mask is lifted.
    let _ = kill(getpid(), false, signal.number());
    set_mask(&Mask::empty());
    // What no longer kills: as a shell tells it.
    Error::silent(signal.0.saturating_add(128))
}
