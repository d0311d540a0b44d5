//! A pipe that tells of input by SIGIO.
//!
//! It is for readers whose writers are busy: whoever polls a pipe, even once, makes each later write to
//! it wake all that wait there, full or empty, as long as it exists (linux: fs/pipe.c, poll_usage).

use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::Result;

/// Has this process get the signal. Until [`tell`] asks for it there is none.
pub fn own(pipe: impl AsFd) -> Result<()> {
    let (fd, pid) = (pipe.as_fd().as_raw_fd(), rustix::process::getpid().as_raw_pid());
    // SAFETY: it takes numbers.
    super::check(unsafe { libc::fcntl(fd, libc::F_SETOWN, pid) }).map(|_| ())
}

/// From now on there is a signal, or none, when something is written or the last writer goes. What
/// came before is not told of.
pub fn tell(pipe: impl AsFd, wanted: bool) -> Result<()> {
    let (fd, wanted) = (pipe.as_fd().as_raw_fd(), c_int::from(wanted));
    // SAFETY: it reads a number, which lives through the call.
    super::check(unsafe { libc::ioctl(fd, libc::FIOASYNC, &raw const wanted) }).map(|_| ())
}
