//! `svctl is-up`, `is-ready` and `is-failed`: for scripts.

use common::base::error::exit;
use common::prelude::*;
use common::program::{print, warn};

use super::call::{ANY, Call, Operand, Opt, Verb, flag};
use super::known::Known;
use super::names::{NOT_UP, UNKNOWN, asked};
use super::standing::Standing;
use crate::json::{Object, Value};
use crate::manager::graph::Id;

pub(super) const UP: Verb = verb("is-up", "whether services run: exit code 0, 3 or 4", is_up);
pub(super) const READY: Verb =
    verb("is-ready", "whether services are ready: exit code 0, 3 or 4", is_ready);
pub(super) const FAILED: Verb =
    verb("is-failed", "whether services have failed: exit code 0, 1 or 4", is_failed);

const OPTIONS: &[Opt] = &[flag("--quiet", "do not print the state")];

const fn verb(word: &'static str, summary: &'static str, run: fn(&Call) -> Result<Next>) -> Verb {
    Verb {
        word,
        arguments: "NAME...",
        count: 1..=ANY,
        operand: Operand::Service,
        summary,
        options: OPTIONS,
        run,
    }
}

fn is_up(call: &Call) -> Result<Next> {
    answer(call, NOT_UP, |known, id| known.is_up(id))
}

fn is_ready(call: &Call) -> Result<Next> {
    answer(call, NOT_UP, |known, id| known.standing(id) == Standing::Ready)
}

fn is_failed(call: &Call) -> Result<Next> {
    answer(call, exit::NO, |known, id| known.standing(id).has_failed())
}

fn answer(call: &Call, no: u8, is: fn(&Known, Id) -> bool) -> Result<Next> {
    // A mistake is no answer.
    let known = Known::read(call);
    let known =
        known.map_err(|e| if e.code == exit::USAGE { e } else { Error { code: UNKNOWN, ..e } })?;
    let (mut text, mut code) = (String::new(), exit::OK);
    for found in asked(call, &known)? {
        match found {
            Ok(id) => {
                let yes = is(&known, id);
                let word = known.standing(id).word();
                text +=
                    &if call.json { object(call, &known, id, yes) } else { format!("{word}\n") };
                code = code.max(if yes { exit::OK } else { no });
            }
            Err(e) => {
                if !call.has("--quiet") {
                    warn(&"svctl", &e.message);
                }
                code = code.max(e.code);
            }
        }
    }
    let text = if call.has("--quiet") { "" } else { &text };
    Ok(Next::Exit(print(text).max(code)))
}

fn object(call: &Call, known: &Known, id: Id, yes: bool) -> String {
    let mut object = Object::of(call.verb.word);
    object.put("name", &Value::text(known.name(id)));
    object.put("state", &Value::text(known.standing(id).word()));
    object.put("yes", &Value::Bool(yes));
    object.line()
}
