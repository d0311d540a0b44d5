//! Numbers with units: sizes and times.

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

#[cfg(test)]
mod tests {
    use super::*;

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
