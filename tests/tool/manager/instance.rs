//! What a service of the drill runs: it says what it does, and notices what must not happen.
//!
//! A service is known by its tag, which it keeps when it is renamed. In the directory LOG it has
//! `TAG.lock`, held as long as its program runs; `TAG.ready`, there while others may rely on it; and
//! `TAG.history`, what it did. What must never be is a line in `faults`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::format::status::Status;
use common::os::lock::{self, Patience};
use common::os::signals::Signals;
use common::os::{clock, file};
use common::prelude::*;
use common::sys::signal::{Mask, set_mask};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::getpid;

pub(crate) const PROGRAM: Program = Program {
    name: "managed",
    help: "daemon|start|last|fail|stop LOG TAG MS NEEDS USERS
What a service of the manager's drill runs, for MS milliseconds before it is ready or done. In LOG it
says what it does. NEEDS and USERS are tags with commas between them: those that must be ready when
it starts, and those that must not be when it stops.
",
    main,
};

/// What must never be: a line each.
pub(super) const FAULTS: &str = "faults";
/// `TAG.unsteady`: it goes and comes back with generations, and its orders are counted anew.
pub(super) const UNSTEADY: &str = "unsteady";
/// How a command has ended may be unknown: one that was started may be started again.
pub(super) const UNKNOWN: &str = "unknown";
/// From here on the tree ends, in whatever order.
pub(super) const OVER: &str = "over";
/// Where a daemon says that it is ready.
pub(super) const READY_FD: i32 = 3;

pub(super) fn lock_of(log: &Path, tag: &str) -> PathBuf {
    log.join(format!("{tag}.lock"))
}

pub(super) fn ready_of(log: &Path, tag: &str) -> PathBuf {
    log.join(format!("{tag}.ready"))
}

