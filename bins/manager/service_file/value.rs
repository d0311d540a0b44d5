//! The value of a key: from what TOML has to what it means, or to a complaint.

use common::base::signal::Signal;
use toml::Spanned;
use toml::de::{DeArray, DeValue};

use super::check::{self, Checked, command, member};
use super::conditions;
use super::diagnostic::{Code, Diagnostic};
use super::keys::Key;
use super::kinds::{Shape, Type};
use super::parameter;
use super::ready::Readiness;
use super::source::Place;
use super::words;
use crate::manager::condition::Test;

/// What a key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Flag(bool),
    /// A number, or a size in bytes.
    Number(i64),
    /// A duration in milliseconds; none: infinity.
    Duration(Option<u64>),
    /// Each with its place.
    List(Vec<(String, Place)>),
    Commands(Vec<Vec<String>>),
    Ready(Readiness),
    Conditions(Vec<Test>),
}

/// Reads values of one file.
pub(super) struct Reader<'a> {
    pub(super) file: u32,
    /// What %i is, in an instance of a template.
    pub(super) parameter: Option<&'a str>,
    pub(super) found: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The value of a key; none: what is wrong with it was noted.
    pub(super) fn value(
        &mut self,
        key: &Key,
        name: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Value> {
        let place = Place::new(self.file, value.span());
        match (key.value.shape(), value.get_ref()) {
            // What is no number was told as a mistake of syntax.
            (_, DeValue::Integer(number)) if number.as_str().is_empty() => None,
            (Shape::Bool, DeValue::Boolean(flag)) => Some(Value::Flag(*flag)),
            (Shape::Integer | Shape::TextOrInteger, DeValue::Integer(number)) => {
                let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
                self.checked(place, check::number(key.value, name, number))
            }
            (Shape::Text | Shape::TextOrInteger, DeValue::String(text)) => {
                let text = self.text(text, place)?;
                let checked = check::text(key.value, name, text.clone());
                self.checked_word(place, checked, key.value, &text)
            }
            (Shape::TextOrList | Shape::Lists, DeValue::String(text)) => {
                let text = self.text(text, place)?;
                let bad = |bad: words::Bad| (Code::BadCommand, format!("{name}: {}", bad.what));
                let words = self.checked(place, words::split(&text).map_err(bad))?;
                Some(Value::Commands(vec![words]))
            }
            (Shape::Lists, DeValue::Array(items)) if has_lists(items) => {
                self.lists(key, name, items)
            }
            (Shape::TextOrList | Shape::Lists, DeValue::Array(items)) => {
                let words = self.list(name, items)?.into_iter().map(|(word, _)| word).collect();
                let words = self.checked(place, command(name, words))?;
                Some(Value::Commands(vec![words]))
            }
            (Shape::List, DeValue::Array(items)) => {
                let list = self.list(name, items)?;
                self.members(key.value, name, list)
            }
            (shape, other) => {
                self.wrong_type(key, name, shape, other, place);
                None
            }
        }
    }

    fn wrong_type(
        &mut self,
        key: &Key,
        name: &str,
        shape: Shape,
        other: &DeValue<'_>,
        place: Place,
    ) {
        let what = format!("{name}: expected {}, found {}", shape.name(), found(other));
        let code = match (key.value, other) {
            (Type::Duration, DeValue::Integer(_)) => Code::BadUnit,
            _ => Code::WrongType,
        };
        let diagnostic = Diagnostic::new(code, place, what);
        let help = match (shape, other) {
            (_, DeValue::Integer(n)) if key.value == Type::Duration => {
                format!("write \"{}s\" or \"{}ms\"", n.as_str(), n.as_str())
            }
            (Shape::Text, DeValue::Integer(n)) => format!("write \"{}\"", n.as_str()),
            (Shape::List, DeValue::String(text)) => format!("write [\"{text}\"]"),
            (Shape::Bool, DeValue::String(text)) if matches!(&**text, "yes" | "on" | "true") => {
                "write true".to_owned()
            }
            (Shape::Bool, DeValue::String(text)) if matches!(&**text, "no" | "off" | "false") => {
                "write false".to_owned()
            }
            _ => String::new(),
        };
        self.found.push(diagnostic.help(help));
    }

    /// A text with its parameter put in.
    fn text(&mut self, text: &str, place: Place) -> Option<String> {
        if text.contains('\0') {
            self.found.push(Diagnostic::new(Code::BadValue, place, "a NUL can't be in a text"));
            return None;
        }
        let Some(parameter) = self.parameter else { return Some(text.to_owned()) };
        self.checked(place, parameter::put(text, parameter))
    }

    /// The texts of a list; none if one of them is something else.
    fn list(&mut self, name: &str, items: &DeArray<'_>) -> Option<Vec<(String, Place)>> {
        let read = items.iter().map(|item| {
            let place = Place::new(self.file, item.span());
            if let DeValue::String(text) = item.get_ref() {
                return Some((self.text(text, place)?, place));
            }
            let what =
                format!("{name}: expected a list of texts, found {} in it", found(item.get_ref()));
            self.found.push(Diagnostic::new(Code::WrongType, place, what));
            None
        });
        // To the end: all that is wrong is said.
        let read: Vec<_> = read.collect();
        read.into_iter().collect()
    }

    fn lists(&mut self, key: &Key, name: &str, items: &DeArray<'_>) -> Option<Value> {
        let read = items.iter().map(|item| {
            let Value::Commands(commands) = self.value(key, name, item)? else { return None };
            Some(commands)
        });
        let read: Vec<_> = read.collect();
        let commands: Option<Vec<_>> = read.into_iter().collect();
        Some(Value::Commands(commands?.concat()))
    }

    fn members(&mut self, of: Type, name: &str, list: Vec<(String, Place)>) -> Option<Value> {
        if of == Type::Conditions {
            let read: Vec<_> = list
                .into_iter()
                .map(|(text, place)| self.checked(place, conditions::parse(&text)))
                .collect();
            return read.into_iter().collect::<Option<_>>().map(Value::Conditions);
        }
        let read: Vec<_> = list
            .into_iter()
            .map(|(text, place)| {
                self.checked(place, member(of, name, &text))?;
                Some((text, place))
            })
            .collect();
        read.into_iter().collect::<Option<_>>().map(Value::List)
    }

    /// The same of a word, with the one that was probably meant.
    fn checked_word(
        &mut self,
        place: Place,
        checked: Checked<Value>,
        of: Type,
        word: &str,
    ) -> Option<Value> {
        let is_bad = checked.is_err();
        let value = self.checked(place, checked);
        if is_bad && let Some(complaint) = self.found.pop() {
            self.found.push(if let Type::Choice(words) = of {
                complaint.near(word, words.iter().copied())
            } else if of == Type::Signal {
                complaint.near(word, (1..32).filter_map(|n| Signal(n).name()))
            } else {
                complaint
            });
        }
        value
    }

    fn checked<T>(&mut self, place: Place, checked: Checked<T>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err((code, what)) => {
                self.found.push(Diagnostic::new(code, place, what));
                None
            }
        }
    }
}

/// Whether it is a list of commands, not of words.
fn has_lists(items: &DeArray<'_>) -> bool {
    items.iter().any(|item| item.get_ref().is_array())
}

/// What was found in place of what was expected.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(flag) => format!("{flag}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
