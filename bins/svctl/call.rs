//! What can be asked for and what was: verbs with their options, and a call of one.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;

use common::base::args::parse;
use common::base::near::{distance, nearest};
use common::base::span::milliseconds;
use common::prelude::*;

use super::elsewhere;
use super::site::{Kind, Site};
use super::terminal::Terminal;

/// What the arguments of a verb are: for completions, and to say who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Nothing,
    /// Services that are live, or of the service files.
    Service,
    Generation,
    Verb,
    File,
    /// One of the words that the help shows.
    Word,
}

/// A verb.
pub(super) struct Verb {
    pub(super) word: &'static str,
    /// The arguments as the help shows them.
    pub(super) arguments: &'static str,
    /// How many there may be.
    pub(super) count: std::ops::RangeInclusive<usize>,
    pub(super) operand: Operand,
    /// What it does: a line of the help, at most 68 characters.
    pub(super) summary: &'static str,
    /// Its own options, besides those of all.
    pub(super) options: &'static [Opt],
    pub(super) run: fn(&Call) -> Result<Next>,
}

/// An option.
#[derive(Debug)]
pub(super) struct Opt {
    /// As it is typed: `--long` or `-x`.
    pub(super) name: &'static str,
    /// What its value is called; empty: it has none.
    pub(super) value: &'static str,
    pub(super) help: &'static str,
}

/// An option without a value.
pub(super) const fn flag(name: &'static str, help: &'static str) -> Opt {
    Opt { name, value: "", help }
}

/// An option with one.
pub(super) const fn option(name: &'static str, value: &'static str, help: &'static str) -> Opt {
    Opt { name, value, help }
}

/// As many arguments as one likes.
pub(super) const ANY: usize = usize::MAX;

/// The options that every verb has; a verb that prints nothing but lines has no use for the last two.
pub(super) const EVERYWHERE: &[Opt] = &[
    flag("--user", "your own tree instead of the system's"),
    option("--prefix", "DIR", "a tree of which everything is below DIR ($COPPICE_PREFIX)"),
    option("--root", "DIR", "the system in the directory DIR, of which nothing runs"),
    flag("--json", "objects, a line each, for programs"),
    option("--color", "WHEN", "auto (on a terminal, the default), always or never"),
];

/// All verbs in the order of the help, with the line above those that are about the same.
#[derive(Clone, Copy)]
pub(super) struct Verbs(pub(super) &'static [(&'static str, &'static [Verb])]);

impl Verbs {
    /// All of them.
    pub(super) fn all(self) -> impl Iterator<Item = &'static Verb> {
        self.0.iter().flat_map(|(_, verbs)| *verbs)
    }

    /// The verb that is called so.
    pub(super) fn find(self, word: &str) -> Option<&'static Verb> {
        self.all().find(|verb| verb.word == word)
    }

    /// The verb that a word is, or the one that may be meant.
    pub(super) fn named(self, word: &OsStr) -> Result<&'static Verb> {
        let text = word.to_string_lossy();
        self.find(&text).ok_or_else(|| {
            if let Some(ours) = elsewhere::ours(&text) {
                return Error::user(format_args!("no verb {text}: {ours}"));
            }
            // Whoever types another verb than he means moves something.
            let is_slip =
                |verb: &&str| distance(&text, verb) * 3 <= text.len() || verb.contains(&*text);
            let near = nearest(&text, self.all().map(|verb| verb.word).filter(is_slip));
            let hint = near.first().map_or_else(
                || "svctl --help lists all".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            Error::user(format_args!("no verb {text}: {hint}"))
        })
    }
}

/// What was asked for.
pub(super) struct Call {
    pub(super) verb: &'static Verb,
    /// All that there are.
    pub(super) verbs: Verbs,
    /// `--help` stands behind the verb.
    pub(super) is_about_itself: bool,
    /// Its own options as they came.
    pub(super) options: Vec<(&'static Opt, OsString)>,
    pub(super) operands: Vec<OsString>,
    pub(super) site: Site,
    pub(super) json: bool,
    /// Of which services it was said already what becomes of them.
    pub(super) told: Vec<String>,
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
        let option = self.options.iter().find(|(option, _)| option.name == name);
        let of_letter = option.filter(|_| !name.starts_with("--")).map(|(opt, _)| opt.value);
        let what = of_letter.map_or_else(|| name.trim_start_matches('-').into(), str::to_lowercase);
        self.raw(name).map(|word| parse(word.to_owned(), &what)).transpose()
    }

    /// The command line again, without `svctl` and the options of all verbs.
    pub(super) fn said(&self) -> String {
        let mut said = self.verb.word.to_owned();
        for (option, value) in &self.options {
            said += &format!(" {} {}", option.name, value.display());
            said.truncate(said.trim_end().len());
        }
        self.operands.iter().for_each(|word| said += &format!(" {}", word.display()));
        said
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
            name.map(str::to_owned).ok_or_else(|| match word.is_empty() {
                true => Error::user("an empty word is not the name of a service"),
                false => {
                    Error::user(format_args!("{} is not the name of a service", word.display()))
                }
            })
        };
        self.operands.iter().map(name).collect()
    }
}
