//! Texts of others, without what a terminal would obey.

/// The text; controls, and what turns the direction of writing, are shown as Rust writes them.
pub(super) fn plain(text: &str) -> String {
    shown(text, "")
}

/// The same of lines, which stay lines, with their tabs.
pub(super) fn plain_lines(text: &str) -> String {
    shown(text, "\n\t")
}

fn shown(text: &str, kept: &str) -> String {
    let is_obeyed = |c: char| {
        !kept.contains(c)
            && (c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    };
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
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
        assert_eq!(plain_lines("a\r\n\tb\n"), "a\\r\n\tb\n");
    }
}
