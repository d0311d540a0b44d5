//! Durations and sizes: numbers that carry their unit.

/// Units of time, in milliseconds. The words are systemd's.
const TIMES: [(&str, u64); 9] = [
    ("ms", 1),
    ("s", 1000),
    ("sec", 1000),
    ("m", 60_000),
    ("min", 60_000),
    ("h", 3_600_000),
    ("hr", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Units of size, in bytes.
const SIZES: [(&str, u64); 5] =
    [("", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)];

/// Why a text is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// No number in front.
    Number,
    /// A number without a unit.
    NoUnit,
    /// A unit that there is not.
    Unit,
    /// More than fits.
    TooLarge,
}

/// A duration in milliseconds: `90s`, `1min 30s`.
pub(crate) fn duration(text: &str) -> Result<u64, Bad> {
    let mut rest = text.trim();
    let mut sum = 0_u64;
    loop {
        let (number, behind) = number(rest)?;
        let end = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        if unit.is_empty() {
            return Err(if behind.is_empty() { Bad::NoUnit } else { Bad::Unit });
        }
        let factor = TIMES.iter().find(|(name, _)| *name == unit).ok_or(Bad::Unit)?.1;
        let part = number.checked_mul(factor).ok_or(Bad::TooLarge)?;
        sum = sum.checked_add(part).ok_or(Bad::TooLarge)?;
        rest = behind.trim_start();
        if rest.is_empty() {
            return Ok(sum);
        }
    }
}

/// A size in bytes: `512`, `10M`.
pub(crate) fn size(text: &str) -> Result<u64, Bad> {
    let (number, unit) = number(text)?;
    let factor = SIZES.iter().find(|(name, _)| *name == unit).ok_or(Bad::Unit)?.1;
    number.checked_mul(factor).ok_or(Bad::TooLarge)
}

fn number(text: &str) -> Result<(u64, &str), Bad> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, behind) = text.split_at(end);
    if digits.is_empty() {
        return Err(Bad::Number);
    }
    Ok((digits.parse().map_err(|_| Bad::TooLarge)?, behind.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(duration("90s"), Ok(90_000));
        assert_eq!(duration("250ms"), Ok(250));
        assert_eq!(duration("1min 30s"), Ok(90_000));
        assert_eq!(duration("1h30m"), Ok(5_400_000));
        assert_eq!(duration("2 d"), Ok(172_800_000));
        assert_eq!(duration("90"), Err(Bad::NoUnit));
        assert_eq!(duration("90x"), Err(Bad::Unit));
        assert_eq!(duration("1.5s"), Err(Bad::Unit));
        assert_eq!(duration(""), Err(Bad::Number));
        assert_eq!(duration("-1s"), Err(Bad::Number));
        assert_eq!(duration("99999999999999999999s"), Err(Bad::TooLarge));
        assert_eq!(duration("9999999999999999999w"), Err(Bad::TooLarge));
    }

    #[test]
    fn a_size_may_have_one() {
        assert_eq!(size("512"), Ok(512));
        assert_eq!(size("10M"), Ok(10 << 20));
        assert_eq!(size("10MB"), Err(Bad::Unit));
        assert_eq!(size("M"), Err(Bad::Number));
        assert_eq!(size("99999999999T"), Err(Bad::TooLarge));
    }
}
