//! `svctl why`: why services are where they are, down to the root cause, and what would help.

use std::collections::BTreeMap;

use common::base::death::Death;
use common::base::error::exit;
use common::prelude::*;
use common::program::{print, warn};

use super::advice;
use super::ages::ahead;
use super::call::{ANY, Call, Operand, Verb};
use super::cut::width;
use super::known::Known;
use super::names::meant;
use super::plain::plain;
use super::refused;
use super::standing::Standing;
use super::status::lines::{line_object, tail};
use super::terminal::Ink;
use crate::json::{Object, Value};
use crate::log::read::tail::{Line, last_lines};
use crate::manager::engine::{Cause, Failure};
use crate::manager::graph::Id;
use crate::manager::reasons;

pub(super) const VERB: Verb = Verb {
    word: "why",
    arguments: "[NAME...]",
    count: 0..=ANY,
    operand: Operand::Service,
    summary: "the root cause of what is not as wanted, and what to type",
    options: &[],
    run,
};

/// As many lines as it takes to see what a program complained about.
const LINES: u64 = 5;
/// As many of those that wait for the same as are worth reading.
const NAMED: usize = 20;

fn run(call: &Call) -> Result<Next> {
    let known = Known::read(call)?;
    let why = Why { call, known: &known };
    if call.operands.is_empty() {
        return Ok(Next::Exit(print(&why.all())));
    }
    let (mut text, mut code) = (why.warnings(), exit::OK);
    for found in meant(call, &known)? {
        match found {
            Ok(id) => {
                if !text.is_empty() && !call.json {
                    text.push('\n');
                }
                text += &why.one(id);
            }
            Err(e) if call.operands.len() == 1 => return Err(e),
            Err(e) => {
                warn(&"svctl", &e.message);
                code = code.max(e.code);
            }
        }
    }
    Ok(Next::Exit(print(&text).max(code)))
}

/// An answer in the making.
struct Why<'a> {
    call: &'a Call,
    known: &'a Known,
}

