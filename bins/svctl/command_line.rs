//! The command line: a verb, its options and arguments, in any order that makes sense.

use std::ffi::OsString;
use std::path::PathBuf;

use common::base::near::nearest;
use common::base::signal::Signal;
use common::prelude::*;

use super::call::{Call, EVERYWHERE, Opt, Verb, Verbs};
use super::site::{Choice, Site};
use super::terminal::{Colour, Terminal};

/// What was said before the verb was known to be complete.
#[derive(Default)]
struct Said {
    choice: Choice,
    json: bool,
    colour: Colour,
    is_help: bool,
    is_version: bool,
}

/// Reads the command line.
pub(super) fn read(mut args: Args, verbs: Verbs) -> Result<Call> {
    let mut said = Said::default();
    let mut verb: Option<&'static Verb> = None;
    let (mut options, mut operands) = (Vec::new(), Vec::new());
    loop {
        while let Some(name) = args.option()? {
            if said.take(&name, &mut args)? {
                continue;
            }
            let own = verb.and_then(|verb| verb.options.iter().find(|opt| opt.name == name));
            let Some(own) = own else {
                let habit = habit(&name, verb, &mut args, operands.first());
                return Err(habit.unwrap_or_else(|| stray(&name, verb, verbs)));
            };
            let value = if own.value.is_empty() { OsString::new() } else { args.raw_value()? };
            options.push((own, value));
        }
        let Some(word) = args.next_operand() else { break };
        match verb {
            None => verb = Some(verbs.named(&word)?),
            Some(_) => operands.push(word),
        }
    }
    // Without a verb they are about svctl.
    let of_all = match (verb, said.is_help, said.is_version) {
        (None, true, _) => verbs.find("help"),
        (None, false, true) => verbs.find("version"),
        (Some(_), _, _) | (None, false, false) => None,
    };
    said.is_help &= verb.is_some();
    if let (Some(verb), true) = (verb, said.is_version) {
        return Err(stray("--version", Some(verb), verbs));
    }
    let Some(verb) = verb.or(of_all) else {
        return Err(Error::user("missing verb: svctl --help lists them"));
    };
    if !said.is_help {
        check(verb, &operands)?;
    }
    Ok(Call {
        verb,
        verbs,
        is_about_itself: said.is_help,
        options,
        operands,
        site: match said.is_help || of_all.is_some() {
            true => Site::default(),
            false => Site::new(said.choice)?,
        },
        json: said.json,
        told: Vec::new(),
        terminal: Terminal::of_output(said.colour),
    })
}

impl Said {
    /// Takes an option that every verb has; false: it is none.
    fn take(&mut self, name: &str, args: &mut Args) -> Result<bool> {
        match name {
            "--user" => self.choice.user = true,
            "--prefix" => self.choice.prefix = Some(PathBuf::from(args.raw_value()?)),
            "--root" => self.choice.root = Some(PathBuf::from(args.raw_value()?)),
            "--json" => self.json = true,
            "--color" => self.colour = Colour::parse(&args.value::<String>("color")?)?,
            "--help" | "-h" => self.is_help = true,
            "--version" | "-V" => self.is_version = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// What is typed here instead of an option that others have: `journalctl -u NAME`, `kill -9`.
fn habit(
    name: &str,
    verb: Option<&Verb>,
    args: &mut Args,
    service: Option<&OsString>,
) -> Option<Error> {
    let letter = name.strip_prefix('-').filter(|rest| rest.chars().count() == 1)?;
    let command = match verb.map(|verb| verb.word) {
        None | Some("logs") if letter == "u" => {
            let service = args.raw_value().unwrap_or_else(|_| "NAME".into());
            format!("logs {}", service.display())
        }
        Some("kill") => {
            let rest = args.attached_value().unwrap_or_default();
            let signal = Signal::parse(&format!("{letter}{}", rest.to_str()?))?;
            let service = service.map_or("NAME".into(), |service| service.to_string_lossy());
            format!("kill {service} {signal}")
        }
        Some(_) | None => return None,
    };
    Some(Error::user(format_args!("no option {name}: svctl {command}")))
}

/// The complaint about an option that is not one, or not of this verb.
fn stray(name: &str, verb: Option<&Verb>, verbs: Verbs) -> Error {
    let of = |verb: &&Verb| verb.options.iter().any(|opt| opt.name == name);
    let Some(verb) = verb else {
        return match verbs.all().find(of) {
            Some(_) => Error::user(format_args!("{name} belongs behind its verb")),
            None => Error::user(format_args!("invalid option {name}{}", near(name, &[]))),
        };
    };
    let near = near(name, verb.options);
    Error::user(format_args!("{} has no option {name}{near}", verb.word))
}

/// The option that may be meant, of these and those of all.
fn near(name: &str, options: &[Opt]) -> String {
    let known = options.iter().chain(EVERYWHERE).map(|opt| opt.name);
    let near = nearest(name, known).first().map(|near| format!(" (did you mean {near}?)"));
    near.unwrap_or_default()
}

fn check(verb: &Verb, operands: &[OsString]) -> Result<()> {
    if operands.len() < *verb.count.start() {
        return Err(Error::user(format_args!(
            "{} what? svctl {} {}",
            verb.word, verb.word, verb.arguments
        )));
    }
    match operands.get(*verb.count.end()) {
        Some(word) => {
            Err(Error::user(format_args!("{} takes no argument {}", verb.word, word.display())))
        }
        None => Ok(()),
    }
}
