//! What a line may do to a terminal: nothing.

/// Appends text that is safe to show: what a terminal would obey, and bytes that are no text,
/// become `\xNN`.
pub(super) fn push_safe(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find(is_obeyed) {
            let (before, from) = rest.split_at(at);
            out.extend(before.as_bytes());
            let length = from.chars().next().map_or(0, char::len_utf8);
            let (control, after) = from.split_at(length);
            push_hex(control.as_bytes(), out);
            rest = after;
        }
        out.extend(rest.as_bytes());
        push_hex(chunk.invalid(), out);
    }
}

/// Controls of both sets, but for the tabulator; and what turns the direction of writing, so that a
/// line can look like another (Unicode's bidirectional formatting characters).
fn is_obeyed(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
        out.extend([b'\\', b'x', DIGITS[high], DIGITS[low]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(text: &[u8]) -> String {
        let mut out = Vec::new();
        push_safe(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        assert_eq!(safe(b"plain\ttext \xc3\xa9"), "plain\ttext é");
        assert_eq!(safe(b"\x1b[2J\x07\x00"), "\\x1b[2J\\x07\\x00");
        assert_eq!(safe(b"\xff\x9b1m"), "\\xff\\x9b1m");
        assert_eq!(safe("\u{9b}x\u{7f}".as_bytes()), "\\xc2\\x9bx\\x7f");
        assert_eq!(safe("a\u{202e}b".as_bytes()), "a\\xe2\\x80\\xaeb");
    }
}
