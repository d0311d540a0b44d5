//! Times as people write them: `10:00`, `yesterday`, `-1h`, `2026-11-20 10:00`, labels.

use super::error::{Error, Result};
use super::stamp::{Wall, days, label};
use crate::sys::time::{self, Civil};

/// What helps whoever wrote something else.
const EXAMPLES: &str = "10:00, yesterday, -1h, 2d ago, 2026-11-20 10:00, \
                        2026-11-20T10:00:00Z, @1763632800";

/// Where clocks show what.
#[derive(Clone, Copy)]
pub struct Zone {
    /// What they show so many seconds after 1970.
    pub local: fn(i64) -> Civil,
    /// When they show that.
    pub from_local: fn(Civil) -> Option<i64>,
}

impl Zone {
    /// Here, by the C library.
    pub const HERE: Zone = Zone { local: time::local, from_local: time::from_local };
}

/// Reads a time. One that has a clock's hands only is the last time that they stood so: a log has
/// no future.
pub fn parse(text: &str, now: Wall, zone: Zone) -> Result<Wall> {
    let word = text.trim().to_ascii_lowercase();
    label_or_seconds(&word)
        .or_else(|| before(&word, now))
        .or_else(|| named(&word, now, zone))
        .or_else(|| clock(&word).and_then(|clock| last(clock, now, zone)))
        .or_else(|| date(&word, zone))
        .ok_or_else(|| Error::user(format_args!("invalid time: {text} (write {EXAMPLES})")))
}

/// `@` and the 24 digits of a label, or seconds since 1970.
fn label_or_seconds(word: &str) -> Option<Wall> {
    let number = word.strip_prefix('@')?;
    if let Some(time) = label(word.as_bytes()) {
        return Some(time);
    }
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, "0"));
    wall(unsigned(seconds)?.try_into().ok()?, nanos(fraction)?)
}

/// `-1h30m`, `1h30m` or `1h 30m ago`.
fn before(word: &str, now: Wall) -> Option<Wall> {
    let span = word.strip_prefix('-').or_else(|| word.strip_suffix("ago")).unwrap_or(word);
    let span = duration(span.trim())?;
    // Whoever asks for what was before 1970 gets all.
    Some(Wall(now.0.saturating_sub(span.checked_mul(1_000_000_000)?)))
}

/// Seconds: a number and its unit, as often as there are.
fn duration(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0_u64;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = match unit {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 7 * 86_400,
            _ => return None,
        };
        sum = sum.checked_add(unsigned(number)?.checked_mul(unit)?)?;
        rest = after.trim_start();
    }
    (!text.is_empty()).then_some(sum)
}

/// `now`; `today` and `yesterday`, which begin at midnight or have a clock behind them.
fn named(word: &str, now: Wall, zone: Zone) -> Option<Wall> {
    let (name, rest) = word.split_once(' ').unwrap_or((word, "0:00"));
    let back = match name {
        "now" if name == word => return Some(now),
        "today" => 0,
        "yesterday" => 1,
        _ => return None,
    };
    on_day(back, clock(rest.trim())?, now, zone)
}

/// A time of day.
#[derive(Clone, Copy)]
struct Clock {
    hour: u8,
    minute: u8,
    second: u8,
    nanos: u32,
}

/// `10:00`, `10:00:30`, `10:00:30.123`
fn clock(text: &str) -> Option<Clock> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = whole.split(':').map(|part| number(part, 2));
    let hour = parts.next()?.filter(|hour| *hour < 24)?;
    let minute = parts.next()?.filter(|minute| *minute < 60)?;
    let second = match parts.next() {
        Some(second) => second.filter(|second| *second <= 60)?,
        None if fraction == "0" => 0,
        None => return None,
    };
    let nanos = nanos(fraction)?;
    parts.next().is_none().then_some(Clock { hour, minute, second, nanos })
}

