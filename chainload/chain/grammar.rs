//! The grammar of chain files: lines of words, as svc-chain's page states it.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;

/// So many blocks may be in one another.
const DEEPEST: usize = 100;

/// Where something stands in a file, counted from 1; columns are characters of UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// `LINE:COLUMN`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The words of a line, and the number of the line where they begin. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) words: Vec<OsString>,
}

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) at: Place,
    pub(crate) what: String,
}

/// The lines of a file that have words.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Line>, Bad> {
    let mut reader = Reader { text, at: 0, blocks: Vec::new() };
    // Counted once, as far as we are.
    let (mut counted, mut number) = (0, 1);
    let mut lines: Vec<Line> = Vec::new();
    let mut is_new = true;
    while let Some(token) = reader.token()? {
        match token {
            // A block goes on until its end.
            Token::Newline => is_new |= reader.blocks.is_empty(),
            Token::Word { at, word } if is_new => {
                if word.is_empty() || !reader.blocks.is_empty() {
                    return Err(reader.bad(at, "a line begins with the name of a program"));
                }
                number += newlines(&text[counted..at]);
                counted = at;
                lines.push(Line { number, words: vec![word] });
                is_new = false;
            }
            Token::Word { word, .. } => {
                if let Some(line) = lines.last_mut() {
                    line.words.push(word);
                }
            }
        }
    }
    match reader.blocks.last() {
        Some(opened) => Err(reader.bad(*opened, "block without a } at its end")),
        None => Ok(lines),
    }
}

fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|b| **b == b'\n').count()
}

enum Token {
    Newline,
    Word { at: usize, word: OsString },
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the blocks begin that we are in, the innermost last.
    blocks: Vec<usize>,
}

