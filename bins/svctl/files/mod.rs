//! The verbs about service files: they look at them and change them, and nothing that runs.

pub(super) mod cat;
pub(super) mod edit;
pub(super) mod enable;
pub(super) mod mask;
pub(super) mod show;
mod store;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::base::error::exit;
use common::os::file::write_all;
use common::prelude::*;

use super::call::Call;
use super::names::meaning;
use super::plain::plain_lines;
use super::site::Site;
use crate::manager::compile::root::Changes;
use crate::manager::compile::whole::Whole;

/// All service files as they are.
pub(super) fn read(site: &Site) -> Result<Whole> {
    Whole::read(&site.directories(), Changes::new())
}

/// The services that are meant.
fn names(call: &Call, whole: &Whole) -> Result<Vec<String>> {
    let is_there = |name: &str| !whole.parts(name).is_empty();
    Ok(call.names()?.iter().map(|name| meaning(name, is_there).to_owned()).collect())
}

/// Whether all files together still make sense after some changes: what is wrong because of them is
/// told.
fn vet(call: &Call, before: &mut Whole, changes: Changes) -> Result<()> {
    let Verdict { errors, warnings, broken } = judge(call, before, changes, &[])?;
    say(&errors.concat())?;
    say(&warnings.concat())?;
    if !errors.is_empty() {
        return Err(Error::new(
            exit::USAGE,
            format_args!("{}: nothing is changed", count(&errors)),
        ));
    }
    note(call, &broken)
}

/// What is to be said of changes.
struct Verdict {
    /// What is wrong because of them, as it is shown.
    errors: Vec<String>,
    warnings: Vec<String>,
    /// The files that have mistakes, these or others.
    broken: BTreeSet<String>,
}

/// What comes of changes. Everything wrong in `files` is because of them.
fn judge(call: &Call, before: &mut Whole, changes: Changes, files: &[PathBuf]) -> Result<Verdict> {
    let mut after = Whole::read(&call.site.directories(), changes)?;
    before.vet();
    after.vet();
    let (errors, warnings) = after.news(before, files);
    Ok(Verdict { errors, warnings, broken: after.broken() })
}

fn count(errors: &[String]) -> String {
    format!("{} error{}", errors.len(), if errors.len() == 1 { "" } else { "s" })
}

/// That mistakes which were there before are in the way.
fn note(call: &Call, broken: &BTreeSet<String>) -> Result<()> {
    let mut files = broken.iter();
    let who = match (files.next(), files.len()) {
        (None, _) => return Ok(()),
        (Some(file), 0) => format!("{file} has mistakes"),
        (Some(file), more) => format!("{file} and {more} more have mistakes"),
    };
    let command = call.site.command();
    say(&plain_lines(&format!("svctl: note: {who}, so nothing can be applied: {command} check\n")))
}

/// Writes to standard error.
fn say(text: &str) -> Result<()> {
    write_all(rustix::stdio::stderr(), text.as_bytes()).unable("write to standard error")
}

/// Another verb, for the same tree.
fn also(call: &Call, word: &str, operands: &[String], told: &[String]) -> Result<u8> {
    let verb =
        call.verbs.find(word).ok_or_else(|| Error::system(format_args!("no verb {word}")))?;
    let next = (verb.run)(&Call {
        verb,
        verbs: call.verbs,
        is_about_itself: false,
        options: Vec::new(),
        operands: operands.iter().map(Into::into).collect(),
        site: call.site.clone(),
        json: call.json,
        told: told.to_vec(),
        terminal: call.terminal,
    })?;
    match next {
        Next::Exit(code) => Ok(code),
        Next::Exec(_) => Err(Error::system(format_args!("{word} is another program"))),
    }
}

/// `--now` is for what runs.
fn check_now(call: &Call) -> Result<()> {
    if call.has("--now") && call.site.image.is_some() {
        return Err(Error::new(exit::USAGE, "nothing of an image runs: leave --now out"));
    }
    Ok(())
}
