//! svc-foreground: run a block to its end, then a program.

use std::ffi::{OsStr, OsString};

use common::base::future::Future;
use common::prelude::*;
use common::sys::wait::Ended;

use super::block::block;
use super::child::run;
use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-foreground",
    help: "{ BLOCK... } PROG...
Runs the program BLOCK to its end, then becomes PROG, whatever came of it. PROG finds in the variable ?
the exit code of BLOCK, or 256 and the number of the signal that killed it.
",
    read,
};

struct Foreground(Vec<OsString>);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    Ok(Box::new(Foreground(block(args)?)))
}

impl Change for Foreground {
    fn apply(&self, future: &mut Future) -> Result<()> {
        let status = match run(LINK.name, &self.0, future)? {
            Ended::Exited(code) => u16::from(code),
            Ended::Killed(signal) => 256 + u16::from(signal),
        };
        future.set(OsStr::new("?"), OsStr::new(&status.to_string()));
        Ok(())
    }

    fn moves_look_ups(&self) -> bool {
        true
    }

    fn blocks(&self) -> Vec<&[OsString]> {
        vec![&self.0]
    }
}
