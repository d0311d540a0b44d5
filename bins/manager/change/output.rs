//! What is told on standard output: lines for people, or objects.

use std::collections::BTreeMap;

use common::os::file::write_all;
use common::prelude::*;
use common::program::say;
use rustix::io::Errno;

use crate::json::{Object, Value};
use crate::manager::request::RequestId;

/// Where lines go.
pub(super) struct Output {
    json: bool,
    quiet: bool,
    /// Whether somebody reads.
    open: bool,
    /// The last word about each service: an answer does not say it again.
    told: BTreeMap<String, String>,
}

impl Output {
    pub(super) fn new(json: bool, quiet: bool) -> Output {
        Output { json, quiet, open: true, told: BTreeMap::new() }
    }

    /// A service is in a state.
    pub(super) fn service(&mut self, name: &str, state: &str) -> Result<()> {
        self.told.insert(name.to_owned(), state.to_owned());
        self.tell(&format!("{name}: {state}"), "service", &[("name", name), ("state", state)])
    }

    /// The request will be carried out.
    pub(super) fn accepted(&mut self, id: &RequestId) -> Result<()> {
        self.only_json("accepted", &[("id", id.as_str())])
    }

    /// The manager has died.
    pub(super) fn died(&mut self) -> Result<()> {
        self.only_json("manager-died", &[])
    }

    /// A part of a plan.
    pub(super) fn planned(&mut self, name: &str, what: &str) -> Result<()> {
        self.tell(&format!("{name}: {what}"), "change", &[("name", name), ("change", what)])
    }

    /// A step of a plan.
    pub(super) fn step(&mut self, what: &str, name: &str) -> Result<()> {
        self.tell(&format!("{what} {name}"), what, &[("name", name)])
    }

    /// The answer. What went wrong is told to whoever wants to hear little.
    pub(super) fn done(&mut self, exit: u8, lines: &[String]) -> Result<()> {
        if self.quiet && exit == 0 {
            return Ok(());
        }
        if self.json {
            let mut object = begin("done");
            object.put("exit", &Value::number(exit.into()));
            object.put_texts("results", lines);
            return self.write(&object.line());
        }
        let is_told = |line: &&String| {
            let said = line.split_once(": ");
            said.is_some_and(|(name, state)| self.told.get(name).is_some_and(|told| told == state))
        };
        let left = lines.iter().filter(|line| !is_told(line));
        let text: String = left.flat_map(|line| [line, "\n"]).collect();
        self.write(&text)
    }

    /// What to type next.
    pub(super) fn hint(&self, text: &str) {
        if !self.quiet {
            say(&super::PROGRAM.name, "hint", &text);
        }
    }

    fn only_json(&mut self, event: &str, members: &[(&str, &str)]) -> Result<()> {
        if self.json { self.tell("", event, members) } else { Ok(()) }
    }

    fn tell(&mut self, line: &str, event: &str, members: &[(&str, &str)]) -> Result<()> {
        if self.quiet {
            return Ok(());
        }
        if !self.json {
            return self.write(&format!("{line}\n"));
        }
        let mut object = begin(event);
        members.iter().for_each(|(key, value)| object.put(key, &Value::text(*value)));
        self.write(&object.line())
    }

    fn write(&mut self, text: &str) -> Result<()> {
        if !self.open || text.is_empty() {
            return Ok(());
        }
        match write_all(rustix::stdio::stdout(), text.as_bytes()) {
            // The exit code is still asked for.
            Err(Errno::PIPE) => self.open = false,
            result => result.unable("write to standard output")?,
        }
        Ok(())
    }
}

fn begin(event: &str) -> Object {
    let mut object = Object::default();
    object.put("event", &Value::text(event));
    object
}
