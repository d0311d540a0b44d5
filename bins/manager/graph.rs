//! The dependency graph as plain data: services by index, the edges of each in both directions.
//!
//! It is built once from lists and then only read. What the relations mean is said at each; what
//! follows from them is the engine's.

use common::base::sort;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::condition::Condition;
use super::cycles;
pub use super::relation::{OnLoss, Relation};

/// A service, by its place in the list that the graph was built from.
pub type Id = u32;

/// What a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A process that the tree keeps running.
    Daemon,
    /// A command that starts something and one that stops it.
    Oneshot,
    /// No process: a set with a name, up when what it requires is ready.
    Group,
}

/// A service, apart from its relations. Times are in milliseconds, 0 for no limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its failure is the failure of the whole: for the shell, the engine takes no notice.
    pub essential: bool,
    /// It says when it is ready; else it is ready as soon as it is started.
    pub has_readiness: bool,
    /// How long it may take until a daemon's process is there, or a oneshot's start is done.
    pub start_timeout: u32,
    /// How long a daemon's process may take until it is ready.
    pub ready_timeout: u32,
    /// How long it may take to stop before it is killed.
    pub stop_timeout: u32,
    /// It is kept up only while this holds.
    pub when: Option<Box<Condition>>,
}

impl Service {
    /// One without readiness, limits and condition.
    pub fn new(name: &str, kind: Kind) -> Service {
        Service {
            name: name.into(),
            kind,
            essential: false,
            has_readiness: false,
            start_timeout: 0,
            ready_timeout: 0,
            stop_timeout: 0,
            when: None,
        }
    }
}

/// An edge, as the graph is built from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Link {
    /// The service whose file says it.
    pub from: Id,
    /// How it relates to the other one. The numbers of `AnyOf` are its own.
    pub relation: Relation,
    /// The other one.
    pub to: Id,
}

/// An edge, as it is found at one of its ends. The numbers of `AnyOf` are those of the graph's sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// How the service that the edge leaves relates to the other.
    pub relation: Relation,
    /// The service at the other end.
    pub other: Id,
}

/// Why there is no graph: each a list of services, each related to the next and the last to the
/// first. One is given for each knot of services that lead to each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycles {
    /// None of these could be started first.
    pub of_order: Vec<Vec<Id>>,
    /// Parts of each other: none of these could be wanted.
    pub of_parts: Vec<Vec<Id>>,
    /// The first wants the second, to be restarted when that is, and makes it restart: without end.
    pub of_restarts: Vec<Vec<Id>>,
}

/// Edges, sorted by the service at this end, and where those of each begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Edges {
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

impl Edges {
    /// From edges with the service at this end, in an order that is kept for each.
    fn new(services: usize, mut list: Vec<(Id, Edge)>) -> Edges {
        sort::sort_by_key(&mut list, |(end, _)| *end);
        let mut starts = vec![0; services + 1];
        list.iter().for_each(|(end, _)| starts[*end as usize + 1] += 1);
        (1..=services).for_each(|place| starts[place] += starts[place - 1]);
        Edges { starts, edges: list.into_iter().map(|(_, edge)| edge).collect() }
    }

    fn of(&self, id: Id) -> &[Edge] {
        &self.edges[self.starts[id as usize] as usize..self.starts[id as usize + 1] as usize]
    }
}

/// The graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    services: Vec<Service>,
    /// By their names, as they are in a generation.
    is_sorted: bool,
    outgoing: Edges,
    incoming: Edges,
    /// Of each set of `AnyOf`: its service, and where its edges are.
    sets: Vec<(Id, Range<u32>)>,
    /// Places in an order in which all could be started, and who is at each.
    ranks: Vec<u32>,
    by_rank: Vec<Id>,
    /// Services that may be wanted because of each other, and in which of these sets each is.
    knots: Vec<Vec<Id>>,
    knot_of: BTreeMap<Id, u32>,
    /// For each fact, whose condition looks at it.
    listeners: BTreeMap<String, Vec<Id>>,
}

impl Graph {
    /// Builds it, unless the order of starts or the parts of parts have cycles. An edge said twice
    /// is there once; every end of a link is in the list of services.
    pub fn build(services: Vec<Service>, links: &[Link]) -> Result<Graph, Cycles> {
        let (outgoing, sets) = outgoing(services.len(), links);
        let ends = (0..services.len() as Id)
            .flat_map(|from| outgoing.of(from).iter().map(move |edge| (from, *edge)));
        let turned = ends.map(|(from, edge)| (edge.other, Edge { other: from, ..edge })).collect();
        let incoming = Edges::new(services.len(), turned);
        let is_sorted = services.is_sorted_by(|one, next| one.name < next.name);
        let mut graph = Graph { services, is_sorted, outgoing, incoming, sets, ..Graph::default() };
        graph.set_order()?;
        graph.set_knots();
        for (id, service) in (0..).zip(&graph.services) {
            for test in service.when.iter().flat_map(|when| when.tests()) {
                let listeners = graph.listeners.entry(test.fact.clone()).or_default();
                if listeners.last() != Some(&id) {
                    listeners.push(id);
                }
            }
        }
        Ok(graph)
    }

    fn set_order(&mut self) -> Result<(), Cycles> {
        let order = |id| self.related(id, Relation::orders);
        let parts = |id| self.related(id, |relation| relation == Relation::PartOf);
        let by_order = cycles::knots(self.len(), order);
        let by_parts = cycles::knots(self.len(), parts);
        let least = |knot: &Vec<Id>| knot.iter().copied().min().unwrap_or_default();
        let of_order = by_order.iter().filter_map(|knot| cycles::cycle(least(knot), knot, order));
        let of_parts = by_parts.iter().filter_map(|knot| cycles::cycle(least(knot), knot, parts));
        let found = Cycles {
            of_order: of_order.collect(),
            of_parts: of_parts.collect(),
            of_restarts: self.endless_restarts(),
        };
        if found != Cycles::default() {
            return Err(found);
        }
        self.by_rank = by_order.into_iter().flatten().collect();
        self.ranks = vec![0; self.len()];
        (0..).zip(&self.by_rank).for_each(|(rank, id)| self.ranks[*id as usize] = rank);
        Ok(())
    }

