//! Links of one process: read, looked up and applied, and one exec at the end.

use std::ffi::{OsStr, OsString};

use common::base::error::exit;
use common::base::future::Future;
use common::prelude::*;

use super::grammar::Line;
use super::{Chain, Place};
use crate::LINKS;
use crate::link::{Change, Link, apply_all};

/// A link of a chain, and what it says names where it stands.
pub(super) struct Step {
    pub(super) link: &'static Link,
    pub(super) change: Box<dyn Change>,
    place: Place,
}

impl Step {
    /// An error of this link's, with its place.
    pub(super) fn at(&self, e: Error) -> Error {
        placed(&self.place, self.link, e)
    }
}

fn placed(place: &Place, link: &Link, e: Error) -> Error {
    if e.message.is_empty() {
        return e;
    }
    let name = link.name;
    if e.usage {
        let usage = link.help.lines().next().unwrap_or_default();
        let text = format!("{place}{name}: {} (usage: {name} {usage})", e.message);
        return Error::new(e.code, text);
    }
    Error::new(e.code, format_args!("{place}{name}: {}", e.message))
}

impl Change for Step {
    fn look_up(&mut self, future: &mut Future) -> Result<()> {
        self.change.look_up(future).map_err(|e| placed(&self.place, self.link, e))
    }
    fn apply(&self, future: &mut Future) -> Result<()> {
        self.change.apply(future).map_err(|e| self.at(e))
    }
    fn moves_look_ups(&self) -> bool {
        self.change.moves_look_ups()
    }
    fn changes_words(&self) -> bool {
        self.change.changes_words()
    }
}

/// The link of that name. A path is never ours: it may be another version.
pub(super) fn link(name: &OsStr) -> Option<&'static Link> {
    LINKS.iter().find(|link| name == link.name)
}

/// The links at the beginning of a line, and the words behind them. After one that changes words, those
/// behind it are left as they are.
pub(super) fn links(chain: &Chain, line: &Line) -> Result<(Vec<Step>, Vec<OsString>)> {
    let mut steps: Vec<Step> = Vec::new();
    let mut words = line.words.clone();
    while let Some(link) = words.first().and_then(|name| link(name)) {
        if steps.last().is_some_and(|step| step.change.changes_words()) {
            break;
        }
        let place = chain.place(line);
        let mut args = Args::new(words.drain(1..));
        let read = (link.read)(&mut args).and_then(|change| Ok((change, args.rest()?)));
        let (change, rest) = read.map_err(|e| placed(&place, link, e))?;
        words = rest;
        steps.push(Step { link, change, place });
    }
    Ok((steps, words))
}

/// The links at the beginning of a chain, and all words behind them.
fn beginning(chain: &Chain) -> Result<(Vec<Step>, Vec<OsString>)> {
    let mut steps = Vec::new();
    let mut lines = chain.lines.iter();
    for line in lines.by_ref() {
        let (more, mut words) = links(chain, line)?;
        let changes_words = more.last().is_some_and(|step| step.change.changes_words());
        steps.extend(more);
        if changes_words || !words.is_empty() {
            words.extend(lines.flat_map(|line| line.words.iter().cloned()));
            return Ok((steps, words));
        }
    }
    Ok((steps, Vec::new()))
}

/// Applies the links, and becomes what comes behind them.
pub(super) fn run(chain: &Chain) -> Result<Next> {
    let (steps, mut words) = beginning(chain)?;
    let mut future = Future::new(words_of(&mut words, chain)?);
    apply(steps, &mut future)?;
    // Where a link has changed the words behind it, there may be links among them.
    while future.argv.first().is_some_and(|name| link(name).is_some()) {
        let line = Line { number: 0, words: std::mem::take(&mut future.argv) };
        let rest = Chain { file: None, interpreter: None, lines: vec![line] };
        let (steps, mut words) = beginning(&rest)?;
        future.argv = words_of(&mut words, chain)?;
        apply(steps, &mut future)?;
    }
    Ok(Next::Exec(future))
}

fn words_of(words: &mut Vec<OsString>, chain: &Chain) -> Result<Vec<OsString>> {
    if words.is_empty() {
        let what = "missing program behind the last link";
        return Err(match chain.lines.last() {
            Some(line) => chain.at(line, exit::USAGE, what),
            None => Error::new(exit::USAGE, what),
        });
    }
    Ok(std::mem::take(words))
}

fn apply(mut steps: Vec<Step>, future: &mut Future) -> Result<()> {
    let mut changes: Vec<&mut dyn Change> = Vec::new();
    for step in &mut steps {
        changes.push(step);
    }
    apply_all(&mut changes, future)
}
