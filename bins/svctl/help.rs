//! What `--help` says, of all and of one verb.

use common::prelude::*;
use common::program::print;

use super::call::{Call, named};
#[cfg(test)]
use super::verbs::VERBS;
use super::verbs::{EVERYWHERE, Operand, Opt, Verb};
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
        Some(word) => of(named(word)?),
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

fn options(options: &[Opt]) -> String {
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

/// The help of all, as the table has it.
#[cfg(test)]
fn whole() -> String {
    let mut text = "[OPTION...] VERB [OPTION...] [ARGUMENT...]
Shows services, moves them, and says why they are where they are.
"
    .to_owned();
    for (title, verbs) in VERBS {
        let line = |verb: &Verb| {
            let word = format!("{} {}", verb.word, verb.arguments);
            format!("  {:<22} {}\n", word.trim_end(), verb.summary)
        };
        text += &format!("{title}\n{}", verbs.iter().map(line).collect::<String>());
    }
    text + "Options, before or behind the verb:\n"
        + &options(EVERYWHERE)
        + "svctl VERB --help tells the options of a verb.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `COPPICE_WRITE=1 cargo test` writes it anew.
    #[test]
    fn the_help_is_that_of_the_table() {
        if std::env::var_os("COPPICE_WRITE").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/svctl/help.txt"), whole())
                .unwrap();
        } else {
            assert_eq!(HELP, whole());
        }
    }

    #[test]
    fn each_line_of_it_fits_a_terminal() {
        for verb in crate::svctl::verbs::all() {
            for line in of(verb).lines().chain(HELP.lines()) {
                assert!(line.chars().count() <= 99, "{line}");
            }
        }
    }
}
