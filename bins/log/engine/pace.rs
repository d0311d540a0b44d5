//! How a logger treats writers of single lines: not each of their lines wakes it, which costs less
//! than half of what it would cost both, and delays a line by no more than the pause.

use std::num::NonZeroU64;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};

/// Pieces that come within this of each other make a stream, ns.
const SOON: u64 = 1_200_000;
/// For so long the writers are left alone, ns.
const PAUSE: i64 = 200_000;

pub(crate) struct Pace {
    /// When the last piece came that had not filled the pipe, ns.
    last: u64,
}

impl Pace {
    pub(crate) fn new() -> Pace {
        // 50 us, the usual slack of a timer, are much of the pause. It works without.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1000));
        Pace { last: 0 }
    }

    /// After `taken` bytes from a pipe that has room for `size`: rests if it was not full and they came
    /// soon after others.
    pub(crate) fn pause(&mut self, taken: usize, size: usize, signals: impl AsFd) {
        if taken == 0 || is_full(taken, size) {
            return;
        }
        let t = clock_gettime(ClockId::Monotonic);
        let now = t.tv_sec.unsigned_abs() * 1_000_000_000 + t.tv_nsec.unsigned_abs();
        let before = std::mem::replace(&mut self.last, now);
        if now.saturating_sub(before) < SOON {
            rest(signals);
        }
    }
}

/// Whether a pipe with room for `size` may have been full when it gave `taken` bytes. One that was
/// gives at least half of that: two writes that share no page are more than a page.
pub(crate) fn is_full(taken: usize, size: usize) -> bool {
    taken >= size / 2
}

/// Leaves the writers alone for a moment. What becomes readable at `signals` ends it.
pub(crate) fn rest(signals: impl AsFd) {
    let mut fds = [PollFd::new(&signals, PollFlags::IN)];
    // However it ends, it is over.
    let _ = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: PAUSE }));
}
