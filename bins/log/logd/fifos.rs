//! The directory of fifos: which services there are.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use common::base::name;
use common::os::fifo::{self, Ends};
use common::os::file::Inode;
use common::os::lock::{self, Patience};
use common::prelude::*;
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use rustix::fs::{CWD, Dir, Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

/// The directory of svc-logd's own files, in that of the fifos.
pub(super) const OWN: &str = ".svc-logd";
/// How long a person who starts a second svc-logd waits for an answer.
const LOCK_SECONDS: u32 = 5;

pub(super) struct Fifos {
    dir: OwnedFd,
    inotify: OwnedFd,
    /// Held.
    _lock: OwnedFd,
}

impl Fifos {
    /// Opens the directory, and makes it if it is not there; as well that of our own files.
    pub(super) fn open(path: &OsString) -> Result<(Fifos, OwnedFd)> {
        let path = PathBuf::from(path);
        let shown = path.display();
        let dir = make_and_open(CWD, &path, Mode::RWXU).unable(format_args!("open {shown}"))?;
        // Whoever may look into FIFODIR may read the status file, and nothing else that is in there.
        let mode = Mode::RWXU | Mode::XGRP | Mode::XOTH;
        let own = make_and_open(&dir, OWN, mode).unable(format_args!("open {shown}/{OWN}"))?;
        let lock = lock::open(&own, c"lock").unable(format_args!("open {shown}/{OWN}/lock"))?;
        match lock::take(&lock, Patience::Seconds(LOCK_SECONDS)) {
            Err(Errno::WOULDBLOCK) => {
                let text = format_args!("svc-logd is already running on {shown}").to_string();
                return Err(Error::new(common::base::error::exit::USAGE, text));
            }
            result => result.unable(format_args!("lock {shown}/{OWN}/lock"))?,
        }
        let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .and_then(|inotify| {
                let what = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE;
                // A fifo that becomes ours a moment after it was made.
                let what = what | WatchFlags::ATTRIB;
                add_watch(&inotify, &path, what | WatchFlags::ONLYDIR)?;
                Ok(inotify)
            })
            .unable(format_args!("watch {shown}"))?;
        Ok((Fifos { dir, inotify, _lock: lock }, own))
    }

    /// The names in it that can be services'.
    pub(super) fn names(&self) -> rustix::io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for entry in Dir::read_from(&self.dir)? {
            let entry = entry?;
            let bytes = entry.file_name().to_bytes();
            if !bytes.starts_with(b".") && name::check(bytes).is_ok() {
                names.extend(entry.file_name().to_str().ok().map(str::to_owned));
            }
        }
        Ok(names)
    }

    /// Holds a fifo open, for both ends: what is in it outlives all who write to it.
    pub(super) fn hold(&self, name: &str) -> rustix::io::Result<OwnedFd> {
        fifo::open_own(&self.dir, name, Ends::Both)
    }

    /// Which file has a name.
    pub(super) fn inode(&self, name: &str) -> Option<Inode> {
        Inode::at(&self.dir, name).ok()
    }

    /// Forgets what was noticed; whether there was anything.
    pub(super) fn have_changed(&self) -> bool {
        let mut buffer = [0; 4096];
        let mut changed = false;
        while let Ok(1..) = rustix::io::read(&self.inotify, &mut buffer) {
            changed = true;
        }
        changed
    }
}

impl AsFd for Fifos {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

fn make_and_open(
    dir: impl AsFd,
    path: impl rustix::path::Arg + Copy,
    mode: Mode,
) -> rustix::io::Result<OwnedFd> {
    match mkdirat(&dir, path, mode) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(e) => return Err(e),
    }
    openat(&dir, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}