/// The last time that a clock here showed this.
fn last(clock: Clock, now: Wall, zone: Zone) -> Option<Wall> {
    on_day(0, clock, now, zone).filter(|t| *t <= now).or_else(|| on_day(1, clock, now, zone))
}

/// This time of the day so many days before today.
fn on_day(back: i64, clock: Clock, now: Wall, zone: Zone) -> Option<Wall> {
    let today = (zone.local)(now.seconds().try_into().ok()?);
    let day = days(today.year, today.month, today.day)? - back;
    let date = Wall::new(day * 86_400, 0).utc();
    let seconds = (zone.from_local)(at(date, clock))?;
    wall(seconds, clock.nanos)
}

fn at(date: Civil, clock: Clock) -> Civil {
    Civil { hour: clock.hour, minute: clock.minute, second: clock.second, ..date }
}

/// `2026-11-20`, with a clock behind a blank or a `T`, and then, where that is not here, `Z` or
/// how far it is ahead of UTC.
fn date(word: &str, zone: Zone) -> Option<Wall> {
    let (date, rest) = match word.split_once(['t', ' ']) {
        Some((date, rest)) => (date, rest.trim()),
        None => (word, "0:00"),
    };
    let mut parts = date.splitn(3, '-');
    let year = i64::from(parts.next().filter(|year| year.len() == 4).and_then(small)?);
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    let midnight = days(year, month, day)? * 86_400;
    let (clock_part, offset) = split_offset(rest)?;
    let clock = clock(clock_part.trim())?;
    let seconds = match offset {
        Some(offset) => {
            let of_day = i64::from(clock.hour) * 3600 + i64::from(clock.minute) * 60;
            midnight + of_day + i64::from(clock.second) - offset
        }
        None => {
            let date = Civil { year, month, day, hour: 0, minute: 0, second: 0, offset: 0 };
            (zone.from_local)(at(date, clock))?
        }
    };
    wall(seconds, clock.nanos)
}

/// What is before `z`, `utc`, `+02:00`, `-0200` or `+02`; and what that is in seconds.
fn split_offset(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(rest) = text.strip_suffix('z').or_else(|| text.strip_suffix("utc")) {
        return Some((rest, Some(0)));
    }
    let Some(sign) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let (rest, offset) = text.split_at(sign);
    let (hours, minutes) = match &offset[1..] {
        both if both.contains(':') => both.split_once(':')?,
        both => both.split_at_checked(2)?,
    };
    let minutes = if minutes.is_empty() { 0 } else { number(minutes, 2)? };
    let seconds = i64::from(number(hours, 2)?) * 3600 + i64::from(minutes) * 60;
    Some((rest, Some(if offset.starts_with('-') { -seconds } else { seconds })))
}

fn wall(seconds: i64, nanos: u32) -> Option<Wall> {
    // What a Wall can hold, some of the year 2554, and what it can't.
    (seconds <= 18_000_000_000).then(|| Wall::new(seconds, nanos))
}

/// A number of that many digits at most.
fn number(text: &str, digits: usize) -> Option<u8> {
    (text.len() <= digits).then(|| small(text))?.and_then(|n| u8::try_from(n).ok())
}

fn small(text: &str) -> Option<u16> {
    unsigned(text)?.try_into().ok()
}

