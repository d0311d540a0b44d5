//! What must not be forgotten: an engine is made again from the memories of its services, the graph
//! and the facts. All else follows from them.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Engine;
use super::entry::{Counts, Entry, Set, Shown};
use super::event::{Action, Failure, State, Wish};
use crate::manager::graph::{Edge, Graph, Id, Relation};

/// What must not be forgotten of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// What was asked for.
    pub wish: Wish,
    /// Where it is.
    pub state: State,
    /// What went wrong with it.
    pub failure: Option<Failure>,
    /// When `state` has lasted too long.
    pub due: Option<u64>,
    /// It goes down for a restart.
    pub restarting: bool,
    /// Its parts were told that it goes down.
    pub parts_told: bool,
    /// When it was started, and when it was ready no longer: numbers that grow with each change of a
    /// state in the engine.
    pub started: u64,
    /// See `started`.
    pub lost: u64,
    /// Which of its any-of edges are wanted: their places among these, in the order of the graph.
    pub chosen: Vec<u32>,
}

impl Memory {
    /// As words with blanks between them; what is as in a service that nobody has touched is left out.
    pub fn pack(&self) -> String {
        let mut words = Vec::new();
        let mut word = |is_said: bool, word: String| words.extend(is_said.then_some(word));
        word(self.state != State::default(), format!("state={}", self.state.word()));
        word(self.wish != Wish::default(), format!("wish={}", self.wish.word()));
        word(self.started > 0, format!("started={}", self.started));
        word(self.lost > 0, format!("lost={}", self.lost));
        self.due.into_iter().for_each(|due| word(true, format!("due={due}")));
        self.failure.into_iter().for_each(|failure| word(true, format!("failure={failure}")));
        word(self.restarting, "restarting".to_owned());
        word(self.parts_told, "parts-told".to_owned());
        let chosen: Vec<_> = self.chosen.iter().map(u32::to_string).collect();
        word(!chosen.is_empty(), format!("chosen={}", chosen.join(",")));
        words.join(" ")
    }

    /// From exactly what `pack` writes.
    pub fn unpack(text: &str) -> Option<Memory> {
        let mut memory = Memory::default();
        for word in text.split_terminator(' ') {
            match word.split_once('=') {
                Some(("state", word)) => memory.state = State::parse(word)?,
                Some(("wish", word)) => memory.wish = Wish::parse(word)?,
                Some(("started", number)) => memory.started = number.parse().ok()?,
                Some(("lost", number)) => memory.lost = number.parse().ok()?,
                Some(("due", number)) => memory.due = Some(number.parse().ok()?),
                Some(("failure", word)) => memory.failure = Some(Failure::parse(word)?),
                Some(("chosen", places)) => {
                    let places = places.split(',').map(str::parse);
                    memory.chosen = places.collect::<Result<_, _>>().ok()?;
                }
                None if word == "restarting" => memory.restarting = true,
                None if word == "parts-told" => memory.parts_told = true,
                _ => return None,
            }
        }
        // Nothing twice, no order but one, no other way to write a number.
        (memory.pack() == text).then_some(memory)
    }

    /// That of the same service in another graph, in which those that it has chosen may stand at other
    /// places; `id_of` says who is who there.
    pub fn moved(
        self,
        (old, id): (&Graph, Id),
        (new, new_id): (&Graph, Id),
        id_of: impl Fn(Id) -> Option<Id>,
    ) -> Memory {
        let was = (0..).zip(members(old, id)).filter(|(place, _)| self.chosen.contains(place));
        let is: Vec<_> = was.filter_map(|(_, (_, edge))| id_of(edge.other)).collect();
        let chosen =
            (0..).zip(members(new, new_id)).filter(|(_, (_, edge))| is.contains(&edge.other));
        Memory { chosen: chosen.map(|(place, _)| place).collect(), ..self }
    }
}

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
        let facts = facts.into_iter().filter(is_watched).collect();
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
            in_doubt: graph.ids().collect(),
            suspects: BTreeSet::new(),
            touched: (0..graph.len() as u32).collect(),
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

/// A service's any-of edges, with their sets.
fn members(graph: &Graph, id: Id) -> impl Iterator<Item = (u32, &Edge)> {
    graph.outgoing(id).iter().filter_map(|edge| Some((edge.relation.set()?, edge)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::graph::{Kind, Link, Service};
    use common::base::death::Death;

    #[test]
    fn a_memory_reads_back_as_written() {
        let failure = Some(Failure::Died(Death::Exit(1)));
        let memory = Memory {
            wish: Wish::Up,
            state: State::Starting,
            failure,
            due: Some(123_456),
            restarting: true,
            parts_told: true,
            started: 12,
            lost: 3,
            chosen: vec![0, 2],
        };
        let text = "state=starting wish=up started=12 lost=3 due=123456 failure=died:exit=1 \
                    restarting parts-told chosen=0,2";
        assert_eq!(memory.pack(), text);
        assert_eq!(Memory::unpack(text), Some(memory));
        assert_eq!(Memory::default().pack(), "");
        assert_eq!(Memory::unpack(""), Some(Memory::default()));
    }

    #[test]
    fn in_another_graph_the_same_services_are_chosen() {
        let graph = |names: [&str; 4], members: [Id; 3]| {
            let services = names.map(|name| Service::new(name, Kind::Daemon)).to_vec();
            let from = names.iter().position(|name| *name == "web").unwrap() as Id;
            let link = |to| Link { from, relation: Relation::AnyOf(0), to };
            (Graph::build(services, &members.map(link)).unwrap(), from)
        };
        let (old, id) = graph(["a", "b", "c", "web"], [2, 0, 1]);
        let (new, new_id) = graph(["web", "b", "c", "d"], [3, 1, 2]);
        let memory = Memory { chosen: vec![0, 1], wish: Wish::Up, ..Memory::default() };
        let moved = memory.moved((&old, id), (&new, new_id), |id| new.find(&old.service(id).name));
        assert_eq!(moved, Memory { chosen: vec![2], wish: Wish::Up, ..Memory::default() });
    }

    #[test]
    fn what_no_engine_writes_is_no_memory() {
        for text in [
            " ",
            "state=ready ",
            " state=ready",
            "state=Ready",
            "state=down",
            "state=ready state=ready",
            "wish=up state=ready",
            "started=01",
            "started=-1",
            "due=99999999999999999999",
            "failure=died",
            "failure=start-timed-out:exit=1",
            "restarting=1",
            "chosen=",
            "chosen=1,",
            "mood=good",
        ] {
            assert_eq!(Memory::unpack(text), None, "{text}");
        }
    }
}
