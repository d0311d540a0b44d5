//! `svctl enable` and `svctl disable`: what is to be up after a boot.

use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::prelude::*;
use common::program::{print, say as note};

use super::{also, check_now, names, read, store, vet};
use crate::json::{Object, Value};
use crate::manager::compile::root::{Changes, Instead};
use crate::manager::compile::whole::Whole;
use crate::manager::engine::{State, Wish};
use crate::svctl::call::{ANY, Call, Operand, Opt, Verb, flag};
use crate::svctl::known::Known;

pub(in crate::svctl) const ENABLE: Verb = Verb {
    word: "enable",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "from the next apply on, be up after a boot",
    options: ENABLE_OPTIONS,
    run: enable,
};

pub(in crate::svctl) const DISABLE: Verb = Verb {
    word: "disable",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "from the next apply on, no longer be up after a boot",
    options: DISABLE_OPTIONS,
    run: disable,
};

const ENABLE_OPTIONS: &[Opt] = &[flag("--now", "apply it, and start it as well")];
const DISABLE_OPTIONS: &[Opt] = &[flag("--now", "stop it, and apply it as well")];

fn enable(call: &Call) -> Result<Next> {
    check_now(call)?;
    let mut whole = read(&call.site)?;
    let names = names(call, &whole)?;
    let mut links = Vec::new();
    let mut changes = Changes::new();
    for name in &names {
        let file = file(&whole, call, name)?;
        if !whole.enabled().any(|enabled| enabled == name) && links.iter().all(|(n, _)| n != name) {
            let path = call.site.inside(&call.site.enabled).join(name);
            changes.insert(path, Instead::Text(String::new()));
            links.push((name.clone(), file));
        }
    }
    if !changes.is_empty() {
        vet(call, &mut whole, changes)?;
    }
    for (name, file) in &links {
        store::link(call, file, &entry(call, &whole, name)?)?;
    }
    let is_new = |name: &String| links.iter().any(|(new, _)| new == name);
    tell(call, &names, is_new, true)?;
    if call.has("--now") {
        let told: Vec<String> = links.into_iter().map(|(name, _)| name).collect();
        return now(call, &["apply", "start"], &names, &told);
    }
    Ok(Next::Exit(exit::OK))
}

fn disable(call: &Call) -> Result<Next> {
    check_now(call)?;
    let whole = read(&call.site)?;
    let names = names(call, &whole)?;
    let was: Vec<String> = whole.enabled().map(str::to_owned).collect();
    for name in &names {
        if !was.contains(name) && whole.parts(name).is_empty() {
            return Err(whole.missing(name));
        }
    }
    for name in names.iter().filter(|name| was.contains(name)) {
        store::remove(call, &entry(call, &whole, name)?)?;
    }
    tell(call, &names, |name| was.contains(name), false)?;
    if call.has("--now") {
        return now(call, &["stop", "apply"], &names, &[]);
    }
    Ok(Next::Exit(exit::OK))
}

/// The entry of a name among what is enabled.
fn entry(call: &Call, whole: &Whole, name: &str) -> Result<PathBuf> {
    Ok(whole.resolve(&call.site.inside(&call.site.enabled))?.join(name))
}

/// The service file of a name that can be enabled.
fn file(whole: &Whole, call: &Call, name: &str) -> Result<PathBuf> {
    let command = call.site.command();
    let refuse = |what: String| Err(Error::new(exit::USAGE, what));
    let parts = whole.parts(name);
    let Some(part) = parts.first() else { return Err(whole.missing(name)) };
    if part.is_masked {
        return refuse(format!("{name} is masked: {command} unmask {name}"));
    }
    if name.ends_with('@') {
        return refuse(format!("{name} is a template: {command} enable {name}PARAMETER"));
    }
    Ok(beside(&call.site.inside(&call.site.enabled), &part.path))
}

/// How a link in a directory leads to a file: relative where that is beside it, so that it is right
/// wherever the directory of both is mounted.
fn beside(dir: &Path, file: &Path) -> PathBuf {
    let rest = dir.parent().and_then(|parent| file.strip_prefix(parent).ok());
    rest.map_or_else(|| file.to_owned(), |rest| Path::new("..").join(rest))
}

