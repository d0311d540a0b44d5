//! A service file: its text, and what it says of each key.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Code, Diagnostic};
use super::keys::{self, KEYS, Key};
use super::source::{Place, Sources};
use super::systemd;
use super::value::{Reader, Value};

/// What a file says of a key.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The key.
    pub(crate) key: &'static Key,
    /// Its value; none: there is a mistake in it, which was noted.
    pub(crate) value: Option<Value>,
    /// Where the value stands.
    pub(crate) place: Place,
    /// Where the key stands.
    pub(crate) at: Place,
}

/// All that a file says, by the full names of the keys.
pub(crate) type Settings = BTreeMap<String, Setting>;

/// Reads one text. Everything that is wrong with it is added to `found`.
pub(crate) fn read(
    sources: &Sources,
    file: u32,
    parameter: Option<&str>,
    found: &mut Vec<Diagnostic>,
) -> Settings {
    let (table, errors) = DeTable::parse_recoverable(sources.text(file));
    let before = found.len();
    for error in errors {
        let place = error.span().map_or(Place::top(file), |span| Place::new(file, span));
        let what = error.message().lines().collect::<Vec<_>>().join(": ");
        let written = error.span().and_then(|span| sources.text(file).get(span.start..));
        found.push(match written.and_then(octal) {
            Some(number) => {
                let what = "a number can't begin with a zero";
                let help = format!("write \"{number}\", if it is octal");
                Diagnostic::new(Code::Syntax, place, what).help(help)
            }
            None => Diagnostic::new(Code::Syntax, place, what),
        });
    }
    let mut settings = Settings::new();
    let is_whole = found.len() == before;
    let mut reader = Reader { file, parameter, found };
    take_table(&mut reader, "", table.get_ref(), &mut settings, is_whole);
    settings
}

/// The number in front of a text, if it is one that begins with a zero.
fn octal(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some(&text[..end]).filter(|number| number.len() > 1 && number.starts_with('0'))
}

/// Takes over what stands in a table. Behind a mistake of syntax nobody knows what the rest was meant
/// to be: then only what is known is read.
fn take_table(
    reader: &mut Reader<'_>,
    table: &str,
    items: &DeTable<'_>,
    settings: &mut Settings,
    is_whole: bool,
) {
    for (word, value) in items {
        let at = Place::new(reader.file, word.span());
        let word = word.get_ref();
        let name = if table.is_empty() { word.to_string() } else { format!("{table}.{word}") };
        match (keys::find(&name), value.get_ref()) {
            (Some(key), _) if is_variable(key, word) => {
                let place = Place::new(reader.file, value.span());
                let value = reader.value(key, &name, value);
                settings.insert(name, Setting { key, value, place, at });
            }
            (Some(_), _) => {
                let what = format!("\"{word}\" can't be the name of a variable");
                reader.found.push(Diagnostic::new(Code::BadValue, at, what));
            }
            (None, DeValue::Table(items)) if keys::is_table(&name) => {
                take_table(reader, &name, items, settings, is_whole);
            }
            (None, _) if keys::is_table(&name) => {
                let place = Place::new(reader.file, value.span());
                let what = format!("{name}: expected a table");
                let help = format!("write [{name}], and its keys below");
                reader.found.push(Diagnostic::new(Code::WrongType, place, what).help(help));
            }
            (None, _) if is_whole => reader.found.push(unknown(table, word, at, value)),
            (None, _) => {}
        }
    }
}

/// Whether a name fits where any name may stand.
fn is_variable(key: &Key, word: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let is_name = word.bytes().all(is_letter) && !word.starts_with(|c: char| c.is_ascii_digit());
    key.name != "environment.*" || is_name
}

fn unknown(table: &str, word: &str, at: Place, value: &Spanned<DeValue<'_>>) -> Diagnostic {
    let kind = if value.get_ref().is_table() { "table" } else { "key" };
    let place = if table.is_empty() { String::new() } else { format!(" in [{table}]") };
    let shown = word.escape_debug();
    let diagnostic =
        Diagnostic::new(Code::UnknownKey, at, format!("unknown {kind} \"{shown}\"{place}"));
    // Under the name that it has here, or its last part elsewhere.
    let here = KEYS.iter().filter_map(|key| match key.name.split_once('.') {
        Some((of, rest)) if of == table => Some(rest),
        Some((of, _)) if table.is_empty() => Some(of),
        Some(_) => None,
        None => table.is_empty().then_some(key.name),
    });
    let elsewhere = KEYS.iter().find(|key| {
        key.name.rsplit('.').next() == Some(word) && key.name != word
            || key.name == word && !table.is_empty()
    });
    let diagnostic = match word.contains(|c: char| c.is_ascii_uppercase() || c == '_') {
        true => diagnostic.near(&kebab(word), here),
        false => diagnostic.near(word, here),
    };
    if let Some(hint) = systemd::hint(word) {
        return diagnostic.help(hint);
    }
    match elsewhere.map(|key| key.name.split_once('.')) {
        Some(Some((of, rest))) => diagnostic.help(format!("it is {rest} in [{of}]")),
        Some(None) => diagnostic.help("it belongs above the first table"),
        None => diagnostic,
    }
}

/// A name as systemd writes it, as we do: `TimeoutStopSec` is `timeout-stop`.
fn kebab(word: &str) -> String {
    let mut name = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        name.push(if letter == '_' { '-' } else { letter.to_ascii_lowercase() });
    }
    name.strip_suffix("-sec").map(str::to_owned).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> (Settings, Vec<&'static str>) {
        let mut sources = Sources::default();
        let file = sources.add("f".into(), text.into());
        let mut found = Vec::new();
        let settings = read(&sources, file, None, &mut found);
        (settings, found.iter().map(|d| d.code.text()).collect())
    }

    #[test]
    fn a_key_has_one_name_wherever_it_stands() {
        let (settings, found) =
            settings("limits.nofile = 5\nlog = { keep = 3 }\n[environment]\nA = ''");
        assert_eq!(found, [] as [&str; 0]);
        let names: Vec<_> = settings.keys().map(String::as_str).collect();
        assert_eq!(names, ["environment.A", "limits.nofile", "log.keep"]);
    }

    #[test]
    fn every_example_is_right() {
        for key in KEYS {
            let (settings, found) = settings(key.example);
            assert_eq!(found, [] as [&str; 0], "{}", key.example);
            let name = settings.keys().next().map(String::as_str);
            assert_eq!(name.and_then(keys::find).map(|key| key.name), Some(key.name));
        }
    }

    #[test]
    fn behind_a_mistake_all_else_is_read() {
        let (settings, found) = settings("exec = [1\ntype = 5\nuser = 'www'\numask = 18\n");
        assert!(found.contains(&"E001"));
        assert!(settings.len() < 4);
        let (_, found) = self::settings("type = 5\nexce = 1\numask = 18\n");
        assert_eq!(found, ["E003", "E004", "E004"]);
    }

    #[test]
    fn a_name_of_systemds_is_ours_in_kebab_case() {
        assert_eq!(kebab("TimeoutStopSec"), "timeout-stop");
        assert_eq!(kebab("WorkingDirectory"), "working-directory");
        assert_eq!(kebab("log_level"), "log-level");
    }
}
