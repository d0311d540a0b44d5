//! A log directory: `current`, and the archives in the order of their names.

use std::ffi::{CString, OsStr};
use std::fmt;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use common::base::sort;
use common::base::stamp::{LABEL, Wall, label};
use common::os::file::{Inode, open_regular};
use rustix::fs::{CWD, Mode, OFlags, RawDir, fstat, openat};
use rustix::io::{Errno, Result};

/// The file that is being written.
pub(super) const CURRENT: &str = "current";
/// What `current` is called for a moment, or while a processor works, by s6-log and multilog.
pub(super) const PREVIOUS: &str = "previous";

/// How an archive is there. If it is there in several ways, the first of these counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// `.s`: whole, and written safely to disk.
    Whole,
    /// `.s.gz`, `.s.zst`, `.s.xz`
    Packed,
    /// `.u`: a processor may be about to make another of it.
    Raw,
}

/// An archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Archive {
    /// When it became one.
    pub(super) time: Wall,
    form: Form,
    /// Its file.
    pub(super) name: CString,
}

impl Archive {
    /// By its name; `None` for any other file.
    pub(super) fn named(name: &[u8]) -> Option<Archive> {
        let (stamp, suffix) = name.split_at_checked(LABEL)?;
        let form = match suffix {
            b".s" => Form::Whole,
            b".s.gz" | b".s.zst" | b".s.xz" => Form::Packed,
            b".u" => Form::Raw,
            _ => return None,
        };
        Some(Archive { time: label(stamp)?, form, name: CString::new(name).ok()? })
    }
}

/// Its name.
impl fmt::Display for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        path_of(&self.name).display().fmt(f)
    }
}

/// In order, each of them once.
fn in_order(mut archives: Vec<Archive>) -> Vec<Archive> {
    sort::sort(&mut archives);
    archives.dedup_by_key(|archive| archive.time);
    archives
}

/// What was in a log directory at one time.
pub(super) struct Listing {
    /// In order.
    pub(super) archives: Vec<Archive>,
    /// A file between the last archive and `current`.
    pub(super) previous: Option<(OwnedFd, Inode)>,
    /// The file that was being written.
    pub(super) current: Option<(OwnedFd, Inode)>,
}

impl Listing {
    /// Whether nothing was ever logged.
    pub(super) fn is_empty(&self) -> bool {
        self.archives.is_empty() && self.previous.is_none() && self.current.is_none()
    }
}

/// An open log directory.
pub(super) struct Dir(OwnedFd);

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Dir {
    /// Opens one that may be listed.
    pub(super) fn open(path: &Path) -> Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(CWD, path, flags, Mode::empty()).map(Dir)
    }

    /// The names in it that are not hidden.
    pub(super) fn names(&self) -> Result<Vec<CString>> {
        // Opened anew: it is to be read from its beginning.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = openat(&self.0, ".", flags, Mode::empty())?;
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut entries = RawDir::new(fd, &mut buffer);
        let mut names = Vec::new();
        while let Some(entry) = entries.next() {
            let entry = entry?;
            if entry.file_name().to_bytes().first() != Some(&b'.') {
                names.push(entry.file_name().to_owned());
            }
        }
        Ok(names)
    }

    /// Its archives.
    pub(super) fn archives(&self) -> Result<Vec<Archive>> {
        let names = self.names()?;
        Ok(in_order(names.iter().filter_map(|name| Archive::named(name.to_bytes())).collect()))
    }

    /// What is in it. No archive that is older than its `current` is missing: it is listed while
    /// that is `current`.
    pub(super) fn list(&self) -> Result<Listing> {
        // A directory that is rotated faster than it is listed is taken as it is in the end.
        for _ in 0..100 {
            let current = self.file(CURRENT)?;
            let previous = self.file(PREVIOUS)?;
            let archives = self.archives()?;
            let inode = |file: &Option<(OwnedFd, Inode)>| file.as_ref().map(|f| f.1);
            if self.inode(CURRENT)? == inode(&current) && self.inode(PREVIOUS)? == inode(&previous)
            {
                // It has both names for a moment, when it is linked rather than renamed.
                let newest = archives.last().map(|archive| archive.name.as_c_str());
                let newest = newest.and_then(|name| Inode::at(&self.0, name).ok());
                let previous = previous.filter(|(_, inode)| newest != Some(*inode));
                return Ok(Listing { archives, previous, current });
            }
        }
        Err(Errno::AGAIN)
    }

    fn file(&self, name: &str) -> Result<Option<(OwnedFd, Inode)>> {
        let fd = match open_regular(&self.0, name) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(e) => return Err(e),
        };
        let inode = inode_of(&fd)?;
        Ok(Some((fd, inode)))
    }

    /// Of the file of this name, if there is one.
    pub(super) fn inode(&self, name: &str) -> Result<Option<Inode>> {
        match Inode::at(&self.0, name) {
            Ok(inode) => Ok(Some(inode)),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Opens an archive, in whatever form it is by now. `None`: it is gone.
    pub(super) fn archive(&self, archive: &Archive) -> Result<Option<OwnedFd>> {
        let mut name = archive.name.clone();
        // A processor may be done with it between two looks.
        for _ in 0..3 {
            match open_regular(&self.0, name.as_c_str()) {
                Ok(fd) => return Ok(Some(fd)),
                Err(Errno::NOENT) => {}
                Err(e) => return Err(e),
            }
            match self.archives()?.into_iter().find(|a| a.time == archive.time) {
                Some(again) => name = again.name,
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// Of an open file.
pub(super) fn inode_of(fd: impl AsFd) -> Result<Inode> {
    let stat = fstat(fd)?;
    Ok(Inode { device: stat.st_dev, number: stat.st_ino })
}

/// Whether a logger writes, or wrote, into the directory.
pub(super) fn is_log(path: &Path) -> Result<bool> {
    let is_of_log = |name: &CString| {
        let name = name.to_bytes();
        name == CURRENT.as_bytes() || Archive::named(name).is_some()
    };
    Ok(Dir::open(path)?.names()?.iter().any(is_of_log))
}

/// A name as a path.
pub(super) fn path_of(name: &CString) -> &Path {
    Path::new(OsStr::from_bytes(name.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_ordered_by_name_and_the_whole_one_counts() {
        let name =
            |second: u8, suffix: &str| format!("@40000000690000{second:02x}00000000{suffix}");
        let names = [
            name(3, ".u"),
            name(2, ".u"),
            name(2, ".s"),
            name(1, ".s.gz"),
            name(4, ".s.xz"),
            name(4, ".s"),
        ];
        let archives = names.iter().filter_map(|n| Archive::named(n.as_bytes())).collect();
        let order: Vec<_> =
            in_order(archives).into_iter().map(|a| a.name.into_string().unwrap()).collect();
        assert_eq!(order, [name(1, ".s.gz"), name(2, ".s"), name(3, ".u"), name(4, ".s")]);
    }

    #[test]
    fn other_files_are_none() {
        for name in
            ["current", "lock", "@4000", "@400000006900000000000000.t", "processed", "@", ""]
        {
            assert_eq!(Archive::named(name.as_bytes()), None, "{name}");
        }
    }
}
