//! waitid, which tells the pid before it reaps (rustix hides the pid).

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::io::{Errno, Result};
use rustix::process::Pid;

/// Which child to look at.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// Any of ours.
    Any,
    /// This one.
    Pid(Pid),
}

/// How a child ended, in the kernel's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It called exit with this code.
    Exited(u8),
    /// This signal killed it.
    Killed(u8),
}

impl Ended {
    /// From a wait status as wait(2) and PIDFD_GET_INFO give it.
    pub fn from_wait_status(status: i32) -> Self {
        if libc::WIFEXITED(status) {
            Ended::Exited(libc::WEXITSTATUS(status) as u8)
        } else {
            Ended::Killed(libc::WTERMSIG(status) as u8)
        }
    }
}

/// A dead child that has not been reaped, if there is one; it stays one. Err(ECHILD): no such child.
pub fn peek(which: Which) -> Result<Option<(Pid, Ended)>> {
    wait(which, libc::WEXITED | libc::WNOHANG | libc::WNOWAIT)
}

/// Reaps a child that `peek` has shown.
pub fn reap(pid: Pid) -> Result<()> {
    wait(Which::Pid(pid), libc::WEXITED | libc::WNOHANG).map(|_| ())
}

/// Waits, as long as it takes, for a child's end, and reaps it.
pub fn wait_for(pid: Pid) -> Result<Ended> {
    match wait(Which::Pid(pid), libc::WEXITED)? {
        Some((_, ended)) => Ok(ended),
        None => Err(Errno::CHILD),
    }
}

fn wait(which: Which, flags: c_int) -> Result<Option<(Pid, Ended)>> {
    let (kind, id) = match which {
        Which::Any => (libc::P_ALL, 0),
        Which::Pid(pid) => (libc::P_PID, pid.as_raw_nonzero().get().cast_unsigned()),
    };
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: `info` lives through the call, which writes it or leaves it zero.
        match super::check(unsafe { libc::waitid(kind, id, info.as_mut_ptr(), flags) }) {
            Ok(_) => break,
            Err(Errno::INTR) => continue,
            Err(e) => return Err(e),
        }
    }
    // SAFETY: zeroed, then written by waitid as a SIGCHLD record.
    let info = unsafe { info.assume_init() };
    // SAFETY: si_pid is part of a SIGCHLD record, and 0 where none was written.
    let Some(pid) = Pid::from_raw(unsafe { info.si_pid() }) else { return Ok(None) };
    // SAFETY: si_status is part of a SIGCHLD record.
    let status = unsafe { info.si_status() } as u8;
    let exited = info.si_code == libc::CLD_EXITED;
    Ok(Some((pid, if exited { Ended::Exited(status) } else { Ended::Killed(status) })))
}

/// Waits at most `seconds` for a child's end, and reaps it; `None` when it lives on.
pub fn wait_within(pid: Pid, seconds: u32) -> Result<Option<Ended>> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let id = pid.as_raw_nonzero().get().cast_unsigned();
    let waited = super::signal::interrupted_after(Duration::from_secs(seconds.into()), || {
        // SAFETY: `info` lives through the call.
        super::check(unsafe {
            libc::waitid(libc::P_PID, id, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT)
        })
    });
    match waited {
        Err(Errno::INTR) => Ok(None),
        Err(e) => Err(e),
        Ok(_) => wait_for(pid).map(Some),
    }
}
