//! The lines of a file, one after the other, in a buffer that is used again.

use common::prelude::*;
use memchr::memchr;

/// Where bytes come from.
pub(super) trait Bytes {
    /// Fills some of the buffer. 0: there is no more, at least not now.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize>;
}

/// What a buffer begins with.
const USUAL: usize = 64 * 1024;
/// What it may grow to. A longer line comes in pieces.
const MAX: usize = 1024 * 1024;

/// How the present piece ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With its newline.
    Newline,
    /// The line goes on in the next piece.
    More,
    /// With the file.
    File,
}

/// What there is when the bytes end within a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It is a line too.
    Line,
    /// It waits for more.
    Wait,
}

/// The present line, and those behind it.
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// The present line is between these two.
    begin: usize,
    next: usize,
    filled: usize,
    end: End,
    /// Whether the present piece goes on with the line of the one before.
    goes_on: bool,
    /// Where the buffer begins in the file.
    base: u64,
}

impl Lines {
    /// Those from this place on.
    pub(super) fn at(base: u64) -> Lines {
        let buffer = Vec::new();
        Lines { buffer, begin: 0, next: 0, filled: 0, end: End::Newline, goes_on: false, base }
    }

    /// Those of another file, from this place on.
    pub(super) fn restart(&mut self, base: u64) {
        (self.begin, self.next, self.filled) = (0, 0, 0);
        (self.end, self.goes_on, self.base) = (End::Newline, false, base);
    }

    /// Goes to the next line; false if there is none (yet).
    pub(super) fn advance(&mut self, from: &mut impl Bytes, rest: Rest) -> Result<bool> {
        let goes_on = self.end == End::More;
        let mut seen = self.next;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[seen..self.filled]) {
                return Ok(self.take(seen + at + 1, End::Newline, goes_on));
            }
            seen = self.filled - self.next;
            if seen == MAX {
                return Ok(self.take(self.filled, End::More, goes_on));
            }
            self.make_room();
            match from.read(&mut self.buffer[self.filled..])? {
                0 if seen == 0 || rest == Rest::Wait => return Ok(false),
                0 => return Ok(self.take(self.filled, End::File, goes_on)),
                n => self.filled += n,
            }
        }
    }

    fn take(&mut self, next: usize, end: End, goes_on: bool) -> bool {
        (self.begin, self.next) = (self.next, next);
        (self.end, self.goes_on) = (end, goes_on);
        true
    }

    /// What is not yet a line goes to the front.
    #[inline(never)]
    fn make_room(&mut self) {
        self.base += self.next as u64;
        self.buffer.copy_within(self.next..self.filled, 0);
        (self.filled, self.begin, self.next) = (self.filled - self.next, 0, 0);
        if self.filled == self.buffer.len() {
            self.buffer.resize((self.filled * 2).clamp(USUAL, MAX), 0);
        }
    }

    /// What waits for its newline is to be read again: from where the last line ended, or from the
    /// end of a file that is shorter now. Returns from where.
    pub(super) fn reread(&mut self, size: u64) -> u64 {
        let end = self.end;
        let from = size.min(self.base + self.next as u64);
        self.restart(from);
        self.end = end;
        from
    }

    /// The present line, without its newline.
    pub(super) fn text(&self) -> &[u8] {
        let newline = usize::from(self.end == End::Newline);
        &self.buffer[self.begin..self.next - newline]
    }

    /// How it ends.
    pub(super) fn end(&self) -> End {
        self.end
    }

    /// Whether it goes on with the piece before.
    pub(super) fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Where it begins in the file.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.begin as u64
    }

    /// It and all that is behind it in the buffer.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.buffer[self.begin..self.filled]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out at most so many bytes at a time.
    struct Slow(Vec<u8>, usize);

    impl Bytes for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let n = self.1.min(buffer.len()).min(self.0.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0.drain(..n);
            Ok(n)
        }
    }

    #[test]
    fn lines_come_whole_however_they_are_read() {
        for step in [1, 2, 3, 100] {
            let mut from = Slow(b"one\n\ntwo\nrest".to_vec(), step);
            let mut lines = Lines::at(10);
            let mut found = Vec::new();
            while lines.advance(&mut from, Rest::Line).unwrap() {
                found.push((lines.offset(), lines.text().to_vec(), lines.end()));
            }
            let line = |at, text: &[u8], end| (at, text.to_vec(), end);
            let want = [
                line(10, b"one", End::Newline),
                line(14, b"", End::Newline),
                line(15, b"two", End::Newline),
                line(19, b"rest", End::File),
            ];
            assert_eq!(found, want);
        }
    }

    #[test]
    fn what_has_no_newline_may_wait_for_it() {
        let mut lines = Lines::at(0);
        assert!(!lines.advance(&mut Slow(b"wa".to_vec(), 1), Rest::Wait).unwrap());
        assert!(lines.advance(&mut Slow(b"it\n".to_vec(), 1), Rest::Wait).unwrap());
        assert_eq!(lines.text(), b"wait");
    }

    #[test]
    fn a_long_line_comes_in_pieces() {
        let mut text = vec![b'x'; MAX * 2 + 5];
        text.extend(b"\nshort\n");
        let mut from = Slow(text, usize::MAX);
        let mut lines = Lines::at(0);
        let mut found = Vec::new();
        while lines.advance(&mut from, Rest::Line).unwrap() {
            found.push((lines.text().len(), lines.end(), lines.goes_on()));
        }
        let want = [
            (MAX, End::More, false),
            (MAX, End::More, true),
            (5, End::Newline, true),
            (5, End::Newline, false),
        ];
        assert_eq!(found, want);
    }
}
