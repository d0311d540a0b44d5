//! The texts that are being read, and places in them.

use std::fmt;
use std::ops::Range;

/// A piece of a text: what a complaint points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Which of the [`Sources`].
    pub(crate) file: u32,
    start: u32,
    end: u32,
}

/// All texts that were read, each with the name of its file.
#[derive(Debug, Default)]
pub(crate) struct Sources(Vec<(String, String)>);

/// Where something is, for people; both count from one, columns in characters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Position<'a> {
    /// The name of the file.
    pub(crate) file: &'a str,
    /// Its line.
    pub(crate) line: usize,
    /// The first character in it.
    pub(crate) column: usize,
    /// The text of the line.
    pub(crate) text: &'a str,
    /// How many characters of that line are meant: at least one.
    pub(crate) width: usize,
}

impl fmt::Display for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Sources {
    /// Adds a text; its number.
    pub(crate) fn add(&mut self, file: String, text: String) -> u32 {
        self.0.push((file, text));
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }

    /// The text of that number.
    pub(crate) fn text(&self, file: u32) -> &str {
        self.get(file).1
    }

    /// The name of its file.
    pub(crate) fn name(&self, file: u32) -> &str {
        self.get(file).0
    }

    fn get(&self, file: u32) -> (&str, &str) {
        let index = usize::try_from(file).unwrap_or(usize::MAX);
        self.0.get(index).map_or(("", ""), |(name, text)| (name, text))
    }

    /// What stands at a place.
    pub(crate) fn piece(&self, place: Place) -> &str {
        let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        self.text(place.file).get(at(place.start)..at(place.end)).unwrap_or_default()
    }

    /// Line and column of a place.
    pub(crate) fn position(&self, place: Place) -> Position<'_> {
        let (file, text) = self.get(place.file);
        let at = |offset: u32| {
            let mut at = text.len().min(usize::try_from(offset).unwrap_or(usize::MAX));
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (at(place.start), at(place.end));
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let meant = &text[start..end.clamp(start, line_end)];
        Position {
            file,
            line: 1 + text[..start].matches('\n').count(),
            column: 1 + text[line_start..start].chars().count(),
            text: text[line_start..line_end].trim_end_matches('\r'),
            width: meant.chars().count().max(1),
        }
    }
}

impl Place {
    /// The piece of a text between two bytes.
    pub(crate) fn new(file: u32, span: Range<usize>) -> Place {
        let number = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Place { file, start: number(span.start), end: number(span.end) }
    }

    /// The file as a whole: its first line.
    pub(crate) fn top(file: u32) -> Place {
        Place { file, start: 0, end: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_line_and_a_column() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml".into(), "x = 1\näö = \"b\nc\"\r\n".into());
        let at = |span| sources.position(Place::new(file, span));
        let first = at(0..1);
        assert_eq!((first.line, first.column, first.width, first.text), (1, 1, 1, "x = 1"));
        // To the end of the line only.
        let second = at(13..17);
        assert_eq!((second.line, second.column, second.width, second.text), (2, 6, 2, "äö = \"b"));
        assert_eq!(second.to_string(), "a.toml:2:6");
        // In the middle of a character, and behind the end.
        assert_eq!(at(7..7).column, 1);
        assert_eq!((at(99..120).line, at(99..120).width), (4, 1));
        assert_eq!(sources.position(Place::top(7)).file, "");
    }
}
