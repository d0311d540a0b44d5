//! File descriptors that are known by number: those of the command line and of a child's table.

use std::ffi::c_uint;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, Result};

/// Takes over descriptor `number`, which a predecessor or parent left open, and marks it CLOEXEC.
/// EBADF when it is not open.
pub fn adopt(number: RawFd) -> Result<OwnedFd> {
    // SAFETY: F_SETFD takes an int and changes only the flag of a descriptor.
    super::check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    // SAFETY: it is open, and the caller was handed it: nothing else here knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Makes `target` a copy of `source` that survives an exec; for a child about to exec. A source
/// that is its own target only loses its CLOEXEC flag.
pub fn dup2(source: BorrowedFd<'_>, target: RawFd) -> Result<()> {
    if source.as_raw_fd() == target {
        // SAFETY: F_SETFD takes an int and changes only the flag of a descriptor.
        super::check(unsafe { libc::fcntl(target, libc::F_SETFD, 0) })?;
    } else {
        // SAFETY: dup2 takes any two numbers. The child's table is its own.
        super::check(unsafe { libc::dup2(source.as_raw_fd(), target) })?;
    }
    Ok(())
}

/// Whether descriptor `number` is open.
pub fn is_open(number: RawFd) -> bool {
    // SAFETY: F_GETFD changes nothing.
    super::check(unsafe { libc::fcntl(number, libc::F_GETFD) }).is_ok()
}

/// Makes `to` a copy of `from`, both as the user typed them, that survives an exec. EBADF when
/// `from` is not open.
pub fn copy(from: RawFd, to: RawFd) -> Result<()> {
    // SAFETY: dup2 takes any two numbers; of equal ones it only says whether they are open.
    super::check(unsafe { libc::dup2(from, to) })?;
    Ok(())
}

/// Marks every descriptor from `first` on CLOEXEC. ENOSYS or EPERM where the kernel (before 5.11)
/// or a seccomp filter refuses close_range.
pub fn cloexec_from(first: c_uint) -> Result<()> {
    const CLOSE_RANGE_CLOEXEC: c_uint = 4; // linux/close_range.h
    range(first, c_uint::MAX, CLOSE_RANGE_CLOEXEC)
}

/// Closes every descriptor from `first` to `last`: where nothing owns them any more, as in a child.
/// ENOSYS or EPERM as above (before 5.9).
pub fn close_range(first: c_uint, last: c_uint) -> Result<()> {
    range(first, last, 0)
}

fn range(first: c_uint, last: c_uint, flags: c_uint) -> Result<()> {
    // SAFETY: the call takes any numbers; that nobody owns what it closes is its callers' matter.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    if result == -1 { Err(super::last_errno()) } else { Ok(()) }
}

/// Marks descriptor `number` CLOEXEC, if it is open.
pub fn cloexec(number: RawFd) -> Result<()> {
    // SAFETY: F_SETFD takes an int and changes only the flag of a descriptor.
    match super::check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) }) {
        Ok(_) | Err(Errno::BADF) => Ok(()),
        Err(e) => Err(e),
    }
}

/// Closes descriptor `number`, if it is open: in a child, where the parent's owner of it does not
/// matter any more, or one that the user named and that nothing here owns.
pub fn close(number: RawFd) {
    // SAFETY: the caller is a forked child with a table of its own, or nobody owns it.
    unsafe { libc::close(number) };
}