    fn endless_restarts(&self) -> Vec<Vec<Id>> {
        const AFTERWARDS: Relation = Relation::Wants(OnLoss::Restart);
        let restarts = |id| self.related(id, Relation::restarts);
        let mut found = Vec::new();
        for knot in cycles::knots(self.len(), restarts) {
            let mut wants = knot.iter().flat_map(|from| {
                let wants = self.related(*from, |relation| relation == AFTERWARDS);
                wants.filter(|to| knot.contains(to)).map(|to| (*from, to))
            });
            let Some((from, to)) = wants.next() else { continue };
            let ways = |id| {
                self.related(id, Relation::restarts).filter(move |other| id != from || *other == to)
            };
            found.extend(cycles::cycle(from, &knot, ways));
        }
        found
    }

    fn set_knots(&mut self) {
        let moves = |id| {
            let parts = self.incoming(id).iter().filter(|edge| edge.relation == Relation::PartOf);
            self.related(id, Relation::pulls).chain(parts.map(|edge| edge.other))
        };
        let knots = cycles::knots(self.len(), moves);
        self.knots = knots.into_iter().filter(|knot| knot.len() > 1).collect();
        for (number, knot) in (0..).zip(&self.knots) {
            self.knot_of.extend(knot.iter().map(|id| (*id, number)));
        }
    }

    /// To which services this one has a relation of this sort.
    fn related(&self, id: Id, is: impl Fn(Relation) -> bool) -> impl Iterator<Item = Id> {
        self.outgoing(id).iter().filter(move |edge| is(edge.relation)).map(|edge| edge.other)
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.services.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Each service by its id.
    pub fn ids(&self) -> Range<Id> {
        0..self.len() as Id
    }

    /// What is known of a service.
    pub fn service(&self, id: Id) -> &Service {
        &self.services[id as usize]
    }

    /// Who has this name.
    pub fn find(&self, name: &str) -> Option<Id> {
        if self.is_sorted {
            let place = self.services.binary_search_by(|service| service.name.as_str().cmp(name));
            return place.ok().map(|place| place as Id);
        }
        self.ids().find(|id| self.service(*id).name == name)
    }

    /// How it relates to others.
    pub fn outgoing(&self, id: Id) -> &[Edge] {
        self.outgoing.of(id)
    }

    /// How others relate to it.
    pub fn incoming(&self, id: Id) -> &[Edge] {
        self.incoming.of(id)
    }

    /// How many sets of `AnyOf` there are.
    pub fn sets(&self) -> usize {
        self.sets.len()
    }

    /// The service that needs one of this set, and the edges to the set's members.
    pub fn set(&self, set: u32) -> (Id, &[Edge]) {
        let (id, range) = &self.sets[set as usize];
        (*id, &self.outgoing.edges[range.start as usize..range.end as usize])
    }

    /// Its place in an order in which all could be started.
    pub fn rank(&self, id: Id) -> u32 {
        self.ranks[id as usize]
    }

    /// Who is at this place of the order.
    pub fn at_rank(&self, rank: u32) -> Id {
        self.by_rank[rank as usize]
    }

    /// The services, itself among them, that may be wanted because of each other, in a circle.
    pub fn knot(&self, id: Id) -> Option<&[Id]> {
        self.knot_of.get(&id).map(|number| &*self.knots[*number as usize])
    }

    /// Every fact that a condition looks at, in order.
    pub fn facts(&self) -> impl Iterator<Item = &str> {
        self.listeners.keys().map(String::as_str)
    }

    /// Whose condition looks at this fact.
    pub fn listeners(&self, fact: &str) -> &[Id] {
        self.listeners.get(fact).map_or(&[], Vec::as_slice)
    }
}

/// The edges by where they start, conflicts in both directions, and the sets among them.
fn outgoing(services: usize, links: &[Link]) -> (Edges, Vec<(Id, Range<u32>)>) {
    let mirrored = links.iter().filter(|link| link.relation == Relation::Conflicts);
    let mirrored = mirrored.map(|link| Link { from: link.to, to: link.from, ..*link });
    let mut seen = HashSet::new();
    let links = links.iter().copied().chain(mirrored).filter(|link| seen.insert(*link));
    let edge = |link: Link| (link.from, Edge { relation: link.relation, other: link.to });
    let mut list: Vec<_> = links.map(edge).collect();
    // The members of a set stay in the order of the links: the first is preferred. Who says a conflict
    // makes no difference.
    let place = |edge: &Edge| if edge.relation == Relation::Conflicts { edge.other } else { 0 };
    sort::sort_by_key(&mut list, |(from, edge)| (*from, edge.relation, place(edge)));
    let mut sets: Vec<(Id, Range<u32>)> = Vec::new();
    let mut last = None;
    for (place, (from, edge)) in (0..).zip(&mut list) {
        let Relation::AnyOf(number) = edge.relation else { continue };
        if last.replace((*from, number)) != Some((*from, number)) {
            sets.push((*from, place..place));
        }
        edge.relation = Relation::AnyOf(sets.len() as u32 - 1);
        sets.iter_mut().last().into_iter().for_each(|(_, range)| range.end = place + 1);
    }
    (Edges::new(services, list), sets)
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
