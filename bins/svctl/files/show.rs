//! `svctl show`: what holds for a service, and where each of it is said.

use common::base::error::exit;
use common::base::sort::Gather;
use common::prelude::*;
use common::program::print;

use super::{names, read, say};
use crate::json::{Object, Value};
use crate::manager::compile::effective::{Held, effective, quoted};
use crate::manager::compile::root::{Changes, Instead};
use crate::manager::compile::whole::Whole;
use crate::manager::files;
use crate::manager::view::View;
use crate::svctl::call::{ANY, Call, Operand, Verb, flag};
use crate::svctl::cut::width;
use crate::svctl::plain::{plain, plain_lines};
use crate::svctl::terminal::{Ink, Terminal};

pub(in crate::svctl) const VERB: Verb = Verb {
    word: "show",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "print what holds for a service, and which file says so",
    options: &[
        flag("--all", "also what holds because nothing is said"),
        flag("--script", "what would run"),
        flag("--live", "what runs: of the generation that is live"),
    ],
    run,
};

/// An entry among what is enabled.
const NAMED: Instead = Instead::Text(String::new());
/// Values that are longer do not push the origins of all others to the right.
const WIDEST: usize = 56;

fn run(call: &Call) -> Result<Next> {
    let mut text = String::new();
    if call.has("--live") {
        for name in &call.names()? {
            script(call, name, &live(call, name)?, &mut text);
        }
        return Ok(Next::Exit(print(&text)));
    }
    let mut whole = read(&call.site)?;
    let names = names(call, &whole)?;
    // An instance that nobody names is shown as what it would be.
    let instances = names.iter().filter(|name| name.contains('@') && !name.ends_with('@'));
    let enabled = instances.map(|name| (call.site.directories().enabled.join(name), NAMED));
    let enabled: Changes = enabled.gather();
    if !enabled.is_empty() {
        whole = Whole::read(&call.site.directories(), enabled)?;
    }
    for name in &names {
        if call.has("--script") {
            let shown = whole.script(name).ok_or_else(|| none(call, &whole, name))?;
            script(call, name, &shown, &mut text);
            continue;
        }
        let Some(held) = effective(&whole, name, call.has("--all")) else {
            return Err(none(call, &whole, name));
        };
        if call.json {
            text += &object(name, held).line();
        } else {
            let blank = if text.is_empty() { "" } else { "\n" };
            let head = call.terminal.paint(Ink::Strong, &format!("# {name}"));
            text += &format!("{blank}{head}\n{}", toml(call.terminal, &held));
        }
    }
    names.iter().try_for_each(|name| say(&whole.complaints(name)))?;
    // A line with a mistake says nothing that could be shown.
    let broken = whole.broken();
    let parts = names.iter().flat_map(|name| whole.parts(name));
    let is_all = parts.map(|part| whole.shown_path(&part.path)).all(|path| !broken.contains(&path));
    Ok(Next::Exit(print(&text).max(if is_all { exit::OK } else { exit::NO })))
}

/// The definition as TOML, with where each line is said behind it.
pub(super) fn toml(terminal: Terminal, held: &[Held]) -> String {
    let left: Vec<_> = held
        .iter()
        .map(|held| match held.origin {
            Some(_) => format!("{} = {}", held.key, held.value),
            None => format!("# {}: {}", held.key, held.value),
        })
        .collect();
    let said = held.iter().zip(&left).filter(|(held, _)| held.origin.is_some());
    let column = said.map(|(_, line)| width(line)).filter(|width| *width <= WIDEST).max();
    let column = column.unwrap_or(0);
    let lines = held.iter().zip(left).map(|(held, line)| {
        let origin = match &held.origin {
            None => return line + "\n",
            Some(origin) => origin,
        };
        let put = origin.parameter.as_ref().map(|put| format!(", %i = {}", quoted(put)));
        let origin = format!("{}:{}{}", origin.file, origin.line, put.unwrap_or_default());
        let origin = terminal.paint(Ink::Faint, &plain(&format!("# {origin}")));
        format!("{line:<column$}  {origin}\n")
    });
    lines.collect()
}

fn object(name: &str, held: Vec<Held>) -> Object {
    let keys = held.into_iter().map(|held| {
        let mut key = Object::default();
        key.put("key", &Value::text(held.key));
        let is_default = held.origin.is_none();
        key.put(if is_default { "default" } else { "toml" }, &Value::text(held.value));
        if let Some(origin) = held.origin {
            key.put("file", &Value::text(origin.file));
            key.put("line", &Value::number(origin.line as u64));
            key.put("parameter", &Value::Text(origin.parameter));
        }
        key
    });
    let mut object = Object::of("show");
    object.put("name", &Value::text(name));
    object.put_objects("keys", keys.collect());
    object
}

fn script(call: &Call, name: &str, shown: &str, text: &mut String) {
    if call.json {
        let mut object = Object::of("show");
        object.put("name", &Value::text(name));
        object.put("script", &Value::text(shown));
        *text += &object.line();
    } else {
        *text += &plain_lines(shown);
    }
}

/// Why there is nothing to show.
fn none(call: &Call, whole: &Whole, name: &str) -> Error {
    let command = call.site.command();
    let template = name.ends_with('@') && !whole.parts(name).is_empty();
    if template {
        let what = format_args!("{name} is a template: {command} show {name}PARAMETER");
        return Error::new(exit::USAGE, what);
    }
    if whole.is_masked(name) {
        let what = format_args!("{name} is masked: {command} unmask {name}");
        return Error::new(exit::USAGE, what);
    }
    match whole.parts(name).first() {
        Some(part) => {
            let path = whole.shown_path(&part.path);
            Error::new(exit::USAGE, format_args!("{path} can't be read: {command} check"))
        }
        None => whole.missing(name),
    }
}

/// What the live generation has of a service.
fn live(call: &Call, name: &str) -> Result<String> {
    if call.site.image.is_some() {
        return Err(Error::new(exit::USAGE, "nothing of an image runs: leave --live out"));
    }
    let view = View::live(&call.site.sources())?;
    view.find(name)?;
    let path = view.path.display();
    let files = files::read(&view.path, name).unable(format_args!("read {name} in {path}"))?;
    Ok(format!("# {path}/services/{name}/run\n{}", files::shown(name, files)))
}
