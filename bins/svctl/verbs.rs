//! The one table of verbs: from it come the command line, `--help`, the completions and the tests.

use common::prelude::*;

use super::call::Call;
use super::files::{cat, edit, enable, mask, show};
use super::{
    boot, bootchart, check, completions, events, generations, graph, halt, help, is, list, logs,
    moves, stale, status, tree, version, why,
};

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
pub(super) const VERBS: &[(&str, &[Verb])] = &[
    (
        "Look:",
        &[
            status::VERB,
            why::VERB,
            logs::VERB,
            list::VERB,
            tree::VERB,
            events::VERB,
            graph::VERB,
            bootchart::VERB,
            stale::VERB,
            is::UP,
            is::READY,
            is::FAILED,
        ],
    ),
    (
        "Move:",
        &[
            moves::START,
            moves::STOP,
            moves::RESTART,
            moves::RELOAD,
            moves::RESET,
            moves::kill::VERB,
            moves::wait::VERB,
            moves::LOOK,
        ],
    ),
    (
        "Service files:",
        &[
            enable::ENABLE,
            enable::DISABLE,
            mask::MASK,
            mask::UNMASK,
            cat::VERB,
            show::VERB,
            edit::VERB,
            check::VERB,
            moves::apply::PLAN,
            moves::apply::APPLY,
            moves::apply::CONFIRM,
            moves::apply::ROLLBACK,
            generations::VERB,
        ],
    ),
    ("The whole:", &[boot::VERB, halt::VERB, completions::VERB, help::VERB, version::VERB]),
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Verb> {
    VERBS.iter().flat_map(|(_, verbs)| *verbs)
}

/// The verb that is called so.
pub(super) fn find(word: &str) -> Option<&'static Verb> {
    all().find(|verb| verb.word == word)
}
