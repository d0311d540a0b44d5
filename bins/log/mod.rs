//! Loggers, and the tools that read what they wrote.

use std::ffi::OsString;
use std::path::Path;

use common::prelude::*;

mod engine;
mod filter;
#[allow(clippy::module_inception, reason = "a program's folder has its name")]
mod log;
pub(crate) mod logd;
pub(crate) mod read;
pub(crate) mod script;
mod tai64n;
mod tai64nlocal;

/// Its programs that run often, or by themselves.
pub const CORE: &[Program] = &[log::PROGRAM, logd::PROGRAM];

/// Its programs for people.
pub const ADMIN: &[Program] = &[read::PROGRAM, tai64n::PROGRAM, tai64nlocal::PROGRAM];

/// The number of the script in a file: for the fuzz target, which sees nothing else of it.
pub fn number_of_file(name: &str, text: &[u8]) -> Result<u64> {
    let settings = &script::settings::Settings::default();
    let before = script::file::Before { settings, directives: &[] };
    script::file::read(name, text, &before, Path::new("/own")).map(|s| script::hash(&s))
}

/// The number of the script of a command line: for the fuzz target.
pub fn number_of_words(words: Vec<OsString>) -> Result<u64> {
    script::command_line::parse(Args::new(words)).map(|line| script::hash(&line.script))
}
