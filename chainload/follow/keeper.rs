//! The process that keeps a program and all that descends from it.

use std::os::fd::{AsFd, OwnedFd};

use common::base::error::exit;
use common::base::signal::Signal;
use common::os::process::{Stat, stat};
use common::os::signals::Signals;
use common::prelude::*;
use common::program::warn;
use common::sys::pidfd::exit_status;
use common::sys::signal::{kill, pidfd_kill};
use common::sys::wait::{self, Ended, peek, reap};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open};

use super::{Follow, LINK, Which, find, signals};
use crate::beside::notify;
use crate::kin::{Process, descendants};
use crate::moment::Moment;

/// How often a pid file that is not there yet is looked for, and a kill is repeated for those that
/// were made meanwhile.
const AGAIN: u64 = 50;

/// Who exits 0 so soon after PROG, and was sent no signal, only made the daemon, or another of the kind.
const SETTLING: u64 = 5000;

pub(super) struct Keeper<'a> {
    options: &'a Follow,
    signals: Signals,
    /// The process that the supervisor knows, until it has ended.
    supervised: Option<OwnedFd>,
    /// How the last of our children ended that did not exit 0. (Those that ended together come in any
    /// order.)
    last: Ended,
    /// Whether a signal was passed on.
    has_passed: bool,
}

/// What has happened.
enum Event {
    /// A child has ended, and was reaped.
    Died(Pid, Ended),
    /// There is no child any more.
    NoneLeft,
    /// The process that was watched has ended.
    Ended,
    /// A signal to pass on.
    Signal(Signal),
    /// The supervised process was killed.
    Abandoned,
    /// It is time.
    Due,
}

