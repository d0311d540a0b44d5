//! What must not be forgotten of a service: an engine is made again from the memories of all, the graph
//! and the facts. All else follows from them.

use std::fmt;

use super::event::{Failure, State, Wish};
use crate::manager::graph::{Edge, Graph, Id};

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
        let mut text = String::new();
        // A string takes whatever is written to it.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        let mut blank = "";
        let mut word = |word: fmt::Arguments| {
            to.write_str(std::mem::replace(&mut blank, " "))?;
            to.write_fmt(word)
        };
        if self.state != State::default() {
            word(format_args!("state={}", self.state.word()))?;
        }
        if self.wish != Wish::default() {
            word(format_args!("wish={}", self.wish.word()))?;
        }
        for (key, number) in [("started", self.started), ("lost", self.lost)] {
            if number > 0 {
                word(format_args!("{key}={number}"))?;
            }
        }
        if let Some(due) = self.due {
            word(format_args!("due={due}"))?;
        }
        if let Some(failure) = self.failure {
            word(format_args!("failure={failure}"))?;
        }
        if self.restarting {
            word(format_args!("restarting"))?;
        }
        if self.parts_told {
            word(format_args!("parts-told"))?;
        }
        let chosen: Vec<_> = self.chosen.iter().map(u32::to_string).collect();
        if !chosen.is_empty() {
            word(format_args!("chosen={}", chosen.join(",")))?;
        }
        Ok(())
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
        let mut rest = Rest(text);
        (memory.write(&mut rest).is_ok() && rest.0.is_empty()).then_some(memory)
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

/// What is to be written yet of a text that is there already; anything else can't be written.
struct Rest<'a>(&'a str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A service's any-of edges, with their sets.
pub(super) fn members(graph: &Graph, id: Id) -> impl Iterator<Item = (u32, &Edge)> {
    graph.outgoing(id).iter().filter_map(|edge| Some((edge.relation.set()?, edge)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::graph::{Kind, Link, Relation, Service};
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
