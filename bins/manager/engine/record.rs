//! A record of all that an engine was told, from which everything that it did follows again.
//!
//! A segment is what the engine remembers at its beginning, then step for step what it is told:
//!
//! ```text
//! segment graph=7 limit=4 time=123450
//! fact power/ac 1
//! memory web state=up started=12 due=123999
//! 123456 died web exit=1
//! 123456 gone power/ac
//! 123456 step
//! ```
//!
//! Times are those of the steps. What stands behind the last `step` was not taken: whoever wrote it was
//! killed before.

use std::collections::BTreeMap;
use std::rc::Rc;

use common::base::death::Death;

use super::event::{Action, Event, Wish};
use super::{Engine, Memory};
use crate::manager::graph::{Graph, Id};

/// The first line of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the generation whose graph it is about.
    pub graph: u64,
    /// How many may start at the same time.
    pub limit: Option<usize>,
    /// When it was begun.
    pub time: u64,
}

impl Head {
    /// From the first line of a segment.
    pub fn unpack(segment: &str) -> Option<Head> {
        let line = segment.split('\n').next()?;
        let (graph, rest) = line.strip_prefix("segment graph=")?.split_once(' ')?;
        let (limit, time) = match rest.strip_prefix("limit=") {
            Some(rest) => rest.split_once(' ').map(|(limit, time)| (Some(limit), time))?,
            None => (None, rest),
        };
        let limit = limit.map(str::parse).transpose().ok()?;
        let time = time.strip_prefix("time=")?.parse().ok()?;
        let head = Head { graph: graph.parse().ok()?, limit, time };
        (head.pack() == line).then_some(head)
    }

    fn pack(self) -> String {
        let limit = self.limit.map_or(String::new(), |limit| format!("limit={limit} "));
        format!("segment graph={} {limit}time={}", self.graph, self.time)
    }
}

/// How a segment begins: with all that the engine remembers between two steps.
pub fn begin(engine: &Engine, graph: u64, time: u64) -> String {
    let limit = (engine.limit < usize::MAX).then_some(engine.limit);
    let memories = engine.graph.ids().map(|id| (id, engine.memory(id)));
    begin_with(&engine.graph, Head { graph, limit, time }, engine.facts(), memories)
}

/// The same of an engine that is about to be restored: what it then does at once is part of the record.
pub fn begin_with<'a>(
    graph: &Graph,
    head: Head,
    facts: impl Iterator<Item = (&'a str, &'a str)>,
    memories: impl Iterator<Item = (Id, Memory)>,
) -> String {
    let mut text = head.pack() + "\n";
    for (fact, value) in facts {
        text += &format!("fact {fact} {}\n", escaped(value));
    }
    for (id, memory) in memories.filter(|(_, memory)| *memory != Memory::default()) {
        text += &format!("memory {} {}\n", graph.service(id).name, memory.pack());
    }
    text
}

/// A step: what the engine is told at once. It is to be written before the engine acts on it.
pub fn step(graph: &Graph, time: u64, events: &[Event]) -> String {
    let watched = |event: &&Event| match event {
        Event::Fact(fact, _) => !graph.listeners(fact).is_empty(),
        Event::Wish(..)
        | Event::Restart(_)
        | Event::Reset(_)
        | Event::Started(_)
        | Event::Ready(_)
        | Event::NotReady(_)
        | Event::Died(..)
        | Event::Ended(..) => true,
    };
    let lines =
        events.iter().filter(watched).map(|event| format!("{time} {}\n", line(graph, event)));
    lines.collect::<String>() + &format!("{time} step\n")
}

