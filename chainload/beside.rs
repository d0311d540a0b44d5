//! A helper beside the next program: a process that is no child of it, holds nothing of it, and is
//! gone when it is.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use common::base::error::exit;
use common::os::fds::{above_stdio, adopt, close_all_but};
use common::prelude::*;
use common::sys::fork::divide;
use common::sys::signal::{
    Disposition, Mask, block_all, heed_children, restore_children, set_mask,
};
use common::sys::wait::{Ended, wait_for};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open};
use rustix::thread::set_name;

use super::moment::Moment;

/// What the helper knows of the program. All signals are blocked in it.
pub(crate) struct Helper {
    /// The process that becomes the program.
    pub(crate) pid: Pid,
    /// The same for good.
    pub(crate) program: OwnedFd,
    mask: Mask,
    children: Disposition,
}

/// Why the helper woke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The program has ended.
    Ended,
    /// The other descriptor has something to tell.
    Told,
    /// It is time.
    Due,
}

/// Takes over the descriptor on which readiness is told: the program does not get it.
pub(crate) fn notification(number: RawFd) -> Result<OwnedFd> {
    let fd = adopt(number).map_err(|e| Error {
        message: format!(
            "{} (a service has the one that its file notification-fd names)",
            e.message
        ),
        ..e
    })?;
    above_stdio(fd).unable("move the notification descriptor")
}

/// Tells a supervisor that the program is ready.
pub(crate) fn notify(fd: impl AsFd) -> Result<()> {
    rustix::io::write(fd, b"\n").map(|_| ()).unable("tell that the program is ready")
}

/// Makes the helper, which holds open the descriptors `kept` and no other; `None` in the process that
/// becomes the program. Whoever reaps orphans (svc-scan, or process 1) reaps it: the program never
/// sees a child that it did not make.
pub(crate) fn beside(name: &CStr, kept: &[BorrowedFd<'_>]) -> Result<Option<Helper>> {
    let pid = getpid();
    let opened = pidfd_open(pid, PidfdFlags::empty()).and_then(above_stdio);
    let program = opened.unable("watch the program")?;
    let children = heed_children();
    let divided = divide();
    if let Ok(None) = divided {
        let mask = block_all();
        // Before the program goes on: it can rely on this not holding its locks and pipes.
        close_all_but(&[kept, &[program.as_fd()]].concat());
        // It is only for people.
        let _ = set_name(name);
        return match divide() {
            Ok(None) => Ok(Some(Helper { pid, program, mask, children })),
            Ok(Some(_)) => Err(Error::silent(exit::OK)),
            Err(_) => Err(Error::silent(exit::SYSTEM)),
        };
    }
    let ended = divided.and_then(|between| between.map_or(Err(Errno::CHILD), wait_for));
    restore_children(&children);
    match ended.unable("make a process")? {
        Ended::Exited(exit::OK) => Ok(None),
        Ended::Exited(_) | Ended::Killed(_) => Err(Error::system("unable to make a process")),
    }
}

impl Helper {
    /// Sleeps until the program has ended, `other` is what is asked of it, or it is time.
    pub(crate) fn wait(
        &self,
        other: Option<(BorrowedFd<'_>, PollFlags)>,
        due: Option<Moment>,
    ) -> Woken {
        common::sys::stack::give_back();
        let (other, events) = other.unwrap_or((self.program.as_fd(), PollFlags::empty()));
        let mut fds =
            [PollFd::new(&self.program, PollFlags::IN), PollFd::from_borrowed_fd(other, events)];
        loop {
            let timeout = due.map(Moment::wait);
            let polled = poll(&mut fds, timeout.as_ref());
            if !fds[0].revents().is_empty() {
                return Woken::Ended;
            }
            match polled {
                Ok(0) => return Woken::Due,
                Ok(_) => return Woken::Told,
                // No memory, perhaps: asked again. Signals are blocked.
                Err(_) => {}
            }
        }
    }

    /// In a child of the helper: gives it back the signals that the program has.
    pub(crate) fn restore_signals(&self) {
        restore_children(&self.children);
        set_mask(&self.mask);
    }
}
