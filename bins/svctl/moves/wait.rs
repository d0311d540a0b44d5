//! `svctl wait`: asks for nothing, and waits.

use common::prelude::*;

use super::{AS, NO_WAIT, QUIET, TIMEOUT, options, output, watched};
use crate::manager::change::options::Goal;
use crate::manager::change::signals;
use crate::manager::change::wait;
use crate::svctl::call::{ANY, Call, Operand, Verb, flag};
use crate::svctl::names;

pub(in crate::svctl) const VERB: Verb = Verb {
    word: "wait",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "ask for nothing; wait until services are ready",
    options: &[
        flag("--ready", "until they are ready (the default)"),
        flag("--down", "until they are down"),
        flag("--settled", "until they are where they are to be, or can't get there"),
        TIMEOUT,
        NO_WAIT,
        QUIET,
        AS,
    ],
    run,
};

const GOALS: [(&str, Goal); 3] =
    [("--ready", Goal::Ready), ("--down", Goal::Down), ("--settled", Goal::Settled)];

fn run(call: &Call) -> Result<Next> {
    call.lives()?;
    let mut goals = GOALS.iter().filter(|(option, _)| call.has(option));
    let goal = goals.next().map_or(Goal::Ready, |(_, goal)| *goal);
    if goals.next().is_some() {
        return Err(Error::user("only one of --ready, --down and --settled can be waited for"));
    }
    let (names, options) = (names::of_live(call)?, options(call)?);
    let mut output = watched(call, &options, output(call), names.clone());
    wait::wait(&options, goal, &names, &signals()?, &mut output).map(Next::Exit)
}
