//! A random graph of services, and generations of it that differ a little.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use common::prelude::*;

use super::instance::READY_FD;
use crate::manager::options::GENERATIONS;
use crate::random::Random;
use crate::tree;

/// What a service of the drill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Daemon,
    Oneshot,
    /// A oneshot that has no stop command.
    Lasting,
    /// A oneshot whose start fails.
    Failing,
    Group,
}

/// Of a hundred services, how many are what.
const KINDS: [(Kind, u64); 5] = [
    (Kind::Daemon, 55),
    (Kind::Oneshot, 28),
    (Kind::Lasting, 4),
    (Kind::Failing, 3),
    (Kind::Group, 10),
];
/// Of a hundred relations, how many are what.
const RELATIONS: [(&str, u64); 7] = [
    ("requires", 55),
    ("wants", 15),
    ("after", 12),
    ("any-of", 8),
    ("part-of", 4),
    ("milestones", 4),
    ("conflicts", 2),
];
/// How many relations a service has: one of these.
const DEGREES: [usize; 6] = [0, 0, 1, 1, 2, 3];
/// How long a program takes, ms: one of these.
const PAUSES: [u64; 5] = [0, 0, 0, 20, 80];
/// One service in so many is another in each generation: its name, or its being there.
const UNSTEADY: u64 = 5;
/// One in so many has another environment in each.
const CHANGING: u64 = 10;
/// One in so many says something else of others in each.
const RELATING: u64 = 15;

/// A service, whatever it is called in a generation.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) tag: String,
    pub(super) kind: Kind,
    pub(super) is_enabled: bool,
    /// In all generations it is there, by this name.
    pub(super) is_steady: bool,
    pause: u64,
    relations: Vec<(&'static str, usize)>,
    changes: bool,
}

/// All services, and their names in each generation.
pub(super) struct Services {
    pub(super) all: Vec<Service>,
    /// By generation, counted from 0; by service: its name there, if it is.
    pub(super) names: Vec<Vec<Option<String>>>,
}

