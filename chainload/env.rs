//! svc-env: run a program with other variables in its environment.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;

use super::link::{Change, Link};
use super::word::{assignment, assignments, invalid};

pub(super) const LINK: Link = Link {
    name: "svc-env",
    help: "[-c] [-k NAME]... [-u NAME]... [NAME=VALUE]... [--] PROG...
Sets the variables NAME to VALUE in the environment, then becomes PROG.
  -c, --clear      take away all others
  -k, --keep NAME  take away all others but NAME
  -u, --unset NAME take away NAME
",
    read,
};

#[derive(Default)]
struct Env {
    clears: bool,
    keep: Vec<OsString>,
    unset: Vec<OsString>,
    set: Vec<OsString>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut env = Env::default();
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-c" | "--clear" => env.clears = true,
            "-k" | "--keep" => env.keep.push(name(args)?),
            "-u" | "--unset" => env.unset.push(name(args)?),
            _ => return Err(unknown(&option)),
        }
    }
    env.clears |= !env.keep.is_empty();
    env.set = assignments(args);
    Ok(Box::new(env))
}

/// The name of a variable.
fn name(args: &mut Args) -> Result<OsString> {
    let name = args.raw_value()?;
    let plain = !name.is_empty() && !name.as_bytes().contains(&b'=');
    if plain { Ok(name) } else { Err(invalid("name of a variable", &name)) }
}

impl Change for Env {
    fn look_up(&mut self, future: &mut Future) -> Result<()> {
        if self.clears {
            future.keep(&self.keep);
        }
        for name in &self.unset {
            future.unset(name);
        }
        for (name, value) in self.set.iter().filter_map(|word| assignment(word)) {
            future.set(name, value);
        }
        Ok(())
    }
}
