//! What a logger does with each line: a script, read from s6-log's directives or from the options
//! for people. Pure: no file is opened here.
//!
//! A line runs through the actions in order. It comes in selected; each rule whose pattern matches
//! it changes that, and an action takes the line if it is selected when the line gets there.

use std::path::PathBuf;

pub(crate) mod command_line;
mod directives;
pub(crate) mod file;
mod hash;
pub(crate) mod options;
pub(crate) mod pattern;
mod quantity;
pub(crate) mod settings;

pub(crate) use hash::hash;

/// A whole script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    /// In the order of the command line; at least one.
    pub(crate) actions: Vec<Action>,
    /// `--rate`: lines a second that are logged at most (0: any number). What is more is counted.
    pub(crate) rate: u32,
}

/// The rules since the previous action, and what is done with a line that is selected after them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Action {
    /// In order; the selection goes on from where the previous action left it.
    pub(crate) rules: Vec<Rule>,
    /// What goes in front of the line.
    pub(crate) stamp: Stamp,
    /// What goes between the stamp and the line.
    pub(crate) prefix: Vec<u8>,
    /// Where the line goes.
    pub(crate) to: Target,
}

/// A change of the selection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    /// `+PATTERN`: what matches is selected.
    Select(Pattern),
    /// `-PATTERN`: what matches is not.
    Deselect(Pattern),
    /// `f`: selected is what no action has taken yet, and nothing else.
    Rest,
}

/// A pattern of the command line: a POSIX extended regular expression, which a line matches if a
/// part of it does. Simple ones (`^` and letters, or letters alone, or nothing) never see a
/// matcher.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    /// As it was typed.
    pub(crate) text: Vec<u8>,
}

/// What goes in front of each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// Nothing.
    None,
    /// `t`: `@`, 24 hexadecimal digits, a blank.
    Tai64n,
    /// `T`: `2026-11-21 07:41:19.123456789`, local time, two blanks.
    Iso,
    /// `t` and `T` both: the label, then the date.
    Both,
}

/// Where a line goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// `1`: standard output; given up for good when it fails.
    Stdout,
    /// `2`: an alert on standard error, of at most so many bytes (`E`; 0 is no limit).
    Alert(usize),
    /// `=FILE`: replaced by the newest line, padded with newlines to so many bytes (`^`; 0 is no
    /// padding).
    Status(PathBuf, usize),
    /// `/DIR` or `./DIR`.
    Dir(Directory),
}

/// A log directory, and its limits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
    /// `s`: bytes at which `current` becomes an archive (99999).
    pub(crate) size: u64,
    /// `l`: it does so from this many bytes before that, if a line ends there (2000, at most half
    /// of `size`).
    pub(crate) tolerance: u64,
    /// `n`: how many archives are kept (10).
    pub(crate) keep: usize,
    /// `S`: how many bytes the archives may have together (0: any).
    pub(crate) total: u64,
    /// `R`: seconds after which `current` becomes an archive whatever its size (0: never).
    pub(crate) period: u64,
    /// `r`: milliseconds to wait after an error before it is tried again (2000).
    pub(crate) retry: u64,
    /// When the disk is full: wait for room, or remove the oldest archives to make it.
    pub(crate) full: Full,
    /// Whether what is written is on the disk (fsync) before it counts as written.
    pub(crate) sync: bool,
    /// What an archive goes through.
    pub(crate) processor: Option<Processor>,
}

/// What to do when the disk is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// Wait until there is room; whoever writes to the logger waits too.
    Wait,
    /// Remove archives, oldest first; wait when there is none left.
    DropOldest,
}

/// A program that archives go through: stdin the old file, stdout the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Processor {
    /// `!COMMAND`: with `execlineb -Pc`.
    Execline(Vec<u8>),
    /// `?COMMAND`: with `/bin/sh -c`.
    Shell(Vec<u8>),
    /// `--compress`: this program, found in PATH, with `-c`; the archive's name gets the suffix.
    Compress {
        /// `gzip`, `zstd` or `xz`.
        program: &'static str,
        /// `.gz`, `.zst` or `.xz`.
        suffix: &'static str,
    },
}
