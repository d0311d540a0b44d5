//! The lock of `supervise/`, and who waits for it how long.

use std::os::fd::OwnedFd;

use common::base::error::exit;
use common::base::signal::Signal;
use common::format::records::{Holder, SIZE};
use common::format::status::{self, Status};
use common::os::process::{Found, Identity};
use common::os::signals::Signals;
use common::os::{file, lock};
use common::prelude::*;
use rustix::io::Errno;

use super::super::controls::{Control, leaves_out};

/// How long a person who starts a second supervisor waits for an answer: longer than any child is
/// between fork and exec.
const LOCK_SECONDS: u32 = 5;
/// How often one that queues for the lock looks who has it.
const QUEUE_SECONDS: u32 = 1;

/// For whom the lock is taken.
pub(super) enum For<'a> {
    /// A person, who wants to know that there is another supervisor.
    Person,
    /// svc-scan, which is to find that other one.
    Scan,
    /// A oneshot, whose turn comes, unless it is told to end.
    Oneshot(&'a Signals),
}

impl For<'_> {
    /// Opens and takes the lock, or says why not. `None`: it is not to be had.
    pub(super) fn lock(&self, dir: &OwnedFd) -> Result<Option<OwnedFd>> {
        match self {
            For::Person => take_lock(dir).map(Some),
            For::Scan => queue(dir).unable("lock supervise/lock"),
            For::Oneshot(signals) => take_turn(dir, signals).unable("lock supervise/lock"),
        }
    }
}

fn take_lock(dir: &OwnedFd) -> Result<OwnedFd> {
    let fd = lock::open(dir, c"lock").unable("open supervise/lock")?;
    match lock::take(&fd, lock::Patience::Seconds(LOCK_SECONDS)) {
        Err(Errno::WOULDBLOCK) => {
            let by = holder(dir).map(|h| format!(" by pid {}", h.pid.as_raw_pid()));
            Err(Error::new(
                exit::USAGE,
                format_args!("already supervised{}", by.unwrap_or_default()),
            ))
        }
        result => result.map(|()| fd).unable("lock supervise/lock"),
    }
}

/// Waits for the lock for as long as only a predecessor's child has it. `None`: another supervisor
/// lives, which a killed svc-scan or one before a reexec had started and this one does not know of; or
/// it has left in order meanwhile. To stay would be to start again, one day, what has been ended.
fn queue(dir: &OwnedFd) -> rustix::io::Result<Option<OwnedFd>> {
    let fd = lock::open(dir, c"lock")?;
    if leaves_out(Control::NoLock) {
        return Ok(Some(fd));
    }
    let mut patience = lock::Patience::Seconds(0);
    loop {
        match lock::take(&fd, patience) {
            Err(Errno::WOULDBLOCK) => {}
            Ok(()) if patience != lock::Patience::Seconds(0) && has_left(dir) => return Ok(None),
            result => return result.map(|()| Some(fd)),
        }
        if holder(dir).is_some_and(|holder| holder.look() == Found::Alive) {
            return Ok(None);
        }
        patience = lock::Patience::Seconds(QUEUE_SECONDS);
    }
}

/// Waits for the lock until whoever has it is done. `None`: told to end meanwhile.
fn take_turn(dir: &OwnedFd, signals: &Signals) -> rustix::io::Result<Option<OwnedFd>> {
    let fd = lock::open(dir, c"lock")?;
    if leaves_out(Control::NoLock) {
        return Ok(Some(fd));
    }
    let mut patience = lock::Patience::Seconds(0);
    loop {
        match lock::take(&fd, patience) {
            Err(Errno::WOULDBLOCK) => {}
            result => return result.map(|()| Some(fd)),
        }
        while let Some(signal) = signals.next() {
            if ![Signal::CHLD, Signal::HUP].contains(&signal) {
                return Ok(None);
            }
        }
        patience = lock::Patience::Seconds(QUEUE_SECONDS);
    }
}

/// Who last had the lock.
fn holder(dir: &OwnedFd) -> Option<Identity> {
    let mut buffer = [0; SIZE];
    Holder::unpack(file::read_small(dir, c"supervisor", &mut buffer).ok()?)
        .map(|holder| holder.identity)
}

/// Whether the last supervisor left in order.
#[inline(never)] // The buffer is not to be in the frame of the caller.
fn has_left(dir: &OwnedFd) -> bool {
    let mut buffer = [0; status::SIZE];
    let status = file::read_small(dir, c"status", &mut buffer).ok().and_then(Status::unpack);
    status.is_some_and(|status| status.left)
}
