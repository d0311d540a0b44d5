//! svc-log: logs what comes in on standard input.

use common::base::error::exit;
use common::base::signal::Signal;
use common::os::fds::{adopt, close_on_exec, fill_stdio};
use common::os::signals::Signals;
use common::prelude::*;
use common::program::warn;

mod rotate;
mod session;
mod setup;

use super::script::command_line::{self, HELP};
use session::Session;

pub(super) const PROGRAM: Program = Program { name: "svc-log", help: HELP, main };

fn main(args: Args) -> Result<Next> {
    let mut line = command_line::parse(args)?;
    if !line.rotate.is_empty() {
        line.rotate.iter().try_for_each(|dir| rotate::rotate(dir))?;
        return Ok(Next::Exit(exit::OK));
    }
    common::os::clock::ask_often();
    let notify = line.notify.map(adopt).transpose()?;
    fill_stdio();
    close_on_exec();
    if line.verbosity > 0 {
        line.warnings.drain(..).for_each(|warning| warn(&PROGRAM.name, &warning));
    }
    let signals =
        [Signal::TERM, Signal::HUP, Signal::INT, Signal::ALRM, Signal::CHLD, Signal::POLL];
    let signals = Signals::take(&signals).unable("take signals")?;
    if let Some(logger) = setup::logger(&line, &signals)? {
        Session::new(logger, signals, notify, &line).run()?;
    }
    Ok(Next::Exit(exit::OK))
}
