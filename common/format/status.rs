//! `supervise/status`: all that a supervisor knows and must not forget, and all that others may ask.
//!
//! Replaced by swapping it with its spare, so a reader that is slow may see the next record being
//! written: the checksum tells, and it reads again.

use std::fmt::Write;

use rustix::process::Pid;

use super::record::{Writer, parse};
use super::records::Kind;
use crate::base::death::Death;
use crate::base::stamp::{Boot, Wall};
use crate::os::process::BootId;

/// The size of the file, padding included: a page.
pub const SIZE: usize = 4096;
/// The most that the lines themselves take.
pub const MAX: usize = 1536;
/// The most that is kept of lines with keys unknown to this version.
pub const MAX_OTHER: usize = 512;

/// Which process there is, or should be any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// None.
    #[default]
    Down,
    /// It is about to be started: the intent, on file before the fork.
    Starting(Kind),
    /// It was started.
    Running(Kind),
}

impl Phase {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Down => "down",
            Phase::Starting(Kind::Run) => "starting",
            Phase::Running(Kind::Run) => "up",
            Phase::Starting(Kind::Finish) => "starting-finish",
            Phase::Running(Kind::Finish) => "finish",
        }
    }

    fn parse(word: &str) -> Option<Phase> {
        [
            Phase::Down,
            Phase::Starting(Kind::Run),
            Phase::Running(Kind::Run),
            Phase::Starting(Kind::Finish),
            Phase::Running(Kind::Finish),
        ]
        .into_iter()
        .find(|phase| phase.word() == word)
    }
}

/// What was last asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Wanted {
    /// Run, and run again whenever it dies.
    Up,
    /// Run until it dies.
    Once,
    /// Do not run.
    #[default]
    Down,
}

impl Wanted {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Wanted::Up => "up",
            Wanted::Once => "once",
            Wanted::Down => "down",
        }
    }

    fn parse(word: &str) -> Option<Wanted> {
        [Wanted::Up, Wanted::Once, Wanted::Down].into_iter().find(|w| w.word() == word)
    }
}

/// Why a service that nobody asked to be down is wanted down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Its restart policy said: not after such a death.
    Policy,
    /// Its finish exited 125: it failed for good.
    Failed,
}

impl Ended {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Ended::Policy => "policy",
            Ended::Failed => "failed",
        }
    }
}

/// Everything in the file. The page svc-supervise lists the keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Status {
    /// Which process there is.
    pub phase: Phase,
    /// The number of the last start: of run and of finish alike.
    pub seq: u64,
    /// A oneshot's: the number of the order last begun, as its starter counts; 0: none.
    pub order: u64,
    /// The process, while there is one.
    pub pid: Option<Pid>,
    /// Its start time; see `Identity`.
    pub start: u64,
    /// What was last asked for.
    pub wanted: Wanted,
    /// Why it is wanted down, if nobody asked for that.
    pub ended: Option<Ended>,
    /// The supervisor ends when the service is down.
    pub leaving: bool,
    /// The supervisor ended in order: the next one starts from the file `down`.
    pub left: bool,
    /// A restart was asked for: the next death of run is followed by a start, whatever the policy.
    pub restarting: bool,
    /// It was told to stop, and has not died yet.
    pub stopping: bool,
    /// It was sent SIGSTOP.
    pub paused: bool,
    /// Since when it is ready.
    pub ready: Option<Wall>,
    /// When it last went up or down.
    pub changed: Wall,
    /// The same, on the clock that nobody steps.
    pub since: Boot,
    /// When run was last started.
    pub started: Boot,
    /// Deaths in a row that came less than ten seconds after their start.
    pub quick: u32,
    /// When it is to be started next.
    pub start_due: Option<Boot>,
    /// When KILL is to be sent.
    pub kill_due: Option<Boot>,
    /// How run last ended.
    pub last_run: Option<Death>,
    /// The kernel had killed processes of its cgroup for want of memory when run last ended.
    pub oom: bool,
    /// How many it had killed there when run or finish was last started.
    pub oom_kills: u64,
    /// How finish last ended.
    pub last_finish: Option<Death>,
    /// The error number of the last start, if it failed.
    pub start_error: Option<i32>,
    /// How often run was started since the supervision began.
    pub starts: u64,
    /// The number of the last event announced.
    pub event: u64,
    /// The boot that this was written in.
    pub boot: Option<BootId>,
    /// Its present name, as its supervisor knows it.
    pub name: String,
    /// A setting that could not be kept, in words.
    pub note: String,
    /// Lines with keys of a newer version, kept as they are.
    pub other: String,
}

