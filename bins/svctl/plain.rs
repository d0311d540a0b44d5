//! Texts of others, without what a terminal would obey.

use std::fmt::Write;

/// The text; controls, and what turns the direction of writing, are shown as Rust writes them.
pub(super) fn plain(text: &str) -> String {
    let is_obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_obeyed) {
        return text.to_owned();
    }
    let mut safe = String::new();
    for c in text.chars() {
        // Writing to a String can't fail.
        let _ =
            if is_obeyed(c) { write!(safe, "{}", c.escape_default()) } else { write!(safe, "{c}") };
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        assert_eq!(plain("a\x1b[2Jü\n\u{202e}"), "a\\u{1b}[2Jü\\n\\u{202e}");
        assert_eq!(plain("plain"), "plain");
    }
}
