//! Why a service is where it is, a line for each fact, and commands that may help.

use common::prelude::*;

use super::Query;
use crate::json::{Object, Value};
use crate::manager::explain::{Advice, Explanation, Step};
use crate::manager::graph::Id;
use crate::manager::places::{GENERATIONS, USUAL};
use crate::manager::view::is_managed;

pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let view = query.live()?;
    let engine = view.engine(&query.sources);
    let known = Explanation { sources: &query.sources, view: &view, engine: &engine };
    let mut why = Why { query, known, text };
    if !is_managed(&query.sources) {
        why.say("manager", "none is running: nothing happens until one is", &[]);
    }
    for id in view.named(&query.names)? {
        why.tell(id);
    }
    Ok(0)
}

/// An answer in the making.
struct Why<'a> {
    query: &'a Query,
    known: Explanation<'a>,
    text: &'a mut String,
}

impl Why<'_> {
    fn tell(&mut self, id: Id) {
        self.state(id);
        for (line, by) in self.known.wanted(id) {
            let by = by.map(|by| ("by", Value::text(self.known.view.name(by))));
            self.say("wanted", &line, by.as_slice());
        }
        let steps = self.known.steps(id);
        let Some((root, others)) = steps.split_last() else {
            self.process(id);
            return;
        };
        others.iter().for_each(|step| self.cause("because", step));
        self.cause("root cause", root);
        self.process(root.id);
        for advice in self.known.advice(root.id, root.cause) {
            let command = self.command(advice);
            self.say("try", &command, &[("command", Value::text(&command))]);
        }
    }

    /// One line.
    fn say(&mut self, label: &str, what: &str, values: &[(&str, Value)]) {
        if !self.query.json {
            *self.text += &format!("{label}: {what}\n");
            return;
        }
        let mut object = Object::default();
        object.put("line", &Value::text(label));
        object.put("text", &Value::text(what));
        values.iter().for_each(|(key, value)| object.put(key, value));
        *self.text += &object.line();
    }

    fn state(&mut self, id: Id) {
        let Explanation { view, engine, .. } = self.known;
        let word = self.known.word(id);
        let values = [
            ("name", Value::text(view.name(id))),
            ("state", Value::text(word)),
            ("needed", Value::Bool(engine.is_needed(id))),
            ("asked", Value::text(engine.wish(id).word())),
        ];
        let since = self.known.since(id).map(|since| format!(" since {}", since.iso()));
        let gone = if self.known.is_gone(id) { ", gone from the live generation" } else { "" };
        let state = format!("{word}{}{gone}", since.unwrap_or_default());
        if self.query.json {
            self.say("state", &state, &values);
        } else {
            self.say(view.name(id), &state, &[]);
        }
    }

    fn cause(&mut self, label: &str, step: &Step) {
        let name = |id: Id| self.known.view.name(id).to_owned();
        let values = [
            ("name", Value::text(name(step.id))),
            ("state", Value::text(self.known.word(step.id))),
            ("leads-to", Value::Text(step.cause.leads_to().map(name))),
        ];
        self.say(label, &step.text, &values);
    }

    fn process(&mut self, id: Id) {
        let name = self.known.view.name(id);
        let fares = self.known.fares(id);
        let mut values = vec![("name", Value::text(name))];
        if let Some((death, oom)) = fares.death {
            values.push(("exit", Value::text(death.to_string())));
            values.extend(oom.then_some(("oom", Value::Bool(true))));
        }
        let numbers = [
            ("restarts", fares.restarts),
            ("retry-ms", fares.retry),
            ("due-ms", fares.due.map(|(_, ms)| ms)),
        ];
        for (key, number) in numbers {
            values.extend(number.map(|number| (key, Value::number(number))));
        }
        let parts = fares.parts();
        if !parts.is_empty() {
            self.say("process", &format!("{name}: {}", parts.join("; ")), &values);
        }
    }

    /// A command of ours.
    fn command(&self, advice: Advice) -> String {
        let name = |id: Id| self.known.view.name(id);
        let sources = &self.query.sources;
        let mut dir = String::new();
        for (option, path, usual) in
            [("--dir", &sources.dir, USUAL), ("--generations", &sources.generations, GENERATIONS)]
        {
            if path != std::path::Path::new(usual) {
                dir += &format!(" {option} {}", path.display());
            }
        }
        let change = |verb: &str, id: Id| format!("svc-change{dir} {verb} {}", name(id));
        match advice {
            Advice::Up(id) => change("up", id),
            Advice::Down(id) => change("down", id),
            Advice::Restart(id) => change("restart", id),
            Advice::Reset(id) => change("reset", id),
            Advice::Wait(id) => change("wait", id),
            Advice::Log(id) => format!("svc-logread {}", name(id)),
            Advice::Why(id) => format!("svc-db{dir} why {}", name(id)),
            Advice::Look(_) => format!("svc-change{dir} look"),
        }
    }
}
