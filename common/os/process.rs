//! Processes as /proc shows them, and what names one for good.

use std::fmt::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::str::FromStr;

use rustix::fs::CWD;
use rustix::io::{Errno, Result};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::clock;
use super::file::{open_dir, read_once, read_proc};
use crate::base::signal::Signal;
use crate::base::text::Text;
use crate::sys::signal::{kill, pidfd_kill};
use crate::sys::wait::{Which, peek};

/// What tells a process from every other, also across reboots: deterministic boots repeat the pair
/// of pid and start time, so the boot's own id belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its pid.
    pub pid: Pid,
    /// When it had this pid for sure, in clock ticks since boot: what has the pid and started no later
    /// (proc(5): field 22 of stat) is it. 0: not known.
    pub start: u64,
    /// The boot it belongs to.
    pub boot: BootId,
}

/// `/proc/sys/kernel/random/boot_id`; all dashes where /proc is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BootId(pub [u8; 36]);

impl BootId {
    /// Where nobody can tell.
    pub const UNKNOWN: BootId = BootId([b'-'; 36]);

    /// This boot's.
    pub fn now() -> BootId {
        let mut buffer = [0; 64];
        let read = read_proc(c"/proc/sys/kernel/random/boot_id", &mut buffer);
        read.ok().and_then(|text| BootId::parse(text.trim_ascii())).unwrap_or(BootId::UNKNOWN)
    }

    /// From its 36 characters.
    pub fn parse(text: &[u8]) -> Option<BootId> {
        let plain = text.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
        text.try_into().ok().filter(|_| plain).map(BootId)
    }

    /// Its 36 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Some of what /proc/PID/stat says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// One letter: R, S, D, T, Z ...
    pub state: u8,
    /// Its parent's pid; 0 when that is outside of this pid namespace.
    pub parent: i32,
    /// Its start time in clock ticks since boot.
    pub start: u64,
    /// A zombie's wait status, as far as we may see it; 0 may also be that of a main thread that
    /// ended before the others (until Linux 6.8).
    pub wait_status: i32,
}

/// Looks at a process. Err(ESRCH): there is none; any other error: /proc can't tell.
pub fn stat(pid: Pid) -> Result<Stat> {
    stat_below(CWD, "/proc/", pid)
}

/// Where processes are looked at: for who looks at many /proc is found once.
#[derive(Debug)]
pub struct Processes(Option<OwnedFd>);

impl Processes {
    /// Finds it; without it, each look does.
    pub fn open() -> Processes {
        Processes(open_dir(CWD, c"/proc").ok())
    }

    /// As `stat`.
    pub fn stat(&self, pid: Pid) -> Result<Stat> {
        self.0.as_ref().map_or_else(|| stat(pid), |proc| stat_below(proc, "", pid))
    }
}

fn stat_below(dir: impl AsFd, prefix: &str, pid: Pid) -> Result<Stat> {
    let mut path = Text::<32>::new();
    // A pid has at most ten digits.
    let _ = write!(path, "{prefix}{}/stat", pid.as_raw_pid());
    match stat_file(dir, path.bytes()) {
        // Gone, or hidden, or no /proc at all: the difference decides whether it can be adopted.
        Err(Errno::NOENT) if rustix::process::test_kill_process(pid) == Err(Errno::SRCH) => {
            Err(Errno::SRCH)
        }
        result => result,
    }
}

/// Looks at the calling process.
pub fn stat_self() -> Result<Stat> {
    stat_file(CWD, b"/proc/self/stat")
}

fn stat_file(dir: impl AsFd, path: &[u8]) -> Result<Stat> {
    // The name in it has at most 16 bytes, the numbers before field 23 some 250.
    let mut buffer = [0; 1024];
    Stat::parse(read_once(dir, path, &mut buffer)?).ok_or(Errno::INVAL)
}

impl Stat {
    /// Reads the fields after the last `)`: the name before it may contain anything.
    pub fn parse(text: &[u8]) -> Option<Stat> {
        let end = text.iter().rposition(|b| *b == b')')?;
        let fields = text[end + 1..].split(u8::is_ascii_whitespace);
        let mut fields = fields.filter(|field| !field.is_empty());
        let state = *fields.next()?.first()?;
        let parent = number(fields.next()?)?;
        let start = number(fields.nth(17)?)?;
        let wait_status = number(fields.nth(29)?)?;
        Some(Stat { state, parent, start, wait_status })
    }
}

