//! A cgroup for the service, where its directory asks for one: made, entered, killed as a whole.
//!
//! cgroup v2 does it, also beside v1 ("hybrid", /sys/fs/cgroup/unified); cgroup.kill needs Linux
//! 5.14, before that the cgroup is frozen while its processes are killed one by one. Where there is
//! no v2, or it is read-only, the service runs without, is told so once, and its process group is
//! killed instead.

use std::os::fd::{AsFd, OwnedFd};

use common::base::error::reason;
use common::base::signal::Signal;
use common::format::servicedir::KillScope;
use common::os::process::Watched;
use common::os::{cgroup, file};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{Errno, Result};
use rustix::process::Pid;

use super::supervisor::Supervisor;

/// How often a frozen cgroup is looked through before the rest is given up to `populated`.
const ROUNDS: usize = 100;
/// How many of the processes that are left are named.
const NAMED: usize = 5;

impl Supervisor {
    /// The cgroup's `cgroup.procs`, for the child to write itself into; `None` when it has none.
    pub(super) fn enter_cgroup(&mut self) -> Option<OwnedFd> {
        self.machine.status.note.clear();
        if self.machine.settings.cgroup.is_empty() {
            return None;
        }
        let opened = self.cgroup(true).and_then(|dir| {
            self.machine.status.oom_kills = cgroup::oom_kills(&dir).unwrap_or(0);
            let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            openat(&dir, c"cgroup.procs", flags, Mode::empty())
        });
        match opened {
            Ok(procs) => Some(procs),
            Err(e) => {
                let why = reason(e);
                self.machine.status.note = match self.machine.settings.kill_scope {
                    KillScope::Cgroup => format!("kill-scope=group (cgroup refused: {why})"),
                    KillScope::Process | KillScope::Group => format!("no cgroup: {why}"),
                };
                self.complain("cgroup", format!("no cgroup for the service: {why}"));
                None
            }
        }
    }

    /// Notes whether the kernel has killed any of it for want of memory since the last start.
    pub(super) fn notice_oom(&mut self) {
        let kills = self.cgroup(false).and_then(|dir| cgroup::oom_kills(&dir)).unwrap_or(0);
        self.machine.status.oom = kills > self.machine.status.oom_kills;
    }

    /// Kills all processes of the cgroup. False: it has none, or they can't be killed that way.
    pub(super) fn kill_cgroup(&self) -> bool {
        let Ok(dir) = self.cgroup(false) else { return false };
        match cgroup::set(&dir, "cgroup.kill", b"1") {
            Ok(()) => true,
            Err(Errno::NOENT) => kill_frozen(&dir).is_ok(),
            Err(_) => false,
        }
    }

    /// Tells which processes a death has left behind in the cgroup.
    pub(super) fn report_leftovers(&self) {
        if self.machine.settings.cgroup.is_empty() {
            return;
        }
        let dead = self.watch.as_ref().map(Watched::pid);
        let Ok(pids) = self.cgroup(false).and_then(|dir| members(&dir)) else { return };
        let left: Vec<Pid> = pids.into_iter().filter(|pid| Some(*pid) != dead).collect();
        if !left.is_empty() {
            let named: Vec<String> =
                left.iter().take(NAMED).map(|pid| pid.as_raw_pid().to_string()).collect();
            let more = if left.len() > NAMED { " ..." } else { "" };
            let (count, named) = (left.len(), named.join(" "));
            let what = if count == 1 { "process" } else { "processes" };
            self.warn(&format_args!("{count} {what} left in its cgroup: {named}{more}"));
        }
    }

    /// Opens the service's cgroup.
    fn cgroup(&self, make: bool) -> Result<OwnedFd> {
        let path = &self.machine.settings.cgroup;
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        let mut dir = cgroup::origin(path)?;
        for name in cgroup::names(path) {
            dir = cgroup::child(&dir, name, make)?;
        }
        Ok(dir)
    }
}

/// Reads `cgroup.procs` to its end: there may be thousands.
fn members(dir: impl AsFd) -> Result<Vec<Pid>> {
    let fd = openat(dir, c"cgroup.procs", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match file::fill(&fd, &mut buffer)? {
            0 => break,
            n => text.extend_from_slice(&buffer[..n]),
        }
    }
    let lines = text.split(|b| *b == b'\n');
    let numbers = lines.filter_map(|line| std::str::from_utf8(line).ok()?.parse().ok());
    Ok(numbers.filter(|n| *n > 0).filter_map(Pid::from_raw).collect())
}

/// Before cgroup.kill: nothing in a frozen cgroup can fork while we kill it.
fn kill_frozen(dir: &OwnedFd) -> Result<()> {
    cgroup::set(dir, "cgroup.freeze", b"1")?;
    for _ in 0..ROUNDS {
        let pids = members(dir)?;
        if pids.is_empty() {
            break;
        }
        for pid in pids {
            // Gone meanwhile is fine.
            let _ = common::sys::signal::kill(pid, false, Signal::KILL.number());
        }
    }
    cgroup::set(dir, "cgroup.freeze", b"0")
}
