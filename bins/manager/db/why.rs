//! Why a service is where it is: who wants it, what keeps it from being ready, down to the root, and
//! what would help.

use common::base::stamp::{Boot, Wall};
use common::format::status::{Status, Wanted};
use common::os::clock;
use common::os::process::BootId;
use common::prelude::*;

use super::Query;
use crate::json::{Object, Value};
use crate::manager::engine::{Cause, Engine, Failure, State, Wish};
use crate::manager::graph::{Id, Kind};
use crate::manager::graph_file::words;
use crate::manager::places::{GENERATIONS, ONESHOT, Places, USUAL};
use crate::manager::reasons;
use crate::manager::view::{View, is_managed};
use crate::tree::client::Service;

pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let view = query.live()?;
    let engine = view.engine(&query.sources);
    let mut why = Why { query, view: &view, engine: &engine, text };
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
    view: &'a View,
    engine: &'a Engine,
    text: &'a mut String,
}

impl Why<'_> {
    fn tell(&mut self, id: Id) {
        self.state(id);
        self.wanted(id);
        let chain = self.engine.why(id);
        let Some(((root, cause), steps)) = chain.split_last() else {
            self.process(id);
            return;
        };
        for (at, cause) in steps {
            self.cause("because", *at, *cause);
        }
        self.cause("root cause", *root, *cause);
        self.process(*root);
        for command in self.help(*root, *cause) {
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
        let name = self.view.name(id).to_owned();
        let values = [
            ("name", Value::text(&name)),
            ("state", Value::text(self.word(id))),
            ("needed", Value::Bool(self.engine.is_needed(id))),
            ("asked", Value::text(self.engine.wish(id).word())),
        ];
        let gone = if self.is_gone(id) { ", gone from the live generation" } else { "" };
        let state = self.standing(id) + gone;
        if self.query.json {
            self.say("state", &state, &values);
        } else {
            self.say(&name, &state, &[]);
        }
    }

    fn word(&self, id: Id) -> &'static str {
        match self.view.damaged.contains(&id) {
            true => "unknown",
            false => self.engine.state(id).word(),
        }
    }

    /// Where it is, and since when.
    fn standing(&self, id: Id) -> String {
        let since = self.since(id).map(|since| format!(" since {since}"));
        format!("{}{}", self.word(id), since.unwrap_or_default())
    }

    fn is_gone(&self, id: Id) -> bool {
        let row = self.view.rows.as_ref().and_then(|rows| rows.get(id as usize));
        row.is_some_and(|row| row.gone.is_some())
    }

    /// Who has never been anywhere else has no time.
    fn since(&self, id: Id) -> Option<String> {
        let row = self.view.rows.as_ref()?.get(id as usize)?;
        (row.since != Wall(0)).then(|| row.since.iso())
    }

    /// By whom it is needed, up to the one that was asked for.
    fn wanted(&mut self, id: Id) {
        let chain = self.engine.wanted_by(id);
        let Some(last) = chain.last() else {
            let how = match self.engine.wish(id) {
                Wish::Up | Wish::Once => "it was asked for, but what it is part of is not wanted",
                Wish::None | Wish::Down => "by nobody",
            };
            return self.say("wanted", how, &[]);
        };
        let graph = self.engine.graph();
        for pair in chain.windows(2) {
            let edges = graph.outgoing(pair[1]).iter().filter(|edge| edge.other == pair[0]);
            let mut edges = edges.filter(|edge| edge.relation.pulls());
            let word = edges.next().map_or("needs", |edge| words(edge.relation).0);
            let (by, of) = (self.view.name(pair[1]).to_owned(), self.view.name(pair[0]));
            let what = match word {
                "any-of" => format!("{by} needs one of several, as {of}"),
                "milestone" => format!("{by} needs that {of} was ready once"),
                word => format!("{by} {word} {of}"),
            };
            self.say("wanted", &what, &[("by", Value::text(by))]);
        }
        let name = self.view.name(*last).to_owned();
        let is_enabled = self.view.boot.contains(last);
        let how = match self.engine.wish(*last) {
            Wish::Up if is_enabled => "is enabled",
            Wish::Up | Wish::None | Wish::Down => "was asked for",
            Wish::Once => "was asked for once",
        };
        self.say("wanted", &format!("{name} {how}"), &[("by", Value::text(name))]);
    }

    fn cause(&mut self, label: &str, id: Id, cause: Cause) {
        let graph = self.engine.graph();
        let mut what = reasons::step(graph, id, cause);
        if cause == Cause::Condition {
            what += &format!(" ({})", reasons::tests(self.engine, id));
        }
        let values = [
            ("name", Value::text(self.view.name(id))),
            ("state", Value::text(self.word(id))),
            ("leads-to", Value::Text(cause.leads_to().map(|id| self.view.name(id).to_owned()))),
        ];
        let since = self.since(id).map(|since| format!(" (since {since})"));
        self.say(label, &(what + &since.unwrap_or_default()), &values);
    }

    /// What its supervisor knows: of this boot, or nothing.
    fn status(&self, id: Id) -> Option<Status> {
        let service = self.engine.graph().service(id);
        let places = Places::below(&self.query.sources.dir);
        let parent = match service.kind {
            Kind::Daemon => places.scan,
            Kind::Oneshot => places.manager.join(ONESHOT),
            Kind::Group => return None,
        };
        let live = Service::open(parent.join(&service.name).as_os_str()).ok()?;
        let boot = BootId::now();
        live.status().ok()?.filter(|status| status.boot.is_none_or(|of| of == boot))
    }

    /// How it last ended, how often it was started, and what is to come.
    fn process(&mut self, id: Id) {
        let name = self.view.name(id).to_owned();
        let now = clock::boot();
        let mut parts = Vec::new();
        let mut values = vec![("name", Value::text(&name))];
        if let Some(status) = self.status(id) {
            if let Some(death) = status.last_run {
                parts.push(format!("last end: {}", reasons::of_death(death)));
                values.push(("exit", Value::text(death.to_string())));
            }
            if status.starts > 1 {
                parts.push(format!("restarts: {}", status.starts - 1));
            }
            values.push(("restarts", Value::number(status.starts.saturating_sub(1))));
            let next = status.start_due.filter(|_| status.wanted != Wanted::Down);
            if let Some(due) = next {
                parts.push(format!("next start: in {}", seconds(due, now)));
                values.push(("retry-ms", Value::number(due.since(now))));
            }
        }
        let due = self.engine.memory(id).due.map(Boot);
        if let Some(due) = due.filter(|_| self.engine.failure(id).is_none()) {
            let what = match self.engine.state(id) {
                State::Stopping => "KILL",
                State::Down | State::Starting | State::Up | State::Ready | State::Failed => {
                    "failure"
                }
            };
            parts.push(format!("{what}: in {}, if nothing happens before", seconds(due, now)));
            values.push(("due-ms", Value::number(due.since(now))));
        }
        if !parts.is_empty() {
            self.say("process", &format!("{name}: {}", parts.join("; ")), &values);
        }
    }

    /// The commands that are worth a try at a root.
    fn help(&self, id: Id, cause: Cause) -> Vec<String> {
        let name = |id: Id| self.view.name(id);
        let dir = &self.query.sources.dir;
        let dir = match dir == std::path::Path::new(USUAL) {
            true => String::new(),
            false => format!(" --dir {}", dir.display()),
        };
        let generations = &self.query.sources.generations;
        let dir = match generations == std::path::Path::new(GENERATIONS) {
            true => dir,
            false => format!("{dir} --generations {}", generations.display()),
        };
        let change = |verb: &str, id: Id| format!("svc-change{dir} {verb} {}", name(id));
        let log = format!("svc-logread {}", name(id));
        match cause {
            Cause::Unwanted if self.is_gone(id) => Vec::new(),
            Cause::Unwanted | Cause::HeldDown => vec![change("up", id)],
            // It would go on if the manager knew the facts.
            Cause::Limit if self.engine.graph().service(id).when.is_some() => {
                vec![format!("svc-change{dir} look")]
            }
            Cause::Condition => vec![format!("svc-change{dir} look")],
            Cause::Failed(Failure::Died(_)) => vec![log],
            Cause::Failed(Failure::Ended(_) | Failure::StartTimedOut) => {
                vec![log, change("reset", id)]
            }
            Cause::Failed(Failure::ReadyTimedOut) => vec![log, change("restart", id)],
            Cause::Conflicts(other) => vec![change("down", other)],
            Cause::UnderWay | Cause::Restarting | Cause::Limit => vec![change("wait", id)],
            Cause::PartOf(other)
            | Cause::Needs(other)
            | Cause::NeedsOneOf(other)
            | Cause::After(other)
            | Cause::StopsAfter(other) => vec![format!("svc-db{dir} why {}", name(other))],
        }
    }
}

fn seconds(due: Boot, now: Boot) -> String {
    let ms = due.since(now);
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
