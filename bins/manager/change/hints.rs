//! What to type next, after an answer that is no.

use common::base::near::nearest;
use common::prelude::*;

use super::options::Options;
use crate::manager::places::Places;
use crate::manager::request::NO_WAY;
use crate::manager::table::Contents;

/// How the line of an answer begins that is about a name which nothing live has.
const NO_SERVICE: &str = "there is no service ";

/// How the line begins that names who needs what was to be stopped.
pub(super) const DEPENDENTS: &str = "others need that: ";

/// What is to be said instead of an answer that knows none of the names in it.
pub(super) fn unknown(options: &Options, lines: &[String]) -> Option<Error> {
    let names: Option<Vec<&str>> = lines.iter().map(|line| line.strip_prefix(NO_SERVICE)).collect();
    options.voice.unknown(&names.filter(|names| !names.is_empty())?)
}

/// What the lines of an answer suggest.
pub(super) fn hints(options: &Options, lines: &[String]) -> Vec<String> {
    let mut hints: Vec<String> = Vec::new();
    let mut blocked = None;
    for line in lines {
        if let Some(name) = line.strip_prefix(NO_SERVICE) {
            hints.extend(meant(options, name));
        } else if let Some(name) = line.strip_suffix(NO_WAY) {
            hints.push(format!("{} {name} does it", options.voice.restart()));
        } else if line.starts_with(DEPENDENTS) {
            hints.push(format!("{} takes them down too", options.voice.with_dependents()));
        } else if let Some((name, chain)) = line.split_once(": not ready: ") {
            // One is enough to begin with.
            blocked.get_or_insert((name, chain));
        }
    }
    if let Some((name, chain)) = blocked {
        let root = chain.rsplit("; ").next().and_then(|step| step.strip_suffix(" is held down"));
        hints.push(match root {
            Some(root) if root == name => format!("{} {name} starts it", options.voice.start()),
            Some(root) => format!("{} {root} {name} starts both", options.voice.start()),
            None => format!("{} {name} says more", options.voice.why()),
        });
    }
    hints
}

fn meant(options: &Options, name: &str) -> Option<String> {
    let contents = Contents::below(&Places::below(&options.dir).manager).ok()??;
    let known: Vec<String> = contents.rows.into_iter().flatten().map(|row| row.name).collect();
    match nearest(name, known.iter().map(String::as_str)).as_slice() {
        [] => Some(format!("{} names all", options.voice.list())),
        names => Some(format!("instead of {name}, did you mean {}?", names.join(" or "))),
    }
}
