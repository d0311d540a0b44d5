//! Starting a child: one place for the order in which a new process is set up.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::{Errno, Result, fcntl_dupfd_cloexec};
use rustix::process::{Pid, Resource, Rlimit, setpgid, setrlimit, setsid};

use crate::sys::exec::{Argv, exec};
use crate::sys::fd::dup2;
use crate::sys::fork::{fork, vfork};
use crate::sys::signal::{Mask, set_mask};

/// How the child shares our memory until it execs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// It borrows it, and we stand still: fast, and we learn at once whether its exec failed.
    Vfork,
    /// It has a copy, and may wait before it execs.
    Fork,
}

/// Which session and process group a child belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// A session of its own, away from any terminal: for services.
    Session,
    /// A process group of its own in our session: what is typed at a terminal does not reach it, and
    /// it costs the kernel less.
    Own,
    /// Ours.
    Parents,
}

/// What a child finds in its signal mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// Nothing blocked: what a service expects.
    None,
    /// Everything blocked: for programs of ours, which read signals from a signalfd and must lose
    /// none that arrives before they do.
    All,
}

/// What to do in the child besides the exec. All run between fork and exec: no allocation.
pub trait Hooks {
    /// Runs first, in its new session. An error ends the child.
    fn started(&mut self) -> Result<()>;
    /// Runs last, when the child is all that the program is to find. It may become another.
    fn set_up(&mut self) {}
    /// Runs when the exec failed. `kept` is the descriptor of `Child::kept`, wherever it is now.
    fn not_executed(&mut self, why: Errno, kept: Option<BorrowedFd<'_>>);
}

/// Nothing to do.
pub struct NoHooks;

impl Hooks for NoHooks {
    fn started(&mut self) -> Result<()> {
        Ok(())
    }
    fn not_executed(&mut self, _why: Errno, _kept: Option<BorrowedFd<'_>>) {}
}

/// A child to start.
pub struct Child<'a> {
    /// The file to execute.
    pub path: &'a CString,
    /// Its arguments.
    pub argv: &'a Argv,
    /// Its working directory, if not ours.
    pub directory: Option<BorrowedFd<'a>>,
    /// Descriptors it has besides those it inherits: its number, and ours that it copies.
    pub fds: &'a [(RawFd, BorrowedFd<'a>)],
    /// One of ours that must survive the placing of the others, for `Hooks::not_executed`.
    pub kept: Option<BorrowedFd<'a>>,
    /// The limit on open files to put back, if we raised our own.
    pub open_files: Option<Rlimit>,
    /// Which session and process group it belongs to.
    pub group: Group,
    /// Its signal mask.
    pub blocked: Blocked,
    /// How it shares our memory.
    pub sharing: Sharing,
}

/// A child that was made.
#[derive(Debug, PartialEq, Eq)]
pub struct Spawned {
    /// Its pid.
    pub pid: Pid,
    /// Why it could not become the program, where that is known already (`Sharing::Vfork`). It then
    /// is a zombie, exited 127 or 126, and waits to be reaped.
    pub failed: Option<Errno>,
}

/// At most this many descriptors can be given to a child.
pub const MAX_FDS: usize = 8;

impl Child<'_> {
    /// Makes the child. An error: there is none.
    pub fn spawn(&self, hooks: &mut dyn Hooks) -> Result<Spawned> {
        if self.fds.len() > MAX_FDS {
            return Err(Errno::INVAL);
        }
        let mut failed = None;
        let mut body = || {
            let why = self.become_program(hooks);
            failed = Some(why);
            if why == Errno::NOENT { 127 } else { 126 }
        };
        let pid = match self.sharing {
            Sharing::Vfork => vfork(&mut body)?,
            Sharing::Fork => fork(&mut body)?,
        };
        Ok(Spawned { pid, failed })
    }

    /// In the child: becomes the program, or says why not.
    fn become_program(&self, hooks: &mut dyn Hooks) -> Errno {
        let mut moved = None;
        let why = match self.set_up(hooks, &mut moved) {
            Ok(()) => {
                hooks.set_up();
                exec(self.path, self.argv)
            }
            Err(e) => e,
        };
        hooks.not_executed(why, moved.as_ref().map(AsFd::as_fd).or(self.kept));
        why
    }

    fn set_up(&self, hooks: &mut dyn Hooks, moved: &mut Option<OwnedFd>) -> Result<()> {
        match self.group {
            Group::Session => {
                setsid()?;
            }
            Group::Own => setpgid(None, None)?,
            Group::Parents => {}
        }
        hooks.started()?;
        if let Some(directory) = self.directory {
            rustix::process::fchdir(directory)?;
        }
        if let Some(limit) = self.open_files {
            setrlimit(Resource::Nofile, limit)?;
        }
        if let Some(kept) = self.kept.filter(|kept| is_target(self.fds, *kept)) {
            *moved = Some(fcntl_dupfd_cloexec(kept, above(self.fds))?);
        }
        place(self.fds)?;
        match self.blocked {
            Blocked::None => set_mask(&Mask::empty()),
            Blocked::All => set_mask(&Mask::full()),
        }
        Ok(())
    }
}

