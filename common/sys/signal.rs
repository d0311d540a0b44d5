//! Signal masks, dispositions and signalfd.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use rustix::io::Result;
use rustix::process::Pid;

/// A set of signals, as the kernel takes it.
#[derive(Clone, Copy)]
pub struct Mask(libc::sigset_t);

impl Mask {
    /// No signal.
    pub fn empty() -> Self {
        let mut set = MaybeUninit::uninit();
        // SAFETY: sigemptyset writes the whole set.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        // SAFETY: written above.
        Mask(unsafe { set.assume_init() })
    }

    /// Every signal, also those that the C libraries keep to themselves (32 and on): a parent may have
    /// blocked them, and somebody may send them.
    pub fn full() -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: a set is bits and nothing else, of which the kernel takes those that are signals.
        unsafe { set.as_mut_ptr().write_bytes(0xff, 1) };
        // SAFETY: written above.
        Mask(unsafe { set.assume_init() })
    }

    /// These signals; numbers that are none are left out.
    pub fn of(signals: &[c_int]) -> Self {
        let mut mask = Mask::empty();
        for signal in signals {
            // SAFETY: the set is initialised; a bad number is refused.
            unsafe { libc::sigaddset(&raw mut mask.0, *signal) };
        }
        mask
    }
}

/// Lets these signals through again, besides those that are let through already.
pub fn unblock(signals: &[c_int]) {
    let mask = Mask::of(signals);
    let size = size_of::<u64>();
    // SAFETY: the set lives through the call, is larger than the kernel's, and begins as it does. It
    // cannot fail with SIG_UNBLOCK.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_UNBLOCK,
            &raw const mask.0,
            ptr::null_mut::<libc::sigset_t>(),
            size,
        )
    };
}

/// Blocks every signal; returns what was blocked before.
pub fn block_all() -> Mask {
    exchange_mask(&Mask::full())
}

/// Makes `mask` the set of blocked signals.
pub fn set_mask(mask: &Mask) {
    exchange_mask(mask);
}

/// By the system call: the C libraries would leave out the signals that they keep to themselves.
fn exchange_mask(mask: &Mask) -> Mask {
    let mut old = Mask::empty();
    let size = size_of::<u64>();
    // SAFETY: both sets live through the call, are larger than the kernel's, and begin as it does. It
    // cannot fail with SIG_SETMASK.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const mask.0,
            &raw mut old.0,
            size,
        )
    };
    old
}

/// The highest signal there is (linux: _NSIG).
const LAST: c_int = 64;

/// At least as large as the kernel's own struct sigaction: handler, flags, restorer, mask.
type Action = [usize; 6];

/// Sets a disposition. By the system call: the C libraries keep two signals (32 and 33) to themselves,
/// which a parent may have left ignored like any other.
fn set_disposition(signal: c_int, action: &Action) {
    let size = size_of::<u64>();
    // SAFETY: SIG_DFL and SIG_IGN run no code of ours; the action is as large as the kernel's; what
    // can't be changed (KILL, STOP) is refused.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            signal,
            action.as_ptr(),
            ptr::null_mut::<Action>(),
            size,
        )
    };
}

/// What becomes of us when a signal arrives.
#[derive(Clone, Copy)]
pub struct Disposition(Action);

/// Makes sure that we can wait for children: who inherits SIGCHLD ignored never learns how they ended.
/// Returns what it was, for [`restore_children`].
pub fn heed_children() -> Disposition {
    let mut before: Action = [libc::SIG_DFL, 0, 0, 0, 0, 0];
    let default: Action = before;
    let size = size_of::<u64>();
    // SAFETY: both actions are as large as the kernel's own; SIG_DFL runs no code of ours.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            libc::SIGCHLD,
            default.as_ptr(),
            before.as_mut_ptr(),
            size,
        )
    };
    Disposition(before)
}

/// Gives SIGCHLD the disposition that it had.
pub fn restore_children(before: &Disposition) {
    set_disposition(libc::SIGCHLD, &before.0);
}

/// Gives every signal its default disposition, so that what a parent ignored is not handed on.
pub fn default_all() {
    for signal in 1..=LAST {
        set_disposition(signal, &[libc::SIG_DFL, 0, 0, 0, 0, 0]);
    }
}

