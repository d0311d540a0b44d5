//! Whether a text or a number can be the value of a key.

use std::ffi::OsString;

use chainload::link::Link;
use common::base::args::Args;
use common::base::signal::Signal;
use common::os::account;

use super::diagnostic::Code;
use super::kinds::Type;
use super::ready;
use super::units::{self, Bad};
use super::value::Value;

/// A value, or what is wrong with it.
pub(super) type Checked<T> = Result<T, (Code, String)>;

fn bad<T>(what: String) -> Checked<T> {
    Err((Code::BadValue, what))
}

/// The words of a command.
pub(super) fn command(name: &str, words: Vec<String>) -> Checked<Vec<String>> {
    match words.first() {
        None => Err((Code::BadCommand, format!("{name}: no program in it"))),
        Some(program) if program.is_empty() => {
            Err((Code::BadCommand, format!("{name}: the name of the program is empty")))
        }
        Some(_) => Ok(words),
    }
}

/// What a number means.
pub(super) fn number(of: Type, name: &str, number: Option<i64>) -> Checked<Value> {
    let large = || Err((Code::OutOfRange, format!("{name}: the number does not fit")));
    let Some(number) = number else { return large() };
    if let Type::Integer(from, to) = of
        && !(from..=to).contains(&number)
    {
        return Err((Code::OutOfRange, format!("{name}: {number} is not from {from} to {to}")));
    }
    if of == Type::Size && number < 0 {
        return Err((Code::OutOfRange, format!("{name}: {number} is less than nothing")));
    }
    if matches!(of, Type::Limit(_)) {
        return limit(name, number.to_string());
    }
    Ok(Value::Number(number))
}

/// What a text means.
pub(super) fn text(of: Type, name: &str, text: String) -> Checked<Value> {
    if of != Type::Variable && text.contains(char::is_control) {
        return bad(format!("{name}: more than one line, or a control character"));
    }
    if of != Type::Variable && text.is_empty() {
        return bad(format!("{name}: it is empty"));
    }
    match of {
        Type::Duration if text == "infinity" => return Ok(Value::Duration(None)),
        Type::Duration => {
            let units = "ms, s, min, h, d or w";
            let read = units::duration(&text).map_err(|bad| quantity(name, &text, bad, units));
            return read.map(|ms| Value::Duration(Some(ms)));
        }
        Type::Size => {
            let read = units::size(&text);
            let read = read.and_then(|size| i64::try_from(size).map_err(|_| Bad::TooLarge));
            let read = read.map_err(|bad| quantity(name, &text, bad, "K, M, G or T"));
            return read.map(Value::Number);
        }
        Type::Ready => return ready::parse(&text).map(Value::Ready),
        Type::Limit(_) => return limit(name, text),
        Type::Mode => mode(name, &text)?,
        Type::Choice(words) if words.contains(&text.as_str()) => {}
        Type::Choice(words) => {
            return bad(format!("{name}: \"{text}\" is none of {}", words.join(", ")));
        }
        Type::Path => absolute(name, &text)?,
        Type::Signal if Signal::parse(&text).is_some() => {}
        Type::Signal => return bad(format!("{name}: no signal \"{text}\"")),
        Type::Cgroup => cgroup(name, &text)?,
        Type::Account | Type::Group => member(of, name, &text)?,
        Type::Text
        | Type::Variable
        | Type::Bool
        | Type::Integer(..)
        | Type::Files
        | Type::Directories
        | Type::Words
        | Type::Command
        | Type::Commands
        | Type::Groups
        | Type::Capabilities
        | Type::Services
        | Type::Conditions => {}
    }
    Ok(Value::Text(text))
}

fn mode(name: &str, text: &str) -> Checked<()> {
    let is_octal = text.len() <= 5 && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    if is_octal && u32::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o7777) {
        return Ok(());
    }
    bad(format!("{name}: \"{text}\" is not an octal number up to 7777"))
}

fn cgroup(name: &str, path: &str) -> Checked<()> {
    if path != "/" && path.split('/').all(|part| part != "." && part != "..") {
        return Ok(());
    }
    bad(format!("{name}: \"{path}\" is not the path of a cgroup, without . and .."))
}

/// One text of a list, or one that stands alone.
pub(super) fn member(of: Type, name: &str, text: &str) -> Checked<()> {
    if text.is_empty() || text.contains(char::is_control) {
        return bad(format!("{name}: a name that is empty or has a control character"));
    }
    match of {
        Type::Files => absolute(name, text.strip_prefix('-').unwrap_or(text)),
        Type::Directories => {
            let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
            if text.split('/').all(is_plain) && !text.contains(':') {
                return Ok(());
            }
            bad(format!("{name}: \"{text}\" is not a relative path, without . and .."))
        }
        Type::Account => user(name, text),
        Type::Capabilities => accepted(chainload::CAPS, &["-a", text], name),
        Type::Groups if text.contains(',') => bad(format!("{name}: a comma in a name")),
        Type::Words if text.contains('=') => bad(format!("{name}: \"{text}\" is not a variable")),
        Type::Services => match common::base::name::check(text.as_bytes()) {
            Ok(()) if !text.contains('/') && !text.starts_with('.') => Ok(()),
            Ok(()) | Err(_) => bad(format!("{name}: \"{text}\" can't be the name of a service")),
        },
        Type::Text
        | Type::Variable
        | Type::Bool
        | Type::Integer(..)
        | Type::Mode
        | Type::Duration
        | Type::Size
        | Type::Choice(_)
        | Type::Path
        | Type::Words
        | Type::Command
        | Type::Commands
        | Type::Group
        | Type::Groups
        | Type::Signal
        | Type::Ready
        | Type::Limit(_)
        | Type::Cgroup
        | Type::Conditions => Ok(()),
    }
}

fn user(name: &str, text: &str) -> Checked<()> {
    match text.split_once(':') {
        None if account::id(text).is_some() => {
            let what = format!("nobody knows the groups of a number: write \"{text}:GROUP\"");
            bad(format!("{name}: {what}"))
        }
        Some(("", _) | (_, "")) => bad(format!("{name}: \"{text}\" is not USER:GROUP")),
        None | Some(_) => Ok(()),
    }
}

fn absolute(name: &str, path: &str) -> Checked<()> {
    if path.starts_with('/') {
        return Ok(());
    }
    Err((Code::RelativePath, format!("{name}: \"{path}\" does not begin with a slash")))
}

fn quantity(name: &str, text: &str, bad: Bad, units: &str) -> (Code, String) {
    match bad {
        Bad::Number => (Code::BadValue, format!("{name}: \"{text}\" has no number in front")),
        Bad::NoUnit => (Code::BadUnit, format!("{name}: \"{text}\" has no unit: {units}")),
        Bad::Unit => (Code::BadUnit, format!("{name}: \"{text}\" has another unit than {units}")),
        Bad::TooLarge => (Code::OutOfRange, format!("{name}: \"{text}\" does not fit")),
    }
}

fn limit(name: &str, text: String) -> Checked<Value> {
    let limit = name.rsplit('.').next().unwrap_or(name);
    accepted(chainload::LIMIT, &[&format!("{limit}={text}")], name)?;
    Ok(Value::Text(text))
}

/// Whether a link takes these words: what it takes is known there alone.
fn accepted(link: Link, words: &[&str], name: &str) -> Checked<()> {
    let words = words.iter().map(OsString::from);
    match (link.read)(&mut Args::new(words)) {
        Ok(_) => Ok(()),
        Err(e) => bad(format!("{name}: {}", e.message)),
    }
}
