//! Variables in words: the rules of systemd's ExecStart=.

/// What may stand between braces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Braces {
    /// A name.
    Name,
    /// Also a name and a text that may take the place of its value.
    NameOrText,
}

/// What a variable is set to.
type Value<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// The words that one becomes.
pub(crate) fn words(word: &[u8], braces: Braces, value: Value) -> Vec<Vec<u8>> {
    match word {
        [b'$', name @ ..] if !name.starts_with(b"$") && !name.starts_with(b"{") => {
            split(&look_up(name, value))
        }
        _ => vec![within(word, braces, value)],
    }
}

/// Nothing is the value of what is not set, and of what is no name.
fn look_up(name: &[u8], value: Value) -> Vec<u8> {
    let plain = name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let is_name = plain && name.first().is_some_and(|b| !b.is_ascii_digit());
    if is_name { value(name).unwrap_or_default() } else { Vec::new() }
}

/// The words of a value. Blanks part them; quotes keep them together, up to the end if need be; a
/// backslash, whether in quotes or not, makes the next byte mean itself.
fn split(value: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            b' ' | b'\t' | b'\n' | b'\r' if quote.is_none() => words.extend(word.take()),
            b'\'' | b'"' if quote.is_none() => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            _ if quote == Some(byte) => quote = None,
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words
}

/// A word with the values of its `${NAME}` in it. What is not finished stays as it is.
fn within(word: &[u8], braces: Braces, value: Value) -> Vec<u8> {
    let mut done = Vec::new();
    let mut rest = word;
    // How many texts we are in, whose closing brace is not to be seen.
    let mut texts = 0;
    loop {
        rest = match rest {
            [b'$', b'$', behind @ ..] => {
                done.push(b'$');
                behind
            }
            [b'$', b'{', inside @ ..] => match reference(inside, braces) {
                Some(found) => {
                    let value = look_up(found.name, value);
                    let is = if value.is_empty() { When::Empty } else { When::Set };
                    match found.text {
                        Some((when, _)) if when == is => {
                            texts += 1;
                            found.behind
                        }
                        Some((_, length)) => {
                            done.extend(value);
                            &found.behind[length + 1..]
                        }
                        None => {
                            done.extend(value);
                            found.behind
                        }
                    }
                }
                None => {
                    let length = end_of_name(inside).map_or(rest.len(), |end| 2 + end + 1);
                    let (literal, behind) = rest.split_at(length);
                    done.extend(literal);
                    behind
                }
            },
            [b'}', behind @ ..] if texts > 0 => {
                texts -= 1;
                behind
            }
            [byte, behind @ ..] => {
                done.push(*byte);
                behind
            }
            [] => return done,
        };
    }
}

/// When the text in a reference counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Empty,
    Set,
}

/// A variable between braces.
struct Reference<'a> {
    name: &'a [u8],
    /// The length of a text, and when it takes the value's place.
    text: Option<(When, usize)>,
    /// The text and what follows it.
    behind: &'a [u8],
}

fn end_of_name(inside: &[u8]) -> Option<usize> {
    inside.iter().position(|b| matches!(b, b'}' | b':'))
}

fn reference(inside: &[u8], braces: Braces) -> Option<Reference<'_>> {
    let (name, behind) = inside.split_at(end_of_name(inside)?);
    let (when, behind) = match (behind, braces) {
        ([b'}', behind @ ..], _) => return Some(Reference { name, text: None, behind }),
        ([b':', b'-', behind @ ..], Braces::NameOrText) => (When::Empty, behind),
        ([b':', b'+', behind @ ..], Braces::NameOrText) => (When::Set, behind),
        _ => return None,
    };
    Some(Reference { name, text: Some((when, end_of_text(behind)?)), behind })
}

