//! `svctl graph`: the services and how they relate, as a picture.

mod choose;
mod draw;
mod layout;
mod legend;

use std::collections::BTreeMap;
use std::fs;

use common::prelude::*;
use common::program::warn;

use super::call::{ANY, Call, Operand, Verb, flag, option};
use super::site::Kind as Of;
use super::svg;
use crate::json::{Object, Value};
use crate::manager::db::dot;
use crate::manager::engine::{Engine, State};
use crate::manager::generations::BOOT;
use crate::manager::graph::{Id, Relation};
use crate::manager::graph_file::{self, kind, words};
use crate::manager::reasons;
use crate::manager::view::View;

pub(super) const VERB: Verb = Verb {
    word: "graph",
    arguments: "[NAME...]",
    count: 0..=ANY,
    operand: Operand::Service,
    summary: "draw services and how they depend on each other, as SVG",
    options: &[
        flag("--users", "of those that are named also who needs them"),
        flag("--all", "relations too that others imply"),
        flag("--dot", "as a text for graphviz"),
        option("--generation", "GENERATION", "of this one, boot or good; else of what is live"),
        option("--output", "FILE", "to this file"),
    ],
    run,
};

fn run(call: &Call) -> Result<Next> {
    if !call.json && !call.has("--dot") {
        svg::check_output(call, "")?;
    }
    let sources = call.site.sources();
    let view = match call.value::<String>("--generation")? {
        Some(word) => View::generation(&sources, &word)?,
        None if call.site.kind == Of::Image => View::generation(&sources, BOOT)?,
        None => View::live(&sources)?,
    };
    view.warning.iter().for_each(|what| warn(&"svctl", what));
    let names = call.names()?;
    if names.is_empty() && call.has("--users") {
        return Err(Error::user("--users is about services that are named"));
    }
    let shown = choose::shown(&view, &view.named(&names)?, call.has("--users"));
    if call.has("--dot") {
        if call.json {
            return Err(Error::user("--json does not go with --dot"));
        }
        return svg::deliver(call, &dot::of(&view, |id| shown.contains(&id)));
    }
    let edges = choose::edges(&view.graph, &shown, call.has("--all"));
    if call.json {
        let lines = shown.iter().map(|id| object(&view, *id, &edges.drawn));
        return svg::deliver(call, &lines.collect::<String>());
    }
    let engine = view.rows.is_some().then(|| view.engine(&sources));
    let picture = draw::Picture {
        view: &view,
        shown: shown.iter().copied().collect(),
        notes: notes(&view, engine.as_ref()),
        edges,
    };
    svg::deliver(call, &picture.draw())
}

/// Where a service is; none: of a generation nobody can say.
fn state(view: &View, id: Id) -> Option<&'static str> {
    let row = view.rows.as_ref()?.get(id as usize)?;
    Some(if view.damaged.contains(&id) { "unknown" } else { row.memory.state.word() })
}

/// What is said of each service where a pointer rests on it: what it is, and why it is not ready.
fn notes(view: &View, engine: Option<&Engine>) -> BTreeMap<Id, String> {
    // Without descriptions a picture is a picture.
    let text = fs::read_to_string(view.path.join("graph")).unwrap_or_default();
    let contents = graph_file::unpack(&text).ok();
    let description = |id: Id| {
        let contents = contents.as_ref()?;
        contents.descriptions.get(&contents.graph.find(view.name(id))?).cloned()
    };
    let note = |id: Id| {
        let mut note = format!("{} ({})", view.name(id), kind(view.graph.service(id).kind));
        description(id).into_iter().for_each(|text| note += &format!(": {text}"));
        if view.boot.contains(&id) {
            note += "\nenabled";
        }
        if let Some(state) = state(view, id) {
            note += &format!("\n{state}");
        }
        if let Some(engine) = engine.filter(|engine| engine.state(id) != State::Ready) {
            note += &format!(": {}", reasons::chain(engine, id));
        }
        note
    };
    view.graph.ids().map(|id| (id, note(id))).collect()
}

fn object(view: &View, id: Id, edges: &[choose::Drawn]) -> String {
    let mut object = Object::of("graph");
    object.put("name", &Value::text(view.name(id)));
    object.put("type", &Value::text(kind(view.graph.service(id).kind)));
    object.put("enabled", &Value::Bool(view.boot.contains(&id)));
    object.put("state", &Value::Text(state(view, id).map(str::to_owned)));
    let relation = |relation, to| {
        let (word, on_loss) = words(relation);
        let mut object = Object::default();
        object.put("relation", &Value::text(word));
        object.put("name", &Value::text(view.name(to)));
        object.put("on-loss", &Value::Text(on_loss.map(str::to_owned)));
        object
    };
    let own = edges.iter().filter(|edge| edge.from == id).flat_map(|edge| {
        let after = edge.is_after.then(|| relation(Relation::After, edge.to));
        [relation(edge.relation, edge.to)].into_iter().chain(after)
    });
    object.put_objects("relations", own.collect());
    object.line()
}
