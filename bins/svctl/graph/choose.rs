//! What of all that there is a picture shows. Pure.

use std::collections::BTreeSet;

use common::base::sort::sort_by_key;

use crate::manager::graph::{Edge, Graph, Id, OnLoss, Relation};
use crate::manager::view::View;

/// The largest graph of which it is found out what others imply: its ways are a table of this size squared.
const LARGEST: usize = 10_000;

/// An edge that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) from: Id,
    pub(super) relation: Relation,
    pub(super) to: Id,
    /// Of wants: it is also after it.
    pub(super) is_after: bool,
}

/// The edges, and how many there are besides.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) drawn: Vec<Drawn>,
    pub(super) implied: usize,
}

/// These and all that is wanted with them, and who wants them; all, if there are none.
pub(super) fn shown(view: &View, named: &[Id], with_users: bool) -> BTreeSet<Id> {
    if named.is_empty() {
        return view.graph.ids().collect();
    }
    let graph = &view.graph;
    let mut shown = BTreeSet::new();
    reach(&mut shown, named, |id| {
        let edges = graph.outgoing(id).iter().filter(|edge| edge.relation.pulls());
        edges.map(|edge| edge.other).collect()
    });
    if with_users {
        let mut users = BTreeSet::new();
        reach(&mut users, named, |id| {
            let edges = graph.incoming(id).iter().filter(|edge| edge.relation.pulls());
            edges.map(|edge| edge.other).collect()
        });
        shown.extend(users);
    }
    shown
}

fn reach(found: &mut BTreeSet<Id>, from: &[Id], next: impl Fn(Id) -> Vec<Id>) {
    let mut left = from.to_vec();
    while let Some(id) = left.pop() {
        if found.insert(id) {
            left.extend(next(id));
        }
    }
}

/// The edges between those that are shown; without those that say nothing new, unless all are wanted.
pub(super) fn edges(graph: &Graph, shown: &BTreeSet<Id>, all: bool) -> Edges {
    let mut edges = Edges::default();
    let ways = (!all && shown.len() <= LARGEST).then(|| Ways::new(graph, shown));
    for from in shown.iter().copied() {
        for edge in graph.outgoing(from).iter().filter(|edge| shown.contains(&edge.other)) {
            let is = |relation| Edge { relation, other: edge.other };
            let is_after = matches!(edge.relation, Relation::Wants(_))
                && graph.outgoing(from).contains(&is(Relation::After));
            let drawn = Drawn { from, relation: edge.relation, to: edge.other, is_after };
            match edge.relation {
                // It has no direction: once is enough.
                Relation::Conflicts if edge.other < from => {}
                // It is told with the other.
                Relation::After if is_wanted(graph, from, edge.other) => {}
                _ if ways.as_ref().is_some_and(|ways| ways.imply(drawn)) => edges.implied += 1,
                Relation::Requires(_)
                | Relation::AnyOf(_)
                | Relation::Milestone
                | Relation::Wants(_)
                | Relation::After
                | Relation::Conflicts
                | Relation::PartOf => edges.drawn.push(drawn),
            }
        }
    }
    edges
}

fn is_wanted(graph: &Graph, from: Id, to: Id) -> bool {
    let wants = |edge: &Edge| matches!(edge.relation, Relation::Wants(_)) && edge.other == to;
    graph.outgoing(from).iter().any(wants)
}

const REQUIRES: Relation = Relation::Requires(OnLoss::Stop);

/// Which services each one requires, directly or through others.
struct Ways<'a> {
    graph: &'a Graph,
    shown: Vec<Id>,
    /// A bit for each that is shown.
    reached: Vec<Vec<u64>>,
}

