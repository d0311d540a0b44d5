//! Times as people say them.

use common::base::stamp::Wall;
use common::sys::time::local;

/// How long ago, in a few letters: `3m`, `2h`, `5d`.
pub(super) fn short(since: Wall, now: Wall) -> String {
    let (number, unit) = parts(now.seconds().saturating_sub(since.seconds()));
    format!("{number}{}", &unit[..1])
}

/// How long ago, in words: `3 min ago`.
pub(super) fn long(since: Wall, now: Wall) -> String {
    let (number, unit) = parts(now.seconds().saturating_sub(since.seconds()));
    let s = if unit == "day" && number != 1 { "s" } else { "" };
    format!("{number} {unit}{s} ago")
}

/// So many seconds, in the largest unit of which there are two or more.
fn parts(seconds: u64) -> (u64, &'static str) {
    match seconds {
        0..120 => (seconds, "s"),
        120..7200 => (seconds / 60, "min"),
        7200..172_800 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "day"),
    }
}

/// As clocks here show it: `2026-11-21 20:41:13`.
pub(super) fn clock(time: Wall) -> String {
    let t = local(i64::try_from(time.seconds()).unwrap_or(0));
    let (year, month, day) = (t.year, t.month, t.day);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", t.hour, t.minute, t.second)
}

/// So many milliseconds to come: `4 s`, `3 min`.
pub(super) fn ahead(ms: u64) -> String {
    let (number, unit) = parts(ms.div_ceil(1000));
    format!("{number} {unit}")
}

/// So many bytes: `12.3M`.
pub(super) fn bytes(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes}B");
    }
    // In tenths of a unit.
    let mut tenths = bytes.saturating_mul(10) / 1024;
    let mut units = ["K", "M", "G"].into_iter();
    let unit = units.find(|_| {
        tenths < 10_000 || {
            tenths /= 1024;
            false
        }
    });
    format!("{}.{}{}", tenths / 10, tenths % 10, unit.unwrap_or("T"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn an_age_is_short_or_in_words() {
        let ago = |seconds| (short(Wall(0), Wall(seconds * S)), long(Wall(0), Wall(seconds * S)));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(ago(5), pair("5s", "5 s ago"));
        assert_eq!(ago(185), pair("3m", "3 min ago"));
        assert_eq!(ago(7300), pair("2h", "2 h ago"));
        assert_eq!(ago(5 * 86_400), pair("5d", "5 days ago"));
        assert_eq!(short(Wall(5 * S), Wall(0)), "0s");
        assert_eq!(ahead(3001), "4 s");
    }

    #[test]
    fn bytes_have_a_unit() {
        let all = [0, 999, 1024, 1536, 12 << 20, 3 << 30, 5 << 40].map(bytes);
        assert_eq!(all, ["0B", "999B", "1.0K", "1.5K", "12.0M", "3.0G", "5.0T"]);
    }
}
