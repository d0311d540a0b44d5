//! The files by which the processes of a drill leave word for its judge.

use std::os::fd::{AsFd, OwnedFd};

use common::os::lock::{self, Patience};
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, openat};

/// What an instance says of itself: `start N PID`, and just before its end `end N PID LINES DEATH`.
pub(crate) const TRUTH: &str = "truth";
/// What finish was told of: `PID DEATH`.
pub(crate) const SEEN: &str = "seen";
/// What must never be: a line each.
pub(crate) const FAULTS: &str = "faults";
/// The number of the last instance.
pub(crate) const COUNT: &str = "count";
/// Locked by the one process that there may be.
pub(crate) const ALONE: &str = "alone";
/// In a service that ends by itself.
pub(crate) const SHORT: &str = "short";
/// A logger's log directory.
pub(crate) const LOG: &str = "main";

/// Opens a file to add to.
pub(crate) fn appender(dir: impl AsFd, name: &str) -> Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC;
    openat(dir, name, flags, Mode::from_raw_mode(0o644)).unable(format_args!("open {name}"))
}

/// Adds a line, in one write.
pub(crate) fn append(name: &str, line: &str) -> Result<()> {
    let line = format!("{line}\n");
    let written = rustix::io::write(appender(CWD, name)?, line.as_bytes());
    match written.unable(format_args!("write {name}"))? {
        n if n == line.len() => Ok(()),
        _ => Err(Error::system(format_args!("{name}: a line was cut"))),
    }
}

/// Sees that this process is the only one of its service; the lock is its to the end.
pub(crate) fn alone(what: &str) -> Result<OwnedFd> {
    let fd = lock::open(CWD, ALONE).unable("open alone")?;
    if lock::take(&fd, Patience::Seconds(0)).is_err() {
        let pid = rustix::process::getpid().as_raw_pid();
        append(FAULTS, &format!("doubled: {what} with pid {pid} was not alone"))?;
    }
    Ok(fd)
}
