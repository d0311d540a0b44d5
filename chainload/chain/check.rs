//! `--check`: what can be known to be wrong with a chain without running it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use common::base::error::{exit, reason};
use common::base::future::Future;
use common::os::exec::find_in;
use common::prelude::*;
use common::program::say;
use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::Chain;
use super::fuse::{Step, link, links};
use super::grammar::Line;
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
    dropped: Option<(&'static str, &'a Line, u32)>,
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
    for (index, line) in chain.lines.iter().enumerate() {
        checker.line(line, index + 1 == chain.lines.len());
    }
    Ok(Next::Exit(if checker.mistakes == 0 { exit::OK } else { exit::USAGE }))
}

impl<'a> Checker<'a> {
    fn tell(&mut self, e: &Error) {
        self.mistakes += 1;
        say(&super::PROGRAM.name, "error", &e.message);
    }

    fn line(&mut self, line: &'a Line, is_last: bool) {
        // Its words are known only when it runs.
        if self.changes_words && line.words.iter().any(|word| has_variable(word)) {
            return;
        }
        let (steps, words) = match links(self.chain, line) {
            Ok(found) => found,
            Err(e) => return self.tell(&e),
        };
        for step in steps {
            self.step(step, line);
        }
        match words.first() {
            // It may be a word of that program.
            Some(_) if self.is_behind_another => {}
            Some(name) if self.changes_words && has_variable(name) => {}
            Some(name) if link(name).is_none() => {
                self.program(name, line);
                self.is_behind_another = true;
            }
            // Behind a link that changes words.
            Some(_) => {}
            None if is_last => {
                let e = self.chain.at(line, exit::USAGE, "missing program behind the last link");
                self.tell(&e);
            }
            None => {}
        }
    }

    fn step(&mut self, mut step: Step, line: &'a Line) {
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

    fn privileges(&mut self, step: &Step, line: &'a Line) {
        let needed = |(by, there, user): (_, &'a Line, _)| {
            step.change.needs(user).map(|right| (by, there.number, right))
        };
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
        self.dropped = self.dropped.or(drops.map(|user| (step.link.name, line, user)));
    }

    /// The chain that a block is. What it changes is over when it is.
    fn block(&mut self, words: &[OsString], line: &Line) {
        let line = Line { number: line.number, words: words.to_vec() };
        let mut inside = Checker { mistakes: 0, future: self.future.clone(), ..*self };
        inside.line(&line, true);
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
                None => format!("{}: no such program in PATH", name.display()),
            }
        } else if name.as_bytes().starts_with(b"/") || !self.moved {
            match accessat(CWD, name, Access::EXEC_OK, AtFlags::EACCESS) {
                Ok(()) => return,
                Err(e) => format!("unable to run {}: {}", name.display(), reason(e)),
            }
        } else {
            return;
        };
        let e = self.chain.at(line, exit::USAGE, what);
        self.tell(&e);
    }
}

/// Whether a link that changes words may make another of this one.
fn has_variable(word: &OsStr) -> bool {
    word.as_bytes().contains(&b'$')
}
