//! Blocks: a command line inside another, as the words of a link.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use common::prelude::*;

/// Takes a block off the command line: `{ WORD... }`, as it is typed in a shell, or in the form in
/// which execlineb and svc-chain hand it on, a blank in front of each word and an empty word behind
/// the last. It may hold blocks of its own, in the same form; it is not empty.
pub(crate) fn block(args: &mut Args) -> Result<Vec<OsString>> {
    let first = args.operand("block")?;
    let words = if first == "{" { in_braces(args)? } else { with_blanks(first, args)? };
    if words.is_empty() {
        return Err(Error::user("empty block"));
    }
    Ok(words)
}

fn in_braces(args: &mut Args) -> Result<Vec<OsString>> {
    let mut words = Vec::new();
    let mut depth = 0;
    loop {
        let word = args.operand("} at the end of a block")?;
        match word.as_bytes() {
            b"}" if depth == 0 => return Ok(words),
            b"}" => depth -= 1,
            b"{" => depth += 1,
            _ => {}
        }
        words.push(if depth == 0 { unescaped(word) } else { word });
    }
}

/// A brace that is a word and nothing more is written `\{`: each block takes one `\` away.
fn unescaped(word: OsString) -> OsString {
    let bytes = word.as_bytes();
    let rest = bytes.iter().position(|b| *b != b'\\').unwrap_or(bytes.len());
    match &bytes[rest..] {
        b"{" | b"}" if rest > 0 => OsStr::from_bytes(&bytes[1..]).to_owned(),
        _ => word,
    }
}

fn with_blanks(first: OsString, args: &mut Args) -> Result<Vec<OsString>> {
    let mut words = Vec::new();
    let mut word = first;
    while !word.is_empty() {
        let Some(rest) = word.as_bytes().strip_prefix(b" ") else {
            let hint = if words.is_empty() {
                "write { before a block, not"
            } else {
                "block without end before"
            };
            return Err(Error::user(format_args!("{hint} {}", word.display())));
        };
        words.push(OsString::from_vec(rest.to_vec()));
        word = args.operand("end of a block")?;
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Vec<OsString>> {
        let mut args = Args::new(words.iter().map(OsString::from));
        assert_eq!(args.option(), Ok(None));
        let block = block(&mut args)?;
        assert_eq!(args.operands("program")?, ["prog"]);
        Ok(block)
    }

    #[test]
    fn a_block_is_its_words() {
        assert_eq!(read(&["{", "a", "-b", "}", "prog"]), Ok(vec!["a".into(), "-b".into()]));
        assert_eq!(read(&[" a", " -b", "", "prog"]), Ok(vec!["a".into(), "-b".into()]));
    }

    #[test]
    fn a_block_may_hold_another() {
        let inner = ["svc-if", "{", "a", "\\{", "}", "b"].map(OsString::from);
        assert_eq!(
            read(&["{", "svc-if", "{", "a", "\\{", "}", "b", "}", "prog"]),
            Ok(inner.to_vec())
        );
        let inner = ["svc-if", " a", "", "b"].map(OsString::from);
        assert_eq!(read(&[" svc-if", "  a", " ", " b", "", "prog"]), Ok(inner.to_vec()));
    }

    #[test]
    fn a_brace_can_be_a_word() {
        let words = ["{", "}", "\\{", "{}", "\\a"].map(OsString::from);
        assert_eq!(
            read(&["{", "\\{", "\\}", "\\\\{", "{}", "\\a", "}", "prog"]),
            Ok(words.to_vec())
        );
    }

    #[test]
    fn what_is_no_block_is_a_mistake() {
        for words in [
            &["prog"][..],
            &["{", "}", "prog"],
            &["", "prog"],
            &["{", "a", "prog"],
            &["{", "{", "a", "}", "prog"],
            &[" a", "prog"],
            &[],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
