//! Numbers as directives write them, sizes and durations as people do.

/// Decimal digits and nothing else, at most `max`: no sign, no blank, no unit.
pub(super) fn number(digits: &[u8], max: u64) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| plain)?;
    text.parse().ok().filter(|n| *n <= max)
}

/// A number of bytes: `99999`, `64K`, `10M`, `2G`; a K is 1024.
pub(super) fn size(text: &[u8]) -> Option<u64> {
    let (digits, unit) = match text.split_last()? {
        (b'K' | b'k', digits) => (digits, 1 << 10),
        (b'M' | b'm', digits) => (digits, 1 << 20),
        (b'G' | b'g', digits) => (digits, 1 << 30),
        (_, _) => (text, 1),
    };
    number(digits, u64::MAX)?.checked_mul(unit)
}

/// Seconds of a duration: `90` (seconds), `1500ms` (rounded up), `30s`, `5m`, `12h`, `1d`, `1h30m`.
pub(super) fn seconds(text: &[u8]) -> Option<u64> {
    if let Some(seconds) = number(text, u64::MAX) {
        return Some(seconds);
    }
    let mut rest = text;
    let mut sum = 0_u64;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.iter().position(|b| !b.is_ascii_digit())?);
        let end = after.iter().position(u8::is_ascii_digit).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let count = number(digits, u64::MAX)?;
        let part = match unit {
            b"ms" => Some(count.div_ceil(1000)),
            b"s" => Some(count),
            b"m" => count.checked_mul(60),
            b"h" => count.checked_mul(3600),
            b"d" => count.checked_mul(86_400),
            _ => None,
        };
        sum = sum.checked_add(part?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

/// A word of the user's in a message: one line, not too long.
pub(super) fn shown(word: &[u8]) -> String {
    const MAX: usize = 100;
    let text = String::from_utf8_lossy(word);
    let mut shown: String = text.chars().take(MAX).flat_map(visible).collect();
    if text.chars().nth(MAX).is_some() {
        shown.push_str("...");
    }
    shown
}

/// Only control characters are escaped: a pattern is recognized by its quotes and backslashes.
fn visible(c: char) -> impl Iterator<Item = char> {
    let (as_is, escaped) =
        if c.is_control() { (None, Some(c.escape_default())) } else { (Some(c), None) };
    as_is.into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_only() {
        assert_eq!(number(b"0010", 10), Some(10));
        assert_eq!(number(b"11", 10), None);
        for bad in ["", "+1", "-1", " 1", "1 ", "1M", "18446744073709551616"] {
            assert_eq!(number(bad.as_bytes(), u64::MAX), None, "{bad}");
        }
    }

    #[test]
    fn a_size_may_have_a_unit() {
        assert_eq!(size(b"99999"), Some(99_999));
        assert_eq!(size(b"64K"), Some(65_536));
        assert_eq!(size(b"10m"), Some(10 << 20));
        assert_eq!(size(b"2G"), Some(2 << 30));
        for bad in ["", "M", "1.5M", "10MB", "-1", "99999999999999999G"] {
            assert_eq!(size(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_duration_may_have_a_unit() {
        assert_eq!(seconds(b"90"), Some(90));
        assert_eq!(seconds(b"1001ms"), Some(2));
        assert_eq!(seconds(b"30s"), Some(30));
        assert_eq!(seconds(b"5m"), Some(300));
        assert_eq!(seconds(b"1d"), Some(86_400));
        assert_eq!(seconds(b"1h30m"), Some(5400));
        assert_eq!(seconds(b"1d12h1ms"), Some(129_601));
        for bad in ["", "s", "1w", "1h30", "h30m", "1h 30m", "1hm", "99999999999999999999d"] {
            assert_eq!(seconds(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_word_is_shown_in_one_line() {
        assert_eq!(shown(b"+a\\.b\n\xff"), "+a\\.b\\n\u{fffd}");
        assert_eq!(shown(&[b'x'; 101]), format!("{}...", "x".repeat(100)));
    }
}
