//! Times: a point of the wall clock for people, a point of the boot clock for decisions.

use std::fmt;

use crate::sys::time::Civil;

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

    /// From the 12 bytes of a label. `None`: it is no time between 1970 and 2554.
    pub fn from_tai64n(label: [u8; 12]) -> Option<Wall> {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = label;
        let seconds = u64::from_be_bytes([a, b, c, d, e, f, g, h]).checked_sub((1 << 62) + 10)?;
        let nanos = u64::from(u32::from_be_bytes([i, j, k, l]));
        let nanos = (nanos < 1_000_000_000).then_some(nanos)?;
        Some(Wall(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?))
    }

    /// From seconds since 1970 and nanoseconds. A time before 1970 is that of 1970.
    pub fn new(seconds: i64, nanos: u32) -> Wall {
        let seconds = u64::try_from(seconds).unwrap_or(0);
        Wall(seconds.saturating_mul(1_000_000_000).saturating_add(nanos.into()))
    }

    /// What clocks in Greenwich show.
    pub fn utc(self) -> Civil {
        let (year, month, day) = civil(self.seconds() / 86_400);
        let second = self.seconds() % 86_400;
        Civil {
            year: year as i64,
            month: month as u8,
            day: day as u8,
            hour: (second / 3600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
            offset: 0,
        }
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

/// The length of a TAI64N label as it is written.
pub const LABEL: usize = 25;

/// Reads a TAI64N label as it is written, `@` and 24 hexadecimal digits; nothing else.
pub fn label(text: &[u8]) -> Option<Wall> {
    let digits = text.strip_prefix(b"@").filter(|digits| digits.len() == LABEL - 1)?;
    let mut bytes = [0; 12];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = HEX[usize::from(pair[0])] << 4 | HEX[usize::from(pair[1])];
        if HEX[usize::from(pair[0])] | HEX[usize::from(pair[1])] > 15 {
            return None;
        }
    }
    Wall::from_tai64n(bytes)
}

/// What a hexadecimal digit is worth; 255: it is none.
const HEX: [u8; 256] = {
    let mut table = [255; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit] as usize] = digit as u8;
        table[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
};

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

/// The number of days from 1970-01-01 to a Gregorian date, after `days_from_civil` of the same
/// author. `None`: there is no such date.
pub fn days(year: i64, month: u8, day: u8) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted_month = (i64::from(month) + 9) % 12;
    let of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
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
        assert_eq!(Wall::from_tai64n(label), Some(Wall(1)));
        assert_eq!(Wall::from_tai64n([0; 12]), None);
        assert_eq!(Wall::from_tai64n([0xff; 12]), None);
    }

    #[test]
    fn days_are_those_of_the_dates() {
        for day in [0, 1, 58, 59, 60, 11_016, 20_778, 47_540] {
            let date = Wall(day * 86_400_000_000_000).utc();
            assert_eq!(days(date.year, date.month, date.day), i64::try_from(day).ok());
        }
        assert_eq!(days(2026, 2, 29), None);
        assert_eq!(days(2024, 2, 29), Some(19_782));
        assert_eq!(days(2026, 13, 1), None);
        assert_eq!(days(1969, 12, 31), Some(-1));
    }
}
