//! What is different in another generation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::base::error::exit;
use common::base::sort::Gather;
use common::prelude::*;

use super::Query;
use crate::json::{Object, Value};
use crate::manager::files::{self, short};
use crate::manager::generations;
use crate::manager::view::number;

/// The lines of the graph that are about each service, in their order.
type Sections<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// A generation, as far as it is compared.
struct Texts {
    graph: String,
    contents: String,
}

impl Texts {
    fn read(dir: &Path) -> Result<Texts> {
        let text = |name: &str| {
            let path = dir.join(name);
            std::fs::read_to_string(&path).unable(format_args!("read {}", path.display()))
        };
        Ok(Texts { graph: text("graph")?, contents: text("contents")? })
    }

    fn sections(&self) -> Sections<'_> {
        let mut sections = Sections::new();
        let mut at = "";
        for line in self.graph.lines() {
            if let Some(words) = line.strip_prefix("service ") {
                at = words.split(' ').next().unwrap_or(words);
                let kind = words.get(at.len() + 1..).unwrap_or_default();
                sections.insert(at, vec![kind]);
            } else if let Some(line) = line.strip_prefix(' ') {
                sections.entry(at).or_default().push(line);
            }
        }
        sections
    }

    fn enabled(&self) -> BTreeSet<&str> {
        self.graph.lines().filter_map(|line| line.strip_prefix("boot ")).gather()
    }

    /// The numbers of what is there of each service.
    fn numbers(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut numbers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in self.contents.lines() {
            if let Some((_, name)) = line.split_once('/') {
                numbers.entry(name).or_default().push(line);
            }
        }
        numbers
    }
}

/// Exit code 1: there is a difference.
pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let (a, b) = match query.names.as_slice() {
        [a, b] => (number(&query.sources, a)?, number(&query.sources, b)?),
        _ => return Err(Error::user("missing generation")),
    };
    let paths = [a, b].map(|number| generations::path(&query.sources.generations, number));
    let (old, new) = (Texts::read(&paths[0])?, Texts::read(&paths[1])?);
    let mut told = Told { json: query.json, text };
    compare(&old, &new, &paths, &mut told)?;
    Ok(if told.text.is_empty() { exit::OK } else { exit::NO })
}

fn compare(
    old: &Texts,
    new: &Texts,
    paths: &[std::path::PathBuf; 2],
    told: &mut Told,
) -> Result<()> {
    let (was, is) = (old.sections(), new.sections());
    let (old_numbers, new_numbers) = (old.numbers(), new.numbers());
    let (enabled_before, enabled) = (old.enabled(), new.enabled());
    let names: BTreeSet<&str> = was.keys().chain(is.keys()).copied().gather();
    for name in names {
        match (was.get(name), is.get(name)) {
            (Some(_), None) => told.say(name, "gone", ""),
            (None, Some(_)) => told.say(name, "new", ""),
            (Some(was), Some(is)) => {
                was.iter().filter(|line| !is.contains(line)).for_each(|l| told.say(name, "-", l));
                is.iter().filter(|line| !was.contains(line)).for_each(|l| told.say(name, "+", l));
                if old_numbers.get(name) != new_numbers.get(name) {
                    for file in differing(paths, name)? {
                        told.say(name, "changed", &file);
                    }
                }
            }
            (None, None) => {}
        }
        match (enabled_before.contains(name), enabled.contains(name)) {
            (false, true) => told.say(name, "enabled", ""),
            (true, false) => told.say(name, "disabled", ""),
            (true, true) | (false, false) => {}
        }
    }
    Ok(())
}

/// Which files of a service are not the same.
fn differing(paths: &[std::path::PathBuf; 2], name: &str) -> Result<BTreeSet<String>> {
    let read = |dir: &Path| {
        let files = files::read(dir, name);
        files.unable(format_args!("read the files of {name} in {}", dir.display()))
    };
    let (old, new) = (read(&paths[0])?, read(&paths[1])?);
    let all = old.keys().chain(new.keys());
    let differing = all.filter(|path| old.get(*path) != new.get(*path));
    Ok(differing.map(|path| short(path, name).to_owned()).gather())
}

/// What is told so far.
struct Told<'a> {
    json: bool,
    text: &'a mut String,
}

impl Told<'_> {
    fn say(&mut self, name: &str, change: &str, what: &str) {
        if self.json {
            let mut object = Object::default();
            object.put("name", &Value::text(name));
            object.put("change", &Value::text(change));
            object.put("what", &Value::Text((!what.is_empty()).then(|| what.to_owned())));
            *self.text += &object.line();
        } else {
            let blank = if what.is_empty() { "" } else { " " };
            *self.text += &format!("{name}: {change}{blank}{what}\n");
        }
    }
}
