//! `svctl graph`: the services and how they relate, as a picture.

mod choose;
mod draw;
mod layout;
mod legend;
mod shapes;

use std::collections::BTreeMap;
use std::fs;

use common::base::error::exit;
use common::base::sort::Gather;
use common::prelude::*;
use common::program::warn;

use super::call::{ANY, Call, Operand, Verb, flag, option};
use super::known::Known;
use super::names::meant;
use super::site::Kind as Of;
use super::standing::Standing;
use super::svg;
use crate::json::{Object, Value};
use crate::manager::db::dot;
use crate::manager::generations::BOOT;
use crate::manager::graph::{Id, Relation};
use crate::manager::graph_file::{self, kind, words};
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
    let generation = match call.value::<String>("--generation")? {
        None if call.site.kind == Of::Image => Some(BOOT.to_owned()),
        word => word,
    };
    let scene = match generation {
        Some(word) => Scene::Drawn(View::generation(&sources, &word)?),
        None => Scene::Live(Box::new(Known::read(call).map_err(|e| instead(call, e))?)),
    };
    let view = scene.view();
    view.warning.iter().for_each(|what| warn(&"svctl", what));
    if call.operands.is_empty() && call.has("--users") {
        return Err(Error::user("--users is about services that are named"));
    }
    let named = match &scene {
        Scene::Live(known) => meant(call, known)?.into_iter().collect::<Result<Vec<Id>>>()?,
        Scene::Drawn(view) => view.named(&call.names()?)?,
    };
    let shown = choose::shown(view, &named, call.has("--users"));
    if call.has("--dot") {
        if call.json {
            return Err(Error::user("--json does not go with --dot"));
        }
        return svg::deliver(call, &dot::of(view, |id| shown.contains(&id)));
    }
    let edges = choose::edges(&view.graph, &shown, call.has("--all"));
    if call.json {
        let lines = shown.iter().map(|id| object(&scene, *id, &edges.drawn));
        return svg::deliver(call, &lines.collect::<String>());
    }
    let picture = draw::Picture {
        view,
        shown: shown.iter().copied().gather(),
        standings: shown.iter().map(|id| scene.standing(*id)).collect(),
        notes: notes(&scene),
        edges,
    };
    svg::deliver(call, &picture.draw())
}

/// Where nothing is live, there is what would be.
fn instead(call: &Call, e: Error) -> Error {
    if e.code != exit::NOT_SUPERVISED {
        return e;
    }
    let (what, command) = (&e.message, call.site.command());
    let text = format!("{what}; {command} graph --generation boot draws what a boot brings up");
    Error::new(e.code, text)
}

/// What is drawn: what is live, or a generation, of which nobody can say how its services stand.
enum Scene {
    Live(Box<Known>),
    Drawn(View),
}

impl Scene {
    fn view(&self) -> &View {
        match self {
            Scene::Live(known) => &known.view,
            Scene::Drawn(view) => view,
        }
    }

    fn known(&self) -> Option<&Known> {
        match self {
            Scene::Live(known) => Some(known),
            Scene::Drawn(_) => None,
        }
    }

    fn standing(&self, id: Id) -> Option<Standing> {
        self.known().map(|known| known.standing(id))
    }
}

/// What is said of each service where a pointer rests on it: what it is, and why it is not ready.
fn notes(scene: &Scene) -> BTreeMap<Id, String> {
    let view = scene.view();
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
        let Some(known) = scene.known() else { return note };
        let standing = known.standing(id);
        note += &format!("\n{}", standing.word());
        if standing != Standing::Ready {
            let causes = known.chain(id).into_iter().map(|(at, cause)| known.cause(at, cause));
            let causes = causes.collect::<Vec<_>>().join("; ");
            note += &if causes.is_empty() { causes } else { format!(": {causes}") };
        }
        note
    };
    view.graph.ids().map(|id| (id, note(id))).gather()
}

fn object(scene: &Scene, id: Id, edges: &[choose::Drawn]) -> String {
    let view = scene.view();
    let mut object = Object::of("graph");
    object.put("name", &Value::text(view.name(id)));
    object.put("type", &Value::text(kind(view.graph.service(id).kind)));
    object.put("enabled", &Value::Bool(view.boot.contains(&id)));
    let state = scene.standing(id).map(|standing| standing.word().to_owned());
    object.put("state", &Value::Text(state));
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
