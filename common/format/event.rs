//! The lines of event directories: `LETTER SEQ` in a service's, `LETTER SEQ NAME` in the tree's.

use std::fmt::Write;

use super::letters::Event;
use crate::base::text::Text;

/// The longest line, newline included: one write of it to a fifo is whole or not at all.
pub const MAX: usize = 512;

/// One event. `name` is empty in a service's own directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// What happened.
    pub event: Event,
    /// The number of this event among its service's; the same in both directories and, as `event`,
    /// in the status: who has read a status knows which lines are older.
    pub seq: u64,
    /// The service's name in the scan directory, `NAME/log` for a logger.
    pub name: &'a [u8],
}

impl Line<'_> {
    /// As bytes, with the newline.
    pub fn pack(&self) -> Text<MAX> {
        let mut text = Text::new();
        // Text remembers by itself what does not fit; with a name that was checked all of it does.
        let _ = write!(text, "{} {}", char::from(self.event.letter()), self.seq);
        if !self.name.is_empty() {
            text.push(b" ");
            text.push(self.name);
        }
        text.push(b"\n");
        text
    }

    /// From a line without its newline.
    pub fn unpack(line: &[u8]) -> Option<Line<'_>> {
        let mut words = line.splitn(3, |b| *b == b' ');
        let event = match words.next()? {
            [letter] => Event::from_letter(*letter)?,
            _ => return None,
        };
        let seq = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
        Some(Line { event, seq, name: words.next().unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden() {
        let line = Line { event: Event::Ready, seq: 17, name: b"nginx/log" };
        assert_eq!(line.pack().bytes(), b"U 17 nginx/log\n");
        assert_eq!(Line::unpack(b"U 17 nginx/log"), Some(line));
        let own = Line { event: Event::Finished, seq: 1, name: b"" };
        assert_eq!(own.pack().bytes(), b"D 1\n");
        assert_eq!(Line::unpack(b"D 1"), Some(own));
    }

    #[test]
    fn a_name_may_have_blanks() {
        assert_eq!(Line::unpack(b"u 1 a b").map(|l| l.name), Some(&b"a b"[..]));
    }

    #[test]
    fn garbage_is_no_event() {
        for line in [&b""[..], b"U", b"U x", b"? 1", b"UU 1", b" 1 x"] {
            assert_eq!(Line::unpack(line), None);
        }
    }

    #[test]
    fn the_longest_name_fits() {
        let name = [b'x'; crate::base::name::MAX + 4];
        assert!(!Line { event: Event::Up, seq: u64::MAX, name: &name }.pack().is_cut());
    }
}
