//! The graph as graphviz reads it: https://graphviz.org/doc/info/lang.html.

use common::prelude::*;

use super::Query;
use crate::manager::engine::State;
use crate::manager::graph::{Id, Kind, Relation};
use crate::manager::graph_file::words;
use crate::manager::view::View;

pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    if query.json {
        return Err(Error::user("--json does not go with dot"));
    }
    *text += &of(&query.view()?, |_| true);
    Ok(0)
}

/// The graph of some of the services.
pub(crate) fn of(view: &View, is_shown: impl Fn(Id) -> bool) -> String {
    let mut text =
        "digraph services {\n  rankdir=LR;\n  node [style=filled, fillcolor=white];\n".to_owned();
    for id in view.graph.ids().filter(|id| is_shown(*id)) {
        let shape = match view.graph.service(id).kind {
            Kind::Daemon => "box",
            Kind::Oneshot => "cds",
            Kind::Group => "ellipse",
        };
        let line = if view.boot.contains(&id) { ", penwidth=2" } else { "" };
        let color = color(view, id).map(|color| format!(", fillcolor={color}"));
        let color = color.unwrap_or_default();
        text += &format!("  {} [shape={shape}{line}{color}];\n", quoted(view.name(id)));
    }
    for id in view.graph.ids().filter(|id| is_shown(*id)) {
        for edge in view.graph.outgoing(id) {
            if edge.relation == Relation::Conflicts && edge.other < id || !is_shown(edge.other) {
                continue;
            }
            let (from, to) = (quoted(view.name(id)), quoted(view.name(edge.other)));
            let style = style(edge.relation);
            let (word, _) = words(edge.relation);
            text += &format!("  {from} -> {to} [label={}, {style}];\n", quoted(word));
        }
    }
    text + "}\n"
}

fn color(view: &View, id: Id) -> Option<&'static str> {
    let row = view.rows.as_ref()?.get(id as usize)?;
    Some(match row.memory.state {
        State::Ready => "palegreen",
        State::Starting | State::Up | State::Stopping => "khaki",
        State::Failed => "salmon",
        State::Down => return None,
    })
}

fn style(relation: Relation) -> &'static str {
    match relation {
        Relation::Requires(_) | Relation::Milestone => "style=solid",
        Relation::AnyOf(_) | Relation::Wants(_) => "style=dashed",
        Relation::After => "style=dotted",
        Relation::PartOf => "style=solid, arrowhead=diamond",
        Relation::Conflicts => "style=solid, color=red, dir=none",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}