impl Ways<'_> {
    fn new<'a>(graph: &'a Graph, shown: &BTreeSet<Id>) -> Ways<'a> {
        let shown: Vec<Id> = shown.iter().copied().collect();
        let mut ways = Ways { graph, reached: vec![Vec::new(); shown.len()], shown };
        let mut by_rank = ways.shown.clone();
        sort_by_key(&mut by_rank, |id| graph.rank(*id));
        for id in by_rank {
            let mut reached = vec![0; ways.shown.len().div_ceil(64)];
            for next in ways.required(id).collect::<Vec<_>>() {
                let Some(place) = ways.place(next) else { continue };
                reached[place / 64] |= 1 << (place % 64);
                reached
                    .iter_mut()
                    .zip(&ways.reached[place])
                    .for_each(|(own, theirs)| *own |= theirs);
            }
            if let Some(place) = ways.place(id) {
                ways.reached[place] = reached;
            }
        }
        ways
    }

    fn place(&self, id: Id) -> Option<usize> {
        self.shown.binary_search(&id).ok()
    }

    fn required(&self, id: Id) -> impl Iterator<Item = Id> {
        let edges = self.graph.outgoing(id).iter().filter(|edge| edge.relation == REQUIRES);
        edges.map(|edge| edge.other)
    }

    fn leads(&self, from: Id, to: Id) -> bool {
        let places = self.place(from).zip(self.place(to));
        places.is_some_and(|(from, to)| {
            self.reached[from].get(to / 64).is_some_and(|word| word & (1 << (to % 64)) != 0)
        })
    }

    /// Whether what an edge says follows from others.
    fn imply(&self, edge: Drawn) -> bool {
        let through = || self.required(edge.from).any(|other| self.leads(other, edge.to));
        match edge.relation {
            REQUIRES => through(),
            Relation::Milestone | Relation::After | Relation::Wants(OnLoss::Ignore) => {
                self.required(edge.from).any(|other| other == edge.to) || through()
            }
            Relation::Requires(OnLoss::Restart | OnLoss::Reload | OnLoss::Ignore)
            | Relation::Wants(OnLoss::Stop | OnLoss::Restart | OnLoss::Reload)
            | Relation::AnyOf(_)
            | Relation::Conflicts
            | Relation::PartOf => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::graph::{Kind, Link, Service};

    fn drawn(links: &[(Id, Relation, Id)], all: bool) -> Vec<(Id, Relation, Id)> {
        let services = ["a", "b", "c", "d"].map(|name| Service::new(name, Kind::Daemon));
        let link = |(from, relation, to): &(Id, Relation, Id)| Link {
            from: *from,
            relation: *relation,
            to: *to,
        };
        let links: Vec<Link> = links.iter().map(link).collect();
        let graph = Graph::build(services.to_vec(), &links).unwrap();
        let edges = edges(&graph, &graph.ids().collect(), all);
        edges.drawn.iter().map(|edge| (edge.from, edge.relation, edge.to)).collect()
    }

    #[test]
    fn what_follows_from_others_is_not_drawn() {
        let chain = [(2, REQUIRES, 1), (1, REQUIRES, 0)];
        let with = |relation| [chain.as_slice(), &[(2, relation, 0)]].concat();
        let count = |links: &[_], all| drawn(links, all).len();
        for implied in [REQUIRES, Relation::After, Relation::Wants(OnLoss::Ignore)] {
            assert_eq!(count(&with(implied), false), 2, "{implied:?}");
            assert_eq!(count(&with(implied), true), 3, "{implied:?}");
        }
        for own in [Relation::Requires(OnLoss::Ignore), Relation::Conflicts, Relation::PartOf] {
            assert_eq!(count(&with(own), false), 3, "{own:?}");
        }
        assert_eq!(drawn(&[(1, REQUIRES, 0), (1, Relation::After, 0)], false), [(1, REQUIRES, 0)]);
    }

    #[test]
    fn a_conflict_is_drawn_once() {
        assert_eq!(drawn(&[(1, Relation::Conflicts, 0)], false), [(0, Relation::Conflicts, 1)]);
    }
}
