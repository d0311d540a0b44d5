//! The two clocks.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::base::stamp::{Boot, Wall};
use crate::sys::auxv::clock_ticks;
use crate::sys::time::asked;

/// See [`ask_often`].
static OFTEN: AtomicBool = AtomicBool::new(false);

/// For a program that asks for the time again and again: it is no system call any more, but the first
/// time costs more than the few calls of a supervisor do.
pub fn ask_often() {
    OFTEN.store(true, Ordering::Relaxed);
}

fn now(clock: ClockId) -> Timespec {
    if OFTEN.load(Ordering::Relaxed) { clock_gettime(clock) } else { asked(clock) }
}

/// Now, for people. Times before 1970 count as 1970.
pub fn wall() -> Wall {
    let t = now(ClockId::Realtime);
    Wall(u64::try_from(t.tv_sec).unwrap_or(0) * 1_000_000_000 + t.tv_nsec.unsigned_abs())
}

/// Now, for decisions.
pub fn boot() -> Boot {
    let t = now(ClockId::Boottime);
    Boot(t.tv_sec.unsigned_abs() * 1000 + t.tv_nsec.unsigned_abs() / 1_000_000)
}

/// Now, as proc(5) counts: what a process that starts now has as its start time in /proc/PID/stat.
pub fn ticks() -> u64 {
    let t = now(ClockId::Boottime);
    let parts = t.tv_nsec.unsigned_abs() * clock_ticks() / 1_000_000_000;
    t.tv_sec.unsigned_abs() * clock_ticks() + parts
}

/// How long poll may wait until `due`; `None` is for ever. Rounded up by a millisecond, as `boot`
/// rounds down: who wakes finds the time come.
pub fn until(due: Option<Boot>) -> Option<Timespec> {
    let ms = due?.since(boot()).saturating_add(1);
    let tv_sec = i64::try_from(ms / 1000).unwrap_or(i64::MAX);
    Some(Timespec { tv_sec, tv_nsec: (ms % 1000 * 1_000_000) as _ })
}
