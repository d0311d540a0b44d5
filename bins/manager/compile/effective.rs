//! What holds for a service: each key with its value, and where that is said.

use toml::de::{DeTable, DeValue};

use super::whole::Whole;
use crate::manager::service_file::keys::KEYS;
use crate::manager::service_file::parameter;

/// What holds of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Its name as TOML has it: `limits.nofile`.
    pub(crate) key: String,
    /// Its value in TOML. Of a default: what the page of service files says of it.
    pub(crate) value: String,
    /// Where it is said; none: it is the default.
    pub(crate) origin: Option<Origin>,
}

/// Where something is said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) file: String,
    pub(crate) line: usize,
    /// What was put in the place of %i.
    pub(crate) parameter: Option<String>,
}

/// What holds for a service, in the order of the table of keys; with the defaults, or without. None:
/// there is no such service.
pub(crate) fn effective(whole: &Whole, name: &str, has_defaults: bool) -> Option<Vec<Held>> {
    let service = whole.set.services.get(name)?;
    let own = name.split_once('@').map(|(_, parameter)| parameter).filter(|p| !p.is_empty());
    let mut held = Vec::new();
    for key in KEYS {
        let said = service.settings().iter().filter(|(_, setting)| setting.key.name == key.name);
        let before = held.len();
        for (full, setting) in said {
            let position = whole.sources.position(setting.place);
            let Some((value, is_put)) = value(whole.sources.piece(setting.place), own) else {
                continue;
            };
            held.push(Held {
                key: written(full),
                value,
                origin: Some(Origin {
                    file: position.file.to_owned(),
                    line: position.line,
                    parameter: own.filter(|_| is_put).map(str::to_owned),
                }),
            });
        }
        if has_defaults && held.len() == before && key.is_of(service.kind) {
            let value = key.default.to_owned();
            held.push(Held { key: key.name.to_owned(), value, origin: None });
        }
    }
    Some(held)
}

/// A key as TOML has it: what stands behind the dot may be anything.
fn written(name: &str) -> String {
    match name.split_once('.') {
        Some((table, rest)) if !rest.bytes().all(is_bare) => format!("{table}.{}", quoted(rest)),
        _ => name.to_owned(),
    }
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// A value on one line, with the parameter put in, and whether it was. None: it is not TOML.
fn value(text: &str, own: Option<&str>) -> Option<(String, bool)> {
    let text = format!("v = {text}");
    let table = DeTable::parse(&text).ok()?;
    let value = table.get_ref().values().next()?;
    let mut is_put = false;
    let line = line(value.get_ref(), &text[value.span()], &text, own, &mut is_put);
    Some((line, is_put))
}

fn line(
    value: &DeValue<'_>,
    written: &str,
    whole: &str,
    own: Option<&str>,
    is_put: &mut bool,
) -> String {
    match value {
        DeValue::String(text) => {
            let put = own.and_then(|own| parameter::put(text, own).ok());
            *is_put |= put.as_ref().is_some_and(|put| put != text);
            quoted(&put.unwrap_or_else(|| text.to_string()))
        }
        DeValue::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| line(item.get_ref(), &whole[item.span()], whole, own, is_put))
                .collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Table(_) => written.to_owned(),
    }
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut line = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => line += "\\\"",
            '\\' => line += "\\\\",
            '\n' => line += "\\n",
            '\t' => line += "\\t",
            c if c.is_control() => line += &format!("\\u{:04X}", u32::from(c)),
            c => line.push(c),
        }
    }
    line + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_one_line() {
        let of = |text| value(text, None).map(|(value, _)| value);
        assert_eq!(of("'a\"b'").as_deref(), Some(r#""a\"b""#));
        assert_eq!(of("[ 'a', # x\n [\"b\"],]").as_deref(), Some(r#"["a", ["b"]]"#));
        assert_eq!(of("0x1F").as_deref(), Some("0x1F"));
        assert_eq!(of("\"\"\"\nx\ny\"\"\"").as_deref(), Some(r#""x\ny""#));
        assert_eq!(of("'\u{85}'").as_deref(), Some(r#""\u0085""#));
        assert_eq!(of("'"), None);
    }

    #[test]
    fn the_parameter_is_put_in_and_that_is_known() {
        let of = |text| value(text, Some("tty1"));
        assert_eq!(of("'a'"), Some((r#""a""#.into(), false)));
        assert_eq!(of("['a', '%i%%']"), Some((r#"["a", "tty1%"]"#.into(), true)));
    }

    #[test]
    fn a_name_behind_the_dot_is_quoted_where_it_must_be() {
        assert_eq!(written("limits.nofile"), "limits.nofile");
        assert_eq!(written("on-loss.getty@tty1"), "on-loss.\"getty@tty1\"");
    }
}
