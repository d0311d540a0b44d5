//! Going on where a killed predecessor stopped, and learning how a process ended that was its child.
//!
//! The order in `look_adopted` is essential: /proc is read before `exit`, because "gone" implies
//! that svc-scan wrote the record before it reaped.

use common::base::death::Death;
use common::format::records::{Kind, Root};
use common::format::status::{Phase, Status};
use common::os::process::{BootId, Found, Identity, Watched, stat};
use common::os::{clock, file};
use common::sys::pidfd;
use common::sys::wait::{Ended, Which, peek, reap};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::AsFd;

use super::super::controls::{Control, dawdle, leaves_out};
use super::action::Input;
use super::supervisor::{LOOK_AGAIN, Supervisor};

/// The status to begin with, from what is on file: a predecessor that was killed is continued, one
/// that left in order or ran in another boot only leaves its numbers.
pub(super) fn continued(previous: Option<Status>, boot: BootId) -> (Status, bool) {
    match previous {
        Some(status) if !status.left && status.boot == Some(boot) => (status, true),
        Some(status) => {
            let Status { seq, event, last_run, last_finish, oom, .. } = status;
            (Status { seq, event, last_run, last_finish, oom, ..Status::default() }, false)
        }
        None => (Status::default(), false),
    }
}

impl Supervisor {
    /// Finds the process that the status speaks of, or that was to be started.
    pub(super) fn adopt(&mut self) {
        let (kind, started) = match self.machine.status.phase {
            Phase::Down => return,
            Phase::Starting(kind) => (kind, false),
            Phase::Running(kind) => (kind, true),
        };
        let record = self.files.process().filter(|p| p.seq == self.machine.status.seq);
        match record {
            // The intent was on file, the child was not: nothing was started.
            None if !started => {
                let answer = self.start(kind);
                self.feed(answer);
            }
            // Only its own record is damaged.
            None => match self.on_status() {
                Some(identity) => self.take_over(kind, identity),
                None => {
                    let finish = self.has_finish();
                    self.feed(Input::Died { death: Death::Unknown, finish });
                }
            },
            Some(process) => {
                self.take_over(kind, process.identity);
                if let (Some(failed), false) = (process.failed, started) {
                    // Ours only after a reexec; else svc-scan reaps it.
                    let _ = reap(process.identity.pid);
                    self.watch = None;
                    self.feed(Input::NotStarted(failed.raw_os_error()));
                } else if !started {
                    let (pid, start) = (process.identity.pid, process.identity.start);
                    self.feed(Input::Started { pid, start });
                }
            }
        }
        // After a reexec it is our own: nothing was left undone.
        if started && matches!(self.watch, Some(Watched::Adopted(..))) {
            self.feed(Input::Adopted);
        }
    }

    fn take_over(&mut self, kind: Kind, identity: Identity) {
        self.watch = Some(Watched::new(identity));
        if kind == Kind::Run && self.machine.settings.notification_fd.is_some() {
            // If all others have closed it, it never becomes ready.
            self.ready = self.ready.take().or_else(|| self.files.present_ready().ok());
        }
    }

    /// The process that the status names.
    fn on_status(&self) -> Option<Identity> {
        let Status { pid, start, .. } = self.machine.status;
        Some(Identity { pid: pid?, start, boot: self.boot })
    }

    /// How the process ended, if it has and we can know by now.
    pub(super) fn look(&mut self) -> Option<Death> {
        match self.watch.as_ref()? {
            Watched::Own(pid) => match peek(Which::Pid(*pid)) {
                Ok(Some((_, ended))) => {
                    if leaves_out(Control::ReapFirst) {
                        let _ = reap(*pid);
                        dawdle();
                    }
                    Some(ended.into())
                }
                Ok(None) => None,
                // Taken from us by a debugger's detach or a bug: never wait for ever.
                Err(_) => Some(Death::Unknown),
            },
            Watched::Adopted(..) => self.look_adopted(),
        }
    }

    fn look_adopted(&mut self) -> Option<Death> {
        let Some(Watched::Adopted(identity, pidfd)) = &self.watch else { return None };
        let found = identity.look();
        if let Some(exit) = self.files.exit().filter(|exit| exit.identity == *identity) {
            return Some(exit.death);
        }
        match found {
            Found::Alive => None,
            // Its parent is about to write the record, or to reap it without.
            Found::Zombie if self.zombie.is_none() => {
                self.zombie = Some(clock::boot());
                None
            }
            Found::Zombie => self.zombie_of_nobody(),
            Found::Gone => {
                let told =
                    pidfd.as_ref().ok_or(Errno::BADF).and_then(|fd| pidfd::exit_status(fd.as_fd()));
                Some(told.map_or(Death::Unknown, |status| Ended::from_wait_status(status).into()))
            }
        }
    }

    /// A zombie that nobody reaps, as in a container whose process 1 does not. If all of its threads
    /// are gone it is as dead as it will ever be; its status is known where it can't be a mistake.
    /// svc-scan, however busy it is, will say how it ended: what is its child is waited for.
    fn zombie_of_nobody(&self) -> Option<Death> {
        self.zombie.filter(|since| clock::boot().since(*since) >= LOOK_AGAIN)?;
        let Some(Watched::Adopted(identity, Some(pidfd))) = &self.watch else { return None };
        let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let dead = poll(&mut fds, Some(&at_once)) == Ok(1);
        let stat = stat(identity.pid).ok()?;
        if self.is_root(stat.parent) {
            return None;
        }
        let status = stat.wait_status;
        let death =
            if status == 0 { Death::Unknown } else { Ended::from_wait_status(status).into() };
        dead.then_some(death)
    }

    /// Whether this is the svc-scan of our tree, whose files are beside the event directory.
    #[inline(never)] // The buffer is not to be in the frame of the caller, which lives on.
    fn is_root(&self, pid: i32) -> bool {
        let Some(tree) = &self.options.under else { return false };
        let mut buffer = [0; 4096];
        let root = file::read_small(tree, c"../scan", &mut buffer).ok().and_then(Root::unpack);
        root.is_some_and(|root| root.identity.pid.as_raw_pid() == pid)
    }

    /// Takes a recorded death from the kernel, or from svc-scan.
    pub(super) fn reap(&mut self) {
        dawdle();
        if let Some(watch) = &self.watch {
            self.leave_ward(watch.pid());
        }
        match self.watch.take() {
            Some(Watched::Own(pid)) => {
                // It was peeked at: it is there.
                let _ = reap(pid);
            }
            // What `exit` says of it matches no other process, and stays.
            Some(Watched::Adopted(..)) | None => {}
        }
        self.zombie = None;
        self.ready = None;
    }
}
