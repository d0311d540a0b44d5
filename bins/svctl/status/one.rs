//! All that is known of one service.

use std::path::PathBuf;

use common::base::error::{errno, reason};
use common::format::status::Phase;
use common::os::cgroup;
use common::os::process::Processes;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::Pid;

use super::definition::{self, Definition};
use super::lines::{line_object, tail};
use super::processes::{self, Process};
use super::related;
use super::sign;
use super::table::put;
use super::usage::{Usage, usage};
use crate::json::{Object, Value};
use crate::log::read::tail::{Line, last_lines};
use crate::manager::compile::installed::Since;
use crate::manager::engine::{Cause, Wish};
use crate::manager::graph::{Id, Kind};
use crate::manager::graph_file;
use crate::manager::reasons;
use crate::svctl::advice;
use crate::svctl::ages::{ahead, bytes, clock, long};
use crate::svctl::call::Call;
use crate::svctl::cut::cut;
use crate::svctl::known::Known;
use crate::svctl::moves::voice::becoming_root;
use crate::svctl::plain::plain;
use crate::svctl::refused;
use crate::svctl::standing::Standing;
use crate::svctl::supervisors::is_alive;
use crate::svctl::terminal::Ink;

/// As many processes as are worth a look.
const PROCESSES: usize = 20;
/// As wide as the widest label.
const LABEL: usize = 11;

/// One service.
pub(super) struct One<'a> {
    pub(super) call: &'a Call,
    pub(super) known: &'a Known,
    pub(super) id: Id,
    /// How many lines of its log are shown.
    pub(super) lines: u64,
}