/// Forgets every pending signal; all have their default disposition afterwards.
pub fn forget_pending() {
    for signal in (1..=LAST).filter(|signal| *signal != libc::SIGCHLD) {
        // To ignore it discards what is pending, even when it is blocked.
        set_disposition(signal, &[libc::SIG_IGN, 0, 0, 0, 0, 0]);
    }
    default_all();
}

/// A descriptor, non-blocking and CLOEXEC, that reads the blocked signals of `mask`.
pub fn signalfd(mask: &Mask) -> Result<OwnedFd> {
    // SAFETY: the set lives through the call.
    let fd = super::check(unsafe {
        libc::signalfd(-1, &raw const mask.0, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
    })?;
    // SAFETY: a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sends a signal to a process, or to the group of that number. Real-time signals included, which
/// rustix has no names for.
pub fn kill(pid: Pid, group: bool, signal: c_int) -> Result<()> {
    let raw = pid.as_raw_nonzero().get();
    // SAFETY: kill takes any numbers.
    super::check(unsafe { libc::kill(if group { -raw } else { raw }, signal) }).map(|_| ())
}

/// Sends a signal to the process behind a pidfd.
pub fn pidfd_kill(pidfd: BorrowedFd<'_>, signal: c_int) -> Result<()> {
    let no_info = ptr::null::<libc::siginfo_t>();
    let fd = pidfd.as_raw_fd();
    // SAFETY: without a siginfo the call reads no memory of ours.
    let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, no_info, 0) };
    if sent == -1 { Err(super::last_errno()) } else { Ok(()) }
}

/// The size of one record read from a signalfd; its first four bytes are the signal's number.
pub const SIGINFO_SIZE: usize = size_of::<libc::signalfd_siginfo>();

/// Sends ourselves SIGALRM after `limit`, and then every second: were there only one, it could
/// come before the call that it is to interrupt. 0: no more.
fn set_timer(limit: Duration) {
    let time = |limit: Duration| libc::timeval {
        tv_sec: limit.as_secs() as _,
        tv_usec: limit.subsec_micros() as _,
    };
    let interval = if limit.is_zero() { limit } else { Duration::from_secs(1) };
    let timer = libc::itimerval { it_interval: time(interval), it_value: time(limit) };
    // SAFETY: the timer lives through the call, which cannot fail with these values.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) };
}

/// Runs `call` and interrupts it after `limit`: a system call in it then fails with EINTR. No other
/// signal arrives meanwhile.
pub fn interrupted_after<T>(limit: Duration, call: impl FnOnce() -> T) -> T {
    with_alarm(limit, Mask::full(), call)
}

/// The same, while the other signals do what they would do anyway: TERM ends us.
pub fn interrupted_after_or_by_others<T>(limit: Duration, call: impl FnOnce() -> T) -> T {
    let present = block_all();
    set_mask(&present);
    with_alarm(limit, present, call)
}

fn with_alarm<T>(limit: Duration, mut mask: Mask, call: impl FnOnce() -> T) -> T {
    extern "C" fn nothing(_: c_int) {}
    // SAFETY: all zero is a valid sigaction: no flags, so no SA_RESTART, and an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = nothing as extern "C" fn(c_int) as usize;
    // SAFETY: as above.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the handler does nothing at all.
    unsafe { libc::sigaction(libc::SIGALRM, &raw const action, &raw mut old) };
    // SAFETY: the set is initialised.
    unsafe { libc::sigdelset(&raw mut mask.0, libc::SIGALRM) };
    let before = exchange_mask(&mask);
    set_timer(limit);
    let result = call();
    set_timer(Duration::ZERO);
    set_mask(&before);
    // SAFETY: what it was before.
    unsafe { libc::sigaction(libc::SIGALRM, &raw const old, ptr::null_mut()) };
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mask of the thread that runs a test, as the kernel has it.
    fn blocked() -> u64 {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
        line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
    }

    #[test]
    fn every_signal_can_be_blocked_and_is_restored() {
        let unblockable = 1 << (libc::SIGKILL - 1) | 1 << (libc::SIGSTOP - 1);
        let before = block_all();
        assert_eq!(blocked(), !unblockable);
        block_all();
        set_mask(&Mask::empty());
        assert_eq!(blocked(), 0);
        let all = exchange_mask(&Mask::full());
        exchange_mask(&all);
        assert_eq!(blocked(), 0);
        set_mask(&before);
    }
}
