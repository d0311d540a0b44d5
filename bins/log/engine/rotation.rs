//! When and how `current` becomes an archive. See doc/html/log-directory.html for the steps.

use common::base::stamp::{Boot, Wall};
use common::os::clock;
use rustix::fs::{AtFlags, Mode, fdatasync, renameat, statat};

use super::archive::{Archive, FINISHED, Label, UNFINISHED};
use super::directory::{CLEAN, CURRENT, Directory, inode, size};
use super::failure::{Failing, Failure};
use super::format::Room;
use super::record::{ArchiveName, Place};

impl Directory {
    /// How much fits.
    pub(super) fn room(&self) -> Room {
        let soft = self.settings.size - self.settings.tolerance.min(self.settings.size);
        let left = |limit: u64| usize::try_from(limit.saturating_sub(self.place.end)).unwrap_or(0);
        Room { soft: left(soft).max(1), hard: left(self.settings.size) }
    }

    /// Whether `current` has to become an archive before anything else is written.
    pub(super) fn is_due(&self, now: Boot) -> bool {
        let full = self.place.end + self.settings.tolerance >= self.settings.size;
        self.place.end > 0 && (full || self.wanted || self.is_old(now))
    }

    fn is_old(&self, now: Boot) -> bool {
        self.old_at().is_some_and(|due| due <= now)
    }

    /// When `current` will be as old as it may get.
    pub(super) fn old_at(&self) -> Option<Boot> {
        let period = self.settings.period.saturating_mul(1000);
        self.begun.filter(|_| period > 0).map(|begun| begun.after(period))
    }

    /// What the next archive will be called.
    pub(super) fn next_name(&self, kind: &str) -> ArchiveName {
        Label::after(self.newest, clock::wall()).name(kind)
    }

    /// The label for an archive from elsewhere, which has one already.
    pub(super) fn next_label(&self, label: Label) -> Label {
        Label::after(self.newest, Wall(0)).max(label)
    }

    /// An archive has come in.
    pub(super) fn has_archive(&mut self, name: &str) {
        let label = Archive::parse(name.as_bytes()).map_or(self.newest, |archive| archive.label);
        self.newest = self.newest.max(label);
    }

    /// What is in `current` becomes an archive, outside of any logger.
    pub(super) fn put_away(&mut self) -> Result<(), Failure> {
        let found = self.handle().and_then(|dir| statat(dir, CURRENT, AtFlags::SYMLINK_NOFOLLOW));
        let Ok(stat) = found else { return Ok(()) };
        if size(&stat) == 0 {
            return Ok(());
        }
        let is_clean = Mode::from_raw_mode(stat.st_mode).contains(CLEAN);
        let name = self.next_name(if is_clean { self.kind() } else { UNFINISHED });
        self.rename_current(&name)?;
        self.is_newest(&name);
        Ok(())
    }

    pub(super) fn is_newest(&mut self, name: &ArchiveName) {
        let label = Archive::parse(name.bytes()).map_or(self.newest, |archive| archive.label);
        self.newest = self.newest.max(label);
    }

    /// The kind of archive that `current` becomes.
    pub(super) fn kind(&self) -> &'static str {
        if self.settings.processor.is_some() { UNFINISHED } else { FINISHED }
    }

    /// The second half of a rotation, and again if it was broken off: `current` becomes the archive,
    /// unless it is another file by now, and a new one begins.
    pub(super) fn finish_rotation(&mut self, name: &ArchiveName) -> Result<(), Failure> {
        // An archive is whole, whatever becomes of the machine.
        self.current().and_then(fdatasync).failing("sync", self.shown(CURRENT))?;
        let found = self.handle().and_then(|dir| statat(dir, CURRENT, AtFlags::SYMLINK_NOFOLLOW));
        if found.is_ok_and(|stat| inode(&stat) == self.place.inode) {
            self.rename_current(name)?;
        }
        self.is_newest(name);
        let (current, stat) = self.make_current()?;
        self.place = Place { inode: inode(&stat), end: size(&stat) };
        self.current = Some(current);
        (self.begun, self.wanted) = (None, false);
        self.process_soon();
        Ok(())
    }

    pub(super) fn rename_current(&self, name: &ArchiveName) -> Result<(), Failure> {
        let rename = || renameat(self.handle()?, CURRENT, self.handle()?, name.bytes());
        rename().failing("rename", self.shown(CURRENT))
    }
}
