//! What the manager did, again: from the record of all that its engine was told.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::rc::Rc;

use common::base::sort::Gather;
use common::prelude::*;

use super::Query;
use crate::json::{Object, Value};
use crate::manager::engine::record::{Head, replay, segments};
use crate::manager::engine::{Action, State};
use crate::manager::generations;
use crate::manager::graph::{Graph, Id};
use crate::manager::live;
use crate::manager::places::{Places, RECORD};
use crate::manager::reasons::step;

pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let record = record(query)?;
    for segment in segments(&record) {
        let head = Head::unpack(segment)
            .ok_or_else(|| Error::user("that is no record: it does not begin with a segment"))?;
        let graph = Rc::new(graph(&query.sources.generations, head.graph, segment)?);
        let actions = replay(&graph, segment).map_err(|what| {
            Error::user(format_args!("the record of generation {}: {what}", head.graph))
        })?;
        *text += &match query.json {
            true => {
                let mut object = Object::default();
                object.put("ms", &Value::number(head.time));
                object.put("generation", &Value::number(head.graph));
                object.line()
            }
            false => format!("{} generation {}\n", shown(head.time), head.graph),
        };
        for (time, action) in actions {
            *text += &match query.json {
                true => object(&graph, time, action),
                false => format!("{} {}\n", shown(time), said(&graph, action)),
            };
        }
    }
    Ok(0)
}

/// The file that is named, or both halves of the manager's ring.
fn record(query: &Query) -> Result<String> {
    let read = |path: &Path| {
        // A ring may end in the middle of anything.
        fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    if let Some(path) = query.names.first() {
        return read(Path::new(path)).unable(format_args!("read {path}"));
    }
    let [now, old] = RECORD.map(|name| Places::below(&query.sources.dir).manager.join(name));
    let before = match read(&old) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        result => result,
    };
    let before = before.unable(format_args!("read {}", old.display()))?;
    Ok(before + &read(&now).unable(format_args!("read {}", now.display()))?)
}

/// The graph that a segment is about: that of its generation, with services that were on their way
/// out of an older one.
pub(crate) fn graph(dir: &Path, number: u64, segment: &str) -> Result<Graph> {
    let mut graph = live::generation(dir, number).map_err(Error::system)?.graph;
    let memories = segment.lines().filter_map(|line| line.strip_prefix("memory "));
    let names = memories.filter_map(|line| line.split(' ').next());
    let mut gone: BTreeSet<String> =
        names.filter(|name| graph.find(name).is_none()).map(str::to_owned).gather();
    let older =
        if gone.is_empty() { Vec::new() } else { generations::numbers(dir).unwrap_or_default() };
    for number in older.into_iter().rev().filter(|older| *older < number) {
        if let Ok(old) = live::generation(dir, number) {
            graph = live::merge(&graph, &old.graph, &gone);
            gone.retain(|name| graph.find(name).is_none());
        }
    }
    Ok(graph)
}

/// Seconds since the boot.
fn shown(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

fn parts(action: Action) -> (&'static str, Id) {
    match action {
        Action::Start(id) => ("start", id),
        Action::Stop(id) => ("stop", id),
        Action::Kill(id) => ("kill", id),
        Action::Reload(id) => ("reload", id),
        Action::Note(id, state, _) => (state.word(), id),
    }
}

/// Actions are verbs: `start web`. States have a colon: `web: ready`.
fn said(graph: &Graph, action: Action) -> String {
    let (word, id) = parts(action);
    let name = &graph.service(id).name;
    match action {
        Action::Note(id, _, Some(cause)) => {
            format!("{name}: {word} ({})", step(graph, id, cause))
        }
        Action::Note(_, _, None) => format!("{name}: {word}"),
        Action::Start(_) | Action::Stop(_) | Action::Kill(_) | Action::Reload(_) => {
            format!("{word} {name}")
        }
    }
}

fn object(graph: &Graph, time: u64, action: Action) -> String {
    let (word, id) = parts(action);
    let (state, cause): (Option<State>, _) = match action {
        Action::Note(_, state, cause) => (Some(state), cause),
        Action::Start(_) | Action::Stop(_) | Action::Kill(_) | Action::Reload(_) => (None, None),
    };
    let mut object = Object::default();
    object.put("ms", &Value::number(time));
    object.put("name", &Value::text(&graph.service(id).name));
    let key = if state.is_some() { "state" } else { "action" };
    object.put(key, &Value::text(word));
    if state.is_some() {
        object.put("cause", &Value::Text(cause.map(|cause| step(graph, id, cause))));
    }
    object.line()
}
