//! Moving a log directory into another one, on another file system: what was logged before there was
//! a disk. Broken off anywhere and begun again, each file arrives once and in order.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use common::base::sort;
use common::base::stamp::Wall;
use common::os::file::{fill, unlink_if_there, write_all};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fsync, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::archive::{Archive, FINISHED, Label};
use super::directory::Directory;
use super::failure::{Failing, Failure};
use super::trim::archives;
use crate::log::script;

/// What goes before the name that a file will have, while it is on its way.
const ON_ITS_WAY: &str = "moving.";

/// Makes archives in `target` of all that is in the log directory `from`, which nobody writes to, and
/// removes that. What is in `target` already is older.
pub(crate) fn move_into(from: &Path, target: &script::Directory) -> Result<(), Failure> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let source = match openat(CWD, from, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        result => result.failing("open", from.display())?,
    };
    let mut target = Directory::new(target.clone(), 0);
    target.open()?;
    target.put_away()?;
    put_away(&source).failing("rename", from.join("current").display())?;
    let moving = Moving { source, from, target };
    moving.all()
}

/// `current` becomes the newest archive.
fn put_away(source: &OwnedFd) -> rustix::io::Result<()> {
    let newest = archives(source)?.last().map_or(Label::default(), |archive| archive.label);
    let is_empty = match statat(source, c"current", AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => true,
        stat => stat?.st_size == 0,
    };
    if is_empty {
        return Ok(());
    }
    // A time of its own would be later than the last line's; only the order counts.
    let name = Label::after(newest, Wall(0)).max(Label::now()).name(FINISHED);
    renameat(source, c"current", source, name.bytes())
}

struct Moving<'a> {
    source: OwnedFd,
    from: &'a Path,
    target: Directory,
}

impl Moving<'_> {
    fn all(mut self) -> Result<(), Failure> {
        for name in self.on_their_way()? {
            self.arrive(&name)?;
        }
        let found = archives(&self.source).failing("read", self.from.display())?;
        for archive in found {
            let name = self.target.next_label(archive.label).name(&archive.kind);
            let name = String::from_utf8_lossy(name.bytes()).into_owned();
            let (old, new) = (archive.name(), format!("{ON_ITS_WAY}{name}"));
            let renamed = renameat(&self.source, old.as_str(), &self.source, new.as_str());
            renamed.failing("rename", self.from.join(&old).display())?;
            self.arrive(&name)?;
        }
        self.remove();
        Ok(())
    }

    /// The names that files will have for which that was decided.
    fn on_their_way(&self) -> Result<Vec<String>, Failure> {
        let list = || -> rustix::io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in Dir::read_from(&self.source)? {
                let entry = entry?;
                let name = entry.file_name().to_str().ok();
                let name = name.and_then(|name| name.strip_prefix(ON_ITS_WAY));
                names.extend(
                    name.filter(|n| Archive::parse(n.as_bytes()).is_some()).map(str::to_owned),
                );
            }
            sort::sort(&mut names);
            Ok(names)
        };
        list().failing("read", self.from.display())
    }

    /// Copies a file, unless it is there, and removes the source.
    fn arrive(&mut self, name: &str) -> Result<(), Failure> {
        let shown = self.target.path().join(name);
        let target = self.target.handle().failing("open", shown.display())?;
        if statat(target, name, AtFlags::SYMLINK_NOFOLLOW).is_err() {
            self.copy(target, name).failing("write", shown.display())?;
        }
        let old = format!("{ON_ITS_WAY}{name}");
        let removed = unlinkat(&self.source, old.as_str(), AtFlags::empty());
        removed.failing("remove", self.from.join(&old).display())?;
        self.target.has_archive(name);
        Ok(())
    }

    fn copy(&self, target: BorrowedFd<'_>, name: &str) -> rustix::io::Result<()> {
        let old = format!("{ON_ITS_WAY}{name}");
        let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let from = openat(&self.source, old, flags | OFlags::RDONLY, Mode::empty())?;
        let new = "moving";
        unlink_if_there(target, new)?;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
        let to = openat(target, new, flags | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode)?;
        copy(&from, &to)?;
        // Only then is the source not needed any more.
        fsync(&to)?;
        renameat(target, new, target, name)?;
        fsync(target)
    }

    /// The rest is not needed: an empty `current`, the lock.
    fn remove(&self) {
        for name in [c"current", c"lock"] {
            let _ = unlink_if_there(&self.source, name);
        }
        // Something of somebody else's is in there: let it be.
        let _ = rustix::fs::rmdir(self.from);
    }
}

#[inline(never)] // The buffer is large.
fn copy(from: impl AsFd, to: impl AsFd) -> rustix::io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match fill(&from, &mut buffer)? {
            0 => return Ok(()),
            length => write_all(&to, &buffer[..length])?,
        }
    }
}