/// The lines of a history.
pub(super) fn history(log: &Path, tag: &str) -> Vec<String> {
    let text = std::fs::read_to_string(log.join(format!("{tag}.history"))).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

struct Instance {
    log: PathBuf,
    tag: String,
    pause: u64,
    needs: Vec<String>,
    users: Vec<String>,
    /// Nothing takes it down: it may be brought up again.
    lasts: bool,
}

fn main(mut args: Args) -> Result<Next> {
    let role = args.operand("role")?;
    let log = args.operand("directory")?.into();
    let tag = text(args.operand("tag")?);
    let pause = common::base::args::parse(args.operand("time")?, "time")?;
    let mut tags = || -> Result<Vec<String>> {
        let words = text(args.operand("tags")?);
        Ok(words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect())
    };
    let (needs, users) = (tags()?, tags()?);
    args.end()?;
    let lasts = role == "last" || role == "fail";
    let instance = Instance { log, tag, pause, needs, users, lasts };
    let _alone = instance.alone()?;
    match role.to_str() {
        Some("daemon") => instance.daemon(),
        Some("start" | "last") => instance.start(true),
        Some("fail") => instance.start(false),
        Some("stop") => instance.stop(),
        _ => Err(Error::user("no such role")),
    }
}

fn text(word: OsString) -> String {
    word.to_string_lossy().into_owned()
}

impl Instance {
    /// Sees that no other program of this service runs; the lock is ours to the end.
    fn alone(&self) -> Result<std::os::fd::OwnedFd> {
        let fd = lock::open(CWD, lock_of(&self.log, &self.tag)).unable("open the lock")?;
        if lock::take(&fd, Patience::Seconds(0)).is_err() {
            self.fault("doubled: it was not alone")?;
        }
        Ok(fd)
    }

    fn daemon(&self) -> Result<Next> {
        let signals = Signals::take(&[Signal::TERM]).unable("read signals")?;
        self.say(&format!("begin {}", getpid().as_raw_pid()))?;
        self.check_needs()?;
        if !told(&signals, Some(clock::boot().after(self.pause))) {
            self.be_ready()?;
            // It stays open: what was written while no supervisor lives waits there for the next one.
            let fd = common::sys::fd::adopt(READY_FD).unable("say that it is ready")?;
            rustix::io::write(&fd, b"\n").unable("say that it is ready")?;
            while !told(&signals, None) {}
            self.be_gone()?;
            told(&signals, Some(clock::boot().after(self.pause)));
        }
        self.say("end")?;
        Ok(Next::Exit(0))
    }

    fn start(&self, succeeds: bool) -> Result<Next> {
        self.begin("start")?;
        self.check_needs()?;
        self.dawdle();
        if !succeeds {
            self.say("failed")?;
            return Ok(Next::Exit(1));
        }
        self.be_ready()?;
        self.say("started")?;
        Ok(Next::Exit(0))
    }

    fn stop(&self) -> Result<Next> {
        self.be_gone()?;
        self.begin("stop")?;
        self.dawdle();
        self.say("stopped")?;
        Ok(Next::Exit(0))
    }

    /// Nothing is ordered twice, and what is up is not brought up.
    fn begin(&self, what: &str) -> Result<()> {
        let order = order();
        let line = format!("{what} {order}");
        let history = history(&self.log, &self.tag);
        let is_steady = !self.log.join(format!("{}.{UNSTEADY}", self.tag)).exists();
        if is_steady
            && history.iter().any(|said| said.rsplit_once(' ').is_some_and(|(_, n)| n == order))
        {
            self.fault(&format!("twice: {line}, after {}", history.join(", ")))?;
        }
        let last = history.last().map_or("", String::as_str);
        // An order that was ended before it could say anything may be missing.
        let is_up = last == "started" || last.starts_with("start ");
        let may_be_unknown = self.log.join(UNKNOWN).exists();
        if what == "start" && is_up && !self.lasts && !may_be_unknown {
            self.fault(&format!("twice: {line} after {last}, not stopped"))?;
        }
        self.say(&line)
    }

    fn dawdle(&self) {
        // We are told to end by dying.
        set_mask(&Mask::empty());
        let end = clock::boot().after(self.pause);
        while clock::boot() < end {
            let _ = poll(&mut [], clock::until(Some(end)).as_ref());
        }
    }

    fn check_needs(&self) -> Result<()> {
        for tag in &self.needs {
            if !ready_of(&self.log, tag).exists() {
                self.fault(&format!("too early: it starts, and {tag} is not ready"))?;
            }
        }
        Ok(())
    }

    fn be_ready(&self) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
        openat(CWD, ready_of(&self.log, &self.tag), flags, Mode::from_raw_mode(0o644))
            .unable("be ready")
            .map(drop)
    }

    fn be_gone(&self) -> Result<()> {
        // One whose end is unknown has failed, and may still say that it is ready.
        if !self.log.join(OVER).exists() && !self.log.join(UNKNOWN).exists() {
            for tag in &self.users {
                if ready_of(&self.log, tag).exists() {
                    self.fault(&format!("too early: it stops, and {tag} is ready"))?;
                }
            }
        }
        file::unlink_if_there(CWD, ready_of(&self.log, &self.tag)).unable("be gone")
    }

    fn say(&self, line: &str) -> Result<()> {
        append(&self.log.join(format!("{}.history", self.tag)), line)
    }

    fn fault(&self, line: &str) -> Result<()> {
        append(&self.log.join(FAULTS), &format!("{}: {line}", self.tag))
    }
}

/// The number of the order that we carry out: it is on file before we are.
fn order() -> String {
    let mut buffer = [0; common::format::status::SIZE];
    for _ in 0..1000 {
        let bytes = file::read_small(CWD, "supervise/status", &mut buffer).unwrap_or_default();
        if let Some(status) = Status::unpack(bytes) {
            return status.order.to_string();
        }
    }
    "?".to_owned()
}

/// Waits until we are told to end, or until then.
fn told(signals: &Signals, due: Option<Boot>) -> bool {
    loop {
        if signals.next().is_some() {
            return true;
        }
        if due.is_some_and(|due| due <= clock::boot()) {
            return false;
        }
        let mut fds = [PollFd::new(signals, PollFlags::IN)];
        // Interrupted or not: it is looked for again.
        let _ = poll(&mut fds, clock::until(due).as_ref());
    }
}

/// Adds a line, in one write.
pub(super) fn append(path: &Path, line: &str) -> Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC;
    let fd =
        openat(CWD, path, flags, Mode::from_raw_mode(0o644)).unable("open a file of the drill")?;
    rustix::io::write(&fd, format!("{line}\n").as_bytes()).unable("write a line").map(drop)
}