/// Whom signals are passed on to.
#[derive(Clone, Copy)]
enum Target<'a> {
    /// A child that was not reaped.
    Child(Pid),
    /// Any process.
    Process(&'a OwnedFd),
    /// All our descendants.
    All,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(options: &'a Follow, supervised: Option<OwnedFd>) -> Result<Keeper<'a>> {
        let last = Ended::Exited(exit::OK);
        Ok(Keeper { options, signals: signals()?, supervised, last, has_passed: false })
    }

    /// Follows the program, then its daemon; says how that ended.
    pub(super) fn follow(&mut self, program: Pid, ready: Option<OwnedFd>) -> Result<Ended> {
        let ended = self.wait_for(program);
        if ended != Ended::Exited(exit::OK) {
            return Ok(ended);
        }
        let settled = Moment::now().after(SETTLING);
        let mut ready = ready;
        loop {
            let Some(daemon) = self.find()? else {
                if !self.has_passed && self.last == Ended::Exited(exit::OK) {
                    warn(&LINK.name, &"PROG has left no process");
                }
                return Ok(self.last);
            };
            if let Some(ready) = ready.take() {
                notify(&ready)?;
            }
            let ended = match daemon {
                Found::All => return Ok(self.wait_for_all()),
                Found::One(pid, pidfd) => self.wait_for_daemon(pid, &pidfd),
            };
            let made_another = ended == Ended::Exited(exit::OK)
                && matches!(self.options.which, Which::First)
                && !self.has_passed
                && Moment::now() < settled;
            if !made_another {
                return Ok(ended);
            }
        }
    }

    /// Waits for a child of ours, and passes signals on to it.
    pub(super) fn wait_for(&mut self, child: Pid) -> Ended {
        loop {
            match self.next(None, None) {
                Event::Died(pid, ended) if pid == child => return ended,
                Event::Signal(signal) => self.pass(signal, Target::Child(child)),
                Event::NoneLeft | Event::Abandoned => return Ended::Exited(exit::SYSTEM),
                Event::Died(_, _) | Event::Ended | Event::Due => {}
            }
        }
    }

    fn wait_for_daemon(&mut self, daemon: Pid, pidfd: &OwnedFd) -> Ended {
        loop {
            match self.next(Some(pidfd), None) {
                Event::Died(pid, ended) if pid == daemon => return ended,
                Event::Signal(signal) => self.pass(signal, Target::Process(pidfd)),
                Event::Ended => return end_of(daemon, pidfd),
                Event::NoneLeft | Event::Abandoned => return Ended::Exited(exit::SYSTEM),
                Event::Died(_, _) | Event::Due => {}
            }
        }
    }

    fn wait_for_all(&mut self) -> Ended {
        loop {
            match self.next(None, None) {
                Event::NoneLeft | Event::Abandoned => return self.last,
                Event::Signal(signal) => self.pass(signal, Target::All),
                Event::Died(_, _) | Event::Ended | Event::Due => {}
            }
        }
    }

    /// The daemon that the program has left; `None`: nothing is left.
    fn find(&mut self) -> Result<Option<Found>> {
        let start = Moment::now();
        loop {
            let found = match &self.options.which {
                Which::All if peek(wait::Which::Any) == Err(Errno::CHILD) => return Ok(None),
                Which::All => return Ok(Some(Found::All)),
                Which::First => find::first(),
                Which::InFile(path) => find::in_file(path),
            };
            // It may end between the two.
            let opened =
                found.and_then(|pid| Some((pid, pidfd_open(pid, PidfdFlags::empty()).ok()?)));
            if let Some((pid, pidfd)) = opened {
                return Ok(Some(Found::One(pid, pidfd)));
            }
            match self.next(None, Some(Moment::now().after(AGAIN))) {
                Event::NoneLeft => return Ok(None),
                Event::Abandoned => return Err(Error::silent(exit::SYSTEM)),
                Event::Signal(signal) => self.pass(signal, Target::All),
                Event::Died(_, _) | Event::Ended | Event::Due => {}
            }
            if start.after(self.options.found_within) <= Moment::now() {
                return Err(Error::system(match &self.options.which {
                    Which::InFile(path) => format!("no process of ours in {}", path.display()),
                    Which::First | Which::All => {
                        "unable to see what the program has left".to_owned()
                    }
                }));
            }
        }
    }

    /// Ends all our descendants: nothing is left behind.
    pub(super) fn end_rest(&mut self) {
        if peek(wait::Which::Any) == Err(Errno::CHILD) {
            return;
        }
        let mut signal = Signal::TERM;
        let mut due = Moment::now().after(self.options.kill_after);
        self.pass(signal, Target::All);
        self.pass(Signal::CONT, Target::All);
        loop {
            match self.next(None, Some(due)) {
                Event::NoneLeft => return,
                Event::Due => {
                    if signal != Signal::KILL {
                        warn(&LINK.name, &"what the daemon has left does not end: KILL");
                    }
                    signal = Signal::KILL;
                    due = Moment::now().after(AGAIN);
                    self.pass(signal, Target::All);
                }
                Event::Signal(signal) => self.pass(signal, Target::All),
                Event::Died(_, _) | Event::Ended | Event::Abandoned => {}
            }
        }
    }

    /// Sleeps until something has happened.
    fn next(&mut self, watched: Option<&OwnedFd>, due: Option<Moment>) -> Event {
        loop {
            while let Some(signal) = self.signals.next() {
                if signal != Signal::CHLD {
                    return Event::Signal(signal);
                }
            }
            match peek(wait::Which::Any) {
                Ok(Some((pid, ended))) => {
                    // Shown a moment ago, and ours.
                    let _ = reap(pid);
                    if ended != Ended::Exited(exit::OK) {
                        self.last = ended;
                    }
                    return Event::Died(pid, ended);
                }
                Err(Errno::CHILD) => return Event::NoneLeft,
                Ok(None) | Err(_) => {}
            }
            common::sys::stack::give_back();
            let signals = self.signals.as_fd();
            let sources = [
                Some(signals),
                self.supervised.as_ref().map(AsFd::as_fd),
                watched.map(AsFd::as_fd),
            ];
            let mut fds = sources.map(|source| match source {
                Some(fd) => PollFd::from_borrowed_fd(fd, PollFlags::IN),
                // What there is not is asked for nothing.
                None => PollFd::from_borrowed_fd(signals, PollFlags::empty()),
            });
            let polled = poll(&mut fds, due.map(Moment::wait).as_ref());
            let [_, supervised, watched] = fds.map(|fd| !fd.revents().is_empty());
            match polled {
                Ok(0) => return Event::Due,
                Ok(_) if supervised => {
                    self.supervised = None;
                    return Event::Abandoned;
                }
                Ok(_) if watched => return Event::Ended,
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Sends a signal. Who is gone needs none.
    fn pass(&mut self, signal: Signal, target: Target<'_>) {
        self.has_passed = true;
        let number = signal.number();
        let _ = match target {
            Target::Child(pid) => kill(pid, false, number),
            Target::Process(pidfd) => pidfd_kill(pidfd.as_fd(), number),
            Target::All => {
                for process in descendants(getpid()).unwrap_or_default() {
                    send(process, number);
                }
                Ok(())
            }
        };
    }
}

enum Found {
    One(Pid, OwnedFd),
    All,
}

/// Sends a signal to the process that was seen, and to no other that has its pid by now.
fn send(seen: Process, signal: i32) {
    let Ok(pidfd) = pidfd_open(seen.pid, PidfdFlags::empty()) else { return };
    if stat(seen.pid).is_ok_and(|Stat { start, .. }| start == seen.stat.start) {
        // Gone is as good.
        let _ = pidfd_kill(pidfd.as_fd(), signal);
    }
}

/// How a process ended that may be another's child: its parent is told, and others as far as the
/// kernel tells them.
fn end_of(pid: Pid, pidfd: &OwnedFd) -> Ended {
    if let Ok(Some((_, ended))) = peek(wait::Which::Pid(pid)) {
        return ended;
    }
    let of_zombie = || match stat(pid) {
        Ok(stat) if stat.state == b'Z' => Ok(stat.wait_status),
        Ok(_) | Err(_) => exit_status(pidfd.as_fd()),
    };
    match exit_status(pidfd.as_fd()).or_else(|_| of_zombie()) {
        Ok(status) => Ended::from_wait_status(status),
        Err(_) => {
            warn(&LINK.name, &format_args!("process {pid} has ended, nobody knows how"));
            Ended::Exited(exit::SYSTEM)
        }
    }
}
