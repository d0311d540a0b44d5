//! svc-try: run a program, or another one if it can't be run.

use std::ffi::OsString;

use common::base::args::unknown;
use common::base::future::Future;
use common::os::exec::search_and_exec;
use common::prelude::*;

use super::block::block;
use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-try",
    help: "[-a NAME] { BLOCK... } PROG...
Becomes the program BLOCK or, if that is missing or can't be run, PROG.
  -a NAME  BLOCK finds NAME as its argv[0]
",
    read,
};

struct Try {
    block: Vec<OsString>,
    argv0: Option<OsString>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut argv0 = None;
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-a" => argv0 = Some(args.raw_value()?),
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(Try { block: block(args)?, argv0 }))
}

impl Change for Try {
    fn apply(&self, future: &mut Future) -> Result<()> {
        let mut block = future.beside(self.block.clone());
        block.argv0.clone_from(&self.argv0);
        // Why it can't be run does not matter: PROG is there for that.
        let _ = search_and_exec(&block);
        Ok(())
    }

    fn moves_look_ups(&self) -> bool {
        true
    }
}
