//! Chainloaders: each changes one thing about its own process, then becomes the next program.
#![forbid(unsafe_code)]

use std::ffi::OsString;

use common::program::Program;

mod beside;
mod block;
mod capability;
mod chain;
mod child;
mod identity;
mod kin;
pub mod link;
mod moment;
mod path;
mod quantity;
mod word;

use envfile::grammar::Variable;
use expand::grammar::Braces;
use link::{Link, alone};

/// svc-caps, for those who have its words from elsewhere.
pub const CAPS: Link = caps::LINK;
/// svc-limit, as well.
pub const LIMIT: Link = limit::LINK;

/// The variables that svc-envfile finds in a file, or the line of a mistake: for the fuzz target.
pub fn variables_of_file(text: &[u8]) -> Result<Vec<Variable>, usize> {
    envfile::grammar::parse(text).map_err(|bad| bad.line)
}

/// The value that svc-envdir finds in a file: for the fuzz target.
pub fn value_of_file(file: &[u8]) -> Option<Vec<u8>> {
    envdir::value(file, envdir::Form::default())
}

/// The words that svc-expand makes of one, plainly or with `--shell-defaults`: for the fuzz target.
pub fn words_of_word(
    word: &[u8],
    defaults: bool,
    value: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
) -> Vec<Vec<u8>> {
    let braces = if defaults { Braces::NameOrText } else { Braces::Name };
    expand::grammar::words(word, braces, value)
}

/// The words of each line of a chain file, or the line and column of a mistake: for the fuzz target.
pub fn lines_of_chain(text: &[u8]) -> Result<Vec<Vec<OsString>>, (usize, usize)> {
    let lines = chain::grammar::parse(text).map_err(|bad| (bad.at.line, bad.at.column))?;
    Ok(lines.into_iter().map(|line| line.words).collect())
}

/// What svc-sdnotify understands of a datagram: for the fuzz target.
pub fn message_of_datagram(datagram: &[u8]) -> sdnotify::message::Message {
    sdnotify::message::parse(datagram)
}

/// The table: a module for each link.
macro_rules! table {
    ($($module:ident)*) => {
        $(mod $module;)*

        /// Every link, by name.
        pub const LINKS: &[Link] = &[$($module::LINK),*];

        /// The names alone: who needs no more of the links does not get all that they do.
        pub const NAMES: &[&str] = &[$($module::LINK.name),*];

        /// Each link as a program of its own, and what makes one of many.
        pub const PROGRAMS: &[Program] = &[chain::PROGRAM, $(Program {
            name: $module::LINK.name,
            help: $module::LINK.help,
            main: |args| alone(&$module::LINK, args),
        }),*];
    };
}

table! {
    announce argv0 background caps cd cgroup chroot env envdir envfile envuidgid expand fdclose fdmove follow
    foreground r#if ionice limit mkdir nice nnp oom readycheck redirfd sched sdnotify setlock setsid
    setuid timeout r#try tty umask waitfile
}