/// Copies each source to its number. A source whose number is another's target moves away first.
fn place(fds: &[(RawFd, BorrowedFd<'_>)]) -> Result<()> {
    let mut moved: [Option<OwnedFd>; MAX_FDS] = Default::default();
    for (moved, (target, source)) in moved.iter_mut().zip(fds) {
        if source.as_raw_fd() != *target && is_target(fds, *source) {
            *moved = Some(fcntl_dupfd_cloexec(source, above(fds))?);
        }
    }
    for (moved, (target, source)) in moved.iter().zip(fds) {
        dup2(moved.as_ref().map_or(*source, AsFd::as_fd), *target)?;
    }
    Ok(())
}

fn is_target(fds: &[(RawFd, BorrowedFd<'_>)], source: BorrowedFd<'_>) -> bool {
    fds.iter().any(|(target, _)| *target == source.as_raw_fd())
}

/// The first number beyond all targets.
fn above(fds: &[(RawFd, BorrowedFd<'_>)]) -> RawFd {
    fds.iter().map(|(target, _)| target + 1).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::file::fill;
    use crate::sys::wait::{Ended, wait_for};
    use rustix::pipe::pipe;

    fn run(script: &str, fds: &[(RawFd, BorrowedFd<'_>)], sharing: Sharing) -> Ended {
        let argv = Argv::new(["sh", "-c", script].map(Into::into)).unwrap();
        let path = c"/bin/sh".to_owned();
        let child = Child {
            path: &path,
            argv: &argv,
            directory: None,
            fds,
            kept: None,
            open_files: None,
            group: Group::Session,
            blocked: Blocked::None,
            sharing,
        };
        wait_for(child.spawn(&mut NoHooks).unwrap().pid).unwrap()
    }

    #[test]
    fn a_child_of_either_kind_runs_and_ends() {
        assert_eq!(run("exit 7", &[], Sharing::Vfork), Ended::Exited(7));
        assert_eq!(run("kill -9 $$", &[], Sharing::Fork), Ended::Killed(9));
    }

    #[test]
    fn descriptors_that_trade_places_arrive() {
        let (read_a, write_a) = pipe().unwrap();
        let (read_b, write_b) = pipe().unwrap();
        let (a, b) = (write_a.as_raw_fd(), write_b.as_raw_fd());
        let script = format!("echo a >&{b}; echo b >&{a}");
        let ended = run(&script, &[(b, write_a.as_fd()), (a, write_b.as_fd())], Sharing::Vfork);
        assert_eq!(ended, Ended::Exited(0));
        let mut text = [0; 2];
        fill(&read_a, &mut text).unwrap();
        assert_eq!(&text, b"a\n");
        fill(&read_b, &mut text).unwrap();
        assert_eq!(&text, b"b\n");
    }

    #[test]
    fn a_failed_exec_is_known_at_once() {
        let argv = Argv::new(["none".into()]).unwrap();
        let path = c"/nonexistent/none".to_owned();
        let child = Child {
            path: &path,
            argv: &argv,
            directory: None,
            fds: &[],
            kept: None,
            open_files: None,
            group: Group::Parents,
            blocked: Blocked::None,
            sharing: Sharing::Vfork,
        };
        let spawned = child.spawn(&mut NoHooks).unwrap();
        assert_eq!(spawned.failed, Some(Errno::NOENT));
        assert_eq!(wait_for(spawned.pid), Ok(Ended::Exited(127)));
    }
}
