//! Whether a directory is still as it was, without reading it.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, Stat, Timespec, Timestamps, UTIME_OMIT, fstat, statat, utimensat};
use rustix::io::Result;
use rustix::path::Arg;

use super::clock;
use crate::base::stamp::Wall;

/// Kernels stamp files with the time of the last tick, of which there are at least 100 a second: a
/// change less than this after another may leave the same stamp.
const TICKS: u64 = 50_000_000;

/// When entries were last added to a directory, or removed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    seconds: i64,
    nanos: u64,
    inode: u64,
}

/// A time that no clock shows: that of a directory in which nothing has ever been.
const NEVER: Timespec = Timespec { tv_sec: 1, tv_nsec: 1 };

/// Stamps a directory that nobody else knows of yet.
pub fn never_changed(dir: impl AsFd, path: impl Arg) -> Result<()> {
    let last_access = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let times = Timestamps { last_access, last_modification: NEVER };
    utimensat(dir, path, &times, AtFlags::empty())
}

impl Stamp {
    /// Whether it is that of [`never_changed`].
    pub fn is_never(self) -> bool {
        (self.seconds, self.nanos) == (NEVER.tv_sec, NEVER.tv_nsec.unsigned_abs())
    }

    /// That of an open directory.
    pub fn of(dir: impl AsFd) -> Result<Stamp> {
        fstat(dir).map(Stamp::from)
    }

    /// That of a directory by name.
    pub fn at(dir: impl AsFd, path: impl Arg) -> Result<Stamp> {
        statat(dir, path, AtFlags::empty()).map(Stamp::from)
    }

    #[allow(clippy::unnecessary_cast, reason = "it is no u64 everywhere")]
    fn from(stat: Stat) -> Stamp {
        let (seconds, nanos) = (stat.st_mtime, stat.st_mtime_nsec as u64);
        Stamp { seconds, nanos, inode: stat.st_ino }
    }

    /// Whether it is so old that any later change leaves another. One of the future is not.
    pub fn is_old(self) -> bool {
        let at = self.seconds.unsigned_abs() * 1_000_000_000 + self.nanos;
        let Wall(now) = clock::wall();
        now.checked_sub(at).is_some_and(|age| age > TICKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_shows_in_a_directory_that_never_changed() {
        let dir = std::env::temp_dir().join(format!("coppice-stamp.{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        never_changed(rustix::fs::CWD, &dir).unwrap();
        assert!(Stamp::at(rustix::fs::CWD, &dir).unwrap().is_never());
        std::fs::write(dir.join("entry"), "").unwrap();
        assert!(!Stamp::at(rustix::fs::CWD, &dir).unwrap().is_never());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
