//! The file `graph` of a generation: who depends on whom, a line a fact, for programs and for people.

use std::collections::BTreeMap;

use super::condition::Condition;
use super::graph::{Cycles, Graph, Id, Kind, Link, OnLoss, Relation, Service};
use super::service_file::conditions::{parse, shown};

const VERSION: &str = "version 1";
const KINDS: [(&str, Kind); 3] =
    [("daemon", Kind::Daemon), ("oneshot", Kind::Oneshot), ("group", Kind::Group)];
const LOSSES: [(&str, OnLoss); 4] = [
    ("stop", OnLoss::Stop),
    ("restart", OnLoss::Restart),
    ("reload", OnLoss::Reload),
    ("ignore", OnLoss::Ignore),
];

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub struct Contents {
    /// All services, in the order of their names.
    pub graph: Graph,
    /// Who is enabled.
    pub boot: Vec<Id>,
    /// What those that are described say of themselves.
    pub descriptions: BTreeMap<Id, String>,
}

impl Contents {
    /// The whole file.
    pub fn pack(&self) -> String {
        let description = |id| self.descriptions.get(&id).map(String::as_str);
        pack(&self.graph, &self.boot, description)
    }
}

/// The whole file, of services in the order of their names of which each has one any-of at most.
pub fn pack<'a>(graph: &Graph, boot: &[Id], description: impl Fn(Id) -> Option<&'a str>) -> String {
    let mut text = format!("{VERSION}\n");
    for id in boot {
        text += &format!("boot {}\n", graph.service(*id).name);
    }
    for id in graph.ids() {
        service(graph, id, description(id), &mut text);
    }
    text
}

/// From what `pack` writes; else the first line that is wrong, and what is.
pub fn unpack(text: &str) -> Result<Contents, String> {
    let body = text.strip_suffix('\n').ok_or("the last line is not whole")?;
    let names = body.split('\n').filter_map(|line| line.strip_prefix("service "));
    let names = names.filter_map(|words| words.split_once(' ')).map(|(name, _)| name).collect();
    let mut reader = Reader { names, ..Reader::default() };
    for (number, line) in (1..).zip(body.split('\n')) {
        let read = if number > 1 {
            reader.line(line)
        } else {
            (line == VERSION).then_some(()).ok_or_else(|| format!("it is not \"{VERSION}\""))
        };
        read.map_err(|what| format!("line {number}: {what}"))?;
    }
    let Reader { names, services, links, boot, descriptions } = reader;
    let graph = Graph::build(services, &links).map_err(|cycles| endless(&names, &cycles))?;
    Ok(Contents { graph, boot, descriptions })
}

/// Whether a service can have this name: as `check` of the tree says, and what a file name may be.
pub(crate) fn is_fit(name: &str) -> bool {
    let is_plain = common::base::name::check(name.as_bytes()).is_ok() && !name.contains('/');
    is_plain && !name.is_empty() && !name.starts_with(['.', '@', '-']) && !name.contains(' ')
}

fn service(graph: &Graph, id: Id, description: Option<&str>, text: &mut String) {
    let service = graph.service(id);
    *text += &format!("service {} {}\n", service.name, kind(service.kind));
    if let Some(description) = description {
        *text += &format!(" description {description}\n");
    }
    if service.essential {
        *text += " essential\n";
    }
    if service.has_readiness {
        *text += " readiness\n";
    }
    for (name, ms) in [
        ("start-timeout", service.start_timeout),
        ("ready-timeout", service.ready_timeout),
        ("stop-timeout", service.stop_timeout),
    ] {
        if ms > 0 {
            *text += &format!(" {name} {ms}\n");
        }
    }
    if let Some(when) = &service.when {
        for (word, tests) in [("all", &when.all), ("any", &when.any), ("none", &when.none)] {
            tests.iter().for_each(|test| *text += &format!(" when-{word} {}\n", shown(test)));
        }
    }
    let mut conflicts = Vec::new();
    for edge in graph.outgoing(id) {
        let other = &graph.service(edge.other).name;
        let line = format!(" {}\n", said(edge.relation, other));
        if edge.relation == Relation::Conflicts {
            // It has no direction: once is enough.
            conflicts.extend((edge.other > id).then_some(line));
            continue;
        }
        *text += &line;
    }
    *text += &conflicts.concat();
}

/// The lines about one service, but for its description.
pub(crate) fn about(graph: &Graph, id: Id) -> String {
    let mut text = String::new();
    service(graph, id, None, &mut text);
    text
}

/// A relation to another service, as the file says it.
pub fn said(relation: Relation, other: &str) -> String {
    let (word, loss) = words(relation);
    let loss = loss.map(|loss| format!(" {loss}"));
    format!("{word} {other}{}", loss.unwrap_or_default())
}

/// The words for a relation: which one, and what is done on a loss.
pub fn words(relation: Relation) -> (&'static str, Option<&'static str>) {
    match relation {
        Relation::Requires(loss) => ("requires", Some(word(&LOSSES, loss))),
        Relation::Wants(loss) => ("wants", Some(word(&LOSSES, loss))),
        Relation::AnyOf(_) => ("any-of", None),
        Relation::Milestone => ("milestone", None),
        Relation::After => ("after", None),
        Relation::PartOf => ("part-of", None),
        Relation::Conflicts => ("conflicts", None),
    }
}

/// The word for a kind of service.
pub fn kind(kind: Kind) -> &'static str {
    word(&KINDS, kind)
}