/// The segments of a record, each from its first line.
pub fn segments(text: &str) -> impl Iterator<Item = &str> {
    const FIRST: &str = "\nsegment ";
    let mut rest = (!text.is_empty()).then_some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.find(FIRST).map(|end| end + 1);
        rest = end.map(|end| &text[end..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// What an engine that is told what stands in this segment does, and when; else the first line that is
/// wrong, and what is.
pub fn replay(graph: &Rc<Graph>, segment: &str) -> Result<Vec<(u64, Action)>, String> {
    let mut done = Vec::new();
    follow(graph, segment, |now, _, _, actions| {
        done.extend(actions.iter().map(|action| (now, *action)));
    })?;
    Ok(done)
}

/// The same, step by step: the time, the engine after the step, what it was told, what it does.
pub fn follow(
    graph: &Rc<Graph>,
    segment: &str,
    mut see: impl FnMut(u64, &Engine, &[Event], &[Action]),
) -> Result<(), String> {
    let head = Head::unpack(segment).ok_or("line 1: it is not the first line of a segment")?;
    // What has no end was not written to the end.
    let whole = segment.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut lines = (1..).zip(whole.split('\n')).skip(1).peekable();
    let (mut facts, mut memories) = (Vec::new(), BTreeMap::new());
    while let Some((number, line)) =
        lines.next_if(|(_, line)| !line.starts_with(|c: char| c.is_ascii_digit()))
    {
        let wrong = || format!("line {number}: {line:?} is nothing that is remembered");
        match line.split_once(' ').ok_or_else(wrong)? {
            ("fact", rest) => {
                let (fact, value) = rest.split_once(' ').ok_or_else(wrong)?;
                facts.push((fact.to_owned(), unescaped(value).ok_or_else(wrong)?));
            }
            ("memory", rest) => {
                let (name, words) = rest.split_once(' ').ok_or_else(wrong)?;
                let id = graph.find(name).ok_or_else(wrong)?;
                let memory = Memory::unpack(words).ok_or_else(wrong)?;
                if memories.insert(id, memory).is_some() {
                    return Err(wrong());
                }
            }
            _ => return Err(wrong()),
        }
    }
    let known = |id: Id| memories.remove(&id).unwrap_or_default();
    let (mut engine, actions) =
        Engine::restore(Rc::clone(graph), head.limit, head.time, facts, known);
    see(head.time, &engine, &[], &actions);
    let (mut now, mut events) = (head.time, Vec::new());
    for (number, line) in lines {
        let wrong = || format!("line {number}: {line:?} is nothing that an engine is told");
        let (time, what) = line.split_once(' ').ok_or_else(wrong)?;
        let time: u64 = time.parse().map_err(|_| wrong())?;
        // The first event of a step has its time; the others have the same.
        if time < now || time > now && !events.is_empty() {
            return Err(format!("line {number}: its time is not that of the step"));
        }
        now = time;
        if what == "step" {
            let actions = engine.step(now, events.iter().cloned());
            see(now, &engine, &events, &actions);
            events.clear();
        } else {
            events.push(event(graph, what).ok_or_else(wrong)?);
        }
    }
    Ok(())
}

fn line(graph: &Graph, event: &Event) -> String {
    let name = |id: &Id| &graph.service(*id).name;
    match event {
        Event::Wish(id, wish) => format!("wish {} {}", name(id), wish.word()),
        Event::Restart(id) => format!("restart {}", name(id)),
        Event::Reset(id) => format!("reset {}", name(id)),
        Event::Started(id) => format!("started {}", name(id)),
        Event::Ready(id) => format!("ready {}", name(id)),
        Event::NotReady(id) => format!("not-ready {}", name(id)),
        Event::Died(id, death) => format!("died {} {death}", name(id)),
        Event::Ended(id, death) => format!("ended {} {death}", name(id)),
        Event::Fact(fact, Some(value)) => format!("fact {fact} {}", escaped(value)),
        Event::Fact(fact, None) => format!("gone {fact}"),
    }
}

fn event(graph: &Graph, line: &str) -> Option<Event> {
    let (verb, rest) = line.split_once(' ')?;
    let two = || rest.split_once(' ');
    let with_death = || Some((graph.find(two()?.0)?, Death::parse(two()?.1)?));
    Some(match verb {
        "wish" => Event::Wish(graph.find(two()?.0)?, Wish::parse(two()?.1)?),
        "restart" => Event::Restart(graph.find(rest)?),
        "reset" => Event::Reset(graph.find(rest)?),
        "started" => Event::Started(graph.find(rest)?),
        "ready" => Event::Ready(graph.find(rest)?),
        "not-ready" => Event::NotReady(graph.find(rest)?),
        "died" => with_death().map(|(id, death)| Event::Died(id, death))?,
        "ended" => with_death().map(|(id, death)| Event::Ended(id, death))?,
        "fact" => Event::Fact(two()?.0.to_owned(), Some(unescaped(two()?.1)?)),
        "gone" => Event::Fact(rest.to_owned(), None),
        _ => return None,
    })
}

/// In one line.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        value.push(match letter {
            '\\' => match letters.next()? {
                'n' => '\n',
                '\\' => '\\',
                _ => return None,
            },
            _ => letter,
        });
    }
    Some(value)
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
