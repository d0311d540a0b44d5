//! svc-fdclose: run a program without some descriptors.

use std::ffi::OsStr;
use std::os::fd::RawFd;

use common::base::future::Future;
use common::prelude::*;
use common::sys::fd::close;

use super::link::{Change, Link};
use super::word::{descriptor, invalid};

pub(super) const LINK: Link = Link {
    name: "svc-fdclose",
    help: "FD[,FD]... PROG...
Closes the descriptors FD, then becomes PROG. Those that are closed already are fine.
",
    read,
};

struct Fdclose(Vec<RawFd>);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    let word = args.operand("descriptor")?;
    let text = word.to_str().ok_or_else(|| invalid("descriptor", &word))?;
    let numbers = text.split(',').map(|number| descriptor(OsStr::new(number)));
    Ok(Box::new(Fdclose(numbers.collect::<Result<_>>()?)))
}

impl Change for Fdclose {
    fn apply(&self, _: &mut Future) -> Result<()> {
        self.0.iter().for_each(|number| close(*number));
        Ok(())
    }
}
