//! `svctl completions`: what shells complete svctl's command lines with, made from the table of verbs.

mod bash;
mod fish;
mod zsh;

use std::collections::BTreeSet;

use common::base::signal::Signal;
use common::prelude::*;
use common::program::print;

use super::call::{Call, Operand, Opt, Verb};
use super::files;
use crate::json::{Object, Value};
use crate::manager::generations::{BOOT, GOOD, numbers};
use crate::manager::view::View;

pub(super) const VERB: Verb = Verb {
    word: "completions",
    arguments: "bash|zsh|fish",
    count: 1..=1,
    operand: Operand::Word,
    summary: "print what a shell completes svctl with",
    options: &[],
    run,
};

fn run(call: &Call) -> Result<Next> {
    let word = call.operands.first().and_then(|word| word.to_str()).unwrap_or_default();
    let text = match word {
        "bash" => bash::script(call.verbs),
        "zsh" => zsh::script(call.verbs),
        "fish" => fish::script(call.verbs),
        "services" => lines(services(call)),
        "generations" => lines(generations(call)),
        "verbs" => lines(call.verbs.all().map(|verb| verb.word.to_owned())),
        "signals" => lines((1..32).filter_map(|n| Signal(n).name()).map(str::to_owned)),
        _ => {
            let what = format_args!(
                "no completions of {word:?}: {}, services, generations, verbs or signals",
                VERB.arguments.replace("|", ", ")
            );
            return Err(Error::user(what));
        }
    };
    if call.json {
        let mut object = Object::of("completions");
        object.put("for", &Value::text(word));
        object.put("text", &Value::text(text));
        return Ok(Next::Exit(print(&object.line())));
    }
    Ok(Next::Exit(print(&text)))
}

fn lines(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().map(|word| word + "\n").collect()
}

/// All names that there are, live or in files. A shell has no use for what goes wrong.
fn services(call: &Call) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if call.site.image.is_none()
        && let Ok(view) = View::live(&call.site.sources())
    {
        names.extend(view.graph.ids().map(|id| view.name(id).to_owned()));
    }
    if let Ok(whole) = files::read(&call.site) {
        let all = whole.names().chain(whole.templates()).chain(whole.enabled());
        names.extend(all.map(str::to_owned));
    }
    names
}

fn generations(call: &Call) -> Vec<String> {
    let numbers = numbers(&call.site.generations).unwrap_or_default();
    let links = [BOOT, GOOD].map(str::to_owned);
    numbers.iter().map(u64::to_string).chain(links).collect()
}

/// What the values of an option are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Directory,
    File,
    /// As `svctl completions` prints them for this word.
    Asked(&'static str),
    Words(&'static str),
    Other,
}

fn kind(option: &Opt) -> Kind {
    match option.value {
        "DIR" => Kind::Directory,
        "FILE" => Kind::File,
        "GENERATION" => Kind::Asked("generations"),
        "WHEN" => Kind::Words("auto always never"),
        "HOW" => Kind::Words("local utc tai64n relative none raw"),
        _ => Kind::Other,
    }
}

/// What a verb's arguments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nothing,
    /// As `svctl completions` prints them for this word.
    Asked(&'static str),
    Words(&'static str),
    Files,
}

/// Of the first argument, or of those behind it.
fn place(verb: &Verb, is_first: bool) -> Place {
    match verb.operand {
        Operand::Service if !is_first && verb.arguments.contains("SIGNAL") => {
            Place::Asked("signals")
        }
        Operand::Service => Place::Asked("services"),
        Operand::Generation => Place::Asked("generations"),
        Operand::Verb => Place::Asked("verbs"),
        Operand::Word => Place::Words(verb.arguments),
        Operand::File => Place::Files,
        Operand::Nothing => Place::Nothing,
    }
}

/// A text between single quotes, as a POSIX shell has it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
