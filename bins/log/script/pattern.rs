//! Matching: which lines a pattern means. It is a POSIX extended regular expression, as in s6-log,
//! and the C library's own; but most patterns that people write are plain text, and are found
//! without it.

use std::ffi::CString;

use common::sys::regex::{NoMemory, Regex};
use memchr::memmem::Finder;

use super::{Pattern, Rule};

/// A pattern that is ready to use.
#[derive(Debug)]
pub(crate) struct Matcher(Kind);

#[derive(Debug)]
enum Kind {
    /// Nothing, `^` or `$`: every line.
    All,
    /// `^TEXT$`
    Whole(Vec<u8>),
    /// `^TEXT`
    Start(Vec<u8>),
    /// `TEXT$`
    End(Vec<u8>),
    /// `TEXT`
    Somewhere(Box<Finder<'static>>),
    /// All others.
    Regex(Regex),
}

impl Matcher {
    /// The matcher for a pattern, or what the C library says is wrong with it.
    pub(crate) fn new(pattern: &[u8]) -> Result<Matcher, String> {
        if let Some(kind) = simple(pattern) {
            return Ok(Matcher(kind));
        }
        let text = CString::new(pattern).map_err(|_| "it contains a NUL byte")?;
        Ok(Matcher(Kind::Regex(Regex::new(&text)?)))
    }

    /// The same; large and small letters match each other.
    pub(crate) fn ignoring_case(pattern: &[u8]) -> Result<Matcher, String> {
        let text = CString::new(pattern).map_err(|_| "it contains a NUL byte")?;
        Ok(Matcher(Kind::Regex(Regex::ignoring_case(&text)?)))
    }

    /// Whether the line, which contains neither NUL nor newline, matches.
    pub(crate) fn matches(&mut self, line: &[u8]) -> Result<bool, NoMemory> {
        Ok(match &mut self.0 {
            Kind::All => true,
            Kind::Whole(text) => line == text.as_slice(),
            Kind::Start(text) => line.starts_with(text),
            Kind::End(text) => line.ends_with(text),
            Kind::Somewhere(finder) => finder.find(line).is_some(),
            Kind::Regex(regex) => return regex.matches(line),
        })
    }
}

/// The pattern as plain text with `^` before or `$` behind it, if that is all that it is.
fn simple(pattern: &[u8]) -> Option<Kind> {
    let (from_start, rest) = pattern.strip_prefix(b"^").map_or((false, pattern), |r| (true, r));
    let (to_end, rest) = match rest.strip_suffix(b"$") {
        // Else the dollar is one of the text.
        Some(r) if !ends_with_backslash(r) => (true, r),
        Some(_) | None => (false, rest),
    };
    let text = literal(rest)?;
    Some(match (from_start, to_end) {
        (true, true) => Kind::Whole(text),
        (_, _) if text.is_empty() => Kind::All,
        (true, false) => Kind::Start(text),
        (false, true) => Kind::End(text),
        (false, false) => Kind::Somewhere(Box::new(Finder::new(&text).into_owned())),
    })
}

/// Whether what follows is escaped.
fn ends_with_backslash(text: &[u8]) -> bool {
    text.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// The text that an expression without operators stands for; `None` for any other.
fn literal(expression: &[u8]) -> Option<Vec<u8>> {
    // XBD 9.4.3; the closing ones are not special by themselves, but nothing is lost by asking.
    const SPECIAL: &[u8] = b"^.[]$()|*+?{}\\";
    let mut text = Vec::with_capacity(expression.len());
    let mut bytes = expression.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            // A backslash before anything else means what the C library likes.
            b'\\' => text.push(bytes.next().filter(|b| SPECIAL.contains(b))?),
            // No text has one: the C library says so.
            0 => return None,
            _ if SPECIAL.contains(&byte) => return None,
            _ => text.push(byte),
        }
    }
    Some(text)
}

/// The rules in front of an action, ready to use.
#[derive(Debug, Default)]
pub(crate) struct Rules(Vec<Ready>);

