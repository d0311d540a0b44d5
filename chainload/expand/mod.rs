//! svc-expand: run a program with the variables in its command line replaced by their values.

pub(super) mod grammar;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;

use crate::link::{Change, Link};
use crate::word::mistake;

use grammar::{Braces, words};

pub(super) const LINK: Link = Link {
    name: "svc-expand",
    help: "[--shell-defaults] PROG...
Replaces variables in PROG and its arguments by their values, as systemd does, then becomes PROG.
${NAME} anywhere is the value as it is, or nothing. A word that is $NAME becomes the words of the value:
as many as there are, or none. $$ is $.
  --shell-defaults  ${NAME:-TEXT} is TEXT if NAME is not set or empty, ${NAME:+TEXT} if it is neither
",
    read,
};

struct Expand(Braces);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut braces = Braces::Name;
    while let Some(option) = args.option()? {
        match option.as_str() {
            "--shell-defaults" => braces = Braces::NameOrText,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(Expand(braces)))
}

impl Change for Expand {
    fn look_up(&mut self, future: &mut Future) -> Result<()> {
        let value = |name: &[u8]| future.get(OsStr::from_bytes(name)).map(OsString::into_vec);
        let mut argv = Vec::new();
        for (place, word) in future.argv.iter().enumerate() {
            argv.extend(words(word.as_bytes(), self.0, &value).into_iter().map(OsString::from_vec));
            // An argument is no program, though nothing is left in front of it.
            if place == 0 && argv.first().is_none_or(|program| program.is_empty()) {
                let word = word.display();
                return Err(mistake(format_args!("nothing to run: {word} has no value")));
            }
        }
        future.argv = argv;
        Ok(())
    }

    fn changes_words(&self) -> bool {
        true
    }
}
