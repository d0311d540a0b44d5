//! Locks that say "I am the only one": flock, because a record lock is lost at any close of the
//! file, and because a child inherits a flock until it execs.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::{Errno, Result};
use rustix::path::Arg;

use crate::sys::signal::interrupted_after;

/// How long to wait for a lock that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// This many seconds, then EAGAIN.
    Seconds(u32),
}

/// Opens (or makes, mode 0600) the lock file without following a link.
pub fn open(dir: impl AsFd, path: impl Arg) -> Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(dir, path, flags | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::RUSR | Mode::WUSR)
}

/// Takes the lock. EAGAIN: somebody else kept it.
pub fn take(file: impl AsFd, patience: Patience) -> Result<()> {
    match (flock(&file, FlockOperation::NonBlockingLockExclusive), patience) {
        (Err(Errno::WOULDBLOCK), Patience::Seconds(0)) => Err(Errno::WOULDBLOCK),
        (Err(Errno::WOULDBLOCK), Patience::Seconds(n)) => {
            match interrupted_after(Duration::from_secs(n.into()), || {
                flock(&file, FlockOperation::LockExclusive)
            }) {
                Err(Errno::INTR) => Err(Errno::WOULDBLOCK),
                result => result,
            }
        }
        (result, _) => result,
    }
}
