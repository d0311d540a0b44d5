//! Which archives a directory has, and the end of those that are too many.

use common::base::sort;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, Dir, statat, unlinkat};
use rustix::io::Errno;

use super::archive::{Archive, surplus};
use super::directory::{Directory, size};
use super::failure::{Failing, Failure};

impl Directory {
    /// Removes the archives that are too many. What can't be removed stays, and is told of once.
    pub(super) fn trim(&mut self) -> Result<(), Failure> {
        let found = self.handle().and_then(archives);
        let found = found.failing("read", self.settings.path.display())?;
        let size_of = |archive: &Archive| {
            let stat = self
                .handle()
                .and_then(|dir| statat(dir, archive.name(), AtFlags::SYMLINK_NOFOLLOW));
            stat.map_or(0, |stat| size(&stat))
        };
        // Without a limit on their size nobody has to ask for it.
        let sizes: Vec<u64> = match self.settings.total {
            0 => vec![0; found.len()],
            _ => found.iter().map(size_of).collect(),
        };
        let surplus = surplus(&sizes, self.settings.keep, self.settings.total);
        let mut failed = None;
        for archive in &found[..surplus] {
            if let Err(failure) = self.remove(archive) {
                failed.get_or_insert(failure);
            }
        }
        match failed {
            Some(failure) if !std::mem::replace(&mut self.told, true) => Err(failure),
            Some(_) => Ok(()),
            None => {
                self.told = false;
                Ok(())
            }
        }
    }

    fn remove(&self, archive: &Archive) -> Result<(), Failure> {
        let name = archive.name();
        match self.handle().and_then(|dir| unlinkat(dir, &name, AtFlags::empty())) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(e).failing("remove", self.shown(&name)),
        }
    }

    /// Makes room on a full disk: removes the oldest archive. False: there is none.
    pub(super) fn drop_oldest(&self) -> bool {
        let found = self.handle().and_then(archives).unwrap_or_default();
        found.iter().any(|archive| self.remove(archive).is_ok())
    }
}

/// The archives in a directory, oldest first.
pub(super) fn archives(dir: impl AsFd) -> rustix::io::Result<Vec<Archive>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(dir)? {
        found.extend(Archive::parse(entry?.file_name().to_bytes()));
    }
    sort::sort_by(&mut found, |a, b| (a.label, &a.kind).cmp(&(b.label, &b.kind)));
    Ok(found)
}
