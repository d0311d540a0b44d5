//! svc-wait: wait until services are in a state.

use std::ffi::OsString;

use common::base::args::unknown;
use common::base::error::exit;
use common::os::fds::fill_stdio;
use common::prelude::*;

use super::client::Service;
use super::goal::Goal;
use super::wait_for::{HowMany, Wait, deadline};

pub(super) const PROGRAM: Program = Program {
    name: "svc-wait",
    help: "[-a | -o] [-t MS] STATE DIR...
       svc-wait -u|-U|-d|-D|-r|-R [-a | -o] [-t MS] DIR...
Waits until the services in the directories DIR are in a state.
STATE, or the option of s6-svwait that means the same:
  -u up               it runs
  -U ready            it runs and is ready
  -d down             it does not run; its finish script may still run
  -D finished         it does not run, and finish is done
  -r restarted        it has been started anew
  -R restarted-ready  it has been started anew and is ready
Options:
  -a     all of them at the same time; the default
  -o     one of them is enough
  -t MS  wait at most MS milliseconds, then exit 99; 0, the default, is no limit
",
    main,
};

struct Wish {
    goal: Option<Goal>,
    how_many: HowMany,
    limit: u64,
}

fn main(mut args: Args) -> Result<Next> {
    fill_stdio();
    let mut wish = Wish { goal: None, how_many: HowMany::All, limit: 0 };
    options(&mut args, &mut wish)?;
    let goal = match wish.goal {
        Some(goal) => goal,
        None => {
            let word = args.operand("state")?;
            options(&mut args, &mut wish)?;
            let bad = || Error::user(format_args!("unknown state {}", word.display()));
            word.to_str().filter(|w| w.len() > 1).and_then(Goal::parse).ok_or_else(bad)?
        }
    };
    let dirs: Vec<OsString> = args.operands("service directory")?;
    common::os::fds::raise_open_files();
    let due = deadline(wish.limit);
    let mut wait = Wait::default();
    for dir in &dirs {
        wait.add(Service::open(dir)?, goal)?;
    }
    wait.wait(wish.how_many, due)?;
    Ok(Next::Exit(exit::OK))
}

fn options(args: &mut Args, wish: &mut Wish) -> Result<()> {
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-a" => wish.how_many = HowMany::All,
            "-o" => wish.how_many = HowMany::Any,
            "-t" => wish.limit = args.value("number of milliseconds")?,
            option => {
                let goal = Goal::from_option(option).ok_or_else(|| unknown(option))?;
                wish.goal = Some(goal);
            }
        }
    }
    Ok(())
}