fn number<T: FromStr>(field: &[u8]) -> Option<T> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// A process that we may have to signal and whose death we wait for: a child of ours, or one that
/// was another's.
#[derive(Debug)]
pub enum Watched {
    /// A child of ours: its pid is its own until we reap it.
    Own(Pid),
    /// Somebody else's; a pidfd where the kernel gives one.
    Adopted(Identity, Option<OwnedFd>),
}

/// What has become of an adopted process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It lives, or nobody can tell that it does not.
    Alive,
    /// It is dead, and its present parent has not reaped it.
    Zombie,
    /// It is gone.
    Gone,
}

impl Watched {
    /// The process of this identity, whoever's it is. What has the pid now may be another: see `look`.
    pub fn new(identity: Identity) -> Watched {
        match peek(Which::Pid(identity.pid)) {
            Err(Errno::CHILD) => {
                // The pidfd first, the start time after: then they belong together.
                let pidfd = pidfd_open(identity.pid, PidfdFlags::empty()).ok();
                Watched::Adopted(identity, pidfd)
            }
            Ok(_) | Err(_) => Watched::Own(identity.pid),
        }
    }

    /// Its pid.
    pub fn pid(&self) -> Pid {
        match self {
            Watched::Own(pid) => *pid,
            Watched::Adopted(identity, _) => identity.pid,
        }
    }

    /// Sends it a signal. An adopted one may be gone meanwhile: ESRCH.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        match self {
            Watched::Own(pid) => kill(*pid, false, signal.number()),
            Watched::Adopted(_, Some(pidfd)) => pidfd_kill(pidfd.as_fd(), signal.number()),
            Watched::Adopted(identity, None) => match identity.look() {
                Found::Alive => kill(identity.pid, false, signal.number()),
                Found::Zombie | Found::Gone => Err(Errno::SRCH),
            },
        }
    }

    /// Sends a signal to its process group, which it leads, as everything that we start does.
    pub fn signal_group(&self, signal: Signal) -> Result<()> {
        kill(self.pid(), true, signal.number())
    }
}

impl Identity {
    /// What has become of the process. Without /proc, one of this pid counts as it.
    pub fn look(&self) -> Found {
        self.shown(stat(self.pid))
    }

    /// The same, where many are looked at.
    pub fn look_among(&self, processes: &Processes) -> Found {
        self.shown(processes.stat(self.pid))
    }

    fn shown(&self, found: Result<Stat>) -> Found {
        match found {
            Ok(stat) if !self.may_be(&stat) => Found::Gone,
            Ok(stat) if matches!(stat.state, b'Z' | b'X') => Found::Zombie,
            Err(Errno::SRCH) => Found::Gone,
            Ok(_) | Err(_) => Found::Alive,
        }
    }

    /// Whether what was found under its pid is it: a later owner of the pid started later.
    pub fn may_be(&self, found: &Stat) -> bool {
        self.start == 0 || found.start <= self.start
    }

    /// The calling process, in this boot. It need not ask /proc, which costs more than all else that a
    /// child does before its exec.
    pub fn of_self(boot: BootId) -> Identity {
        Identity { pid: rustix::process::getpid(), start: clock::ticks(), boot }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_contain_anything() {
        let text = b"12 (a) b) ) Z 1 12 12 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 \
            1 2 3 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 256\n";
        let stat = Stat { state: b'Z', parent: 1, start: 777, wait_status: 256 };
        assert_eq!(Stat::parse(text), Some(stat));
        assert_eq!(Stat::parse(b"12 (a"), None);
        assert_eq!(Stat::parse(b"12 (a) S 1"), None);
    }

    #[test]
    fn we_find_ourselves() {
        let me = Identity::of_self(BootId::now());
        assert_eq!(me.look(), Found::Alive);
        let stat = stat(me.pid).unwrap();
        let earlier = Identity { start: stat.start - 1, ..me };
        assert!(me.may_be(&stat) && !earlier.may_be(&stat));
        assert_ne!(me.boot, BootId::UNKNOWN);
        for processes in [Processes::open(), Processes(None)] {
            assert_eq!(me.look_among(&processes), Found::Alive);
            assert_eq!(
                Identity { start: stat.start - 1, ..me }.look_among(&processes),
                Found::Gone
            );
        }
    }
}
