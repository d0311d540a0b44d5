//! `svctl status`: all services in a table, or all that is known of some.

use common::base::error::exit;
use common::prelude::*;
use common::program::{print, warn};

use crate::svctl::call::{ANY, Call, Operand, Verb, flag, option};
use crate::svctl::known::Known;
use crate::svctl::names::{NOT_UP, UNKNOWN, asked};
use crate::svctl::standing::Standing;

mod definition;
pub(super) mod lines;
mod one;
mod processes;
mod related;
mod sign;
mod table;
mod usage;

pub(super) const VERB: Verb = Verb {
    word: "status",
    arguments: "[NAME...]",
    count: 0..=ANY,
    operand: Operand::Service,
    summary: "all services, problems first; or all that is known of some",
    options: &[
        option("-n", "COUNT", "of a NAME, the last COUNT lines of its log (10)"),
        flag("--no-processes", "of a NAME, not its processes"),
    ],
    run,
};

/// As many lines of a log as fit below the rest.
const LINES: u64 = 10;

fn run(call: &Call) -> Result<Next> {
    let lines = call.value("-n")?.unwrap_or(LINES);
    // That a mistake is one, is not the state of a service.
    let known = Known::read(call)
        .map_err(|e| if e.code == exit::USAGE { e } else { Error { code: UNKNOWN, ..e } })?;
    if call.operands.is_empty() {
        return Ok(Next::Exit(print(&table::answer(call, &known))));
    }
    let (mut text, mut code) = (String::new(), exit::OK);
    let found = asked(call, &known)?;
    let is_alone = found.len() == 1;
    for found in found {
        match found {
            Ok(id) => {
                if !text.is_empty() && !call.json {
                    text.push('\n');
                }
                let one = one::One { call, known: &known, id, lines };
                text += &if call.json { one.object().line() } else { one.shown() };
                let is_up = known.is_up(id) || known.standing(id) == Standing::Ready;
                let own = if known.standing(id) == Standing::Unknown { UNKNOWN } else { NOT_UP };
                code = code.max(if is_up { exit::OK } else { own });
            }
            Err(e) if is_alone => return Err(e),
            Err(e) => {
                warn(&"svctl", &e.message);
                code = code.max(e.code);
            }
        }
    }
    Ok(Next::Exit(print(&text).max(code)))
}
