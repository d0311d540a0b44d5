//! What a process may have of the CPU and of disks, where rustix has no call for it.

use std::ffi::c_int;

use rustix::io::Result;

/// Sets our scheduling policy (sched(7)) and priority. By the system call: musl's function refuses.
pub fn set_policy(policy: c_int, priority: c_int) -> Result<()> {
    let parameter = libc::c_int::from(priority);
    // SAFETY: struct sched_param begins with its priority, all that the kernel reads.
    let result =
        unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const parameter) };
    if result == -1 { Err(super::last_errno()) } else { Ok(()) }
}

/// Sets our I/O priority, as ioprio_set(2) takes it.
pub fn set_io_priority(priority: c_int) -> Result<()> {
    const WHO_PROCESS: c_int = 1; // linux/ioprio.h
    // SAFETY: three numbers.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0, priority) };
    if result == -1 { Err(super::last_errno()) } else { Ok(()) }
}

/// Our I/O priority, as ioprio_get(2) gives it.
pub fn io_priority() -> Result<c_int> {
    const WHO_PROCESS: c_int = 1; // linux/ioprio.h
    // SAFETY: two numbers.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_get, WHO_PROCESS, 0) };
    // It has two bytes.
    c_int::try_from(result).ok().filter(|n| *n >= 0).ok_or_else(super::last_errno)
}