#[derive(Debug)]
enum Ready {
    Select(Matcher),
    Deselect(Matcher),
    Rest,
}

impl Rules {
    /// Prepares the rules of a script.
    pub(crate) fn new(rules: &[Rule]) -> Result<Rules, String> {
        let matcher = |pattern: &Pattern| Matcher::new(&pattern.text);
        let ready = rules.iter().map(|rule| {
            Ok(match rule {
                Rule::Select(pattern) => Ready::Select(matcher(pattern)?),
                Rule::Deselect(pattern) => Ready::Deselect(matcher(pattern)?),
                Rule::Rest => Ready::Rest,
            })
        });
        ready.collect::<Result<_, String>>().map(Rules)
    }

    /// Whether the line is selected after them, given whether it was before and whether an action
    /// has taken it. Without memory to match with it is: no line is lost for that.
    pub(crate) fn selects(&mut self, mut selected: bool, taken: bool, line: &[u8]) -> bool {
        for rule in &mut self.0 {
            selected = match rule {
                Ready::Select(matcher) => selected || matcher.matches(line).unwrap_or(true),
                Ready::Deselect(matcher) => selected && !matcher.matches(line).unwrap_or(false),
                Ready::Rest => !taken,
            };
        }
        selected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_simple(pattern: &str) -> bool {
        simple(pattern.as_bytes()).is_some()
    }

    /// Each pattern with each line, by us and by the C library alone.
    #[test]
    fn simple_patterns_mean_what_the_c_library_says() {
        let patterns = [
            "", "^", "$", "^$", "a", "^a", "a$", "^a$", "fatal:", "\\.", "a\\.b", "^\\[x\\]",
            "a\\$", "a\\\\", "a\\\\$", "\\^a", "]", "a}", "^^", "$$", "a^", "$a", "\\$$", "ä",
        ];
        let lines: [&[u8]; 18] = [
            b"",
            b"a",
            b"ab",
            b"ba",
            b"bab",
            b"fatal: x",
            b"a.b",
            b"axb",
            b"[x]",
            b"a$",
            b"a\\",
            b"\\a",
            b"^a",
            b"]",
            b"a}",
            b"\xc3\xa4",
            b"\xff\xfe",
            b"$a",
        ];
        for pattern in patterns {
            let mut ours = Matcher::new(pattern.as_bytes()).unwrap();
            let mut regex = Regex::new(&CString::new(pattern).unwrap()).unwrap();
            for line in lines {
                assert_eq!(ours.matches(line), regex.matches(line), "{pattern} {line:?}");
            }
        }
    }

    #[test]
    fn plain_text_needs_no_expression() {
        for pattern in ["", "^", "x", "^x: ", "x$", "^x\\.y$", "\\[warn\\]"] {
            assert!(is_simple(pattern), "{pattern}");
        }
        for pattern in ["a.b", "a|b", "[ab]", "(a)", "a*", "a{2}", "\\w", "a\\", "^^a"] {
            assert!(!is_simple(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_bad_pattern_is_refused() {
        for pattern in [&b"(a"[..], b"[a", b"a\\", b"a\0b"] {
            assert!(Matcher::new(pattern).is_err_and(|reason| !reason.is_empty()), "{pattern:?}");
        }
    }

    #[test]
    fn rules_change_the_selection_in_order() {
        let re = |text: &str| Pattern { text: text.as_bytes().to_vec() };
        let rules = [Rule::Deselect(re("")), Rule::Select(re("a")), Rule::Deselect(re("ab"))];
        let mut rules = Rules::new(&rules).unwrap();
        assert!(rules.selects(true, false, b"xa"));
        assert!(rules.selects(false, false, b"xa"));
        assert!(!rules.selects(true, false, b"xab"));
        assert!(!rules.selects(true, false, b"x"));
        let mut rest = Rules::new(&[Rule::Rest]).unwrap();
        assert!(rest.selects(false, false, b"x"));
        assert!(!rest.selects(true, true, b"x"));
        assert!(Rules::default().selects(true, true, b"x"));
    }
}