impl Services {
    /// As many, by chance.
    pub(super) fn new(count: u64, random: &mut Random) -> Services {
        let mut all: Vec<Service> = Vec::new();
        for number in 0..count as usize {
            let degree = random.one_of(&DEGREES).min(number);
            let mut relations: Vec<(&'static str, usize)> = Vec::new();
            while relations.len() < degree {
                let to = random.below(number as u64) as usize;
                if relations.iter().all(|(_, other)| *other != to) {
                    relations.push((share(&RELATIONS, random), to));
                } else {
                    break;
                }
            }
            let is_steady = random.below(UNSTEADY) != 0;
            all.push(Service {
                tag: format!("s{number:03}"),
                kind: share(&KINDS, random),
                is_enabled: random.below(2) == 0,
                is_steady,
                pause: random.one_of(&PAUSES),
                relations,
                changes: is_steady && random.below(CHANGING) == 0,
            });
        }
        let names = (0..GENERATIONS).map(|_| names(&all, random)).collect();
        Services { all, names }
    }

    /// All names that there are in some generation.
    pub(super) fn all_names(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.names.iter().flatten().flatten().collect();
        names.into_iter().cloned().collect()
    }

    /// Those of services that are always there.
    pub(super) fn steady_names(&self) -> Vec<String> {
        let steady = self.all.iter().filter(|service| service.is_steady);
        steady.map(|service| service.tag.clone()).collect()
    }

    /// By name, the services of a generation.
    pub(super) fn named(&self, generation: usize) -> BTreeMap<&str, &Service> {
        let names = self.names.get(generation).into_iter().flatten();
        let named = names.zip(&self.all);
        named.filter_map(|(name, service)| Some((name.as_deref()?, service))).collect()
    }

    /// Writes the service files of a generation. Without conflicts, if those were refused.
    pub(super) fn write(
        &self,
        generation: usize,
        dir: &Path,
        log: &Path,
        with_conflicts: bool,
    ) -> Result<()> {
        let (files, enabled) = (dir.join("services"), dir.join("enabled"));
        for dir in [&files, &enabled] {
            std::fs::create_dir_all(dir).unable("make a directory")?;
        }
        let names = &self.names[generation];
        for (number, service) in self.all.iter().enumerate() {
            let Some(name) = &names[number] else { continue };
            let text = self.file(generation, number, log, with_conflicts)?;
            tree::write(&files.join(format!("{name}.toml")), &text, 0o644)?;
            if service.is_enabled {
                tree::write(&enabled.join(name), "", 0o644)?;
            }
        }
        Ok(())
    }

    fn file(
        &self,
        generation: usize,
        number: usize,
        log: &Path,
        conflicts: bool,
    ) -> Result<String> {
        let service = &self.all[number];
        let tool = rustix::fs::readlink("/proc/self/exe", Vec::new()).unable("find the tool")?;
        let tool = tool.to_string_lossy().into_owned();
        let (needs, users) = (self.needs(number), self.users(number));
        let words = |role: &str| {
            let (log, pause) = (log.display(), service.pause);
            let tag = &service.tag;
            format!(
                "[\"{tool}\", \"managed\", \"{role}\", \"{log}\", \"{tag}\", \"{pause}\", \
                 \"{needs}\", \"{users}\"]"
            )
        };
        let text = match service.kind {
            Kind::Daemon => {
                format!("exec = {}\nready = \"notify-fd {READY_FD}\"\n", words("daemon"))
            }
            Kind::Oneshot => format!(
                "type = \"oneshot\"\nstart = {}\nstop = {}\n",
                words("start"),
                words("stop")
            ),
            Kind::Lasting => format!("type = \"oneshot\"\nstart = {}\n", words("last")),
            Kind::Failing => format!("type = \"oneshot\"\nstart = {}\n", words("fail")),
            Kind::Group => "type = \"group\"\n".to_owned(),
        };
        let mut text = text;
        if service.changes && service.kind != Kind::Group {
            // To a string it never fails.
            let _ = writeln!(text, "environment.VALUE = \"{generation}\"");
        }
        self.write_relations(&mut text, generation, number, conflicts);
        Ok(text)
    }

    fn write_relations(&self, text: &mut String, generation: usize, number: usize, all: bool) {
        let names = &self.names[generation];
        let mut relations = self.all[number].relations.clone();
        if (number + generation) as u64 % RELATING == RELATING - 1 {
            let other = number / 2;
            if relations.iter().all(|(_, to)| *to != other) {
                relations.push(("after", other));
            }
        }
        for (key, _) in RELATIONS {
            if key == "conflicts" && !all {
                continue;
            }
            let others = relations.iter().filter(|(of, _)| *of == key);
            let others: Vec<_> = others.filter_map(|(_, to)| names[*to].as_deref()).collect();
            if !others.is_empty() {
                let _ = writeln!(text, "{key} = {others:?}");
            }
        }
    }

    /// Whom it needs in all generations, with commas.
    fn needs(&self, number: usize) -> String {
        let relations = self.all[number].relations.iter();
        let strict = relations.filter(|(key, to)| *key == "requires" && self.is_strict(*to));
        let tags: Vec<&str> = strict.map(|(_, to)| self.all[*to].tag.as_str()).collect();
        tags.join(",")
    }

    /// Who needs it in all generations.
    fn users(&self, number: usize) -> String {
        let needs = |service: &&Service| service.relations.contains(&("requires", number));
        let users = self.all.iter().filter(needs).filter(|user| user.is_steady);
        let users = users.filter(|user| matches!(user.kind, Kind::Daemon | Kind::Oneshot));
        let tags: Vec<&str> = users.map(|user| user.tag.as_str()).collect();
        if self.is_strict(number) { tags.join(",") } else { String::new() }
    }

    /// It is always there, and says itself whether it is ready.
    fn is_strict(&self, number: usize) -> bool {
        let Service { kind, is_steady, .. } = &self.all[number];
        *is_steady && matches!(kind, Kind::Daemon | Kind::Oneshot)
    }
}

/// What the services are called in a generation, if they are in it.
fn names(all: &[Service], random: &mut Random) -> Vec<Option<String>> {
    // One that was renamed while it went away would be two services for a moment.
    let name = |(number, service): (usize, &Service)| match random.below(3) {
        0 if !service.is_steady && number % 2 == 0 => None,
        0 if !service.is_steady => Some(format!("{}-renamed", service.tag)),
        _ => Some(service.tag.clone()),
    };
    all.iter().enumerate().map(name).collect()
}

fn share<T: Copy>(shares: &[(T, u64)], random: &mut Random) -> T {
    let mut chance = random.below(shares.iter().map(|(_, share)| share).sum());
    for (what, share) in shares {
        if chance < *share {
            return *what;
        }
        chance -= share;
    }
    shares[0].0
}