impl Status {
    /// As bytes, without the padding, in a buffer of the caller's. Long texts are cut so that it
    /// always fits.
    pub fn pack<'w>(&self, w: &'w mut Writer<MAX>) -> &'w [u8] {
        // A cut name is better than no record: what must not be lost comes first and is short.
        for (name, note, other) in
            [(MAX, MAX, MAX_OTHER), (cut_at(&self.name, 251), cut_at(&self.note, 200), 0)]
        {
            if self.put(w, name, note, other) {
                return w.bytes();
            }
        }
        self.put(w, 0, 0, 0);
        w.bytes()
    }

    fn put(&self, w: &mut Writer<MAX>, name: usize, note: usize, other: usize) -> bool {
        w.restart();
        w.put("state", format_args!("{}", self.phase.word()));
        w.put("seq", format_args!("{}", self.seq));
        if self.order > 0 {
            w.put("order", format_args!("{}", self.order));
        }
        if let Some(pid) = self.pid {
            w.put("pid", format_args!("{}", pid.as_raw_pid()));
            w.put("start", format_args!("{}", self.start));
        }
        w.put("wanted", format_args!("{}", self.wanted.word()));
        if let Some(ended) = self.ended {
            w.put("ended", format_args!("{}", ended.word()));
        }
        for (key, flag) in self.flags() {
            if *flag {
                w.put(key, format_args!("yes"));
            }
        }
        if let Some(ready) = self.ready {
            w.put("ready", format_args!("{ready}"));
        }
        w.put("changed", format_args!("{}", self.changed));
        w.put("since", format_args!("{}", self.since.0));
        w.put("started", format_args!("{}", self.started.0));
        w.put("quick", format_args!("{}", self.quick));
        for (key, due) in [("start-due", self.start_due), ("kill-due", self.kill_due)] {
            if let Some(due) = due {
                w.put(key, format_args!("{}", due.0));
            }
        }
        for (key, death) in [("last-run", self.last_run), ("last-finish", self.last_finish)] {
            if let Some(death) = death {
                w.put(key, format_args!("{death}"));
            }
        }
        if self.oom_kills > 0 {
            w.put("oom-kills", format_args!("{}", self.oom_kills));
        }
        if let Some(error) = self.start_error {
            w.put("start-error", format_args!("{error}"));
        }
        w.put("starts", format_args!("{}", self.starts));
        w.put("event", format_args!("{}", self.event));
        if let Some(boot) = self.boot {
            w.put("boot", format_args!("{}", boot.as_str()));
        }
        w.put("name", format_args!("{}", self.name.get(..name).unwrap_or(&self.name)));
        if !self.note.is_empty() {
            w.put("note", format_args!("{}", self.note.get(..note).unwrap_or(&self.note)));
        }
        if !self.other.is_empty() && other > 0 {
            w.line(format_args!("{}", self.other));
        }
        w.seal().is_some()
    }

    fn flags(&self) -> [(&'static str, &bool); 6] {
        [
            ("leaving", &self.leaving),
            ("left", &self.left),
            ("restarting", &self.restarting),
            ("stopping", &self.stopping),
            ("paused", &self.paused),
            ("oom", &self.oom),
        ]
    }

    /// From bytes; `None` when they are not a whole record. Unknown keys are kept.
    pub fn unpack(bytes: &[u8]) -> Option<Status> {
        let mut status = Status::default();
        for (key, value) in parse(bytes)? {
            status.take(key, value)?;
        }
        Some(status)
    }

    fn take(&mut self, key: &str, value: &str) -> Option<()> {
        let yes = value == "yes";
        match key {
            "state" => self.phase = Phase::parse(value)?,
            "seq" => self.seq = value.parse().ok()?,
            "order" => self.order = value.parse().ok()?,
            "pid" => self.pid = Pid::from_raw(value.parse().ok().filter(|p| *p > 0)?),
            "start" => self.start = value.parse().ok()?,
            "wanted" => self.wanted = Wanted::parse(value)?,
            "ended" => {
                let known = [Ended::Policy, Ended::Failed];
                self.ended = Some(known.into_iter().find(|e| e.word() == value)?);
            }
            "leaving" => self.leaving = yes,
            "left" => self.left = yes,
            "restarting" => self.restarting = yes,
            "stopping" => self.stopping = yes,
            "paused" => self.paused = yes,
            "oom" => self.oom = yes,
            "oom-kills" => self.oom_kills = value.parse().ok()?,
            "ready" => self.ready = Some(Wall::parse(value)?),
            "changed" => self.changed = Wall::parse(value)?,
            "since" => self.since = Boot(value.parse().ok()?),
            "started" => self.started = Boot(value.parse().ok()?),
            "quick" => self.quick = value.parse().ok()?,
            "start-due" => self.start_due = Some(Boot(value.parse().ok()?)),
            "kill-due" => self.kill_due = Some(Boot(value.parse().ok()?)),
            "last-run" => self.last_run = Some(Death::parse(value)?),
            "last-finish" => self.last_finish = Some(Death::parse(value)?),
            "start-error" => self.start_error = Some(value.parse().ok()?),
            "starts" => self.starts = value.parse().ok()?,
            "event" => self.event = value.parse().ok()?,
            "boot" => self.boot = Some(BootId::parse(value.as_bytes())?),
            "name" => value.clone_into(&mut self.name),
            "note" => value.clone_into(&mut self.note),
            _ => self.keep(key, value),
        }
        Some(())
    }

    fn keep(&mut self, key: &str, value: &str) {
        if self.other.len() + key.len() + value.len() + 2 <= MAX_OTHER {
            let separator = if self.other.is_empty() { "" } else { "\n" };
            // Writing to a String can't fail.
            let _ = write!(self.other, "{separator}{key}={value}");
        }
    }
}

