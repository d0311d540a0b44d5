//! A command line split into words, as a shell would split it that knows only quotes.

/// Why a text is no command line, and at which byte of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    /// Where.
    pub(crate) at: usize,
    /// What.
    pub(crate) what: &'static str,
}

/// The words between blanks. In `'...'` all stands for itself; in `"..."` a backslash takes the
/// meaning of `"` and `\` away, outside of quotes that of any character.
pub(crate) fn split(text: &str) -> Result<Vec<String>, Bad> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' | '"' => quoted(&mut letters, letter, at, word.get_or_insert_default())?,
            '\\' => match letters.next() {
                Some((_, next)) => word.get_or_insert_default().push(next),
                None => return Err(Bad { at, what: "\\ at the end" }),
            },
            // Who writes them thinks of a shell.
            '|' | '<' | '>' | ';' | '&' | '`' => {
                let what = "no shell reads this: quote it, or run sh -c '...'";
                return Err(Bad { at, what });
            }
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    if words.is_empty() {
        return Err(Bad { at: 0, what: "no program in it" });
    }
    Ok(words)
}

fn quoted(
    letters: &mut std::str::CharIndices<'_>,
    quote: char,
    at: usize,
    word: &mut String,
) -> Result<(), Bad> {
    while let Some((_, letter)) = letters.next() {
        match letter {
            letter if letter == quote => return Ok(()),
            '\\' if quote == '"' => match letters.next() {
                Some((_, next @ ('"' | '\\'))) => word.push(next),
                Some((_, next)) => word.extend(['\\', next]),
                None => break,
            },
            letter => word.push(letter),
        }
    }
    Err(Bad { at, what: "a quote without another at the end" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        split(text).unwrap()
    }

    #[test]
    fn a_command_line_is_words() {
        assert_eq!(words("nginx  -g 'daemon off;'"), ["nginx", "-g", "daemon off;"]);
        assert_eq!(
            words(r#"a "b \"c\" \n" d\ e '' f"g"h"#),
            ["a", r#"b "c" \n"#, "d e", "", "fgh"]
        );
        assert_eq!(words("a $B *"), ["a", "$B", "*"]);
    }

    #[test]
    fn a_mistake_has_a_place() {
        assert_eq!(split("a 'b").map_err(|bad| bad.at), Err(2));
        assert_eq!(split("a \"b\\").map_err(|bad| bad.at), Err(2));
        assert_eq!(split("a\\").map_err(|bad| bad.at), Err(1));
        assert_eq!(split("a | b").map_err(|bad| bad.at), Err(2));
        assert_eq!(split(" ").map_err(|bad| bad.what), Err("no program in it"));
    }
}
