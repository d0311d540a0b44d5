//! svc-managerd: keeps what is wanted up, in the order that dependencies ask for.

mod answers;
mod apply;
mod begin;
mod commands;
mod config_tests;
mod definitions;
mod goal;
mod left;
mod look;
mod manager;
mod news;
mod oneshots;
mod perform;
mod recorder;
mod reload;
mod requests;
mod test_run;

use std::ffi::OsString;
use std::path::PathBuf;

use common::base::args::unknown;
use common::os::siblings::Siblings;
use common::prelude::*;

use self::manager::Manager;
use super::places::{GENERATIONS, USUAL};

pub(super) const PROGRAM: Program = Program {
    name: "svc-managerd",
    help: "[OPTION...]
Brings up what the accepted generation of services says, keeps it up, and does what it is asked
for, each as soon as its dependencies allow it. Kill it: its successor goes on.
  --dir DIR           where scan/ and manager/ are (/run/coppice)
  --generations DIR   where the generations are (/var/lib/coppice)
  --policy FILE       who may command besides the user that runs it
  --facts DIR         where facts are, a file each (DIR/events/facts)
  --log-fifos DIR     the output of oneshots goes to the fifo DIR/NAME
  --logger NAME       the service of the tree that is svc-logd: a generation that becomes live makes it
                      read its directives again
  --limit N           at most so many services start at the same time
",
    main,
};

/// What the command line says.
pub(super) struct Options {
    dir: PathBuf,
    generations: PathBuf,
    policy: Option<PathBuf>,
    facts: PathBuf,
    log_fifos: Option<OsString>,
    logger: Option<String>,
    limit: Option<usize>,
}

fn main(args: Args) -> Result<Next> {
    let siblings = Siblings::at_start();
    common::os::clock::ask_often();
    let mut manager = Manager::begin(options(args)?, siblings)?;
    Ok(Next::Exit(manager.run()))
}

fn options(mut args: Args) -> Result<Options> {
    let (mut dir, mut generations) = (PathBuf::from(USUAL), PathBuf::from(GENERATIONS));
    let (mut policy, mut facts, mut log_fifos) = (None, None, None);
    let (mut logger, mut limit) = (None, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "--dir" => dir = args.raw_value()?.into(),
            "--generations" => generations = args.raw_value()?.into(),
            "--policy" => policy = Some(absolute(args.raw_value()?)?),
            "--facts" => facts = Some(absolute(args.raw_value()?)?),
            "--log-fifos" => log_fifos = Some(absolute(args.raw_value()?)?.into_os_string()),
            "--logger" => logger = Some(args.value("name")?),
            "--limit" => limit = Some(args.value::<usize>("number")?),
            _ => return Err(unknown(&option)),
        }
    }
    args.end()?;
    if limit == Some(0) {
        return Err(Error::user("with a limit of 0 nothing would ever start"));
    }
    let (dir, generations) = (absolute(dir.into())?, absolute(generations.into())?);
    let facts = facts.unwrap_or_else(|| dir.join("events/facts"));
    Ok(Options { dir, generations, policy, facts, log_fifos, logger, limit })
}

/// Links in directories of services must lead to the same place from everywhere.
fn absolute(path: OsString) -> Result<PathBuf> {
    std::path::absolute(&path).unable(format_args!("find {}", path.display()))
}
