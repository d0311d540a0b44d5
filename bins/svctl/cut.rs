//! Texts that fit.

/// Letters of no width: they stand upon the one before.
const NARROW: [(char, char); 4] = [
    ('\u{300}', '\u{36f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{20d0}', '\u{20ff}'),
    ('\u{fe00}', '\u{fe0f}'),
];
/// Letters of two columns, as terminals have them: those of East Asia, and pictures.
const WIDE: [(char, char); 10] = [
    ('\u{1100}', '\u{115f}'),
    ('\u{2e80}', '\u{303e}'),
    ('\u{3041}', '\u{a4cf}'),
    ('\u{ac00}', '\u{d7a3}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{fe30}', '\u{fe6f}'),
    ('\u{ff00}', '\u{ff60}'),
    ('\u{ffe0}', '\u{ffe6}'),
    ('\u{1f300}', '\u{1faff}'),
    ('\u{20000}', '\u{3fffd}'),
];

/// How many columns a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(columns).sum() }
}

fn columns(letter: char) -> usize {
    let is_in = |ranges: &[(char, char)]| ranges.iter().any(|(a, z)| (*a..=*z).contains(&letter));
    match letter {
        '\0'..'\u{300}' => 1,
        _ if is_in(&NARROW) => 0,
        _ if is_in(&WIDE) => 2,
        _ => 1,
    }
}

/// A text of at most so many columns: the end of a longer one is replaced by two dots.
pub(super) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(2);
    let fits = |letter: &char| {
        let rest = left.checked_sub(columns(*letter));
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let kept: String = text.chars().take_while(fits).collect();
    kept + &".."[..most.min(2)]
}

/// A text of at most so many columns, and blanks behind it.
pub(super) fn padded(text: &str, columns: usize) -> String {
    let mut all = String::new();
    pad(&mut all, text, columns);
    all
}

/// The same, at the end of a line.
pub(super) fn pad(line: &mut String, text: &str, columns: usize) {
    let mut taken = width(text);
    if taken <= columns {
        *line += text;
    } else {
        let text = cut(text, columns);
        taken = width(&text);
        *line += &text;
    }
    line.extend(std::iter::repeat_n(' ', columns.saturating_sub(taken)));
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

    #[test]
    fn letters_are_as_wide_as_a_terminal_draws_them() {
        assert_eq!(["e\u{301}", "日本語", "a🚀", "–"].map(width), [1, 6, 3, 1]);
        assert_eq!(["日本語", "日本語です"].map(|text| cut(text, 6)), ["日本語", "日本.."]);
        assert_eq!(cut("日本語です", 7), "日本..");
        assert_eq!(padded("日本", 6), "日本  ");
    }
}
