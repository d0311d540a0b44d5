//! Named fifos, made and opened without trusting what already has their name.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, mknodat, openat};
use rustix::io::{Errno, Result};
use rustix::path::Arg;

/// Which ends of a fifo to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Both: never waits, and whoever holds it keeps what is in it.
    Both,
    /// The reading end.
    Read,
    /// The writing end; ENXIO when nobody reads.
    Write,
}

/// Makes a fifo; that there is something of the name already is fine. See [`open`] for the check.
pub fn make(dir: impl AsFd, path: impl Arg, mode: Mode) -> Result<()> {
    match mknodat(dir, path, FileType::Fifo, mode, 0) {
        Err(Errno::EXIST) | Ok(()) => Ok(()),
        Err(e) => Err(e),
    }
}

/// Opens a fifo, non-blocking. Anything else in its place, a symbolic link included, is EINVAL or
/// ELOOP, and is not touched.
pub fn open(dir: impl AsFd, path: impl Arg, ends: Ends) -> Result<OwnedFd> {
    open_checked(dir, path, ends).map(|(fd, _)| fd)
}

fn open_checked(dir: impl AsFd, path: impl Arg, ends: Ends) -> Result<(OwnedFd, Stat)> {
    let mode = match ends {
        Ends::Both => OFlags::RDWR,
        Ends::Read => OFlags::RDONLY,
        Ends::Write => OFlags::WRONLY,
    };
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = openat(dir, path, mode | flags, Mode::empty())?;
    let stat = fstat(&fd)?;
    if is_fifo(&stat) { Ok((fd, stat)) } else { Err(Errno::INVAL) }
}

/// Opens a fifo that must be ours: made by this user, or we are root and it is root's.
pub fn open_own(dir: impl AsFd, path: impl Arg, ends: Ends) -> Result<OwnedFd> {
    let (fd, stat) = open_checked(dir, path, ends)?;
    if stat.st_uid == rustix::process::geteuid().as_raw() { Ok(fd) } else { Err(Errno::PERM) }
}

/// Makes what was opened non-blocking wait like any other file: for a descriptor handed to a child.
pub fn set_blocking(fd: impl AsFd) -> Result<()> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    rustix::fs::fcntl_setfl(&fd, flags - OFlags::NONBLOCK)
}

/// Whether this is a fifo.
pub fn is_fifo(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Fifo
}
