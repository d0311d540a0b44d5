//! What a pidfd tells about a process that is already gone.

use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::{Errno, Result};

// linux/pidfd.h: struct pidfd_info in its first version, 64 bytes; the kernel fills what fits.
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}
const _: () = assert!(size_of::<Info>() == 64);

const INFO_EXIT: u64 = 1 << 3;
const GET_INFO: u32 = 0xc040_ff0b; // _IOWR(0xFF, 11, 64 bytes)

/// The wait status of the process behind a pidfd that was opened while it lived, once it has been
/// reaped. ENODATA while it has not been; ENOTTY or EINVAL before Linux 6.15.
pub fn exit_status(pidfd: BorrowedFd<'_>) -> Result<i32> {
    let mut info = Info { mask: INFO_EXIT, ..Info::default() };
    // SAFETY: the request's size is that of `info`, which lives through the call.
    super::check(unsafe { libc::ioctl(pidfd.as_raw_fd(), GET_INFO as _, &raw mut info) })?;
    if info.mask & INFO_EXIT == 0 { Err(Errno::NODATA) } else { Ok(info.exit_code) }
}
