//! Text in a buffer of fixed size: for records and lines that are written without allocating.

use std::fmt;

/// Up to `N` bytes. What does not fit is cut off and remembered.
#[derive(Clone, Debug)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
    cut: bool,
}

impl<const N: usize> Text<N> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Text { bytes: [0; N], len: 0, cut: false }
    }

    /// What has been written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Whether something did not fit.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Appends bytes.
    pub fn push(&mut self, more: &[u8]) {
        let fits = more.len().min(N - self.len);
        self.bytes[self.len..self.len + fits].copy_from_slice(&more[..fits]);
        self.len += fits;
        self.cut |= fits < more.len();
    }

    /// Back to nothing.
    pub fn clear(&mut self) {
        self.len = 0;
        self.cut = false;
    }
}

impl<const N: usize> AsRef<[u8]> for Text<N> {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Text::new()
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.push(s.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn what_does_not_fit_is_cut_and_remembered() {
        let mut t = Text::<4>::new();
        assert!(write!(t, "{}", 123).is_ok());
        assert!(!t.is_cut());
        t.push(b"45");
        assert_eq!(t.bytes(), b"1234");
        assert!(t.is_cut());
        t.clear();
        assert_eq!(t.bytes(), b"");
        assert!(!t.is_cut());
    }
}
