//! svc-fdmove: run a program with a descriptor at another number.

use std::os::fd::RawFd;

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;
use common::sys::fd::{close, copy};

use super::link::{Change, Link};
use super::word::descriptor;

pub(super) const LINK: Link = Link {
    name: "svc-fdmove",
    help: "[-c] TO FROM PROG...
Moves the descriptor FROM to the number TO, then becomes PROG.
  -c  copy: FROM stays open as well
",
    read,
};

struct Fdmove {
    to: RawFd,
    from: RawFd,
    copies: bool,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut copies = false;
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-c" => copies = true,
            _ => return Err(unknown(&option)),
        }
    }
    let to = descriptor(&args.operand("descriptor")?)?;
    let from = descriptor(&args.operand("descriptor")?)?;
    Ok(Box::new(Fdmove { to, from, copies }))
}

impl Change for Fdmove {
    fn apply(&self, _: &mut Future) -> Result<()> {
        let what = if self.copies { "copy" } else { "move" };
        copy(self.from, self.to)
            .unable(format_args!("{what} descriptor {} to {}", self.from, self.to))?;
        if !self.copies && self.from != self.to {
            close(self.from);
        }
        Ok(())
    }
}
