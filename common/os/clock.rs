//! The two clocks.

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::base::stamp::{Boot, Wall};
use crate::sys::auxv::clock_ticks;
use crate::sys::time::now;

/// Now, for people. Times before 1970 count as 1970.
pub fn wall() -> Wall {
    wall_of(now(ClockId::Realtime))
}

/// The same, for who asks again and again.
pub fn wall_often() -> Wall {
    wall_of(clock_gettime(ClockId::Realtime))
}

fn wall_of(t: Timespec) -> Wall {
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
