//! A span of time, as a word of a command line.

use std::time::Duration;

/// A span of time: a number, perhaps with a fraction, and a unit, without which it is seconds.
fn span(text: &str) -> Option<Duration> {
    const UNITS: &[(&str, u64)] = &[
        ("", 1_000_000),
        ("us", 1),
        ("ms", 1000),
        ("s", 1_000_000),
        ("m", 60_000_000),
        ("min", 60_000_000),
        ("h", 3_600_000_000),
        ("d", 86_400_000_000),
    ];
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = UNITS.iter().find(|(name, _)| *name == unit)?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(factor);
    // Up: however short, it is not nothing.
    let part = part.div_ceil(u128::from(scale));
    let micros = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    micros.checked_add(u64::try_from(part).ok()?).map(Duration::from_micros)
}

/// The same in milliseconds, rounded up.
pub fn milliseconds(text: &str) -> Option<u64> {
    span(text).map(|span| u64::try_from(span.as_micros().div_ceil(1000)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_may_have_a_fraction_and_a_unit() {
        let ms = milliseconds;
        assert_eq!(ms("5"), Some(5000));
        assert_eq!(ms("0.25"), Some(250));
        assert_eq!(ms("1.5h"), Some(5_400_000));
        assert_eq!(ms("20ms"), Some(20));
        assert_eq!(ms("2d"), Some(172_800_000));
        assert_eq!(ms("1us"), Some(1));
        assert_eq!(span("0.1us"), Some(Duration::from_micros(1)));
        for bad in ["", "s", ".5", "1.", "1.2.3", "-1", "+1", "1 s", "1S", "1e3", "99999999999999"]
        {
            assert_eq!(span(bad), None, "{bad}");
        }
    }
}
