//! `--show`: a chain as a command that a shell can run.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::Chain;

/// Words that mean something else to a shell where a command begins.
const RESERVED: [&str; 13] = [
    "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while",
];

/// The whole command: a line of the chain a line.
pub(super) fn command(chain: &Chain) -> Vec<u8> {
    let words = |words: &[OsString], quote: fn(&OsStr) -> Vec<u8>| -> Vec<Vec<u8>> {
        words.iter().map(|word| quote(word)).collect()
    };
    let mut lines = Vec::new();
    for line in &chain.lines {
        let (first, rest) = line.words.split_at(usize::from(lines.is_empty()));
        lines.push([words(first, command_name), words(rest, quoted)].concat().join(&b' '));
    }
    let mut text = lines.join(&b" \\\n"[..]);
    text.push(b'\n');
    text
}

/// A word as a POSIX shell reads it.
fn quoted(word: &OsStr) -> Vec<u8> {
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"%+,-./:=@_".contains(b);
    let bytes = word.as_bytes();
    if bytes.is_empty() || !bytes.iter().all(is_plain) { in_quotes(bytes) } else { bytes.to_vec() }
}

/// The same for the first word of a command.
fn command_name(word: &OsStr) -> Vec<u8> {
    let means_more = word.as_bytes().contains(&b'=') || RESERVED.iter().any(|r| word == *r);
    if means_more { in_quotes(word.as_bytes()) } else { quoted(word) }
}

fn in_quotes(bytes: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = bytes.split(|b| *b == b'\'').collect();
    [b"'", &parts.join(&b"'\\''"[..])[..], b"'"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_more() {
        for (word, shown) in [
            ("-a=b/c", "-a=b/c"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$x", "'$x'"),
            ("~", "'~'"),
            ("a\nb", "'a\nb'"),
        ] {
            assert_eq!(quoted(word.as_ref()), shown.as_bytes(), "{word}");
        }
        assert_eq!(command_name("if".as_ref()), b"'if'");
        assert_eq!(command_name("a=b".as_ref()), b"'a=b'");
        assert_eq!(command_name("svc-cd".as_ref()), b"svc-cd");
    }
}
