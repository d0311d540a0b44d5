//! Generations: directories of plain files that are never changed, and the link to the accepted one.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::os::file::{read_up_to, write_all};
use common::os::lock::{self, Patience};
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, fsync, mkdirat, openat, syncfs};
use rustix::io::Errno;

use super::contents::contents;
use crate::manager::files::Files as Tree;
use crate::manager::generations::{self, BOOT, LIVE, linked, numbers, path};

/// The end of the name of one that is half written.
const HALF: &str = "new";

/// What became of a tree of files.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is a new generation, of this number.
    New(u64),
    /// It is what this generation is already.
    Same(u64),
}

/// Nobody else works here until it is dropped.
pub(super) struct Alone(#[expect(dead_code, reason = "it is held, not used")] OwnedFd);

/// Waits a minute for others to leave.
pub(super) fn alone(dir: &Path) -> Result<Alone> {
    let lock = lock::open(CWD, dir.join("lock")).unable("open the lock")?;
    lock::take(&lock, Patience::Seconds(60))
        .unable("take the lock: another svc-compile works here")?;
    Ok(Alone(lock))
}

/// Makes `dir/boot` lead to a generation of these files, all at once: a power cut leaves the old one
/// or the new one. What is only tried is what is live, or new, and `boot` leads where it did.
pub(super) fn write(dir: &Path, tree: &Tree, is_tried: bool, _alone: &Alone) -> Result<Written> {
    let all = generations::all(dir);
    let contents = contents(tree);
    let is_same = |now: &u64| has(&path(dir, *now), &contents);
    let tried = linked(dir, LIVE).filter(|_| is_tried);
    if let Some(now) = linked(dir, BOOT).into_iter().chain(tried).find(is_same) {
        return Ok(Written::Same(now));
    }
    let halves = left(&all, HALF).unable(format_args!("read {}", all.display()))?;
    for left in halves {
        fs::remove_dir_all(&left).unable(format_args!("remove {}", left.display()))?;
    }
    let known = numbers(dir).unable(format_args!("read {}", all.display()))?;
    let next = 1 + known.last().copied().unwrap_or(0);
    let (new, done) = (all.join(format!("{next}.{HALF}")), path(dir, next));
    fill(&new, tree, &contents)
        // Room on a full disk is worth more than half a generation; the next one tries again.
        .inspect_err(|_| drop(fs::remove_dir_all(&new)))
        .unable(format_args!("write {}", new.display()))?;
    fs::rename(&new, &done).unable(format_args!("make {}", done.display()))?;
    let fd = open_directory(&all).unable(format_args!("open {}", all.display()))?;
    syncfs(&fd).unable("bring the generation to the disk")?;
    if !is_tried {
        switch(dir, next)?;
    }
    Ok(Written::New(next))
}

/// What others began to write or to remove, and did not end: its names have this end.
pub(super) fn left(all: &Path, end: &str) -> io::Result<Vec<PathBuf>> {
    let names = fs::read_dir(all)?;
    let paths = names.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|other| other == end)).collect())
}

fn open_directory(dir: &Path) -> rustix::io::Result<OwnedFd> {
    openat(CWD, dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn fill(dir: &Path, tree: &Tree, contents: &str) -> io::Result<()> {
    let mut made = "";
    fs::create_dir_all(dir.join("services"))?;
    // svc-logd --config looks there, also where it has nothing to find.
    fs::create_dir(dir.join("log"))?;
    let top = open_directory(dir)?;
    for (path, file) in tree {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        if parent != made {
            match mkdirat(&top, parent, Mode::from_raw_mode(0o777)) {
                Err(Errno::NOENT) => fs::create_dir_all(dir.join(parent))?,
                Err(Errno::EXIST) | Ok(()) => {}
                Err(e) => return Err(e.into()),
            }
            made = parent;
        }
        make(&top, path, &file.text, if file.is_program { 0o755 } else { 0o644 })?;
    }
    Ok(make(&top, "contents", contents, 0o644)?)
}

fn make(dir: &OwnedFd, path: &str, text: &str, mode: u32) -> rustix::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let fd = openat(dir, path, flags, Mode::from_raw_mode(mode))?;
    write_all(&fd, text.as_bytes())
}

/// Makes `boot` lead to a generation, in one step.
pub(super) fn switch(dir: &Path, number: u64) -> Result<()> {
    let replace = || -> io::Result<()> {
        let new = dir.join("boot.new");
        match fs::remove_file(&new) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            Ok(()) | Err(_) => {}
        }
        // Relative: it leads there as well where the file system is mounted elsewhere.
        symlink(format!("generations/{number}"), &new)?;
        fs::rename(&new, dir.join(BOOT))?;
        Ok(fsync(open_directory(dir)?)?)
    };
    let boot = dir.join(BOOT);
    replace().unable(format_args!("make {} lead to generation {number}", boot.display()))
}

/// Whether a generation has these contents.
fn has(dir: &Path, contents: &str) -> bool {
    let most = contents.len() + 1;
    read_up_to(CWD, dir.join("contents"), most).is_ok_and(|now| now == contents.as_bytes())
}
