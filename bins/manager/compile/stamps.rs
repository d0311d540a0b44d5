//! Whether anything that a compile has looked at has changed since, without reading it: the file
//! `stamps`, beside the generations.
//!
//! Each line says what was looked for at a path, and what was found: for a text or a directory, the
//! stamps that any change leaves behind. They count only if they were so old when the compile began
//! that a change while it read would have left others.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use common::base::stamp::Wall;
use common::os::file::{open_dir, read_up_to, replace};
use rustix::fs::{CWD, Stat, stat};

use super::Options;
use super::root::Root;
use crate::manager::generations::{BOOT, linked, path};

/// The name of the file.
const STAMPS: &str = "stamps";
/// The longest that is read: more files than there may be.
const LONGEST: usize = 256 << 20;
/// Kernels stamp files with the time of the last tick, of which there are at least 100 a second.
const TICKS: u64 = 50_000_000;
/// Stamps without nanoseconds are those of a file system that counts seconds, or two.
const SECONDS: u64 = 2_000_000_000;

/// What is looked for at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// A text, or the names in a directory.
    Text,
    /// What kind of file it is.
    Kind,
    /// Whether it can be executed.
    Program,
}

const LOOKS: [(Look, &str); 3] =
    [(Look::Text, "text"), (Look::Kind, "kind"), (Look::Program, "program")];

/// What was found.
#[derive(Debug)]
pub(super) enum Found {
    /// A text or a directory, before it was read; none: nothing.
    Text(Option<Stat>),
    /// A kind, or whether it is a program.
    Word(String),
    /// What can't be read, for whatever reason.
    Unknown,
}

/// What was looked for and found.
#[derive(Debug, Default)]
pub(super) struct Seen {
    found: RefCell<BTreeMap<(Look, PathBuf), Found>>,
    /// Somebody was asked whose answers leave no stamps.
    is_asked: std::cell::Cell<bool>,
}

impl Seen {
    /// Notes what was found.
    pub(super) fn note(&self, look: Look, path: &Path, found: Found) {
        self.found.borrow_mut().insert((look, path.to_owned()), found);
    }

    /// Notes that a directory service was asked.
    pub(super) fn note_asked(&self) {
        self.is_asked.set(true);
    }
}

/// What was said of the set when it was compiled to the accepted generation, and the number of that;
/// none if anything might have changed since.
pub(super) fn unchanged(options: &Options) -> Option<(String, u64)> {
    let bytes = read_up_to(CWD, options.output.join(STAMPS), LONGEST).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let generation = linked(&options.output, BOOT)?;
    let rest = text.strip_prefix(&head(options, generation)?)?;
    // Not written to its end, after a power cut: it does not count.
    let (what, lines) = rest.strip_suffix("end\n")?.split_once('\n')?;
    for line in lines.lines() {
        let (word, rest) = line.split_once(' ')?;
        let (found, path) = rest.split_once(' ')?;
        let (look, _) = LOOKS.iter().find(|(_, known)| *known == word)?;
        if now(&options.root, *look, Path::new(path)) != found {
            return None;
        }
    }
    Some((what.to_owned(), generation))
}

/// Notes for the next time what a compile that began at `start` has seen, if that can be known. It is
/// no loss if it can't be written: then all is read again.
pub(super) fn write(options: &Options, generation: u64, what: &str, start: Wall) {
    if let Some(text) = text(options, generation, what, start)
        && let Ok(dir) = open_dir(CWD, &options.output)
    {
        let _ = replace(&dir, STAMPS, text.as_bytes());
    }
}

fn text(options: &Options, generation: u64, what: &str, start: Wall) -> Option<String> {
    let seen = &options.root.seen;
    let mut text = head(options, generation)? + what + "\n";
    for ((look, path), found) in seen.found.borrow().iter() {
        let (found, is_sure) = match found {
            Found::Text(None) => (text_now(None), true),
            Found::Text(Some(stat)) => (stamp(stat), is_old(stat, start)),
            Found::Word(found) => (found.clone(), *found == now(&options.root, *look, path)),
            Found::Unknown => return None,
        };
        let name = path.to_str().filter(|name| is_sure && !name.contains('\n'))?;
        let (_, word) = LOOKS.iter().find(|(known, _)| known == look)?;
        // Writing to a String can't fail.
        let _ = writeln!(text, "{word} {found} {name}");
    }
    (!seen.is_asked.get()).then(|| text + "end\n")
}

/// What all depends on: this very program, the options, the generation.
fn head(options: &Options, generation: u64) -> Option<String> {
    let program = stamp(&stat("/proc/self/exe").ok()?);
    let contents = stat(path(&options.output, generation).join("contents")).ok()?;
    let Options { root, paths, dirs, .. } = options;
    let at = std::env::current_dir().ok()?;
    let words = (root.path("/"), paths, dirs, at);
    Some(format!("stamps 1\n{program}\n{words:?}\n{generation} {}\n", stamp(&contents)))
}

/// What is found at a path now, in a word.
fn now(root: &Root, look: Look, path: &Path) -> String {
    match look {
        Look::Text => text_now(root.stat(path).as_ref()),
        Look::Kind => format!("{:?}", root.look_kind(path)),
        Look::Program => root.look_program(path).to_string(),
    }
}

fn text_now(stat: Option<&Stat>) -> String {
    stat.map_or_else(|| "none".to_owned(), stamp)
}

fn stamp(stat: &Stat) -> String {
    format!(
        "{}:{}:{}:{}.{:09}:{}.{:09}",
        stat.st_dev,
        stat.st_ino,
        stat.st_size,
        stat.st_mtime,
        stat.st_mtime_nsec,
        stat.st_ctime,
        stat.st_ctime_nsec
    )
}

/// Whether any change after `start` leaves another stamp.
#[allow(clippy::unnecessary_cast, reason = "it is no u64 everywhere")]
fn is_old(stat: &Stat, start: Wall) -> bool {
    let nanos = stat.st_ctime_nsec as u64;
    let changed = stat.st_ctime.unsigned_abs() * 1_000_000_000 + nanos;
    changed + if nanos == 0 { SECONDS } else { TICKS } < start.0
}