impl Why<'_> {
    /// Of one service.
    fn one(&self, id: Id) -> String {
        let known = self.known;
        let is_as_wanted = known.is_as_wanted(id);
        let chain: Vec<(Id, Cause)> = if is_as_wanted { Vec::new() } else { known.chain(id) };
        let wanted = known.explanation().wanted(id);
        let wanted: Vec<String> = wanted.into_iter().map(|(line, _)| line).collect();
        let steps: Vec<String> =
            chain.iter().map(|(id, cause)| plain(&known.cause(*id, *cause))).collect();
        let root = chain
            .last()
            .copied()
            .or(known.root(id))
            .filter(|_| known.standing(id) != Standing::Ready);
        if self.call.json {
            return self.object(&[id], &wanted, &steps, root).line();
        }
        let mut text = self.head(id);
        let refusal = known.refused(&self.call.site).find(known.name(id));
        if let Some(refusal) = refusal {
            let note = refused::note(refusal, (known.wall, known.boot));
            text += &format!("  {note}\n  try: {}\n", refused::command(refusal));
        }
        match wanted.as_slice() {
            [line] if line == "by nobody" => text += &self.unwanted(id),
            lines => lines.iter().for_each(|line| text += &format!("  wanted: {line}\n")),
        }
        if is_as_wanted {
            let paused = known.status(id).is_some_and(|status| status.paused);
            text += if paused { "  it is paused by STOP\n" } else { "" };
            text += &self.last_failure(id);
            return text + &self.tries_text(id);
        }
        if let Some((last, others)) = steps.split_last() {
            others.iter().for_each(|step| text += &format!("  because: {step}\n"));
            text += &format!("  root cause: {last}\n");
        }
        text += &root.map(|(root, cause)| self.help(root, cause)).unwrap_or_default();
        text + &self.tries_text(id)
    }

    fn tries_text(&self, id: Id) -> String {
        let tries = advice::tries(&self.call.site, self.known, id);
        tries.iter().map(|command| format!("  try: {command}\n")).collect()
    }

    /// What is to be known of the tree, for people.
    fn warnings(&self) -> String {
        if self.call.json {
            return String::new();
        }
        let lines = self.known.warnings(&self.call.site);
        lines.iter().map(|line| format!("! {line}\n")).collect()
    }

    fn head(&self, id: Id) -> String {
        let (terminal, standing) = (self.call.terminal, self.known.standing(id));
        let name = terminal.paint(Ink::Strong, self.known.name(id));
        let word = terminal.paint(standing.ink(), standing.word());
        let since = self.known.since(id);
        let since = since.map(|since| format!(" since {}", super::ages::clock(since)));
        format!("{} {name} is {word}{}\n", standing.mark(terminal), since.unwrap_or_default())
    }

    fn unwanted(&self, id: Id) -> String {
        let known = self.known;
        let why = match known.root(id) {
            Some((root, Cause::HeldDown)) if root == id => "it was asked to be down",
            _ if known.view.boot.contains(&id) => "it is enabled, and was taken down since",
            _ => "nobody asked for it, and nothing that is wanted needs it",
        };
        let (command, name) = (self.call.site.command(), known.name(id));
        let start = format!("  try: {command} start {name}\n");
        // What is on its way down has yet to get there.
        let start = if known.is_as_wanted(id) { start } else { String::new() };
        format!("  {why}\n{start}")
    }

    /// Of what is down because nobody wants it: how it ended, if that was no success, and what it said.
    fn last_failure(&self, id: Id) -> String {
        let death = self.known.status(id).and_then(|status| status.last_run);
        match (self.known.standing(id), death) {
            (Standing::Down, Some(death @ Death::Exit(1..))) => {
                self.help(id, Cause::Failed(Failure::Ended(death)))
            }
            (_, _) => String::new(),
        }
    }

    /// What is known at the root, and what to type.
    fn help(&self, root: Id, cause: Cause) -> String {
        let mut text = String::new();
        let parts = self.parts(root);
        if !parts.is_empty() {
            text += &format!("  {}: {}\n", self.known.name(root), parts.join("; "));
        }
        let lines = self.lines(root, cause);
        if !lines.is_empty() {
            text += &format!("  the last that {} said:\n", self.known.name(root));
            text += &tail(self.call, &lines, "    ");
        }
        text
    }

    fn parts(&self, root: Id) -> Vec<String> {
        let mut parts = Vec::new();
        let status = self.known.status(root);
        if let Some(death) = status.and_then(|status| status.last_run) {
            let oom = status.is_some_and(|status| status.oom);
            parts.push(format!("last end: {}", reasons::of_end(death, oom)));
        }
        if self.may_have_forked(root) {
            parts.push("if it goes into the background, say ready = \"forked\"".to_owned());
        }
        let restarts = self.known.restarts(root);
        parts.extend((restarts > 0).then(|| format!("restarts: {restarts}")));
        parts.extend(self.known.retry(root).map(|ms| format!("next try in {}", ahead(ms))));
        let fares = self.known.explanation().fares(root);
        parts.extend(fares.due.map(|(what, ms)| match what {
            "KILL" => format!("killed in {}, if it does not stop", ahead(ms)),
            _ => format!("given up in {}, if it is not ready", ahead(ms)),
        }));
        parts
    }

    /// Whether its end was a success that is taken for a death, as of one that lives on behind its back.
    fn may_have_forked(&self, root: Id) -> bool {
        let last_run = self.known.status(root).and_then(|status| status.last_run);
        let is_followed = || {
            let service = self.known.view.path.join("services").join(self.known.name(root));
            service.join("lock-fd").exists()
        };
        last_run == Some(Death::Exit(0))
            && matches!(self.known.standing(root), Standing::Restarting | Standing::Failed)
            && !is_followed()
    }

    /// The last lines of the log of one that has itself to do with it.
    fn lines(&self, root: Id, cause: Cause) -> Vec<Line> {
        let says = match cause {
            Cause::Failed(_) | Cause::UnderWay | Cause::Restarting => true,
            Cause::Limit => self.known.standing(root) == Standing::Restarting,
            Cause::Unwanted
            | Cause::HeldDown
            | Cause::Condition
            | Cause::PartOf(_)
            | Cause::Needs(_)
            | Cause::NeedsOneOf(_)
            | Cause::Conflicts(_)
            | Cause::After(_)
            | Cause::StopsAfter(_) => false,
        };
        let path = self.call.site.log(self.known.name(root));
        if says { last_lines(&path, LINES, None).unwrap_or_default() } else { Vec::new() }
    }

    /// All that are not as wanted, by what they come down to.
    fn all(&self) -> String {
        let known = self.known;
        let mut text = self.warnings();
        let mut groups: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
        for id in known.ids().filter(|id| !known.standing(*id).is_settled()) {
            let root = known.root(id).map_or(id, |(root, _)| root);
            groups.entry(root).or_default().push(id);
        }
        if groups.is_empty() && !self.call.json {
            return text + "all services are as they are wanted\n";
        }
        for (root, ids) in groups {
            let cause = known.root(root).map(|(_, cause)| cause);
            let line = cause.map(|cause| plain(&known.cause(root, cause)));
            let others: Vec<Id> = ids.iter().copied().filter(|id| *id != root).collect();
            if self.call.json {
                let root = cause.map(|cause| (root, cause));
                text += &self.object(&ids, &[], line.as_slice(), root).line();
                continue;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text += &self.head(root);
            text += &line.map(|line| format!("  root cause: {line}\n")).unwrap_or_default();
            text += &self.blocks(&others);
            text += &cause.map(|cause| self.help(root, cause)).unwrap_or_default();
            text += &ids.first().map(|id| self.tries_text(*id)).unwrap_or_default();
        }
        text
    }

    fn blocks(&self, others: &[Id]) -> String {
        if others.is_empty() {
            return String::new();
        }
        const LEAD: &str = "  keeps from where they are wanted: ";
        let mut room = self.call.terminal.width.unwrap_or(usize::MAX);
        room = room.saturating_sub(LEAD.len() + " and 10000 more".len());
        let fits = |id: &&Id| {
            let width = width(self.known.name(**id)) + 2;
            let is_room = width <= room;
            room = room.saturating_sub(width);
            is_room
        };
        let shown: Vec<&Id> = others.iter().take(NAMED).take_while(fits).collect();
        let names: Vec<&str> = shown.iter().map(|id| self.known.name(**id)).collect();
        match (names.as_slice(), others.len() - shown.len()) {
            ([], all) => format!("{LEAD}{all} others\n"),
            (names, 0) => format!("{LEAD}{}\n", names.join(", ")),
            (names, more) => format!("{LEAD}{} and {more} more\n", names.join(", ")),
        }
    }

    /// Of one, or of all that come down to one root.
    fn object(
        &self,
        ids: &[Id],
        wanted: &[String],
        steps: &[String],
        root: Option<(Id, Cause)>,
    ) -> Object {
        let known = self.known;
        let name = |id: &Id| known.name(*id).to_owned();
        let mut object = Object::of("why");
        object.put_texts("names", &ids.iter().map(name).collect::<Vec<_>>());
        let states = ids.iter().map(|id| known.standing(*id).word().to_owned());
        object.put_texts("states", &states.collect::<Vec<_>>());
        object.put_texts("wanted", wanted);
        let refused = known.refused(&self.call.site);
        let now = (known.wall, known.boot);
        let notes = ids.iter().filter_map(|id| refused.find(known.name(*id)));
        let notes: Vec<String> = notes.map(|refusal| refused::note(refusal, now)).collect();
        object.put_texts("notes", &notes);
        object.put_texts("causes", steps);
        object.put("root", &Value::Text(root.map(|(root, _)| name(&root))));
        let state = root.map(|(root, _)| known.standing(root).word().to_owned());
        object.put("root-state", &Value::Text(state));
        let of_root = root.map(|(root, cause)| {
            let tries = ids.first().map(|id| advice::tries(&self.call.site, known, *id));
            (self.parts(root), tries.unwrap_or_default(), self.lines(root, cause))
        });
        let (parts, tries, lines) = of_root.unwrap_or_default();
        object.put_texts("process", &parts);
        let retry = root.and_then(|(root, _)| known.retry(root));
        object.put("retry-ms", &Value::Number(retry.map(u64::cast_signed)));
        object.put_texts("try", &tries);
        object.put_objects("lines", lines.iter().map(line_object).collect());
        object
    }
}
