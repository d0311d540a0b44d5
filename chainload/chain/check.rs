//! `--check`: what can be known to be wrong with a chain without running it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use common::base::error::{exit, reason};
use common::base::future::Future;
use common::base::near::nearest;
use common::os::exec::find_in;
use common::prelude::*;
use common::program::say;
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;

use super::Chain;
use super::fuse::{Step, link, links};
use super::grammar::Line;
use crate::LINKS;
use crate::link::Change;

/// What is known when a link's turn has come.
struct Checker<'a> {
    chain: &'a Chain,
    mistakes: usize,
    future: Future,
    /// A link came that can change which files the later ones find.
    moved: bool,
    /// What the later ones find is under another root.
    is_elsewhere: bool,
    /// Words may still be changed before they are used.
    changes_words: bool,
    /// A program that is no link of ours came, and takes the words behind it.
    is_behind_another: bool,
    /// A link came that keeps privileges.
    keeps: bool,
    /// The link that dropped what the later ones may need, where, and whom it made of us.
    dropped: Option<(&'static str, usize, u32)>,
}

/// Tells all mistakes that there are, a line each.
pub(super) fn check(chain: &Chain) -> Result<Next> {
    let mut checker = Checker {
        chain,
        mistakes: 0,
        future: Future::new(Vec::new()),
        moved: false,
        is_elsewhere: false,
        changes_words: false,
        is_behind_another: false,
        keeps: false,
        dropped: None,
    };
    if let Some(other) = chain.interpreter.as_ref().filter(|name| !name.contains("svc-chain")) {
        let file = chain.file.as_deref().unwrap_or_default();
        let text = format!("{file}:1: the first line names {other}: this is no chain file");
        checker.tell(&Error::new(exit::USAGE, text));
        return Ok(Next::Exit(exit::USAGE));
    }
    for (index, line) in chain.lines.iter().enumerate() {
        checker.line(line.clone(), index + 1 == chain.lines.len());
    }
    Ok(Next::Exit(if checker.mistakes == 0 { exit::OK } else { exit::USAGE }))
}

impl Checker<'_> {
    fn tell(&mut self, e: &Error) {
        self.mistakes += 1;
        say(&super::PROGRAM.name, "error", &e.message);
    }

    fn line(&mut self, mut line: Line, is_last: bool) {
        // Behind a link that changes words, words with a variable are known only when it runs.
        while !self.changes_words || !line.words.iter().any(|word| has_variable(word)) {
            let (steps, words) = match links(self.chain, &line) {
                Ok(found) => found,
                Err(e) => return self.tell(&e),
            };
            for step in steps {
                self.step(step, &line);
            }
            match words.first() {
                // It may be a word of that program.
                Some(_) if self.is_behind_another => return,
                Some(name) if self.changes_words && has_variable(name) => return,
                Some(name) if link(name).is_none() => {
                    self.is_behind_another = true;
                    return self.program(name, &line);
                }
                // Behind a link that changes words.
                Some(_) => line.words = words,
                None if is_last => {
                    let what = "missing program behind the last link";
                    return self.tell(&self.chain.at(&line, exit::USAGE, what));
                }
                None => return,
            }
        }
    }

    fn step(&mut self, mut step: Step, line: &Line) {
        let looked = step.look_up(&mut self.future);
        if let Err(e) = looked {
            // A name that nobody has is a mistake everywhere; a file may be there when its turn comes.
            if !self.is_elsewhere && (e.code == exit::USAGE || !self.moved) {
                self.tell(&e);
            }
        }
        self.privileges(&step, line);
        for block in step.change.blocks() {
            self.block(block, line);
        }
        // Another user finds the same files, or fewer.
        self.moved |= step.moves_look_ups() && step.change.drops_to().is_none();
        self.is_elsewhere |= step.change.changes_root();
        self.changes_words |= step.changes_words();
    }

    fn privileges(&mut self, step: &Step, line: &Line) {
        let needed = |(by, there, user)| step.change.needs(user).map(|right| (by, there, right));
        if let Some((by, there, right)) = self.dropped.and_then(needed) {
            let (name, here) = (step.link.name, line.number);
            let text = if here == there {
                format!("{name} needs {right}, which {by} drops: move it before {by}")
            } else {
                format!(
                    "{name} needs {right}, which {by} in line {there} drops: \
                     move line {here} before line {there}"
                )
            };
            let e = self.chain.at(line, exit::USAGE, text);
            self.tell(&e);
        }
        self.keeps |= step.change.keeps_privileges();
        let drops = step.change.drops_to().filter(|_| !self.keeps);
        self.dropped = self.dropped.or(drops.map(|user| (step.link.name, line.number, user)));
    }

    /// The chain that a block is. What it changes is over when it is.
    fn block(&mut self, words: &[OsString], line: &Line) {
        let line = Line { number: line.number, words: words.to_vec() };
        let mut inside = Checker { mistakes: 0, future: self.future.clone(), ..*self };
        if let Some(first) = words.first().filter(|word| link(word).is_some()) {
            // In there it is a program like any other.
            inside.program(first, &line);
        }
        inside.line(line, true);
        self.mistakes += inside.mistakes;
    }

    fn program(&mut self, name: &OsStr, line: &Line) {
        if self.is_elsewhere {
            return;
        }
        let what = if !name.as_bytes().contains(&b'/') {
            let path = self.future.get(OsStr::new("PATH"));
            match find_in(name, path) {
                Some(_) => return,
                None => format!("{}: no such program in PATH{}", name.display(), meant(name)),
            }
        } else if name.as_bytes().starts_with(b"/") || !self.moved {
            match accessat(CWD, name, Access::EXEC_OK, AtFlags::EACCESS) {
                Ok(()) if !Path::new(name).is_dir() => return,
                result => {
                    let why = result.err().unwrap_or(Errno::ISDIR);
                    format!("unable to run {}: {}", name.display(), reason(why))
                }
            }
        } else {
            return;
        };
        let e = self.chain.at(line, exit::USAGE, what);
        self.tell(&e);
    }
}

/// For who has mistyped a link.
fn meant(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let known = if name.starts_with("svc") { LINKS } else { &[] };
    match nearest(&name, known.iter().map(|link| link.name)).first() {
        Some(link) if *link != name => format!("; is it {link}?"),
        Some(_) | None => String::new(),
    }
}

/// Whether a link that changes words may make another of this one.
fn has_variable(word: &OsStr) -> bool {
    word.as_bytes().contains(&b'$')
}