fn word<T: PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, other)| *other == value).map_or("", |(word, _)| word)
}

fn meant<T: Copy>(table: &[(&str, T)], word: &str) -> Result<T, String> {
    let found = table.iter().find(|(other, _)| *other == word);
    found.map(|(_, value)| *value).ok_or_else(|| format!("unknown word {word:?}"))
}

fn endless(names: &[&str], cycles: &Cycles) -> String {
    let Cycles { of_order, of_parts, of_restarts } = cycles;
    let first = of_order.iter().chain(of_parts).chain(of_restarts).next();
    let names: Vec<_> = first.into_iter().flatten().map(|id| names[*id as usize]).collect();
    format!("these wait for one another, or restart one another without end: {}", names.join(", "))
}

/// What was read so far.
#[derive(Default)]
struct Reader<'a> {
    /// Of all services, also those that come later.
    names: Vec<&'a str>,
    services: Vec<Service>,
    links: Vec<Link>,
    boot: Vec<Id>,
    descriptions: BTreeMap<Id, String>,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let Some(line) = line.strip_prefix(' ') else {
            return match line.split_once(' ') {
                Some(("boot", name)) if self.services.is_empty() => self.enabled(name),
                Some(("service", words)) => self.service(words),
                _ => Err(format!("unknown line {line:?}")),
            };
        };
        let from = self.services.len().checked_sub(1).ok_or("it belongs to no service")?;
        let service = &mut self.services[from];
        match line.split_once(' ').unwrap_or((line, "")) {
            ("essential", _) => once(&mut service.essential, line, "essential"),
            ("readiness", _) => once(&mut service.has_readiness, line, "readiness"),
            ("start-timeout", time) => set_time(&mut service.start_timeout, time),
            ("ready-timeout", time) => set_time(&mut service.ready_timeout, time),
            ("stop-timeout", time) => set_time(&mut service.stop_timeout, time),
            (key @ ("when-all" | "when-any" | "when-none"), test) => {
                add_test(service.when.get_or_insert_default(), key, test)
            }
            ("description", text) if !text.is_empty() => {
                let old = self.descriptions.insert(from as Id, text.to_owned());
                old.map_or(Ok(()), |_| Err("it has a description already".to_owned()))
            }
            (key, rest) => self.edge(from as Id, key, rest),
        }
    }

    fn edge(&mut self, from: Id, key: &str, rest: &str) -> Result<(), String> {
        let loss = || {
            let (name, loss) = rest.split_once(' ').ok_or("no word for a loss")?;
            Ok::<_, String>((name, meant(&LOSSES, loss)?))
        };
        let (name, relation) = match key {
            "requires" => loss().map(|(name, loss)| (name, Relation::Requires(loss)))?,
            "wants" => loss().map(|(name, loss)| (name, Relation::Wants(loss)))?,
            "milestone" => (rest, Relation::Milestone),
            "any-of" => (rest, Relation::AnyOf(0)),
            "after" => (rest, Relation::After),
            "part-of" => (rest, Relation::PartOf),
            "conflicts" => (rest, Relation::Conflicts),
            _ => return Err(format!("unknown word {key:?}")),
        };
        let to = self.id(name)?;
        if to == from {
            return Err(format!("{name} can't be its own {key}"));
        }
        self.links.push(Link { from, relation, to });
        Ok(())
    }

    fn enabled(&mut self, name: &str) -> Result<(), String> {
        let id = self.id(name)?;
        if self.boot.last().is_some_and(|last| *last >= id) {
            return Err(format!("{name} is not in the order of names"));
        }
        self.boot.push(id);
        Ok(())
    }

    fn service(&mut self, words: &str) -> Result<(), String> {
        let (name, kind) = words.split_once(' ').ok_or("no word for a kind")?;
        if !is_fit(name) {
            return Err(format!("{name:?} can't be the name of a service"));
        }
        if self.services.last().is_some_and(|last| last.name.as_str() >= name) {
            return Err(format!("{name} is not in the order of names"));
        }
        self.services.push(Service::new(name, meant(&KINDS, kind)?));
        Ok(())
    }

    fn id(&self, name: &str) -> Result<Id, String> {
        let place = self.names.binary_search(&name);
        place.map(|place| place as Id).map_err(|_| format!("there is no service {name:?}"))
    }
}

fn once(flag: &mut bool, line: &str, key: &str) -> Result<(), String> {
    let is_first = line == key && !std::mem::replace(flag, true);
    is_first.then_some(()).ok_or_else(|| format!("{key} is said twice, or with more"))
}

/// No limit is said by no line.
fn set_time(time: &mut u32, text: &str) -> Result<(), String> {
    // One way to write a number, and 0 is none.
    let ms = text.parse().ok().filter(|_| !text.starts_with(['0', '+']));
    let ms = ms.ok_or_else(|| format!("{text:?} is no number of milliseconds"))?;
    let old = std::mem::replace(time, ms);
    (old == 0).then_some(()).ok_or_else(|| "it has such a limit already".to_owned())
}

fn add_test(when: &mut Condition, key: &str, text: &str) -> Result<(), String> {
    let test = parse(text).ok().filter(|test| shown(test) == text);
    let test = test.ok_or_else(|| format!("{text:?} is no test of a fact"))?;
    match key {
        "when-all" => when.all.push(test),
        "when-any" => when.any.push(test),
        _ => when.none.push(test),
    }
    Ok(())
}

#[cfg(test)]
#[path = "graph_file_tests.rs"]
mod tests;
