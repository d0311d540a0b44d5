//! Points in time that a link waits for.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Milliseconds by the clock that stands still while the machine is suspended: what does not run is
/// not late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    pub(crate) fn now() -> Moment {
        let t = clock_gettime(ClockId::Monotonic);
        Moment(t.tv_sec.unsigned_abs() * 1000 + t.tv_nsec.unsigned_abs() / 1_000_000)
    }

    /// This many milliseconds later.
    pub(crate) fn after(self, ms: u64) -> Moment {
        Moment(self.0.saturating_add(ms))
    }

    /// How long to wait for it. Rounded up by a millisecond, as `now` rounds down: who wakes finds it
    /// come.
    pub(crate) fn wait(self) -> Timespec {
        let ms = self.0.saturating_sub(Moment::now().0).saturating_add(1);
        let tv_sec = i64::try_from(ms / 1000).unwrap_or(i64::MAX);
        Timespec { tv_sec, tv_nsec: (ms % 1000 * 1_000_000) as _ }
    }
}
