//! How a logger treats writers of single lines: not each of their lines wakes it, which costs less
//! than half of what it would cost both, and delays a line by no more than the pause.

use std::num::NonZeroU64;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};

/// Less than this at a time, in close succession, comes of single lines.
pub(crate) const SMALL: usize = 16 * 1024;
/// Close succession, ns.
const SOON: u64 = 1_200_000;
/// For so long the writers are left alone, ns.
const PAUSE: i64 = 200_000;

pub(crate) struct Pace {
    /// When the last small piece came, ns.
    small_at: u64,
}

impl Pace {
    pub(crate) fn new() -> Pace {
        // 50 us, the usual slack of a timer, are much of the pause. It works without.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1000));
        Pace { small_at: 0 }
    }

    /// After `taken` bytes of input: waits for a moment if they were few and came soon after others.
    /// What becomes readable at `signals` ends the pause.
    pub(crate) fn pause(&mut self, taken: usize, signals: impl AsFd) {
        if taken >= SMALL || taken == 0 {
            return;
        }
        let t = clock_gettime(ClockId::Monotonic);
        let now = t.tv_sec.unsigned_abs() * 1_000_000_000 + t.tv_nsec.unsigned_abs();
        let before = std::mem::replace(&mut self.small_at, now);
        if now.saturating_sub(before) < SOON {
            let mut fds = [PollFd::new(&signals, PollFlags::IN)];
            // However it ends, it is over.
            let _ = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: PAUSE }));
        }
    }
}
