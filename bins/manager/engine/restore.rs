//! An engine that goes on where another one was.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Engine;
use super::entry::{Counts, Entry, Set, Shown};
use super::event::Action;
use super::memory::{Memory, members};
use crate::manager::graph::{Edge, Graph, Id, Relation};
use common::base::sort::Gather;

impl Engine {
    /// One that goes on where another one was when it had these memories and facts; and what it
    /// would have done next: nothing, if they were taken after a step. At most `limit` services start
    /// at the same time (`None`: any number). Due times that have come are left to the next step, so
    /// that what happened meanwhile comes first.
    pub fn restore(
        graph: Rc<Graph>,
        limit: Option<usize>,
        now: u64,
        facts: impl IntoIterator<Item = (String, String)>,
        mut memories: impl FnMut(Id) -> Memory,
    ) -> (Engine, Vec<Action>) {
        let is_watched = |(fact, _): &(String, String)| !graph.listeners(fact).is_empty();
        let facts = facts.into_iter().filter(is_watched).gather();
        let mut engine = Engine {
            entries: graph.ids().map(|id| unseen(&graph, id)).collect(),
            sets: vec![Set::default(); graph.sets()],
            chosen: BTreeSet::new(),
            facts,
            limit: limit.unwrap_or(usize::MAX),
            starting: 0,
            changes: 0,
            dues: BTreeSet::new(),
            changed: BTreeSet::new(),
            in_doubt: graph.ids().gather(),
            suspects: BTreeSet::new(),
            touched: (0..graph.len() as u32).gather(),
            choices: BTreeSet::new(),
            wholes: BTreeSet::new(),
            moved: BTreeSet::new(),
            runnable: BTreeSet::new(),
            actions: Vec::new(),
            graph,
        };
        for number in 0..engine.sets.len() as u32 {
            let (owner, members) = engine.graph.set(number);
            let set = Set { members: members.len() as u32, ..Set::default() };
            engine.sets[number as usize] = set;
            engine.entries[owner as usize].counts.change(Counts::default(), set.counts());
        }
        for id in engine.graph.ids() {
            engine.remind(id, memories(id));
        }
        engine.spread_needs();
        engine.drop_choices();
        engine.settle(now);
        let actions = std::mem::take(&mut engine.actions);
        (engine, actions)
    }

    /// What must not be forgotten of this service.
    pub fn memory(&self, id: Id) -> Memory {
        let entry = self.entry(id);
        let is_chosen =
            |(_, (set, edge)): &(u32, (u32, &Edge))| self.chosen.contains(&(*set, edge.other));
        let chosen = (0..).zip(members(&self.graph, id)).filter(is_chosen);
        Memory {
            wish: entry.wish,
            state: entry.state,
            failure: entry.failure,
            due: entry.due,
            restarting: entry.restarting,
            parts_told: entry.parts_told,
            started: entry.started,
            lost: entry.lost,
            chosen: chosen.map(|(place, _)| place).collect(),
        }
    }

    /// The facts that somebody's condition looks at, with their values, in order.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.facts.iter().map(|(fact, value)| (fact.as_str(), value.as_str()))
    }

    /// Whose memories may have changed since this was asked last, in order.
    pub fn take_changed(&mut self) -> impl Iterator<Item = Id> + use<> {
        std::mem::take(&mut self.changed).into_iter()
    }

    fn remind(&mut self, id: Id, memory: Memory) {
        let Memory { wish, state, failure, due, restarting, parts_told, started, lost, chosen } =
            memory;
        let holds = self.unmet(id).is_empty();
        let entry = self.entry_mut(id);
        (entry.wish, entry.state, entry.failure, entry.due) = (wish, state, failure, due);
        (entry.restarting, entry.parts_told) = (restarting, parts_told);
        (entry.started, entry.lost, entry.holds) = (started, lost, holds);
        let is_starting = entry.is_starting();
        // Only which of them is the greater matters: it goes on after the greatest.
        self.changes = self.changes.max(started).max(lost);
        self.starting += usize::from(is_starting);
        self.dues.extend(due.map(|due| (due, id)));
        let graph = Rc::clone(&self.graph);
        let places = (0..).zip(members(&graph, id));
        let places = places.filter(|(place, _)| chosen.contains(place));
        self.chosen.extend(places.map(|(_, (set, edge))| (set, edge.other)));
    }

    /// Who is not needed has chosen nothing: only in the memories of another graph.
    fn drop_choices(&mut self) {
        let Engine { chosen, changed, graph, entries, .. } = self;
        chosen.retain(|(set, _)| {
            let (owner, _) = graph.set(*set);
            let keep = entries[owner as usize].needed;
            changed.extend((!keep).then_some(owner));
            keep
        });
    }
}

/// A service that has been shown nothing.
fn unseen(graph: &Graph, id: Id) -> Entry {
    let mut entry = Entry::default();
    for edge in graph.outgoing(id) {
        let counts = Counts::of(edge.relation, Shown::default());
        entry.counts.change(Counts::default(), counts);
        entry.closed += u32::from(edge.relation == Relation::PartOf);
    }
    entry
}
