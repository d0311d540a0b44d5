//! svc-background: start a block, and go on with a program at once.

use std::ffi::{OsStr, OsString};

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;

use super::block::block;
use super::child::{start, start_orphan};
use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-background",
    help: "[-d] { BLOCK... } PROG...
Starts the program BLOCK and becomes PROG at once, which finds its pid in the variable !.
  -d  not as a child of PROG, which need not wait for it then
",
    read,
};

struct Background {
    block: Vec<OsString>,
    is_orphan: bool,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut is_orphan = false;
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-d" => is_orphan = true,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(Background { block: block(args)?, is_orphan }))
}

impl Change for Background {
    fn apply(&self, future: &mut Future) -> Result<()> {
        let start = if self.is_orphan { start_orphan } else { start };
        let pid = start(LINK.name, &self.block, future)?;
        future.set(OsStr::new("!"), OsStr::new(&pid.as_raw_pid().to_string()));
        Ok(())
    }

    fn moves_look_ups(&self) -> bool {
        true
    }

    fn blocks(&self) -> Vec<&[OsString]> {
        vec![&self.block]
    }
}
