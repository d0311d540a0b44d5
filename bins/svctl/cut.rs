//! Texts that fit.

/// How many columns a text takes. Letters of double width are counted as one: names have none.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// A text of at most so many columns: the end of a longer one is replaced by two dots.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(2)).collect();
    kept + &".."[..columns.min(2)]
}

/// A text of at most so many columns, and blanks behind it.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{:<columns$}", cut(text, columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_ends_in_two_dots() {
        assert_eq!(cut("postgresql", 10), "postgresql");
        assert_eq!(cut("postgresql", 6), "post..");
        assert_eq!(cut("übergroß", 4), "üb..");
        assert_eq!(["a", "ab", "abc"].map(|text| cut(text, 2)), ["a", "ab", ".."]);
        assert_eq!(cut("abc", 1), ".");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(padded("ab", 4), "ab  ");
    }
}
