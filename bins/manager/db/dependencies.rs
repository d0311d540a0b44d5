//! What a service leads to, or who leads to it: a sentence for each relation.

use std::collections::BTreeSet;

use common::prelude::*;

use super::Query;
use crate::json::{Object, Value};
use crate::manager::graph::{Edge, Id, Relation};
use crate::manager::graph_file::{said, words};
use crate::manager::view::View;

pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let view = query.view()?;
    let mut seen = BTreeSet::new();
    for id in view.named(&query.names)? {
        seen.insert(id);
        // Not recursion: a chain may be as long as there are services.
        let mut left: Vec<(Id, Edge, usize)> = next(query, &view, id, 0);
        while let Some((at, edge, depth)) = left.pop() {
            // Under a service that stands above stands nothing.
            let goes_on = query.all && edge.relation != Relation::Conflicts;
            let more = if goes_on { next(query, &view, edge.other, depth + 1) } else { Vec::new() };
            let is_new = !goes_on || seen.insert(edge.other);
            let (from, to) = if query.users { (edge.other, at) } else { (at, edge.other) };
            *text += &match query.json {
                true => object(&view, from, edge.relation, to, depth),
                false => {
                    let mark = if is_new || more.is_empty() { "" } else { " (see above)" };
                    let said = said(edge.relation, view.name(to));
                    format!("{:1$}{2} {said}{mark}\n", "", 2 * depth, view.name(from))
                }
            };
            left.extend(more.into_iter().filter(|_| is_new));
        }
    }
    Ok(0)
}

/// The relations at this side of a service, the first of them last.
fn next(query: &Query, view: &View, id: Id, depth: usize) -> Vec<(Id, Edge, usize)> {
    let graph = &view.graph;
    let edges = if query.users { graph.incoming(id) } else { graph.outgoing(id) };
    edges.iter().rev().map(|edge| (id, *edge, depth)).collect()
}

fn object(view: &View, from: Id, relation: Relation, to: Id, depth: usize) -> String {
    let (word, loss) = words(relation);
    let mut object = Object::default();
    object.put("from", &Value::text(view.name(from)));
    object.put("relation", &Value::text(word));
    object.put("to", &Value::text(view.name(to)));
    object.put("on-loss", &Value::Text(loss.map(str::to_owned)));
    object.put("depth", &Value::number(depth as u64));
    object.line()
}
