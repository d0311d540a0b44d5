//! Words of the command line that several links take.

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;

use common::base::args::unknown;
use common::base::error::exit;
use common::base::span::milliseconds as span_in_ms;
use common::prelude::*;
use rustix::fs::Mode;

/// The number of a descriptor.
pub(crate) fn descriptor(word: &OsStr) -> Result<RawFd> {
    let number = decimal(word).and_then(|n| RawFd::try_from(n).ok());
    number.ok_or_else(|| invalid("descriptor", word))
}

/// Decimal digits and nothing else.
pub(crate) fn decimal(word: &OsStr) -> Option<u64> {
    let digits =
        word.to_str().filter(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok()
}

/// An octal mode of at most these bits.
pub(crate) fn mode(word: &OsStr, most: u32, what: &str) -> Result<Mode> {
    let plain = word.to_str().filter(|w| w.bytes().all(|b| b.is_ascii_digit()));
    match plain.map(|w| u32::from_str_radix(w, 8)) {
        Some(Ok(bits)) if bits <= most => Ok(Mode::from_bits_retain(bits)),
        Some(_) | None => Err(invalid(what, word)),
    }
}

/// A number that may have a sign. It is the first operand: what begins with a minus is no option.
pub(crate) fn signed(args: &mut Args, what: &str) -> Result<OsString> {
    let mut word = args.operand(what)?;
    if word == "--" {
        word = args.operand(what)?;
    } else if word.as_bytes().first() == Some(&b'-')
        && !word.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
    {
        return Err(unknown(&word.display().to_string()));
    }
    Ok(word)
}

/// A limit of time in milliseconds, rounded up; 0 is no limit.
pub(crate) fn limit(word: &OsStr) -> Result<Option<u64>> {
    let ms = word.to_str().and_then(span_in_ms).ok_or_else(|| invalid("time", word))?;
    Ok((ms > 0).then_some(ms))
}

/// The value of an option in milliseconds.
pub(crate) fn milliseconds(args: &mut Args) -> Result<u64> {
    args.value::<u32>("number of milliseconds").map(u64::from)
}

/// The same; 0 is no limit.
pub(crate) fn milliseconds_at_most(args: &mut Args) -> Result<Option<u64>> {
    milliseconds(args).map(|ms| (ms > 0).then_some(ms))
}

/// A path that is not empty, as that of a variable without a value is.
pub(crate) fn named_file(word: OsString) -> Result<OsString> {
    if word.is_empty() { Err(Error::user("empty name of a file")) } else { Ok(word) }
}

/// The complaint about a word that is not what it should be.
pub(crate) fn invalid(what: &str, word: &OsStr) -> Error {
    Error::user(format_args!("invalid {what}: {}", word.display()))
}

/// A mistake in what the words name: how they are written is not at fault.
pub(crate) fn mistake(message: impl std::fmt::Display) -> Error {
    Error::new(exit::USAGE, message)
}

/// Splits `NAME=VALUE`; the name is not empty.
pub(crate) fn assignment(word: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let bytes = word.as_bytes();
    let equals = bytes.iter().position(|b| *b == b'=').filter(|at| *at > 0)?;
    Some((OsStr::from_bytes(&bytes[..equals]), OsStr::from_bytes(&bytes[equals + 1..])))
}

/// All words that follow up to the first that is no `NAME=VALUE`; a `--` after them is taken as well.
pub(crate) fn assignments(args: &mut Args) -> Vec<OsString> {
    let mut found = Vec::new();
    while let Some(word) = args.operand_if(|word| assignment(word).is_some()) {
        found.push(word);
    }
    let _ = args.operand_if(|word| word == "--");
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_octal() {
        assert_eq!(mode("022".as_ref(), 0o777, "mask"), Ok(Mode::WGRP | Mode::WOTH));
        for bad in ["", "9", "1000", "+22", "0o22", "-1"] {
            assert!(mode(bad.as_ref(), 0o777, "mask").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_descriptor_is_a_small_number() {
        assert_eq!(descriptor("0".as_ref()), Ok(0));
        for bad in ["", "-1", "+1", "x", "2147483648", "99999999999999999999"] {
            assert!(descriptor(bad.as_ref()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_limit_of_nothing_is_none() {
        assert_eq!(limit("1.5s".as_ref()), Ok(Some(1500)));
        assert_eq!(limit("1us".as_ref()), Ok(Some(1)));
        assert_eq!(limit("0".as_ref()), Ok(None));
        assert!(limit("soon".as_ref()).is_err());
    }

    #[test]
    fn assignments_end_where_the_program_begins() {
        let mut args = Args::new(["A=1", "B==", "prog", "C=1"].map(OsString::from));
        assert_eq!(assignments(&mut args), ["A=1", "B=="]);
        assert_eq!(args.operand("program"), Ok("prog".into()));
        let mut args = Args::new(["A=1", "--", "a=b"].map(OsString::from));
        assert_eq!(assignments(&mut args), ["A=1"]);
        assert_eq!(args.operand("program"), Ok("a=b".into()));
    }
}
