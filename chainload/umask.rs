//! svc-umask: run a program with another file creation mask.

use common::base::future::Future;
use common::prelude::*;
use rustix::fs::Mode;

use super::link::{Change, Link};
use super::word;

pub(super) const LINK: Link = Link {
    name: "svc-umask",
    help: "MASK PROG...
Sets the file creation mask to the octal number MASK, then becomes PROG.
",
    read,
};

struct Umask(Mode);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    Ok(Box::new(Umask(word::mode(&args.operand("mask")?, 0o777, "mask")?)))
}

impl Change for Umask {
    fn apply(&self, _: &mut Future) -> Result<()> {
        rustix::process::umask(self.0);
        Ok(())
    }
}
