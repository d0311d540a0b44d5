//! Being told of what happens on the way to a file that may not exist.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use common::base::stamp::Boot;
use common::os::clock;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use rustix::fs::{CWD, Mode, OFlags, openat, statfs};
use rustix::io::Errno;

use crate::path::{MAX_LINKS, names};

/// What the kernel tells of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Whatever can make the file appear or go.
    Everything,
    /// Not of all that: we have to look ourselves from time to time.
    NotAll,
}

/// Names that come and go, and directories that are opened to us.
const NAMES: WatchFlags = WatchFlags::MOVED_FROM
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::ONLYDIR);

/// File systems where nothing happens but by this kernel's system calls, of which inotify tells: not
/// /proc and /sys, nor what others can change from elsewhere. linux/magic.h has the numbers.
const TELLING: [u32; 14] = [
    0x0102_1994, // tmpfs, devtmpfs
    0x8584_58f6, // ramfs
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0xca45_1a4e, // bcachefs
    0xf2f5_2010, // f2fs
    0x2fc1_2fc1, // zfs
    0x3153_464a, // jfs
    0x2405_1905, // ubifs
    0x4d44,      // fat
    0x794c_7630, // overlayfs
    0x7371_7368, // squashfs
    0xe0f5_e1e2, // erofs
];

/// Directories that are watched.
pub(super) struct Watch {
    inotify: Option<OwnedFd>,
    /// Says when something is mounted, of which inotify does not tell.
    mounts: Option<OwnedFd>,
}

impl Watch {
    /// None yet. A user can have only so many of these: who gets none is told nothing.
    pub(super) fn new() -> Watch {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        Watch {
            inotify: init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok(),
            mounts: openat(CWD, c"/proc/self/mounts", flags, Mode::empty()).ok(),
        }
    }

    /// Watches every directory on the way to `path`, as far as it goes, each before what is in it is
    /// looked at. Those of before stay watched.
    pub(super) fn cover(&self, path: &OsStr) -> Told {
        let (Some(inotify), Some(_)) = (&self.inotify, &self.mounts) else { return Told::NotAll };
        let mut dir = start(path);
        let mut names = names(path);
        let mut links = 0;
        loop {
            let watched = add_watch(inotify, &dir, NAMES);
            if watched.is_err()
                || !statfs(&dir).is_ok_and(|fs| TELLING.contains(&(fs.f_type as u32)))
            {
                return Told::NotAll;
            }
            if names.is_empty() {
                return Told::Everything;
            }
            let next = dir.join(names.remove(0));
            let Ok(kind) = next.symlink_metadata().map(|metadata| metadata.file_type()) else {
                return Told::Everything;
            };
            if let (Ok(target), true) = (std::fs::read_link(&next), links < MAX_LINKS) {
                links += 1;
                if target.is_absolute() {
                    dir = start(target.as_os_str());
                }
                names.splice(0..0, crate::path::names(target.as_os_str()));
            } else if kind.is_dir() && !names.is_empty() {
                dir = next;
            } else {
                return Told::Everything;
            }
        }
    }

    /// Waits until something may have changed, or until `due`; says whether something has.
    pub(super) fn wait(&self, due: Option<Boot>) -> Result<bool> {
        let mut fds: Vec<PollFd<'_>> = Vec::new();
        fds.extend(self.inotify.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(self.mounts.as_ref().map(|fd| PollFd::new(fd, PollFlags::PRI)));
        let count = match poll(&mut fds, clock::until(due).as_ref()) {
            Ok(count) => count,
            Err(Errno::INTR) => 0,
            Err(e) => return Err(e).unable("wait for events"),
        };
        // Whatever it was, we look ourselves.
        let mut buffer = [0; 4096];
        while self.inotify.as_ref().is_some_and(|fd| rustix::io::read(fd, &mut buffer).is_ok()) {}
        Ok(count > 0)
    }
}

fn start(path: &OsStr) -> PathBuf {
    PathBuf::from(if path.as_encoded_bytes().starts_with(b"/") { "/" } else { "." })
}
