//! The container of all files in `supervise/`: `key=value` lines, then `check=` with a checksum of
//! everything before it, then newlines up to the file's fixed size, so that overwriting needs no
//! space and `cat` works. A reader that meets a half-written file sees a wrong checksum.

use std::fmt::{self, Write};

use crate::base::text::Text;

/// A record being written: up to `N` bytes before the padding.
#[derive(Clone)]
pub struct Writer<const N: usize>(Text<N>);

impl<const N: usize> Writer<N> {
    /// Nothing yet: for who restarts it.
    pub const fn blank() -> Self {
        Writer(Text::new())
    }

    /// Begins with `version=1`.
    pub fn new() -> Self {
        let mut writer = Writer(Text::new());
        writer.restart();
        writer
    }

    /// Adds `key=value`.
    pub fn put(&mut self, key: &str, value: fmt::Arguments<'_>) {
        self.line(format_args!("{key}={value}"));
    }

    /// Adds a line that is written already.
    pub fn line(&mut self, line: fmt::Arguments<'_>) {
        // Text remembers by itself what does not fit.
        let _ = writeln!(self.0, "{line}");
    }

    /// Closes the record: its bytes without the padding. `None` when it did not fit.
    pub fn seal(&mut self) -> Option<&[u8]> {
        let sum = checksum(self.0.bytes());
        self.put("check", format_args!("{sum:08x}"));
        (!self.0.is_cut()).then_some(self.0.bytes())
    }

    /// The same, for a record that is handed on.
    pub fn into_sealed(mut self) -> Option<Text<N>> {
        self.seal()?;
        Some(self.0)
    }

    /// What has been written so far.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// Begins anew.
    pub fn restart(&mut self) {
        self.0.clear();
        self.put("version", format_args!("1"));
    }
}

impl<const N: usize> Default for Writer<N> {
    fn default() -> Self {
        Writer::new()
    }
}

/// The `key=value` lines of a whole record; `None` if the checksum is wrong or missing, or if it
/// begins with another version than 1.
pub fn parse(bytes: &[u8]) -> Option<impl Iterator<Item = (&str, &str)> + Clone> {
    // Up to the line before the present one: how much, and its sum.
    let (mut length, mut sum) = (0, EMPTY);
    let mut last: &[u8] = b"";
    // No line is empty: then comes the padding, which is most of a page.
    for line in bytes.split_inclusive(|byte| *byte == b'\n').take_while(|line| *line != b"\n") {
        length += last.len();
        sum = add(sum, last);
        last = line;
    }
    let said = std::str::from_utf8(last.strip_prefix(b"check=")?.trim_ascii_end()).ok()?;
    let body = std::str::from_utf8(&bytes[..length]).ok()?;
    if u32::from_str_radix(said, 16) != Ok(sum) || !body.starts_with("version=1\n") {
        return None;
    }
    Some(body.split_terminator('\n').skip(1).filter_map(|line| line.split_once('=')))
}

/// FNV-1a, 32 bits (draft-eastlake-fnv): enough to tell a torn write, which is all it is for.
pub fn checksum(bytes: &[u8]) -> u32 {
    add(EMPTY, bytes)
}

/// The checksum of nothing.
const EMPTY: u32 = 0x811c_9dc5;

fn add(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Text<128> {
        let mut w = Writer::<128>::new();
        w.put("name", format_args!("a=b"));
        w.put("seq", format_args!("{}", 7));
        w.into_sealed().unwrap()
    }

    #[test]
    fn golden() {
        assert_eq!(record().bytes(), b"version=1\nname=a=b\nseq=7\ncheck=31875db8\n");
    }

    #[test]
    fn padding_does_not_matter_and_a_changed_byte_does() {
        let mut bytes = record().bytes().to_vec();
        bytes.extend(b"\n\n\n");
        let fields: Vec<_> = parse(&bytes).unwrap().collect();
        assert_eq!(fields, [("name", "a=b"), ("seq", "7")]);
        for i in 0..bytes.len() - 3 {
            let mut torn = bytes.clone();
            torn[i] ^= 1;
            // A changed case in the checksum's hex digits is the same number.
            if torn[i].to_ascii_lowercase() != bytes[i] {
                assert!(parse(&torn).is_none() || bytes[i] == b'\n', "byte {i}");
            }
        }
        assert!(parse(b"").is_none());
        assert!(parse(&bytes[..20]).is_none());
    }

    #[test]
    fn what_does_not_fit_is_no_record() {
        let mut w = Writer::<16>::new();
        w.put("name", format_args!("much too long"));
        assert!(w.seal().is_none());
    }
}
