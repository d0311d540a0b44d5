//! `svc-log --rotate`: asks the logger of a directory for a rotation, and waits until it is done.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use common::base::error::exit;
use common::base::signal::Signal;
use common::os::clock;
use common::os::file::Inode;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType, Pid, fcntl_getlk};

/// How long the logger may take: it may be waiting for a disk, ms.
const PATIENCE: u64 = 5000;

/// Rotates one directory. One with nothing in `current` has nothing to rotate.
#[inline(never)] // What it needs is not to be in the frame of main, which stays.
pub(super) fn rotate(path: &Path) -> Result<()> {
    let shown = path.display();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = openat(CWD, path, flags, Mode::empty()).unable(format_args!("open {shown}"))?;
    // Listened to before anything is asked, so that nothing is missed.
    let inotify = watch(path).unable(format_args!("watch {shown}"))?;
    let pid = logger(&dir).unable(format_args!("open {shown}/lock"))?.ok_or_else(|| {
        Error::new(exit::NOT_SUPERVISED, format_args!("{shown}: no logger writes there"))
    })?;
    let Some(before) = current(&dir) else { return Ok(()) };
    let told = common::sys::signal::kill(pid, false, Signal::ALRM.number());
    told.unable(format_args!("signal the logger of {shown}, pid {}", pid.as_raw_pid()))?;
    let due = clock::boot().after(PATIENCE);
    while current(&dir).is_some_and(|now| now == before) {
        if clock::boot() >= due {
            let text = format!("{shown}: its logger, pid {}, does not answer", pid.as_raw_pid());
            return Err(Error::new(exit::TIMED_OUT, text));
        }
        let mut fds = [PollFd::new(&inotify, PollFlags::IN)];
        // However it ends, we look again.
        let _ = poll(&mut fds, clock::until(Some(due)).as_ref());
        let _ = rustix::io::read(&inotify, &mut [0; 4096]);
    }
    Ok(())
}

fn watch(path: &Path) -> rustix::io::Result<OwnedFd> {
    let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    add_watch(&inotify, path, WatchFlags::MOVE | WatchFlags::CREATE)?;
    Ok(inotify)
}

/// The present file; none if there is nothing in it.
fn current(dir: &OwnedFd) -> Option<Inode> {
    let stat = statat(dir, c"current", AtFlags::SYMLINK_NOFOLLOW).ok()?;
    (stat.st_size > 0).then_some(Inode { device: stat.st_dev, number: stat.st_ino })
}

/// Who holds the lock: a svc-log, a svc-logd or a s6-log.
fn logger(dir: impl AsFd) -> rustix::io::Result<Option<Pid>> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let lock = match openat(dir, c"lock", flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        result => result?,
    };
    let held = fcntl_getlk(&lock, &Flock::from(FlockType::WriteLock))?;
    Ok(held.and_then(|held| held.pid))
}