/// The longest length up to `at` that does not split a character.
fn cut_at(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::signal::Signal;

    fn full() -> Status {
        Status {
            phase: Phase::Running(Kind::Run),
            seq: 3,
            order: 5,
            pid: Pid::from_raw(123),
            start: 456,
            wanted: Wanted::Up,
            ended: None,
            leaving: true,
            left: false,
            restarting: true,
            stopping: true,
            paused: true,
            ready: Some(Wall(1_000_000_000)),
            changed: Wall(2),
            since: Boot(76),
            started: Boot(77),
            quick: 1,
            start_due: Some(Boot(78)),
            kill_due: Some(Boot(79)),
            last_run: Some(Death::Signal(Signal::KILL)),
            oom: true,
            oom_kills: 3,
            last_finish: Some(Death::Exit(0)),
            start_error: Some(2),
            starts: 2,
            event: 9,
            boot: BootId::parse(b"01234567-89ab-cdef-0123-456789abcdef"),
            name: "nginx".to_owned(),
            note: "kill-scope=group".to_owned(),
            other: "later=1\nmuch-later=2".to_owned(),
        }
    }

    #[test]
    fn golden() {
        let status = Status { seq: 1, name: "a".to_owned(), ..Status::default() };
        assert_eq!(
            std::str::from_utf8(status.pack(&mut Writer::new())).unwrap(),
            "version=1\nstate=down\nseq=1\nwanted=down\nchanged=0.000000000\nsince=0\nstarted=0\nquick=0\n\
             starts=0\nevent=0\nname=a\ncheck=6d0f49fe\n"
        );
    }

    #[test]
    fn a_status_reads_back_as_written() {
        let status = full();
        assert_eq!(Status::unpack(status.pack(&mut Writer::new())), Some(status));
    }

    #[test]
    fn it_always_fits() {
        let name = "é".repeat(2000);
        let status = Status { name: name.clone(), note: name, other: "x=".repeat(256), ..full() };
        let read = Status::unpack(status.pack(&mut Writer::new())).unwrap();
        assert_eq!(read.seq, 3);
        assert_eq!(read.name, "é".repeat(125));
    }

    #[test]
    fn nonsense_is_no_status() {
        let mut w = Writer::<MAX>::new();
        w.put("state", format_args!("sideways"));
        assert_eq!(Status::unpack(w.seal().unwrap()), None);
    }
}
