//! Which generations stay: the newest, those that a link leads to, and those that somebody holds.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use common::os::file::open_regular;
use common::os::lock::{self, Patience};
use common::program::warn;
use rustix::fs::CWD;
use rustix::io::Errno;

use super::PROGRAM;
use super::generation::{Alone, left};
use crate::manager::generations::{self, number, numbers, path};

/// The end of the name of one that is half removed.
const OLD: &str = "old";

/// Removes the others. One that can't be removed is a warning: it is tried again the next time.
pub(super) fn remove_others(dir: &Path, newest: usize, _alone: &Alone) {
    if let Err(e) = remove(dir, newest) {
        let why = common::base::error::reason(Errno::from_io_error(&e).unwrap_or(Errno::INVAL));
        let all = generations::all(dir);
        let what = format!("unable to remove old generations in {}: {why}", all.display());
        warn(&PROGRAM.name, &what);
    }
}

/// Goes on behind what fails: the first failure is told.
fn remove(dir: &Path, newest: usize) -> io::Result<()> {
    let linked = linked(dir)?;
    let known = numbers(dir)?;
    let older = known.iter().rev().skip(newest).filter(|number| !linked.contains(number));
    let mut result = Ok(());
    for number in older {
        result = result.and(put_aside(dir, *number));
    }
    let all = generations::all(dir);
    let old = left(&all, OLD)?;
    if !old.is_empty() {
        // A power cut must not leave half of one under its name.
        fs::File::open(&all)?.sync_all()?;
    }
    for old in old {
        result = result.and(fs::remove_dir_all(old));
    }
    result
}

/// Where links beside the generations lead: `boot`, `good`, and whatever else somebody needs.
fn linked(dir: &Path) -> io::Result<BTreeSet<u64>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_symlink() {
            found.extend(number(&fs::read_link(entry.path())?));
        }
    }
    Ok(found)
}

/// Takes its name from a generation that nobody holds.
fn put_aside(dir: &Path, number: u64) -> io::Result<()> {
    let one = path(dir, number);
    // One without this file is damaged, and nobody's.
    let contents = match open_regular(CWD, one.join("contents")) {
        Err(Errno::NOENT) => None,
        opened => Some(opened?),
    };
    match contents.as_ref().map(|contents| lock::take(contents, Patience::Seconds(0))) {
        Some(Err(Errno::WOULDBLOCK)) => return Ok(()),
        Some(taken) => taken?,
        None => {}
    }
    fs::rename(&one, generations::all(dir).join(format!("{number}.{OLD}")))
}
