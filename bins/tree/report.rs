//! What a status says: field by field for scripts, in a sentence for people.

use common::base::death::Death;
use common::base::error::{errno, reason};
use common::base::stamp::{Boot, Wall};
use common::format::records::Kind;
use common::format::status::{Ended, Phase, Status, Wanted};
use common::os::clock;
use common::os::process::BootId;
use common::prelude::*;

use super::client::Service;
use crate::json::{Object, Value};

/// One service at one moment.
pub(super) struct Report {
    name: String,
    /// Whether a supervisor runs.
    supervised: bool,
    normally_up: bool,
    /// `None`: it never had a supervisor.
    status: Option<Status>,
    /// It is from before the last reboot: its process is certainly gone.
    old: bool,
    now: Boot,
    /// Signals as numbers.
    numeric: bool,
}

/// What can be asked for: name, option letter of s6-svstat's (blank: none), value. First the fields
/// of s6-svstat, in its order; then ours. In JSON as well.
type Field = (&'static str, char, fn(&Report) -> Value);
const FIELDS: &[Field] = &[
    ("up", 'u', |r| Value::Bool(r.is_up())),
    ("wantedup", 'w', |r| Value::Bool(r.get(|s| s.wanted != Wanted::Down).unwrap_or(false))),
    ("normallyup", 'N', |r| Value::Bool(r.normally_up)),
    ("ready", 'r', |r| Value::Bool(r.ready().is_some())),
    ("paused", ' ', |r| Value::Bool(r.get(|s| s.paused).unwrap_or(false))),
    ("pid", 'p', |r| Value::Number(r.pid())),
    ("pgid", 'g', |r| Value::Number(r.pid())),
    ("exitcode", 'e', |r| Value::Number(r.exit_code())),
    ("signal", 's', |r| Value::Text(r.signal().map(|(name, _)| name))),
    ("signum", ' ', |r| Value::Number(r.signal().map(|(_, number)| number))),
    ("updownsince", ' ', |r| Value::Text(r.get(|s| tai64n(s.changed)))),
    ("readysince", ' ', |r| Value::Text(r.ready().map(tai64n))),
    ("updownfor", 't', |r| Value::Number(r.changed_for())),
    ("readyfor", ' ', |r| Value::Number(r.ready_for())),
    ("name", ' ', |r| Value::text(&r.name)),
    ("supervised", ' ', |r| Value::Bool(r.supervised)),
    ("state", ' ', |r| Value::Text(r.get(|s| s.phase.word().to_owned()))),
    ("wanted", ' ', |r| Value::Text(r.get(|s| s.wanted.word().to_owned()))),
    ("seq", ' ', |r| Value::Number(r.get(|s| s.seq.cast_signed()))),
    ("starts", ' ', |r| Value::Number(r.get(|s| s.starts.cast_signed()))),
    ("quick", ' ', |r| Value::Number(r.get(|s| s.quick.into()))),
    ("exit", ' ', |r| Value::Text(r.and_then(|s| s.last_run).map(|d| d.to_string()))),
    ("oom", ' ', |r| Value::Bool(r.get(|s| s.oom).unwrap_or(false))),
    ("finish", ' ', |r| Value::Text(r.and_then(|s| s.last_finish).map(|d| d.to_string()))),
    ("ended", ' ', |r| Value::Text(r.and_then(|s| s.ended).map(|e| e.word().to_owned()))),
    ("starterror", ' ', |r| Value::Text(r.and_then(|s| s.start_error).map(error_text))),
    ("startdue", ' ', |r| Value::Number(r.and_then(|s| s.start_due).map(|due| r.ms_until(due)))),
    ("killdue", ' ', |r| Value::Number(r.and_then(|s| s.kill_due).map(|due| r.ms_until(due)))),
    ("stopping", ' ', |r| Value::Bool(r.get(|s| s.stopping).unwrap_or(false))),
    ("restarting", ' ', |r| Value::Bool(r.get(|s| s.restarting).unwrap_or(false))),
    ("leaving", ' ', |r| Value::Bool(r.get(|s| s.leaving).unwrap_or(false))),
    ("event", ' ', |r| Value::Number(r.get(|s| s.event.cast_signed()))),
    ("note", ' ', |r| Value::Text(r.get(|s| s.note.clone()).filter(|note| !note.is_empty()))),
];

/// A choice of fields.
pub(super) struct Fields(Vec<&'static Field>);

impl Fields {
    /// All of them.
    pub(super) fn all() -> Fields {
        Fields(FIELDS.iter().collect())
    }

    /// These as well.
    pub(super) fn and(mut self, more: Fields) -> Fields {
        self.0.extend(more.0);
        self
    }

    /// From their names, with commas between.
    pub(super) fn parse(list: &str) -> Result<Fields> {
        let find = |name: &str| {
            let unknown = || Error::user(format_args!("unknown field {name}"));
            FIELDS.iter().find(|field| field.0 == name).ok_or_else(unknown)
        };
        list.split(',').map(find).collect::<Result<_>>().map(Fields)
    }

    /// That of an option of s6-svstat's, `-u` and the like.
    pub(super) fn from_option(option: &str) -> Option<Fields> {
        let letter = option.strip_prefix('-').filter(|l| !l.trim().is_empty())?;
        let field = FIELDS.iter().find(|field| letter.chars().eq([field.1]))?;
        Some(Fields(vec![field]))
    }
}

impl Report {
    /// Asks about a service.
    pub(super) fn of(service: &Service, name: String, numeric: bool) -> Result<Report> {
        let mut status = service.status()?;
        let old = status.as_ref().is_some_and(|s| s.boot.is_some_and(|b| b != BootId::now()));
        if let (true, Some(status)) = (old, &mut status) {
            (status.phase, status.pid, status.start_due) = (Phase::Down, None, None);
        }
        Ok(Report {
            name,
            supervised: service.is_supervised()?,
            normally_up: !service.has("down"),
            status,
            old,
            now: clock::boot(),
            numeric,
        })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a supervisor runs.
    pub(super) fn is_supervised(&self) -> bool {
        self.supervised
    }

    /// The status it was made from.
    pub(super) fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// The fields with a blank between, as s6-svstat prints them: -1 is no number, NA no text.
    pub(super) fn words(&self, fields: &Fields) -> String {
        let word = |field: &&Field| match field.2(self) {
            Value::Bool(yes) => yes.to_string(),
            Value::Number(number) => number.unwrap_or(-1).to_string(),
            Value::Text(text) => text.unwrap_or_else(|| "NA".to_owned()),
        };
        fields.0.iter().map(word).collect::<Vec<_>>().join(" ") + "\n"
    }

    /// Adds the fields to a JSON object.
    pub(super) fn put(&self, fields: &Fields, object: &mut Object) {
        for field in &fields.0 {
            object.put(field.0, &field.2(self));
        }
    }

    /// A sentence as s6-svstat's.
    pub(super) fn sentence(&self) -> String {
        let Some(status) = &self.status else {
            let never = "not supervised, and never was";
            return if self.supervised { "not started yet" } else { never }.to_owned();
        };
        let mut text = match (status.phase, self.pid()) {
            (Phase::Running(Kind::Run), Some(pid)) => format!("up (pid {pid} pgid {pid})"),
            (Phase::Starting(Kind::Run) | Phase::Running(Kind::Run), _) => "starting".to_owned(),
            (Phase::Down | Phase::Starting(Kind::Finish) | Phase::Running(Kind::Finish), _) => {
                format!("down ({})", self.last_end(status))
            }
        };
        text.push_str(&format!(" {}", seconds(self.changed_for().unwrap_or(0))));
        for part in self.remarks(status) {
            text.push_str(", ");
            text.push_str(&part);
        }
        text
    }

    fn remarks(&self, status: &Status) -> Vec<String> {
        let up = self.is_up();
        let mut parts = Vec::new();
        let mut say = |yes: bool, text: &str| {
            if yes {
                parts.push(text.to_owned());
            }
        };
        say(up && !self.normally_up, "normally down");
        say(!up && self.normally_up && status.wanted == Wanted::Down, "normally up");
        say(up && status.wanted == Wanted::Down, "want down");
        say(up && status.wanted == Wanted::Once, "once");
        say(!up && status.wanted != Wanted::Down, "want up");
        say(status.paused, "paused");
        say(status.restarting, "restarting");
        if let Some(ready_for) = self.ready_for() {
            say(true, &format!("ready {}", seconds(ready_for)));
        }
        if let (Phase::Running(Kind::Finish), Some(pid)) = (status.phase, status.pid) {
            say(true, &format!("finish runs (pid {})", pid.as_raw_pid()));
        }
        say(status.stopping && up, "stopping");
        if let Some(due) = status.kill_due {
            say(true, &format!("killed in {}", seconds(self.seconds_until(due))));
        }
        if let Some(error) = status.start_error {
            say(true, &format!("unable to start: {}", error_text(error)));
        }
        if let Some(due) = status.start_due {
            say(true, &format!("next start in {}", seconds(self.seconds_until(due))));
        }
        say(status.ended == Some(Ended::Failed), "failed for good");
        say(status.ended == Some(Ended::Policy), "not started again (file restart)");
        say(status.leaving && self.supervised, "supervisor ends when it is down");
        say(!status.note.is_empty(), &format!("note={}", status.note));
        say(self.old, "before the last reboot");
        say(!self.supervised, if status.left { "not supervised" } else { "supervisor gone" });
        parts
    }

    fn last_end(&self, status: &Status) -> String {
        match status.last_run {
            Some(Death::Exit(code)) => format!("exitcode {code}"),
            Some(Death::Signal(_)) => {
                format!("signal {}", self.signal().map_or_else(String::new, |(name, _)| name))
            }
            Some(Death::Unknown) => "exit unknown".to_owned(),
            None => "not started yet".to_owned(),
        }
    }

    fn get<T>(&self, field: impl FnOnce(&Status) -> T) -> Option<T> {
        self.status.as_ref().map(field)
    }

    fn and_then<T>(&self, field: impl FnOnce(&Status) -> Option<T>) -> Option<T> {
        self.status.as_ref().and_then(field)
    }

    fn is_up(&self) -> bool {
        self.get(|s| s.phase == Phase::Running(Kind::Run)).unwrap_or(false)
    }

    fn pid(&self) -> Option<i64> {
        self.and_then(|s| s.pid).map(|pid| pid.as_raw_pid().into()).filter(|_| self.is_up())
    }

    fn ready(&self) -> Option<Wall> {
        self.and_then(|s| s.ready).filter(|_| self.is_up())
    }

    /// How run ended, while it is not up again.
    fn end(&self) -> Option<Death> {
        self.and_then(|s| s.last_run).filter(|_| !self.is_up())
    }

    fn exit_code(&self) -> Option<i64> {
        match self.end()? {
            Death::Exit(code) => Some(code.into()),
            Death::Signal(_) | Death::Unknown => None,
        }
    }

    /// The signal that ended it: its name with SIG, as s6-svstat has it, and its number.
    fn signal(&self) -> Option<(String, i64)> {
        match self.end()? {
            Death::Signal(signal) => {
                let name = signal.name().filter(|_| !self.numeric);
                let text = name.map_or_else(|| signal.0.to_string(), |n| format!("SIG{n}"));
                Some((text, signal.number().into()))
            }
            Death::Exit(_) | Death::Unknown => None,
        }
    }

    /// Seconds since it went up or down, by the clock that nobody steps.
    fn changed_for(&self) -> Option<i64> {
        self.get(|s| self.now.since(s.since).cast_signed() / 1000)
    }

    fn ready_for(&self) -> Option<i64> {
        let (ready, changed) = (self.ready()?, self.get(|s| s.changed)?);
        // How long it took is short enough to trust the wall clock with.
        Some((self.changed_for()? - between(changed, ready)).max(0))
    }

    fn ms_until(&self, due: Boot) -> i64 {
        due.since(self.now).cast_signed()
    }

    fn seconds_until(&self, due: Boot) -> i64 {
        self.ms_until(due).saturating_add(999) / 1000
    }
}

fn between(earlier: Wall, later: Wall) -> i64 {
    (later.0.saturating_sub(earlier.0) / 1_000_000_000).cast_signed()
}

fn seconds(n: i64) -> String {
    format!("{n} second{}", if n == 1 { "" } else { "s" })
}

fn error_text(number: i32) -> String {
    reason(errno(number))
}

fn tai64n(at: Wall) -> String {
    at.tai64n().iter().fold("@".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
