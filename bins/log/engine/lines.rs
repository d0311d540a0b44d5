//! Where lines end. A newline ends one, and so does a NUL; a longer one than allowed is cut there.

/// Lines, without what ends them.
pub(super) struct Lines<'a> {
    input: &'a [u8],
    longest: usize,
    at: usize,
}

/// A line, and where the next one begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) text: &'a [u8],
    pub(super) end: usize,
}

impl<'a> Lines<'a> {
    /// Goes through `input`; what has no end is a line too.
    pub(super) fn new(input: &'a [u8], longest: usize) -> Lines<'a> {
        Lines { input, longest, at: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.input.get(self.at..).filter(|rest| !rest.is_empty())?;
        let window = &rest[..rest.len().min(self.longest + 1)];
        let (text, ending) = match memchr::memchr2(b'\n', 0, window) {
            Some(length) => (&rest[..length], 1),
            None => (&rest[..rest.len().min(self.longest)], 0),
        };
        self.at += text.len() + ending;
        Some(Line { text, end: self.at })
    }
}

/// How much of the input is lines whose end is known: up to the last end, or, where there is none,
/// as many pieces of the greatest length as more follows on.
pub(super) fn whole(input: &[u8], longest: usize) -> usize {
    match memchr::memrchr2(b'\n', 0, input) {
        Some(last) => last + 1,
        None => input.len().saturating_sub(1) / longest * longest,
    }
}

/// Whether each line of `input`, which ends with a newline, can be taken as it is: no NUL, none too
/// long. Looks at few of the newlines: the last one in reach of the last.
pub(super) fn are_plain(input: &[u8], longest: usize) -> bool {
    let mut rest = input;
    while rest.len() > longest + 1 {
        match memchr::memrchr(b'\n', &rest[..longest + 1]) {
            Some(newline) => rest = &rest[newline + 1..],
            None => return false,
        }
    }
    memchr::memchr(0, input).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(input: &[u8], longest: usize) -> Vec<&[u8]> {
        Lines::new(input, longest).map(|line| line.text).collect()
    }

    #[test]
    fn newline_and_nul_end_a_line() {
        assert_eq!(split(b"a\n\nb\0c\xff\nd", 9), [&b"a"[..], b"", b"b", b"c\xff", b"d"]);
        assert_eq!(split(b"", 9), [b""; 0]);
    }

    #[test]
    fn a_line_is_cut_where_it_is_too_long_and_not_before() {
        assert_eq!(
            split(b"abcd\nabcde\nabcdefghi", 4),
            [&b"abcd"[..], b"abcd", b"e", b"abcd", b"efgh", b"i"]
        );
    }

    #[test]
    fn only_what_is_known_to_be_whole_is_taken() {
        assert_eq!(whole(b"a\nb\0c", 4), 4);
        assert_eq!(whole(b"abcd", 4), 0);
        assert_eq!(whole(b"abcde", 4), 4);
        assert_eq!(whole(b"abcdefghi", 4), 8);
        assert_eq!(whole(b"abcdefgh", 4), 4);
        assert_eq!(whole(b"", 4), 0);
    }

    #[test]
    fn plain_lines_are_told_from_others() {
        assert!(are_plain(b"abcd\nab\ncd\nabcd\n", 4));
        assert!(!are_plain(b"ab\nabcde\n", 4));
        assert!(!are_plain(b"ab\n\0\n", 4));
        assert!(are_plain(b"\n\n\n\n\n\n\n\n", 4));
    }
}
