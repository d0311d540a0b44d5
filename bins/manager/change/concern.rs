//! Which services a request is about: those that it names, and those that move with them.

use std::collections::BTreeSet;

use super::is_name;
use super::options::Options;
use crate::manager::graph::{Edge, Graph, Id, Relation};
use crate::manager::live;
use crate::manager::places::Places;
use crate::manager::request::{Request, Verb};
use common::base::sort::Gather;

/// Which services a request is about.
pub(super) struct Concern<'a> {
    options: &'a Options,
    request: &'a Request,
    /// Those besides the named ones, once somebody has asked.
    others: Option<BTreeSet<String>>,
}

impl Concern<'_> {
    pub(super) fn new<'a>(options: &'a Options, request: &'a Request) -> Concern<'a> {
        Concern { options, request, others: None }
    }

    /// Whether this service is one of them. The graph is not read before it is needed.
    pub(super) fn includes(&mut self, name: &str) -> bool {
        if !is_name(name) {
            return false;
        }
        if !self.request.verb.takes_names() || self.request.names.iter().any(|own| own == name) {
            return true;
        }
        let others = self.others.get_or_insert_with(|| others(self.options, self.request));
        others.contains(name)
    }

    /// The graph is another one now.
    pub(super) fn forget(&mut self) {
        self.others = None;
    }
}

fn others(options: &Options, request: &Request) -> BTreeSet<String> {
    let manager = Places::below(&options.dir).manager;
    // What can't be read is not told.
    let Ok(Some(live)) = live::read(&manager, &options.generations) else {
        return BTreeSet::new();
    };
    let graph = &live.graph;
    let named: BTreeSet<Id> = request.names.iter().filter_map(|name| graph.find(name)).gather();
    let mut all = reach(graph, &named, Graph::outgoing, Relation::pulls);
    if matches!(request.verb, Verb::Down | Verb::Restart) {
        let depends = |relation: Relation| relation.needs() || relation == Relation::PartOf;
        all.extend(reach(graph, &named, Graph::incoming, depends));
    }
    all.iter().map(|id| graph.service(*id).name.clone()).collect()
}

/// All that some lead to.
fn reach(
    graph: &Graph,
    from: &BTreeSet<Id>,
    edges: impl Fn(&Graph, Id) -> &[Edge],
    follow: impl Fn(Relation) -> bool,
) -> BTreeSet<Id> {
    let mut reached = from.clone();
    let mut left: Vec<Id> = from.iter().copied().collect();
    while let Some(id) = left.pop() {
        for edge in edges(graph, id).iter().filter(|edge| follow(edge.relation)) {
            if reached.insert(edge.other) {
                left.push(edge.other);
            }
        }
    }
    reached
}