/// Digits only: no sign.
fn unsigned(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The digits behind the point.
fn nanos(fraction: &str) -> Option<u32> {
    let digits = u32::try_from(fraction.len()).ok().filter(|n| (1..=9).contains(n))?;
    Some(unsigned(fraction)? as u32 * 10_u32.pow(9 - digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour ahead of UTC, always.
    const ZONE: Zone = Zone {
        local: |seconds| Wall::new(seconds + 3600, 0).utc(),
        from_local: |c| {
            let clock = i64::from(c.hour) * 3600 + i64::from(c.minute) * 60 + i64::from(c.second);
            days(c.year, c.month, c.day).map(|days| days * 86_400 + clock - 3600)
        },
    };
    /// 2026-11-21 12:00:00 there.
    const NOW: Wall = Wall(1_795_258_800_000_000_000);

    fn utc(text: &str) -> String {
        parse(text, NOW, ZONE).map_or_else(|e| e.message, |wall| wall.iso())
    }

    #[test]
    fn a_clock_is_the_last_time_that_it_showed_this() {
        assert_eq!(utc("10:00"), "2026-11-21T09:00:00.000Z");
        assert_eq!(utc("9:5"), "2026-11-21T08:05:00.000Z");
        assert_eq!(utc("10:00:30.25"), "2026-11-21T09:00:30.250Z");
        assert_eq!(utc("12:00"), "2026-11-21T11:00:00.000Z");
        assert_eq!(utc("23:00"), "2026-11-20T22:00:00.000Z");
    }

    #[test]
    fn days_have_names() {
        assert_eq!(utc("now"), "2026-11-21T11:00:00.000Z");
        assert_eq!(utc("Today"), "2026-11-20T23:00:00.000Z");
        assert_eq!(utc("yesterday"), "2026-11-19T23:00:00.000Z");
        assert_eq!(utc("yesterday 10:00"), "2026-11-20T09:00:00.000Z");
    }

    #[test]
    fn a_span_is_before_now() {
        assert_eq!(utc("-1h"), "2026-11-21T10:00:00.000Z");
        assert_eq!(utc("-2d"), "2026-11-19T11:00:00.000Z");
        assert_eq!(utc("1h30m ago"), "2026-11-21T09:30:00.000Z");
        assert_eq!(utc("2 days 1 hour ago"), "2026-11-19T10:00:00.000Z");
        assert_eq!(utc("-90s"), "2026-11-21T10:58:30.000Z");
        assert_eq!(utc("5m"), "2026-11-21T10:55:00.000Z");
        assert_eq!(utc("1h 30m"), "2026-11-21T09:30:00.000Z");
        assert_eq!(utc("-9999w"), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_date_may_say_where_it_is() {
        assert_eq!(utc("2026-11-20"), "2026-11-19T23:00:00.000Z");
        assert_eq!(utc("2026-11-20 10:00"), "2026-11-20T09:00:00.000Z");
        assert_eq!(utc("2026-11-20T10:00:00Z"), "2026-11-20T10:00:00.000Z");
        assert_eq!(utc("2026-11-20T10:00:00.5+02:00"), "2026-11-20T08:00:00.500Z");
        assert_eq!(utc("2026-11-20 10:00 -0330"), "2026-11-20T13:30:00.000Z");
        assert_eq!(utc("2026-11-20 10:00 UTC"), "2026-11-20T10:00:00.000Z");
    }

    #[test]
    fn labels_and_seconds_are_exact() {
        assert_eq!(parse("@40000000000000140000002a", NOW, ZONE), Ok(Wall(10_000_000_042)));
        assert_eq!(parse("@1700000000", NOW, ZONE), Ok(Wall(1_700_000_000_000_000_000)));
        assert_eq!(parse("@1.5", NOW, ZONE), Ok(Wall(1_500_000_000)));
    }

    #[test]
    fn what_is_none_is_named_with_examples() {
        for text in [
            "",
            "25:00",
            "noon",
            "-1x",
            "-",
            "2026-02-30",
            "@",
            "@x",
            "1763632800",
            "5",
            "5x",
            "10:00:00:00",
            "+5",
            "ago",
            "now 10:00",
            "2026-1-1T",
            "@99999999999999999999",
            "-99999999999999999w",
        ] {
            assert!(parse(text, NOW, ZONE).is_err(), "{text}");
        }
        let message = parse("noon", NOW, ZONE).unwrap_err().message;
        assert!(message.starts_with("invalid time: noon (write 10:00, yesterday, "), "{message}");
    }
}
