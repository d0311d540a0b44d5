//! svc-envfile: run a program with the environment that a file of lines says.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use common::base::future::Future;
use common::os::file::read_up_to;
use common::prelude::*;
use rustix::fs::CWD;
use rustix::io::Errno;

use super::link::{Change, Link};
use super::word::{invalid, mistake};

pub(super) mod grammar;

pub(super) const LINK: Link = Link {
    name: "svc-envfile",
    help: "[-]FILE PROG...
Sets the variables that the lines NAME=VALUE of FILE say, then becomes PROG. With a minus in front, as
-/etc/default/web, FILE may be missing.
",
    read,
};

/// More than that no program could be given.
const LARGEST: usize = 1 << 20;

struct Envfile {
    file: OsString,
    may_be_missing: bool,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut word = args.operand("file")?;
    if word == "--" {
        word = args.operand("file")?;
    }
    let Some(path) = word.as_bytes().strip_prefix(b"-") else {
        return Ok(Box::new(Envfile { file: word, may_be_missing: false }));
    };
    // So that an option that there is not is no file that is missing.
    if !path.starts_with(b"/") && !path.starts_with(b".") {
        return Err(invalid("option (a file after a minus begins with / or .)", &word));
    }
    Ok(Box::new(Envfile { file: OsStr::from_bytes(path).to_owned(), may_be_missing: true }))
}

impl Change for Envfile {
    fn look_up(&mut self, future: &mut Future) -> Result<()> {
        let path = self.file.display();
        let text = match read_up_to(CWD, &self.file, LARGEST + 1) {
            Err(Errno::NOENT) if self.may_be_missing => return Ok(()),
            result => result.unable(format_args!("read {path}"))?,
        };
        if text.len() > LARGEST {
            return Err(mistake(format_args!("{path}: longer than 1 MB")));
        }
        let variables = grammar::parse(&text)
            .map_err(|e| mistake(format_args!("{path}:{}: {}", e.line, e.what)))?;
        for (name, value) in variables {
            future.set(OsStr::from_bytes(&name), OsStr::from_bytes(&value));
        }
        Ok(())
    }
}
