//! Which lines are wanted, by what they say.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use common::prelude::*;
use memchr::memchr;

use super::super::script::pattern::Matcher;

/// `--grep`, `-i` and `-v`.
pub(super) struct Filter {
    matcher: Option<Matcher>,
    inverted: bool,
}

impl Filter {
    /// All lines without a pattern.
    pub(super) fn new(
        pattern: Option<OsString>,
        ignoring_case: bool,
        inverted: bool,
    ) -> Result<Filter> {
        let compile = |pattern: OsString| {
            let name = pattern.display().to_string();
            let pattern = pattern.into_vec();
            let made = if ignoring_case {
                Matcher::ignoring_case(&pattern)
            } else {
                Matcher::new(&pattern)
            };
            made.map_err(|why| Error::user(format_args!("invalid pattern {name}: {why}")))
        };
        Ok(Filter { matcher: pattern.map(compile).transpose()?, inverted })
    }

    /// Every line is wanted.
    pub(super) fn open() -> Filter {
        Filter { matcher: None, inverted: false }
    }

    /// Whether every line is wanted.
    pub(super) fn is_open(&self) -> bool {
        self.matcher.is_none()
    }

    /// Whether a message is wanted. What can't be told is.
    pub(super) fn wants(&mut self, message: &[u8]) -> bool {
        let Some(matcher) = &mut self.matcher else { return true };
        // For the C library a NUL is the end.
        let matched = if memchr(0, message).is_some() {
            let text: Vec<u8> = message.iter().map(|b| if *b == 0 { b' ' } else { *b }).collect();
            matcher.matches(&text)
        } else {
            matcher.matches(message)
        };
        matched.is_ok_and(|matched| matched != self.inverted) || matched.is_err()
    }
}