/// Where the brace is that closes a text, which may have references of its own.
fn end_of_text(text: &[u8]) -> Option<usize> {
    let mut open = 0;
    let mut rest = text;
    loop {
        rest = match rest {
            [b'$', b'$', behind @ ..] => behind,
            [b'$', b'{', behind @ ..] => {
                open += 1;
                behind
            }
            [b'}', ..] if open == 0 => return Some(text.len() - rest.len()),
            [b'}', behind @ ..] => {
                open -= 1;
                behind
            }
            [_, behind @ ..] => behind,
            [] => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLES: &[(&str, &str)] = &[
        ("ONE", "one"),
        ("TWO", "two words"),
        ("EMPTY", ""),
        ("BLANK", "  "),
        ("QUO", "x \"y z\" w"),
        ("OPEN", "a 'b c"),
        ("INNER", "a\"b c\"d"),
        ("BACK", "a\\ b \"c\\\"d\" 'e\\'f' end\\"),
        ("LINES", "a\nb\tc"),
        ("NEST", "$ONE ${ONE}"),
        ("NONE", "\"\" ''"),
        ("_U1", "under"),
    ];

    /// The words, with a bar between them.
    fn with(braces: Braces, line: &str) -> String {
        let value = |name: &[u8]| {
            let found = VARIABLES.iter().find(|(known, _)| known.as_bytes() == name)?;
            Some(found.1.as_bytes().to_vec())
        };
        let all = line.split(' ').flat_map(|word| words(word.as_bytes(), braces, &value));
        let all: Vec<_> = all.map(|word| String::from_utf8(word).unwrap()).collect();
        all.join("|")
    }

    fn plain(line: &str) -> String {
        with(Braces::Name, line)
    }

    // What systemd 252 makes of the same words, measured with a program that prints its arguments.

    #[test]
    fn braces_are_one_value() {
        assert_eq!(plain("${TWO} pre${TWO}post"), "two words|pretwo wordspost");
        assert_eq!(plain("${ONE}${TWO}"), "onetwo words");
        assert_eq!(plain("${UNSET} ${EMPTY} ${BLANK}"), "||  ");
        assert_eq!(plain("${NEST} ${NONE} ${LINES}"), "$ONE ${ONE}|\"\" ''|a\nb\tc");
    }

    #[test]
    fn a_word_that_is_a_variable_is_split() {
        assert_eq!(plain("$ONE $TWO $_U1"), "one|two|words|under");
        assert_eq!(plain(". $UNSET . $EMPTY . $BLANK ."), ".|.|.|.");
        assert_eq!(plain("$QUO"), "x|y z|w");
        assert_eq!(plain("$OPEN $INNER"), "a|b c|ab cd");
        assert_eq!(plain("$BACK"), "a b|c\"d|e'f|end");
        assert_eq!(plain("$LINES $NEST $NONE"), "a|b|c|$ONE|${ONE}||");
    }

    #[test]
    fn a_dollar_within_a_word_is_itself() {
        assert_eq!(plain("pre$TWO x$ x$x {$ONE} a$"), "pre$TWO|x$|x$x|{$ONE}|a$");
        assert_eq!(plain("a$b${ONE} ${ONE}$ a$x{ONE}"), "a$bone|one$|a$x{ONE}");
    }

    #[test]
    fn two_dollars_are_one() {
        assert_eq!(plain("$$ONE $${ONE} $$ $$$$ a$$b"), "$ONE|${ONE}|$|$$|a$b");
        assert_eq!(plain("$$$ONE $$${ONE} a$$$b"), "$$ONE|$one|a$$b");
        assert_eq!(plain("x$$${ONE} a$${ONE}b${ONE}"), "x$one|a${ONE}bone");
    }

    #[test]
    fn what_is_no_name_has_no_value() {
        assert_eq!(plain(". $ . $1x . $a-b . $ONE.x ."), ".|.|.|.|.");
        assert_eq!(plain(". $ONE$TWO . $ONE{ . $a${ONE} . $ö ."), ".|.|.|.|.");
        assert_eq!(plain("${} ${1x} ${a-b} a${ONE${TWO} x${${ONE}}y"), "|||a|x}y");
    }

    #[test]
    fn what_is_not_finished_stays() {
        assert_eq!(plain("a${ONE ${ONE$$ $${ONE$}"), "a${ONE|${ONE$$|${ONE$}");
        assert_eq!(plain("${ONE:-x} ${UNSET:-x}y${ONE}"), "${ONE:-x}|${UNSET:-x}yone");
        assert_eq!(plain("${ONE:x}"), "${ONE:x}");
        assert_eq!(plain("a${ONE:}b${ONE} ${UNSET:-${ONE}}z"), "a${ONE:}bone|${UNSET:-one}z");
    }

    #[test]
    fn a_text_takes_the_place_of_a_value_as_in_a_shell() {
        let shell = |line: &str| with(Braces::NameOrText, line);
        assert_eq!(shell("${UNSET:-x}y ${EMPTY:-x} ${ONE:-x} ${UNSET:-}"), "xy|x|one|");
        assert_eq!(shell("${UNSET:+x}y ${EMPTY:+x} ${ONE:+x} ${ONE:+}"), "y||x|");
        assert_eq!(shell("${UNSET:-${ONE}x}y"), "onexy");
        assert_eq!(shell("${UNSET:-${EMPTY:-${TWO}}}z"), "two wordsz");
        assert_eq!(shell("${ONE:-${UNSET:-${TWO}}}z ${ONE:+${UNSET:-a}}}"), "onez|a}");
        assert_eq!(shell("${UNSET:-a:-$$b$c} ${UNSET:-{} ${UNSET:-$${}"), "a:-$b$c|{|${");
        assert_eq!(shell("${UNSET-x} ${ONE:x} ${ONE:=x}"), "|${ONE:x}|${ONE:=x}");
        assert_eq!(shell("${UNSET:-un ${UNSET:-${ONE}"), "${UNSET:-un|${UNSET:-one");
    }
}
