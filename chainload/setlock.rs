//! svc-setlock: run a program while holding a lock.

use std::ffi::OsString;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;

use common::base::args::unknown;
use common::base::error::{exit, reason};
use common::base::future::Future;
use common::os::fds::place;
use common::os::lock;
use common::prelude::*;
use common::sys::fd::is_open;
use common::sys::signal::interrupted_after_or_by_others;
use rustix::fs::{CWD, FlockOperation, flock};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

use super::link::{Change, Link};
use super::word::{descriptor, milliseconds};

pub(super) const LINK: Link = Link {
    name: "svc-setlock",
    help: "[-n | -N | -t MS] [-r | -w] [-d FD] FILE PROG...
Makes FILE if it is missing and locks it, then becomes PROG, which holds the lock as long as it, or a
child of its, has the descriptor open.
  -n     if somebody else has the lock, exit 1
  -N     if somebody else has the lock, wait for it (this is the default)
  -t MS  wait, but not longer than MS milliseconds: then exit 99
  -r     a lock that can be shared with others of its kind
  -w     a lock for one (this is the default)
  -d FD  keep the lock at the descriptor FD; it must be closed
",
    read,
};

enum Wait {
    Not,
    Forever,
    For(Duration),
}

struct Setlock {
    wait: Wait,
    shared: bool,
    fd: Option<RawFd>,
    file: OsString,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let (mut wait, mut shared, mut fd) = (Wait::Forever, false, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-n" => wait = Wait::Not,
            "-N" => wait = Wait::Forever,
            "-t" => match milliseconds(args)? {
                0 => wait = Wait::Not,
                ms => wait = Wait::For(Duration::from_millis(ms)),
            },
            "-r" => shared = true,
            "-w" => shared = false,
            "-d" => fd = Some(descriptor(&args.raw_value()?)?),
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(Setlock { wait, shared, fd, file: args.operand("file")? }))
}

impl Change for Setlock {
    fn apply(&self, _: &mut Future) -> Result<()> {
        let path = self.file.display();
        if let Some(number) = self.fd.filter(|number| is_open(*number)) {
            return Err(Error::system(format_args!("descriptor {number} is open already")));
        }
        let file = lock::open(CWD, &self.file).unable(format_args!("open {path}"))?;
        self.lock(&file).map_err(|e| {
            let message = format!("unable to lock {path}: {}", reason(e));
            match (e, &self.wait) {
                (Errno::INTR, _) => {
                    let message = format!("unable to lock {path}: somebody else still has it");
                    Error::new(exit::TIMED_OUT, message)
                }
                (Errno::WOULDBLOCK, _) => {
                    let message = format!("unable to lock {path}: somebody else has it");
                    Error::new(exit::NO, message)
                }
                (_, _) => Error::system(message),
            }
        })?;
        self.keep(file).unable(format_args!("keep {path} open"))
    }

    fn moves_look_ups(&self) -> bool {
        true
    }
}

impl Setlock {
    /// EINTR: the time is over. EAGAIN: somebody else has the lock.
    fn lock(&self, file: &OwnedFd) -> rustix::io::Result<()> {
        let (waiting, at_once) = if self.shared {
            (FlockOperation::LockShared, FlockOperation::NonBlockingLockShared)
        } else {
            (FlockOperation::LockExclusive, FlockOperation::NonBlockingLockExclusive)
        };
        match (flock(file, at_once), &self.wait) {
            (Err(Errno::WOULDBLOCK), Wait::Forever) => flock(file, waiting),
            (Err(Errno::WOULDBLOCK), Wait::For(limit)) => {
                interrupted_after_or_by_others(*limit, || flock(file, waiting))
            }
            (result, _) => result,
        }
    }

    /// The descriptor is PROG's.
    fn keep(&self, file: OwnedFd) -> rustix::io::Result<()> {
        match self.fd {
            Some(number) => place(file, number),
            None => {
                fcntl_setfd(&file, FdFlags::empty())?;
                // PROG's from here on.
                let _ = file.into_raw_fd();
                Ok(())
            }
        }
    }
}
