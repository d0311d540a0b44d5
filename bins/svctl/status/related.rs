//! How a service is related to others, and how these stand.

use std::collections::BTreeMap;

use crate::json::{Object, Value};
use crate::manager::graph::{Edge, Id};
use crate::manager::graph_file::{said, words};
use crate::svctl::known::Known;

/// What it needs.
pub(super) fn needs(known: &Known, id: Id) -> &[Edge] {
    known.view.graph.outgoing(id)
}

/// Who needs it.
pub(super) fn users(known: &Known, id: Id) -> &[Edge] {
    known.view.graph.incoming(id)
}

/// Them in a line, each once, with all that it is to the service.
pub(super) fn line(known: &Known, edges: &[Edge]) -> String {
    let mut others: Vec<(Id, Vec<&str>)> = Vec::new();
    let mut places = BTreeMap::new();
    for edge in edges {
        let place = *places.entry(edge.other).or_insert(others.len());
        if place == others.len() {
            others.push((edge.other, Vec::new()));
        }
        others[place].1.push(words(edge.relation).0);
    }
    let shown = |(other, words): &(Id, Vec<&str>)| {
        let words = match words.as_slice() {
            ["requires"] => String::new(),
            words => words.join(" and ") + " ",
        };
        format!("{words}{} ({})", known.name(*other), known.standing(*other).word())
    };
    others.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// Each relation.
pub(super) fn objects(known: &Known, edges: &[Edge]) -> Vec<Object> {
    let relation = |edge: &Edge| {
        let mut object = Object::default();
        let other = known.name(edge.other);
        object.put("name", &Value::text(other));
        object.put("relation", &Value::text(words(edge.relation).0));
        object.put("text", &Value::text(said(edge.relation, other)));
        object.put("state", &Value::text(known.standing(edge.other).word()));
        object
    };
    edges.iter().map(relation).collect()
}
