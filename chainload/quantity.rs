//! Numbers with units: sizes and times.

use std::time::Duration;

/// A number, and the factor of the unit behind it: the longest unit that fits.
pub(crate) fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor = match unit {
        "" => 1,
        _ => units.iter().find(|(name, _)| *name == unit)?.1,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Of sizes, in bytes.
pub(crate) const SIZES: &[(&str, u64)] = &[
    ("K", 1 << 10),
    ("k", 1 << 10),
    ("M", 1 << 20),
    ("m", 1 << 20),
    ("G", 1 << 30),
    ("g", 1 << 30),
    ("T", 1 << 40),
    ("t", 1 << 40),
];

/// Of times, in seconds.
pub(crate) const SECONDS: &[(&str, u64)] =
    &[("s", 1), ("m", 60), ("min", 60), ("h", 3600), ("d", 86_400)];

/// Of times, in microseconds.
pub(crate) const MICROSECONDS: &[(&str, u64)] =
    &[("us", 1), ("ms", 1000), ("s", 1_000_000), ("m", 60_000_000), ("min", 60_000_000)];

/// A span of time: a number, perhaps with a fraction, and a unit, without which it is seconds.
pub(crate) fn span(text: &str) -> Option<Duration> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_may_have_a_fraction_and_a_unit() {
        let ms = |text| span(text).map(|span| span.as_millis());
        assert_eq!(ms("5"), Some(5000));
        assert_eq!(ms("0.25"), Some(250));
        assert_eq!(ms("1.5h"), Some(5_400_000));
        assert_eq!(ms("20ms"), Some(20));
        assert_eq!(ms("2d"), Some(172_800_000));
        assert_eq!(span("0.1us"), Some(Duration::from_micros(1)));
        for bad in ["", "s", ".5", "1.", "1.2.3", "-1", "+1", "1 s", "1S", "1e3", "99999999999999"]
        {
            assert_eq!(span(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_unit_multiplies() {
        assert_eq!(with_unit("64K", SIZES), Some(65_536));
        assert_eq!(with_unit("1h", SECONDS), Some(3600));
        assert_eq!(with_unit("5ms", MICROSECONDS), Some(5000));
        assert_eq!(with_unit("7", &[]), Some(7));
        for bad in ["", "K", "1.5M", "-1", "+1", "1 K", "1KB", "99999999999999999999", "17000000T"]
        {
            assert_eq!(with_unit(bad, SIZES), None, "{bad}");
        }
    }
}
