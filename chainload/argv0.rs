//! svc-argv0: run a program under another name.

use std::ffi::OsString;

use common::base::future::Future;
use common::prelude::*;

use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-argv0",
    help: "NAME PROG...
Becomes PROG, which finds NAME as its argv[0]: -sh makes a login shell of sh.
",
    read,
};

struct Argv0(OsString);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    // A name may begin with a minus: there are no options but --.
    let mut name = args.operand("name")?;
    if name == "--" {
        name = args.operand("name")?;
    }
    Ok(Box::new(Argv0(name)))
}

impl Change for Argv0 {
    fn look_up(&mut self, future: &mut Future) -> Result<()> {
        future.argv0 = Some(self.0.clone());
        Ok(())
    }
}