/// Other verbs, until one does not succeed: then it is said how far it went.
pub(super) fn now(call: &Call, words: &[&str], names: &[String], told: &[String]) -> Result<Next> {
    for word in words {
        let operands = match *word {
            "apply" => Vec::new(),
            "stop" => live(call, names),
            _ => names.to_vec(),
        };
        if *word == "stop" && operands.is_empty() {
            continue;
        }
        let code = also(call, word, &operands, told).map_err(|e| Error {
            message: format!("{}; {}", e.message, holds(call, word, names, e.code)),
            ..e
        })?;
        if code != exit::OK {
            note(&"svctl", "note", &holds(call, word, names, code));
            return Ok(Next::Exit(code));
        }
    }
    Ok(Next::Exit(exit::OK))
}

/// Those of them that are live: no others can be stopped. Where no tree runs, whoever is asked to stop
/// them says so.
fn live(call: &Call, names: &[String]) -> Vec<String> {
    let Ok(known) = Known::read(call) else { return names.to_vec() };
    let is_live = |name: &&String| known.view.graph.find(name).is_some_and(|id| !known.is_past(id));
    names.iter().filter(is_live).cloned().collect()
}

/// What holds when one of the other verbs did not succeed, but ended with this code.
fn holds(call: &Call, failed: &str, names: &[String], code: u8) -> String {
    let (command, verb) = (call.site.command(), call.verb.word);
    let names = names.join(" ");
    let done = if verb == "mask" { "masked" } else { "disabled" };
    let is_told = code == exit::NO || code == exit::TIMED_OUT;
    match failed {
        "apply" if is_told => {
            let done =
                if verb == "enable" { "enabled".to_owned() } else { format!("{done} and stopped") };
            format!("{names}: {done}; not all is as it should be, as said above")
        }
        "start" => format!("{names}: enabled and applied, and not up: {command} why {names}"),
        "stop" => format!("{names}: {done}, not stopped, and nothing was applied"),
        _ if verb == "enable" => format!("{names}: enabled, and nothing was applied"),
        _ => format!("{names}: {done} and stopped, and nothing was applied"),
    }
}

fn tell(
    call: &Call,
    names: &[String],
    is_new: impl Fn(&String) -> bool,
    is_enabled: bool,
) -> Result<()> {
    let mut text = String::new();
    for name in names {
        if call.json {
            let mut object = Object::of(call.verb.word);
            object.put("name", &Value::text(name));
            object.put("enabled", &Value::Bool(is_enabled));
            object.put("changed", &Value::Bool(is_new(name)));
            text += &object.line();
        } else {
            let word = if is_enabled { "enabled" } else { "disabled" };
            let already = if is_new(name) { "" } else { "already " };
            text += &format!("{name}: {already}{word}\n");
        }
    }
    let fresh: Vec<&String> = names.iter().filter(|name| is_new(name)).collect();
    hint(call, &mut text, &fresh);
    match print(&text) {
        exit::OK => Ok(()),
        code => Err(Error::silent(code)),
    }
}

/// That service files are one thing, and what is live another.
pub(super) fn hint(call: &Call, text: &mut String, changed: &[&String]) {
    if !changed.is_empty() && !call.json && !call.has("--now") {
        let command = call.site.command();
        *text += &match call.site.image {
            Some(_) => format!("an image boots what was applied last: {command} apply\n"),
            None => format!("not live yet: {command} apply{}\n", stopped(call, changed)),
        };
    }
}

/// Whom the next apply stops: whoever comes to it may not know of this change.
fn stopped(call: &Call, changed: &[&String]) -> String {
    let (is_mask, is_disable) = (call.verb.word == "mask", call.verb.word == "disable");
    let Some(known) = Known::read(call).ok().filter(|_| is_mask || is_disable) else {
        return String::new();
    };
    let goes = |name: &&&String| {
        known.view.graph.find(name).is_some_and(|id| {
            let is_enabled = known.view.boot.contains(&id) && known.engine.wish(id) == Wish::Up;
            let is_down = matches!(known.engine.state(id), State::Down | State::Failed);
            !is_down && (is_mask || is_enabled)
        })
    };
    let names: Vec<&str> = changed.iter().filter(goes).map(|name| name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(" stops {}, unless others need it", names.join(" ")),
    }
}
