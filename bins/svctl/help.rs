//! What `--help` says, of all and of one verb.

use common::prelude::*;
use common::program::print;

use super::call::{Call, EVERYWHERE, Operand, Opt, Verb};
use crate::json::{Object, Value};

pub(super) const VERB: Verb = Verb {
    word: "help",
    arguments: "[VERB]",
    count: 0..=1,
    operand: Operand::Verb,
    summary: "print this, or what there is to know of a verb",
    options: &[],
    run,
};

fn run(call: &Call) -> Result<Next> {
    let text = match call.operands.first() {
        Some(word) => of(call.verbs.named(word)?),
        None => format!("usage: svctl {HELP}"),
    };
    if !call.json {
        return Ok(Next::Exit(print(&text)));
    }
    let mut object = Object::of("help");
    object.put("text", &Value::text(text));
    Ok(Next::Exit(print(&object.line())))
}

/// The help of all. A test holds it against the table, which says what it must be.
pub(super) const HELP: &str = include_str!("help.txt");

/// The help of one verb.
pub(super) fn of(verb: &Verb) -> String {
    let mut text = format!("usage: svctl {} [OPTION...]", verb.word);
    if !verb.arguments.is_empty() {
        text += &format!(" {}", verb.arguments);
    }
    text += &format!("\n{}.\n", capital(verb.summary));
    if !verb.options.is_empty() {
        text += &options(verb.options);
    }
    text += "Options of all verbs:\n";
    text + &options(EVERYWHERE)
}

/// Lines that tell options.
pub(super) fn options(options: &[Opt]) -> String {
    let word = |opt: &Opt| format!("{} {}", opt.name, opt.value).trim_end().to_owned();
    let width = options.iter().map(|opt| word(opt).len()).max().unwrap_or(0).max(14);
    options.iter().map(|opt| format!("  {:<width$}  {}\n", word(opt), opt.help)).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}