impl Reader<'_> {
    fn place(&self, at: usize) -> Place {
        let before = &self.text[..at.min(self.text.len())];
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |newline| newline + 1);
        let starts_character = |b: &&u8| **b & 0xc0 != 0x80;
        Place {
            line: 1 + newlines(before),
            column: 1 + before[start..].iter().filter(starts_character).count(),
        }
    }

    fn bad(&self, at: usize, what: impl Into<String>) -> Bad {
        Bad { at: self.place(at), what: what.into() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Goes past `bytes` if they come next.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        let there = self.text[self.at..].starts_with(bytes);
        self.at += if there { bytes.len() } else { 0 };
        there
    }

    fn token(&mut self) -> Result<Option<Token>, Bad> {
        loop {
            match self.peek() {
                None => return Ok(None),
                Some(b'\n') => {
                    self.at += 1;
                    return Ok(Some(Token::Newline));
                }
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'#') => {
                    let rest = &self.text[self.at..];
                    self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                }
                Some(_) if self.takes(b"\\\n") => {}
                Some(_) => {
                    if let Some(word) = self.word()? {
                        return Ok(Some(word));
                    }
                }
            }
        }
    }

    /// A word; none where a block begins. One of a block has a blank in front for each block that it is in, and the end of a block
    /// is an empty word: the form in which execline's programs take blocks.
    fn word(&mut self) -> Result<Option<Token>, Bad> {
        let at = self.at;
        let mut bytes = Vec::new();
        while self.part(&mut bytes)? {}
        let blanks = match &self.text[at..self.at] {
            b"{" => {
                self.blocks.push(at);
                if self.blocks.len() > DEEPEST {
                    return Err(self.bad(at, "too many blocks in one another"));
                }
                return Ok(None);
            }
            b"}" => {
                if self.blocks.pop().is_none() {
                    return Err(self.bad(at, "} without a block (a } as a word is written '}')"));
                }
                bytes.clear();
                self.blocks.len()
            }
            _ => self.blocks.len(),
        };
        bytes.splice(0..0, std::iter::repeat_n(b' ', blanks));
        Ok(Some(Token::Word { at, word: OsString::from_vec(bytes) }))
    }

    /// One character, or a part in quotes; false: the word is over.
    fn part(&mut self, word: &mut Vec<u8>) -> Result<bool, Bad> {
        let at = self.at;
        let Some(byte) = self.peek() else { return Ok(false) };
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            return Ok(false);
        }
        self.at += 1;
        match byte {
            0 => return Err(self.bad(at, "a NUL can't be in a word")),
            b'\'' => self.single(at, word)?,
            b'"' => self.double(at, word)?,
            b'\\' => match self.peek() {
                None => return Err(self.bad(at, "\\ at the end of the file")),
                Some(0) => return Err(self.bad(self.at, "a NUL can't be in a word")),
                Some(b'\n') => self.at += 1,
                Some(byte) => {
                    word.push(byte);
                    self.at += 1;
                }
            },
            byte => word.push(byte),
        }
        Ok(true)
    }

    /// To the next quote: everything stands for itself.
    fn single(&mut self, at: usize, word: &mut Vec<u8>) -> Result<(), Bad> {
        loop {
            match self.peek() {
                None => return Err(self.bad(at, "' without another at the end")),
                Some(0) => return Err(self.bad(self.at, "a NUL can't be in a word")),
                Some(b'\'') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(byte) => word.push(byte),
            }
            self.at += 1;
        }
    }

    /// To the next quote: a backslash begins an escape.
    fn double(&mut self, at: usize, word: &mut Vec<u8>) -> Result<(), Bad> {
        loop {
            match self.peek() {
                None => return Err(self.bad(at, "\" without another at the end")),
                Some(0) => return Err(self.bad(self.at, "a NUL can't be in a word")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    word.extend(self.escape()?);
                    continue;
                }
                Some(byte) => word.push(byte),
            }
            self.at += 1;
        }
    }

    /// What an escape in double quotes stands for.
    fn escape(&mut self) -> Result<Option<u8>, Bad> {
        let at = self.at;
        self.at += 2;
        let byte = match self.text.get(at + 1) {
            Some(b'\n') => return Ok(None),
            Some(byte @ (b'\\' | b'"')) => *byte,
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'e') => 0x1b,
            Some(b'x') => {
                let digits =
                    self.text.get(at + 2..at + 4).and_then(|d| std::str::from_utf8(d).ok());
                let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                self.at += 2;
                match digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
                    Some(byte @ 1..) => byte,
                    Some(0) => return Err(self.bad(at, "a NUL can't be in a word")),
                    None => return Err(self.bad(at, "\\x takes two hexadecimal digits")),
                }
            }
            Some(_) | None => {
                return Err(
                    self.bad(at, "unknown escape: \\\\ \\\" \\n \\t \\r \\e \\xHH are known")
                );
            }
        };
        Ok(Some(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(usize, Vec<String>)> {
        let lines = parse(text.as_bytes()).unwrap();
        let words =
            |line: &Line| line.words.iter().map(|w| w.to_str().unwrap().to_owned()).collect();
        lines.iter().map(|line| (line.number, words(line))).collect()
    }

    fn words(text: &str) -> Vec<String> {
        lines(text).into_iter().flat_map(|(_, words)| words).collect()
    }

    #[test]
    fn a_line_is_words() {
        let text = "#!/usr/bin/svc-chain\n\nsvc-cd  /run # where\n\t nginx -g x#y\n";
        let found = lines(text);
        assert_eq!(found[0], (3, vec!["svc-cd".to_owned(), "/run".to_owned()]));
        assert_eq!(found[1], (4, ["nginx", "-g", "x#y"].map(str::to_owned).to_vec()));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn quotes_make_one_word_of_anything() {
        assert_eq!(words(r#"'a b' "c d" e'f g'"h" '' """#), ["a b", "c d", "ef gh", "", ""]);
        assert_eq!(words("'a\nb' 'c\\n' '#'"), ["a\nb", "c\\n", "#"]);
        assert_eq!(
            words(
                r#""\\ \" \n \t \e \x41" "a\
b""#
            ),
            ["\\ \" \n \t \x1b A", "ab"]
        );
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        assert_eq!(words(r"a\ b \# \' \{ \\ $x"), ["a b", "#", "'", "{", "\\", "$x"]);
        assert_eq!(lines("a \\\n  b\\\nc\nd").len(), 2);
        assert_eq!(words("a \\\n  b\\\nc"), ["a", "bc"]);
    }

    #[test]
    fn a_block_is_what_execline_takes() {
        assert_eq!(words("if { a b } c"), ["if", " a", " b", "", "c"]);
        assert_eq!(words("if { a { b } { } '}' } c"), ["if", " a", "  b", " ", " ", " }", "", "c"]);
        assert_eq!(lines("if {\n a # say {\n b\n} c\nd").len(), 2);
        assert_eq!(words("a{ {} b} '{'"), ["a{", "{}", "b}", "{"]);
    }

    #[test]
    fn a_mistake_has_a_place() {
        for (text, place) in [
            ("a\n  'b", "2:3"),
            ("a\n \u{e4}\u{e4} \"b", "2:5"),
            ("\"a\\q\"", "1:3"),
            ("a\n}\n", "2:1"),
            ("x { a\n{ b }\n", "1:3"),
            ("a\0b", "1:2"),
            ("'a\0b'", "1:3"),
            ("\"\\x4\"", "1:2"),
            ("\"\\x00\"", "1:2"),
            ("a \\", "1:3"),
            ("a\n{ b }", "2:3"),
            ("a\n{ }", "2:3"),
            ("''", "1:1"),
        ] {
            let at = parse(text.as_bytes()).map_err(|bad| bad.at.to_string());
            assert_eq!(at, Err(place.to_owned()), "{text:?}");
        }
    }
}