impl One<'_> {
    /// For people.
    pub(super) fn shown(&self) -> String {
        let (known, id) = (self.known, self.id);
        let (terminal, standing) = (self.call.terminal, known.standing(id));
        let name = terminal.paint(Ink::Strong, self.known.name(self.id));
        let description = self.description().map(|text| format!(" - {}", plain(&text)));
        let mut text =
            format!("{} {name}{}\n", standing.mark(terminal), description.unwrap_or_default());
        let mut say = |label: &str, line: &str| {
            let room = terminal.width.map(|width| width.saturating_sub(LABEL + 2));
            // Who copies a path or a command needs all of it.
            let is_copied = ["File", "Drop-in", "Log", "Try"].contains(&label);
            let room = room.filter(|_| !is_copied);
            let line = room.map_or_else(|| line.to_owned(), |room| cut(line, room.max(20)));
            let line = if label == "State" { self.coloured(&line) } else { line };
            let label = if label.is_empty() { String::new() } else { format!("{label}:") };
            text += format!("{label:>LABEL$} {line}").trim_end();
            text.push('\n');
        };
        say("State", &self.state());
        self.notes().iter().for_each(|note| say("Note", note));
        self.wanted().iter().for_each(|line| say("Wanted", line));
        for (label, line) in self.causes() {
            say(label, &line);
        }
        self.tries().iter().for_each(|line| say("Try", line));
        if let Some(line) = self.ended() {
            say("Last end", &line);
        }
        if let Some(line) = self.restarts() {
            say("Restarts", &line);
        }
        if let Some(pid) = self.pid() {
            let command = processes::command(pid.as_raw_pid()).unwrap_or_default();
            say("Process", &plain(&format!("{} {command}", pid.as_raw_pid())));
        }
        if let Some(line) = self.usage().and_then(in_words) {
            say("Takes", &line);
        }
        self.below().iter().for_each(|line| say("", line));
        for (label, line) in self.files() {
            say(label, &line);
        }
        let related =
            [("Needs", related::needs(known, id)), ("Needed by", related::users(known, id))];
        for (label, edges) in related {
            let line = related::line(known, edges);
            if !line.is_empty() {
                say(label, &line);
            }
        }
        if let Some((path, lines)) = self.log() {
            say("Log", &path.display().to_string());
            text += &tail(self.call, &lines, "  ");
        }
        text
    }

    /// For programs.
    pub(super) fn object(&self) -> Object {
        let (known, id) = (self.known, self.id);
        let mut object = Object::of("status");
        put(&mut object, &self.call.site, known, id);
        object.put("description", &Value::Text(self.description()));
        object.put_texts("notes", &self.notes());
        object.put_texts("wanted-by", &self.wanted());
        let causes: Vec<String> = self.causes().into_iter().map(|(_, line)| line).collect();
        object.put_texts("causes", &causes);
        object.put_texts("try", &self.tries());
        let status = known.status(id);
        let end = status.and_then(|status| status.last_run);
        object.put("last-end", &Value::Text(end.map(|end| end.to_string())));
        let oom = status.is_some_and(|status| status.oom && end.is_some());
        object.put("out-of-memory", &Value::Bool(oom));
        let usage = self.usage().unwrap_or_default();
        let number = |number: Option<u64>| Value::Number(number.map(u64::cast_signed));
        object.put("memory", &number(usage.memory));
        object.put("cpu-us", &number(usage.cpu));
        object.put("tasks", &number(usage.tasks));
        object.put_objects("processes", self.processes().iter().map(process_object).collect());
        let definition = self.definition();
        let path = |path: &PathBuf| path.display().to_string();
        object.put("file", &Value::Text(definition.path.as_ref().map(path)));
        object.put_texts("drop-ins", &definition.drop_ins.iter().map(path).collect::<Vec<_>>());
        object.put("stale", &Value::Bool(definition.since != Since::Same));
        object.put_objects("needs", related::objects(known, related::needs(known, id)));
        object.put_objects("needed-by", related::objects(known, related::users(known, id)));
        let (path, lines) = self.log().unwrap_or_default();
        object.put(
            "log",
            &Value::Text((!path.as_os_str().is_empty()).then(|| path.display().to_string())),
        );
        object.put_objects("lines", lines.iter().map(line_object).collect());
        object
    }

    fn description(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.known.view.path.join("graph")).ok()?;
        let contents = graph_file::unpack(&text).ok()?;
        contents.descriptions.get(&contents.graph.find(self.known.name(self.id))?).cloned()
    }

    fn pid(&self) -> Option<Pid> {
        self.known.status(self.id)?.pid
    }

    fn coloured(&self, line: &str) -> String {
        let standing = self.known.standing(self.id);
        match line.strip_prefix(standing.word()) {
            Some(rest) => self.call.terminal.paint(standing.ink(), standing.word()) + rest,
            None => line.to_owned(),
        }
    }

    /// Where it is, and since when.
    fn state(&self) -> String {
        let (known, id) = (self.known, self.id);
        let since = known
            .since(id)
            .map(|since| format!(" since {} ({})", clock(since), long(since, known.wall)));
        let service = known.view.graph.service(id);
        let readiness = match (known.standing(id), service.kind) {
            (Standing::Ready, Kind::Daemon) if service.has_readiness => sign::of(known, id).0,
            (Standing::Ready, Kind::Daemon) => ", as it runs: it has no other way to say so",
            (Standing::Ready, Kind::Oneshot) => ", as its start command was done",
            (Standing::Up, _) => sign::of(known, id).1,
            _ => "",
        };
        let paused = known.status(id).is_some_and(|status| status.paused);
        let paused = if paused { ", paused by STOP" } else { "" };
        format!("{}{}{paused}{readiness}", known.standing(id).word(), since.unwrap_or_default())
    }

    /// What is amiss around it.
    fn notes(&self) -> Vec<String> {
        let known = self.known;
        let mut notes = known.warnings_of_tree(&self.call.site);
        let refusal = known.refused(&self.call.site).find(known.name(self.id));
        notes.extend(refusal.map(|it| refused::note(it, (known.wall, known.boot))));
        if self.known.explanation().is_gone(self.id) {
            notes.push("it is gone from the live generation, and goes when it is down".to_owned());
        }
        notes.extend(self.hidden());
        let status = self.known.status(self.id);
        notes.extend(status.map(|status| plain(&status.note)).filter(|note| !note.is_empty()));
        let error = status.and_then(|status| status.start_error);
        notes.extend(error.map(|e| format!("it can't be started: {}", reason(errno(e)))));
        notes
    }

    /// What is not shown, as whoever asks may not read it.
    fn hidden(&self) -> Option<String> {
        let (site, name) = (&self.call.site, self.known.name(self.id));
        let is_hidden = |path: PathBuf| access(&path, Access::READ_OK) == Err(Errno::ACCESS);
        let process = is_hidden(site.places().scan.join(name).join("supervise/status"));
        let log = is_hidden(site.logs.join(name).join("current"));
        let what = match (process, log) {
            (true, true) => "process, restarts and log",
            (true, false) => "process and restarts",
            (false, true) => "log",
            (false, false) => return None,
        };
        let (root, command) = (becoming_root(), site.command());
        Some(format!("you may not read its {what}: {root} {command} status {name}"))
    }

    /// By whom it is wanted; or why it is not.
    fn wanted(&self) -> Vec<String> {
        let (known, id) = (self.known, self.id);
        let held = known.engine.wish(id) == Wish::Down;
        let lines = known.explanation().wanted(id);
        let lines = lines.into_iter().map(|(line, _)| match line.as_str() {
            "by nobody" if held => "no: it was asked to be down".to_owned(),
            "by nobody" if known.view.boot.contains(&id) => {
                "no: it is enabled, and was taken down since".to_owned()
            }
            "by nobody" => {
                "no: nobody asked for it, and nothing that is wanted needs it".to_owned()
            }
            _ => line,
        });
        lines.collect()
    }

    /// The chain to the root cause, if it is not where it is wanted.
    fn causes(&self) -> Vec<(&'static str, String)> {
        let (known, id) = (self.known, self.id);
        if known.is_as_wanted(id) {
            return Vec::new();
        }
        let chain: Vec<(Id, Cause)> = known.chain(id);
        let last = chain.len().saturating_sub(1);
        let label = |place| if place == last { "Root cause" } else { "Because" };
        let lines = chain.into_iter().enumerate();
        lines.map(|(place, (at, cause))| (label(place), plain(&known.cause(at, cause)))).collect()
    }

    fn tries(&self) -> Vec<String> {
        advice::tries(&self.call.site, self.known, self.id)
    }

    fn ended(&self) -> Option<String> {
        let status = self.known.status(self.id)?;
        let death = status.last_run?;
        // Of a process that runs, or that nobody saw die, it says when it was started.
        let at = Some(status.changed).filter(|_| !matches!(status.phase, Phase::Running(_)));
        let at = at.map(|at| format!(", {}", long(at, self.known.wall))).unwrap_or_default();
        Some(format!("{}{at}", reasons::of_end(death, status.oom)))
    }

    fn restarts(&self) -> Option<String> {
        let count = self.known.restarts(self.id);
        match self.known.retry(self.id) {
            Some(ms) => Some(format!("{count}, the next in {}", ahead(ms))),
            None => (count > 0).then(|| format!("{count}, by hand or after a death")),
        }
    }

    /// What its cgroup counts, if it has one of its own.
    fn usage(&self) -> Option<Usage> {
        let pid = self.pid()?;
        if !self.has_cgroup() {
            return None;
        }
        usage(&cgroup::origin("/").ok()?, pid)
    }

    fn has_cgroup(&self) -> bool {
        let path = self.call.site.places().scan.join(self.known.name(self.id)).join("cgroup");
        path.exists()
    }

    fn processes(&self) -> Vec<Process> {
        let Some(pid) = self.pid().filter(|_| !self.call.has("--no-processes")) else {
            return Vec::new();
        };
        let status = self.known.status(self.id);
        let is_there = status.is_some_and(|status| is_alive(status, &Processes::open()));
        let root = self.has_cgroup().then(|| cgroup::origin("/").ok()).flatten();
        if is_there { processes::of(pid, root.as_ref()) } else { Vec::new() }
    }

    /// The processes besides the first, as lines.
    fn below(&self) -> Vec<String> {
        let all = self.processes();
        let (line, end) =
            if self.call.terminal.has_unicode { ("├─ ", "└─ ") } else { ("|- ", "`- ") };
        let shown = all.iter().skip(1).take(PROCESSES - 1);
        let draw = |(place, process): (usize, &Process)| {
            let is_last = all.get(place + 2).is_none_or(|next| next.depth < process.depth);
            let indent = "   ".repeat(process.depth.saturating_sub(1));
            let branch = if process.depth == 0 {
                ""
            } else if is_last {
                end
            } else {
                line
            };
            plain(&format!("{indent}{branch}{} {}", process.pid, process.command))
        };
        let mut lines: Vec<String> = shown.enumerate().map(draw).collect();
        if all.len() > PROCESSES {
            lines.push(format!("and {} more", all.len() - PROCESSES));
        }
        lines
    }

    fn definition(&self) -> Definition {
        definition::of(&self.call.site, self.known, self.known.name(self.id))
    }

    fn files(&self) -> Vec<(&'static str, String)> {
        let Definition { path, drop_ins, since } = self.definition();
        let command = self.call.site.command();
        let shown =
            path.map_or_else(|| "there is none any more".to_owned(), |p| p.display().to_string());
        let mut lines = vec![("File", plain(&shown))];
        lines.extend(drop_ins.iter().map(|path| ("Drop-in", plain(&path.display().to_string()))));
        let generation = self.known.generation().unwrap_or_default();
        let stale = match since {
            Since::Same => None,
            Since::Changed => {
                Some(format!("changed since generation {generation}: {command} plan"))
            }
            Since::Gone => Some(format!("it goes with the next {command} apply")),
            Since::Masked => Some(format!("masked: it goes with the next {command} apply")),
            Since::Broken(line) => Some(format!("can't be applied: {}", plain(&line))),
        };
        lines.extend(stale.map(|line| ("Stale", line)));
        lines
    }

    /// Where it logs, and the last lines.
    fn log(&self) -> Option<(PathBuf, Vec<Line>)> {
        if self.known.view.graph.service(self.id).kind == Kind::Group || self.lines == 0 {
            return None;
        }
        let path = self.call.site.log(self.known.name(self.id));
        let lines = last_lines(&path, self.lines, None)?;
        Some((path, lines))
    }
}

fn process_object(process: &Process) -> Object {
    let mut object = Object::default();
    object.put("pid", &Value::Number(Some(process.pid.into())));
    object.put("depth", &Value::number(process.depth as u64));
    object.put("command", &Value::text(&process.command));
    object
}

/// What is taken, in words; none: nothing is counted.
fn in_words(usage: Usage) -> Option<String> {
    let memory = usage.memory.map(|number| format!("memory {}", bytes(number)));
    let cpu =
        usage.cpu.map(|us| format!("CPU {}.{:02} s", us / 1_000_000, us % 1_000_000 / 10_000));
    let tasks = usage.tasks.map(|number| format!("{number} tasks"));
    let parts: Vec<String> = [memory, cpu, tasks].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
