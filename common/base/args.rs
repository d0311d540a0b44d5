//! The command line: options first, then operands, then (for a chainloader) the next program.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;

use lexopt::Arg;

use super::error::{Error, Result};

/// A command line being read from left to right.
pub struct Args {
    parser: lexopt::Parser,
    operand: Option<OsString>,
}

impl Args {
    /// Starts reading after the program's own name.
    pub fn new(argv: impl IntoIterator<Item = OsString>) -> Self {
        Args { parser: lexopt::Parser::from_args(argv), operand: None }
    }

    /// The next option as it was typed, `-x` or `--long`, or `None` at the first operand or after
    /// `--`.
    pub fn option(&mut self) -> Result<Option<String>> {
        // An operand that was read is where the options ended.
        if self.operand.is_some() {
            return Ok(None);
        }
        match self.parser.next()? {
            Some(Arg::Value(v)) => {
                self.operand = Some(v);
                Ok(None)
            }
            Some(Arg::Short(letter)) => Ok(Some(format!("-{letter}"))),
            Some(Arg::Long(name)) => Ok(Some(format!("--{name}"))),
            None => Ok(None),
        }
    }

    /// For a program that has no options.
    pub fn no_options(&mut self) -> Result<()> {
        self.option()?.map_or(Ok(()), |option| Err(unknown(&option)))
    }

    /// The value of the option just read, which `what` names in a complaint.
    pub fn value<T: FromStr>(&mut self, what: &str) -> Result<T> {
        parse(self.parser.value()?, what)
    }

    /// The value of the option just read, as it is: a path, a word of any bytes.
    pub fn raw_value(&mut self) -> Result<OsString> {
        Ok(self.parser.value()?)
    }

    /// The value in the same word as the option just read, `--option=value`, if there is one.
    pub fn attached_value(&mut self) -> Option<OsString> {
        self.parser.optional_value()
    }

    /// The next operand as it is, if there is one.
    pub fn next_operand(&mut self) -> Option<OsString> {
        self.operand.take().or_else(|| self.parser.raw_args().ok()?.next())
    }

    /// The next operand as it is; `what` names it when it is missing.
    pub fn operand(&mut self, what: &str) -> Result<OsString> {
        self.next_operand().ok_or_else(|| Error::user(format_args!("missing {what}")))
    }

    /// The next operand, if `is` says so of it.
    pub fn operand_if(&mut self, is: impl FnOnce(&OsStr) -> bool) -> Option<OsString> {
        self.operand = self.next_operand();
        self.operand.take_if(|word| is(word))
    }

    /// All operands that are left.
    pub fn rest(&mut self) -> Result<Vec<OsString>> {
        let mut rest: Vec<OsString> = self.operand.take().into_iter().collect();
        rest.extend(self.parser.raw_args()?);
        Ok(rest)
    }

    /// All operands that are left; `what` names them when there is none.
    pub fn operands(&mut self, what: &str) -> Result<Vec<OsString>> {
        let rest = self.rest()?;
        if rest.is_empty() {
            return Err(Error::user(format_args!("missing {what}")));
        }
        Ok(rest)
    }

    /// Says so if an operand is left that nothing asked for.
    pub fn end(&mut self) -> Result<()> {
        match self.next_operand() {
            None => Ok(()),
            Some(word) => Err(Error::user(format_args!("unexpected argument {}", word.display()))),
        }
    }
}

/// The complaint about an option that there is not.
pub fn unknown(option: &str) -> Error {
    Error::user(format_args!("invalid option {option}"))
}

/// Reads a value that the user typed; `what` names it in the complaint.
pub fn parse<T: FromStr>(v: OsString, what: &str) -> Result<T> {
    let bad = || Error::user(format_args!("invalid {what}: {}", v.display()));
    v.to_str().ok_or_else(bad)?.parse().map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Args {
        Args::new(words.iter().map(OsString::from))
    }

    #[test]
    fn options_stop_at_the_first_operand() {
        let mut a = args(&["-n", "3", "prog", "-n"]);
        assert_eq!(a.option(), Ok(Some("-n".to_owned())));
        assert_eq!(a.value::<u32>("number"), Ok(3));
        assert_eq!(a.option(), Ok(None));
        assert_eq!(a.option(), Ok(None));
        assert_eq!(a.operands("program"), Ok(vec!["prog".into(), "-n".into()]));
    }

    #[test]
    fn a_double_dash_ends_the_options() {
        let mut a = args(&["--", "-x"]);
        assert_eq!(a.option(), Ok(None));
        assert_eq!(a.operand("word"), Ok("-x".into()));
        assert_eq!(a.end(), Ok(()));
    }

    #[test]
    fn a_bad_number_is_named() {
        let mut a = args(&["-n", "many"]);
        assert_eq!(a.option(), Ok(Some("-n".to_owned())));
        assert_eq!(a.value::<u32>("number"), Err(Error::user("invalid number: many")));
    }

    #[test]
    fn a_word_too_many_is_named() {
        assert_eq!(args(&["x"]).end(), Err(Error::user("unexpected argument x")));
    }
}
