//! Files of lines `NAME=VALUE`: the grammar of systemd's EnvironmentFile, where what systemd ignores
//! with a warning is a mistake.

/// What is wrong, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    /// Counted from 1.
    pub(crate) line: usize,
    /// In words.
    pub(crate) what: &'static str,
}

/// A name and its value.
pub(crate) type Variable = (Vec<u8>, Vec<u8>);

/// The variables of a file, in order.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Variable>, Bad> {
    let mut reader = Reader { text, at: 0 };
    let mut found = Vec::new();
    while reader.skip_to_name()? {
        let start = reader.at;
        let name = reader.name().ok_or_else(|| reader.bad(start, "no NAME=VALUE"))?;
        let value = reader.value()?;
        if value.contains(&0) {
            return Err(reader.bad(start, "a NUL in the value"));
        }
        found.push((name, value));
    }
    Ok(found)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r')
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn bad(&self, at: usize, what: &'static str) -> Bad {
        let before = &self.text[..at.min(self.text.len())];
        Bad { line: 1 + before.iter().filter(|b| **b == b'\n').count(), what }
    }

    /// To the next line that is neither empty nor a comment; false at the end.
    fn skip_to_name(&mut self) -> Result<bool, Bad> {
        loop {
            match self.peek() {
                None => return Ok(false),
                Some(b'#' | b';') => self.skip_comment(),
                Some(b) if is_blank(b) || b == b'\n' => self.at += 1,
                Some(_) => return Ok(true),
            }
        }
    }

    /// A backslash at its end makes the next line part of a comment.
    fn skip_comment(&mut self) {
        while let Some(byte) = self.next() {
            match byte {
                b'\n' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }

    /// The name before `=`, if it is one.
    fn name(&mut self) -> Option<Vec<u8>> {
        let rest = &self.text[self.at..];
        let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
        let equals = line.iter().position(|b| *b == b'=')?;
        let name = line[..equals].trim_ascii_end();
        let plain = name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if name.is_empty() || name[0].is_ascii_digit() || !plain {
            return None;
        }
        self.at += equals + 1;
        Some(name.to_vec())
    }

    /// What stands behind `=`, to the end of the line.
    fn value(&mut self) -> Result<Vec<u8>, Bad> {
        let mut value = Vec::new();
        // How much of the value is not to be cut off at its end.
        let mut solid = 0;
        // Quotes mean something where the value begins and behind a quoted part, blanks nothing.
        let mut may_quote = true;
        while let Some(byte) = self.next() {
            match byte {
                b'\n' => break,
                b'\'' | b'"' if may_quote => {
                    self.quoted(byte, &mut value)?;
                    solid = value.len();
                    continue;
                }
                b'\\' => {
                    match self.next() {
                        None | Some(b'\n') => {}
                        Some(byte) => {
                            value.push(byte);
                            solid = value.len();
                        }
                    }
                    may_quote = false;
                }
                byte if is_blank(byte) && may_quote => {}
                byte if is_blank(byte) => value.push(byte),
                byte => {
                    value.push(byte);
                    solid = value.len();
                    may_quote = false;
                }
            }
        }
        value.truncate(solid);
        Ok(value)
    }

    /// Up to the closing quote. Within `"`, a backslash keeps `"`, `\`, `$` and `` ` `` from meaning
    /// something and joins lines; before all else, and within `'`, it is itself.
    fn quoted(&mut self, quote: u8, value: &mut Vec<u8>) -> Result<(), Bad> {
        let start = self.at;
        while let Some(byte) = self.next() {
            match byte {
                _ if byte == quote => return Ok(()),
                b'\\' if quote == b'"' => match self.next() {
                    Some(b'\n') => {}
                    Some(escaped @ (b'"' | b'\\' | b'$' | b'`')) => value.push(escaped),
                    Some(other) => value.extend([b'\\', other]),
                    None => break,
                },
                _ => value.push(byte),
            }
        }
        Err(self.bad(start, "a quote that is not closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of `A=...`.
    fn value(text: &str) -> String {
        let found = parse(format!("A={text}").as_bytes()).unwrap();
        assert_eq!(found[0].0, b"A");
        String::from_utf8(found[0].1.clone()).unwrap()
    }

    fn bad(text: &str) -> (usize, &'static str) {
        let bad = parse(text.as_bytes()).unwrap_err();
        (bad.line, bad.what)
    }

    #[test]
    fn a_plain_value_ends_with_its_last_letter() {
        assert_eq!(value("a b \t\r\nB=c"), "a b");
        assert_eq!(value("  a"), "a");
        assert_eq!(value(""), "");
        assert_eq!(value("a#b ;c $d"), "a#b ;c $d");
        assert_eq!(value("it's"), "it's");
    }

    #[test]
    fn a_backslash_outside_of_quotes_is_taken_away() {
        assert_eq!(value("a\\ \\\\\\n"), "a \\n");
        assert_eq!(value("one \\\ntwo"), "one two");
        assert_eq!(value("a\\"), "a");
    }

    #[test]
    fn quotes_keep_what_is_in_them() {
        assert_eq!(value("' a \\ \" '"), " a \\ \" ");
        assert_eq!(value("\" a \\\" \\$ \\` \\\\ \\n \""), " a \" $ ` \\ \\n ");
        assert_eq!(value("\"two\nlines\""), "two\nlines");
        assert_eq!(value("\"joined \\\nlines\""), "joined lines");
        assert_eq!(value("'a '  \"b\"c  "), "a bc");
    }

    #[test]
    fn lines_may_be_empty_or_comments() {
        let text = b"\n # no\n;neither \\\nA=1\n B = 2\n\tA=3\n#";
        let variable = |name: &str, value: &str| (name.into(), value.into());
        assert_eq!(parse(text), Ok(vec![variable("B", "2"), variable("A", "3")]));
        assert_eq!(parse(b""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_assignment_is_named_by_its_line() {
        assert_eq!(bad("A=1\n\nexport B=2\n"), (3, "no NAME=VALUE"));
        assert_eq!(bad("A\nB=1\n"), (1, "no NAME=VALUE"));
        assert_eq!(bad("=1"), (1, "no NAME=VALUE"));
        assert_eq!(bad("1A=1"), (1, "no NAME=VALUE"));
        assert_eq!(bad("\nA=\"b\nc"), (2, "a quote that is not closed"));
        assert_eq!(bad("A='"), (1, "a quote that is not closed"));
        assert_eq!(bad("A=a\0b"), (1, "a NUL in the value"));
    }

    #[test]
    fn a_joined_line_counts_as_the_lines_that_it_is() {
        assert_eq!(bad("A=1 \\\n2\nB\n"), (3, "no NAME=VALUE"));
    }
}
