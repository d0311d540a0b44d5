//! The command line: a verb, its options and arguments, in any order that makes sense.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::str::FromStr;

use common::base::args::parse;
use common::base::near::nearest;
use common::base::span::milliseconds;
use common::prelude::*;

use super::site::{Choice, Kind, Site};
use super::terminal::{Colour, Terminal};
use super::verbs::{EVERYWHERE, Opt, Verb, all, find};

/// What was asked for.
pub(super) struct Call {
    pub(super) verb: &'static Verb,
    /// `--help` stands behind the verb.
    pub(super) is_about_itself: bool,
    /// Its own options as they came.
    pub(super) options: Vec<(&'static Opt, OsString)>,
    pub(super) operands: Vec<OsString>,
    pub(super) site: Site,
    pub(super) json: bool,
    /// What standard output can show.
    pub(super) terminal: Terminal,
}

impl Call {
    /// Whether an option was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| option.name == name)
    }

    /// The value of an option, the last if there are several.
    pub(super) fn raw(&self, name: &str) -> Option<&OsStr> {
        let mut given = self.options.iter().rev().filter(|(option, _)| option.name == name);
        given.next().map(|(_, value)| value.as_os_str())
    }

    /// The same as a number or another value that can be read from a text.
    pub(super) fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let what = name.trim_start_matches('-');
        self.raw(name).map(|word| parse(word.to_owned(), what)).transpose()
    }

    /// Whether it is about a live system: an image is none.
    pub(super) fn lives(&self) -> Result<()> {
        match self.site.kind {
            Kind::System | Kind::User | Kind::Prefix => Ok(()),
            Kind::Image => Err(Error::user(format_args!(
                "nothing of an image runs: {} list shows what is installed there",
                self.site.command()
            ))),
        }
    }

    /// The same as a time, in ms.
    pub(super) fn time(&self, name: &str) -> Result<Option<u64>> {
        let read = |word: &OsStr| {
            let bad = || Error::user(format_args!("invalid time: {}", word.display()));
            word.to_str().and_then(milliseconds).ok_or_else(bad)
        };
        self.raw(name).map(read).transpose()
    }

    /// The arguments, which are names of services.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let name = |word: &OsString| {
            let name = word.to_str().filter(|name| crate::manager::graph_file::is_fit(name));
            name.map(str::to_owned).ok_or_else(|| {
                Error::user(format_args!("{} is not the name of a service", word.display()))
            })
        };
        self.operands.iter().map(name).collect()
    }
}

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
pub(super) fn read(mut args: Args) -> Result<Call> {
    let mut said = Said::default();
    let mut verb: Option<&'static Verb> = None;
    let (mut options, mut operands) = (Vec::new(), Vec::new());
    loop {
        while let Some(name) = args.option()? {
            if said.take(&name, &mut args)? {
                continue;
            }
            let own = verb.and_then(|verb| verb.options.iter().find(|opt| opt.name == name));
            let Some(own) = own else { return Err(stray(&name, verb)) };
            let value = if own.value.is_empty() { OsString::new() } else { args.raw_value()? };
            options.push((own, value));
        }
        let Some(word) = args.next_operand() else { break };
        match verb {
            None => verb = Some(named(&word)?),
            Some(_) => operands.push(word),
        }
    }
    // Without a verb they are about svctl.
    let of_all = match (verb, said.is_help, said.is_version) {
        (None, true, _) => find("help"),
        (None, false, true) => find("version"),
        (Some(_), _, _) | (None, false, false) => None,
    };
    said.is_help &= verb.is_some();
    if let (Some(verb), true) = (verb, said.is_version) {
        return Err(stray("--version", Some(verb)));
    }
    let Some(verb) = verb.or(of_all) else {
        return Err(Error::user("missing verb: svctl --help lists them"));
    };
    if !said.is_help {
        check(verb, &operands)?;
    }
    Ok(Call {
        verb,
        is_about_itself: said.is_help,
        options,
        operands,
        site: match said.is_help || of_all.is_some() {
            true => Site::default(),
            false => Site::new(said.choice)?,
        },
        json: said.json,
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

/// The verb that a word is, or the one that may be meant.
pub(super) fn named(word: &OsStr) -> Result<&'static Verb> {
    let text = word.to_string_lossy();
    find(&text).ok_or_else(|| {
        let near = nearest(&text, all().map(|verb| verb.word));
        let hint = near.first().map_or_else(
            || "svctl --help lists all".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        Error::user(format_args!("no verb {text}: {hint}"))
    })
}

/// The complaint about an option that is not one, or not of this verb.
fn stray(name: &str, verb: Option<&Verb>) -> Error {
    let of = |verb: &&Verb| verb.options.iter().any(|opt| opt.name == name);
    let Some(verb) = verb else {
        return match all().find(of) {
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
