//! Times: a point of the wall clock for people, a point of the boot clock for decisions.

use std::fmt;

/// Nanoseconds since 1970 by the system's clock. It may be stepped: never decide by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Wall(pub u64);

/// Milliseconds since boot, suspension included (CLOCK_BOOTTIME). Nothing steps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Boot(pub u64);

impl Boot {
    /// This much later.
    pub fn after(self, ms: u64) -> Boot {
        Boot(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; 0 if it is not earlier.
    pub fn since(self, earlier: Boot) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Wall {
    /// From `SECONDS.NANOSECONDS`, nine digits after the point.
    pub fn parse(text: &str) -> Option<Wall> {
        let (seconds, nanos) = text.split_once('.')?;
        let seconds: u64 = seconds.parse().ok()?;
        let nanos: u64 = (nanos.len() == 9).then(|| nanos.parse().ok())??;
        Some(Wall(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?))
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// The nanoseconds of that second.
    pub fn nanos(self) -> u32 {
        (self.0 % 1_000_000_000) as u32
    }

    /// The 12 bytes of a TAI64N label (cr.yp.to/libtai/tai64.html), with the fixed 10 seconds of
    /// daemontools' clock: 2^62 + 10 + seconds, then nanoseconds, big-endian.
    pub fn tai64n(self) -> [u8; 12] {
        let mut label = [0; 12];
        label[..8].copy_from_slice(&((1 << 62) + 10 + self.seconds()).to_be_bytes());
        label[8..].copy_from_slice(&self.nanos().to_be_bytes());
        label
    }

    /// ISO 8601 in UTC, to the millisecond: `2026-11-21T07:41:19.123Z`.
    pub fn iso(self) -> String {
        let (year, month, day) = civil(self.seconds() / 86_400);
        let second = self.seconds() % 86_400;
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
            second / 3600,
            second / 60 % 60,
            second % 60,
            self.nanos() / 1_000_000
        )
    }
}

/// `SECONDS.NANOSECONDS` since 1970.
impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.seconds(), self.nanos())
    }
}

/// The Gregorian date of a number of days since 1970-01-01, after the algorithm `civil_from_days`
/// of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_time_reads_back_as_written() {
        let t = Wall(1_732_174_879_123_456_789);
        assert_eq!(t.to_string(), "1732174879.123456789");
        assert_eq!(Wall::parse(&t.to_string()), Some(t));
        assert_eq!(Wall::parse("1.5"), None);
        assert_eq!(Wall::parse("x.000000000"), None);
    }

    #[test]
    fn dates_are_gregorian() {
        assert_eq!(Wall(0).iso(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Wall(951_782_400_000_000_000).iso(), "2000-02-29T00:00:00.000Z");
        assert_eq!(Wall(1_732_174_879_123_456_789).iso(), "2024-11-21T07:41:19.123Z");
    }

    #[test]
    fn labels_are_daemontools() {
        let label = Wall(1).tai64n();
        assert_eq!(label, [0x40, 0, 0, 0, 0, 0, 0, 0x0a, 0, 0, 0, 1]);
    }
}
