//! svc-if: run a program only if a block succeeds.

use std::ffi::OsString;

use common::base::args::unknown;
use common::base::error::exit;
use common::base::future::Future;
use common::base::signal::Signal;
use common::prelude::*;
use common::sys::wait::Ended;

use super::block::block;
use super::child::run;
use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-if",
    help: "[-n] [-X] [-t | -x CODE] [-m TEXT] { BLOCK... } PROG...
Runs the program BLOCK to its end. If it succeeds (exits 0), becomes PROG, else exits as it did.
  -n       if it fails, becomes PROG, else exits 1
  -X       a BLOCK that a signal killed has failed; otherwise that ends the chain, also with -n
  -t       where it would exit, exits 0
  -x CODE  where it would exit, exits CODE
  -m TEXT  where it would exit, says TEXT and how BLOCK ended
",
    read,
};

struct If {
    block: Vec<OsString>,
    is_negated: bool,
    crash_is_failure: bool,
    code: Option<u8>,
    text: Option<String>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let (mut is_negated, mut crash_is_failure) = (false, false);
    let (mut code, mut text) = (None, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-n" => is_negated = true,
            "-X" => crash_is_failure = true,
            "-t" => code = Some(exit::OK),
            "-x" => code = Some(args.value("exit code")?),
            "-m" => text = Some(args.raw_value()?.display().to_string()),
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(If { block: block(args)?, is_negated, crash_is_failure, code, text }))
}

impl Change for If {
    fn apply(&self, future: &mut Future) -> Result<()> {
        let ended = run(LINK.name, &self.block, future)?;
        if let (Ended::Killed(number), false) = (ended, self.crash_is_failure) {
            let message = match &self.text {
                Some(text) => format!("{text}: {}", how(ended)),
                None => format!("the block was {}", how(ended)),
            };
            return Err(Error::new(128 + number, message));
        }
        if (ended == Ended::Exited(exit::OK)) != self.is_negated {
            return Ok(());
        }
        let code = self.code.unwrap_or_else(|| code(ended));
        Err(match &self.text {
            Some(text) => Error::new(code, format_args!("{text}: {}", how(ended))),
            None => Error::silent(code),
        })
    }

    fn moves_look_ups(&self) -> bool {
        true
    }

    fn blocks(&self) -> Vec<&[OsString]> {
        vec![&self.block]
    }
}

fn how(ended: Ended) -> String {
    match ended {
        Ended::Exited(code) => format!("exit code {code}"),
        Ended::Killed(number) => format!("killed by {}", Signal(number)),
    }
}

/// That of the block; 128 for all from there on, so that they can't be taken for a signal. The success
/// of a block that was to fail is a no.
fn code(ended: Ended) -> u8 {
    match ended {
        Ended::Exited(exit::OK) => exit::NO,
        Ended::Exited(code) => code.min(128),
        Ended::Killed(signal) => 128 + signal,
    }
}
