//! All open descriptors at once.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::base::error::{Error, Result};
use crate::base::sort;
use crate::sys::fd::{self, cloexec, cloexec_from, close, close_range, dup2};

/// Where counting ends when nobody says how many there can be.
const MANY: u64 = 65_536;

/// Opens what is closed of 0, 1 and 2 on /dev/null, or else on the root directory: what is opened
/// later must not be taken for standard output.
pub fn fill_stdio() {
    while !(0..=2).all(fd::is_open) {
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let opened = open("/dev/null", flags, Mode::empty())
            .or_else(|_| open("/", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()));
        match opened {
            // The lowest free number: kept open for good.
            Ok(fd) if fd.as_raw_fd() <= 2 => {
                let _ = fd.into_raw_fd();
            }
            Ok(_) | Err(_) => return,
        }
    }
}

/// Takes over a descriptor that the command line names.
pub fn adopt(number: RawFd) -> Result<OwnedFd> {
    fd::adopt(number).map_err(|_| Error::user(format_args!("file descriptor {number} is not open")))
}

/// Moves a descriptor to the number at which the next program is to find it.
pub fn place(fd: OwnedFd, number: RawFd) -> rustix::io::Result<()> {
    dup2(fd.as_fd(), number)?;
    if fd.as_raw_fd() == number {
        // It is there already, and stays open.
        let _ = fd.into_raw_fd();
    }
    Ok(())
}

/// Moves a descriptor away from the numbers of standard input, output and error, which it may have
/// got where they are closed.
pub fn above_stdio(fd: OwnedFd) -> rustix::io::Result<OwnedFd> {
    fcntl_dupfd_cloexec(fd, 3)
}

/// Closes all descriptors but these: in a process that is not to hold what it inherited.
pub fn close_all_but(kept: &[BorrowedFd<'_>]) {
    let mut kept: Vec<u32> = kept.iter().map(|fd| fd.as_raw_fd().unsigned_abs()).collect();
    sort::sort(&mut kept);
    let mut first = 0;
    for number in kept.into_iter().chain([u32::MAX]) {
        if first < number {
            close_from_to(first, number - 1);
        }
        first = number.saturating_add(1);
    }
}

fn close_from_to(first: u32, last: u32) {
    if close_range(first, last).is_ok() {
        return;
    }
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(MANY).min(MANY);
    for number in u64::from(first)..=u64::from(last).min(limit) {
        close(i32::try_from(number).unwrap_or(i32::MAX));
    }
}

/// Makes room for many descriptors, as far as the hard limit goes. Returns what the limit was.
pub fn raise_open_files() -> Rlimit {
    let before = getrlimit(Resource::Nofile);
    // Refused: then with fewer, which shows when one is opened too many.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: before.maximum, ..before });
    before
}

/// Marks all descriptors from 3 on CLOEXEC, whoever left them open: no child gets what was not meant
/// for it.
pub fn close_on_exec() {
    if cloexec_from(3).is_err() {
        for number in beyond_stdio() {
            // Closed ones are fine, and nothing else can fail.
            let _ = cloexec(number);
        }
    }
}

/// The numbers that descriptors can have.
fn beyond_stdio() -> impl Iterator<Item = RawFd> {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(MANY).min(MANY);
    3..RawFd::try_from(limit).unwrap_or(RawFd::MAX)
}
