//! How svc-log starts: its directories, and the file that survives it.

use std::os::fd::OwnedFd;
use std::rc::Rc;

use common::format::handover::JOURNAL_VARIABLE;
use common::os::clock;
use common::os::signals::Signals;
use common::prelude::*;
use common::program::warn;
use common::sys::env;
use common::sys::fd::adopt;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, MemfdFlags, Mode, OFlags, memfd_create, openat};
use rustix::io::Errno;

use super::PROGRAM;
use crate::log::engine::directory::Directory;
use crate::log::engine::logger::{Logger, directories};
use crate::log::engine::plan::Plan;
use crate::log::engine::store::{Shape, Store};
use crate::log::script::command_line::CommandLine;

/// One slot. 256 kB is where larger pieces no longer help.
const SHAPE: Shape = Shape { slots: 1, slot_size: 4096, region_size: 256 * 1024 };

/// The logger that the command line asks for; `None`: it was told to end before it could begin.
/// What can't be opened is tried again and again: whoever writes to us waits meanwhile.
#[inline(never)] // What it needs is not to be in the frame of main, which stays.
pub(super) fn logger(line: &CommandLine, signals: &Signals) -> Result<Option<Logger>> {
    let longest = line.line_max.unwrap_or(usize::MAX).min(SHAPE.region_size / 2);
    let plan = Plan::new(line.script.clone(), longest).map_err(Error::user)?;
    let mut directories = directories(&line.script);
    let inherited = inherited();
    let mut told = None;
    let mut inherited = inherited.and_then(|file| open_inherited(file, line));
    let store = loop {
        let opened = match inherited.take() {
            Some(store) => Ok(store),
            None => open_store(line, &mut directories),
        };
        match opened {
            Ok(store) => break store,
            Err(e) if told.as_ref() == Some(&e) => {}
            Err(e) => {
                warn(&PROGRAM.name, &format_args!("{} (trying again)", e.message));
                told = Some(e);
            }
        }
        let retry = directories.first().map_or(2000, Directory::retry);
        if told_to_end(line, signals, retry) {
            return Ok(None);
        }
    };
    let name = PROGRAM.name.to_owned();
    let logger = Logger::new(name, plan, directories, Rc::new(store), 0);
    let mut logger = logger.map_err(|e| match e {
        Errno::TOOBIG => Error::user("too many log directories in one script"),
        e => Error::system(format_args!("unable to map the journal: {e}")),
    })?;
    if line.verbosity == 0 {
        logger.be_quiet();
    }
    Ok(Some(logger))
}

/// The journal that a supervisor made for us. No child of ours gets to know of it.
fn inherited() -> Option<OwnedFd> {
    let number = std::env::var_os(JOURNAL_VARIABLE)?;
    env::unset(JOURNAL_VARIABLE);
    adopt(number.to_str()?.parse().ok().filter(|number| *number > 2)?).ok()
}

/// Another logger of the same script may have it: who comes second has one of its own.
fn open_inherited(file: OwnedFd, line: &CommandLine) -> Option<Store> {
    if line.journal.is_some() {
        return None;
    }
    Store::open(file, SHAPE).ok()
}

/// Where the command line says, or in the first log directory. A logger without a directory has
/// nothing to survive it for: its journal ends with it.
fn open_store(line: &CommandLine, directories: &mut [Directory]) -> Result<Store> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mode = Mode::RUSR | Mode::WUSR;
    let (opened, shown) = match (&line.journal, directories.first_mut()) {
        (Some(path), _) => (openat(CWD, path, flags, mode), path.display().to_string()),
        (None, Some(directory)) => {
            directory.open().map_err(Error::system)?;
            let opened = directory.handle().and_then(|dir| openat(dir, "journal", flags, mode));
            (opened, directory.path().join("journal").display().to_string())
        }
        (None, None) => (memfd_create("journal", MemfdFlags::CLOEXEC), "memory".to_owned()),
    };
    opened.and_then(|file| Store::open(file, SHAPE)).unable(format_args!("open {shown}"))
}

/// Waits; true when a signal says that it is over.
fn told_to_end(line: &CommandLine, signals: &Signals, ms: u64) -> bool {
    let due = clock::boot().after(ms.max(10));
    loop {
        while let Some(signal) = signals.next() {
            if super::session::ends(signal, line.ignore_term) {
                return true;
            }
        }
        if clock::boot() >= due {
            return false;
        }
        let mut fds = [PollFd::new(signals, PollFlags::IN)];
        // Interrupted or not: the time decides.
        let _ = poll(&mut fds, clock::until(Some(due)).as_ref());
    }
}
