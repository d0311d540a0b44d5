//! svc-cd: run a program in another directory.

use std::ffi::OsString;

use common::base::future::Future;
use common::prelude::*;

use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-cd",
    help: "DIR PROG...
Changes the working directory to DIR, then becomes PROG.
",
    read,
};

struct Cd(OsString);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    Ok(Box::new(Cd(args.operand("directory")?)))
}

impl Change for Cd {
    fn apply(&self, _: &mut Future) -> Result<()> {
        rustix::process::chdir(&self.0)
            .unable(format_args!("change directory to {}", self.0.display()))
    }

    fn moves_look_ups(&self) -> bool {
        true
    }
}
