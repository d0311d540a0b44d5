//! The conditions of `[when]`: tests of facts.

use super::diagnostic::Code;
use crate::manager::condition::{Compare, Test};

/// Reads `FACT`, `FACT = VALUE`, `FACT != VALUE`, `FACT > NUMBER` or `FACT < NUMBER`.
pub(crate) fn parse(text: &str) -> Result<Test, (Code, String)> {
    let bad = |what: &str| Err((Code::BadValue, format!("the condition \"{text}\" {what}")));
    // A ! alone is a part of a fact: mount/!var!log.
    let sign = |(at, letter): (usize, char)| match letter {
        '=' | '<' | '>' => Some(at),
        '!' if text[at..].starts_with("!=") => Some(at),
        _ => None,
    };
    let end = text.char_indices().find_map(sign).unwrap_or(text.len());
    let (fact, rest) = text.split_at(end);
    let fact = fact.trim();
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    if fact.contains(char::is_whitespace) || !fact.split('/').all(is_part) {
        return bad("does not begin with the path of a fact");
    }
    let (compare, value): (fn(&str) -> Option<Compare>, _) =
        if let Some(value) = rest.strip_prefix("!=") {
            (|value| Some(Compare::Differs(value.to_owned())), value)
        } else if let Some(value) = rest.strip_prefix('=') {
            (|value| Some(Compare::Equals(value.to_owned())), value)
        } else if let Some(value) = rest.strip_prefix('>') {
            (|value| value.parse().ok().map(Compare::Above), value)
        } else if let Some(value) = rest.strip_prefix('<') {
            (|value| value.parse().ok().map(Compare::Below), value)
        } else {
            return Ok(Test { fact: fact.to_owned(), compare: Compare::Present });
        };
    let value = value.trim();
    if value.is_empty() {
        return bad("has no value behind the sign");
    }
    match compare(value) {
        Some(compare) => Ok(Test { fact: fact.to_owned(), compare }),
        None => bad("compares with something that is no number"),
    }
}

/// A test as it is written.
pub(crate) fn shown(test: &Test) -> String {
    let fact = &test.fact;
    match &test.compare {
        Compare::Present => fact.clone(),
        Compare::Equals(value) => format!("{fact} = {value}"),
        Compare::Differs(value) => format!("{fact} != {value}"),
        Compare::Above(number) => format!("{fact} > {number}"),
        Compare::Below(number) => format!("{fact} < {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_reads_as_it_is_written() {
        for text in
            ["power/ac", "net/eth0/carrier = up", "a != b c", "a > -5", "a < 7", "mount/!var!log"]
        {
            assert_eq!(parse(text).map(|test| shown(&test)).ok().as_deref(), Some(text));
        }
        assert_eq!(parse("a=b").map(|test| shown(&test)), Ok("a = b".into()));
        for bad in ["", "= a", "a b", "a >", "a > b", "a ! b", "/a", "a//b", "../a"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
