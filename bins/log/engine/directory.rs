//! A log directory: `current`, which grows, and archives. See doc/html/log-directory.html.
//!
//! Everything is relative to the directory's descriptor, and no link in it is followed.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use common::base::stamp::Boot;
use common::os::clock;
use common::os::file::Inode;
use common::os::lock::{self, Patience};
use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat, fchmod, fcntl_lock, fdatasync,
    fstat, fsync, ftruncate, mkdirat, openat, statat,
};
use rustix::io::{Errno, pwrite};

use super::archive::{Label, UNFINISHED};
use super::failure::{Failing, Failure};
use super::processor::Work;
use super::record::Place;
use super::trim::archives;
use crate::log::script;

pub(super) const CURRENT: &str = "current";
/// What tells that `current` ended in order, as in s6-log.
pub(super) const CLEAN: Mode = Mode::XUSR;
/// A predecessor that was killed may still be in a system call.
const PATIENCE: Patience = Patience::Seconds(5);
/// How often it is looked whether `current` is still ours, ms.
const LOOK: u64 = 1000;

/// A directory of a script.
pub(crate) struct Directory {
    pub(super) settings: script::Directory,
    /// The action that it belongs to.
    pub(super) action: usize,
    handle: Option<OwnedFd>,
    /// Held as long as the directory is used.
    lock: Option<OwnedFd>,
    /// Somebody else's lock is waited for, the first time: who logs for others can't wait for long.
    patience: Patience,
    pub(super) current: Option<OwnedFd>,
    pub(super) place: Place,
    pub(super) newest: Label,
    looked: Boot,
    /// When `current` got its first line; for `period`.
    pub(super) begun: Option<Boot>,
    /// Somebody asked for a rotation.
    pub(super) wanted: bool,
    /// That an archive could not be removed was said.
    pub(super) told: bool,
    pub(super) work: Work,
}

/// What a predecessor knew of the `current` files.
pub(super) struct Known<'a> {
    pub(super) places: &'a [Place],
    /// More than that may have been written: a batch was open.
    pub(super) open: bool,
}

impl Directory {
    pub(crate) fn new(settings: script::Directory, action: usize) -> Directory {
        let place = Place { inode: Inode { device: 0, number: 0 }, end: 0 };
        Directory {
            settings,
            action,
            handle: None,
            lock: None,
            patience: PATIENCE,
            current: None,
            place,
            newest: Label::default(),
            looked: Boot(0),
            begun: None,
            wanted: false,
            told: false,
            work: Work::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.settings.path
    }

    /// How long to wait after a failure, ms.
    pub(crate) fn retry(&self) -> u64 {
        self.settings.retry
    }

    /// The name of a file in it, for a message.
    pub(super) fn shown(&self, name: &str) -> String {
        format!("{}/{name}", self.settings.path.display())
    }

    /// Its descriptor; EBADF while it is not open.
    pub(crate) fn handle(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        self.handle.as_ref().map(AsFd::as_fd).ok_or(Errno::BADF)
    }

    pub(super) fn current(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        self.current.as_ref().map(AsFd::as_fd).ok_or(Errno::BADF)
    }

    /// For the owner alone, as in s6-log; where its parent hands its group down, for the group too.
    fn mode(&self) -> Mode {
        let own = Mode::RWXU;
        match statat(CWD, parent(&self.settings.path), AtFlags::empty()) {
            Ok(stat) if Mode::from_raw_mode(stat.st_mode).contains(Mode::SGID) => {
                own | Mode::RGRP | Mode::XGRP
            }
            Ok(_) | Err(_) => own,
        }
    }

    /// Opens the directory, makes it if it is not there, and sees that nobody else writes to it.
    pub(crate) fn open(&mut self) -> Result<(), Failure> {
        let path = &self.settings.path;
        let shown = path.display();
        match mkdirat(CWD, path, self.mode()) {
            Ok(()) if self.settings.sync => sync_parent(path).failing("sync", shown)?,
            Ok(()) | Err(Errno::EXIST) => {}
            Err(e) => {
                // A read-only parent is no obstacle if it is there.
                statat(CWD, path, AtFlags::empty()).map_err(|_| e).failing("make", shown)?;
            }
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = openat(CWD, path, flags, Mode::empty()).failing("open", path.display())?;
        if self.lock.is_none() {
            let lock = lock::open(&handle, "lock").failing("open", self.shown("lock"))?;
            let patience = std::mem::replace(&mut self.patience, Patience::Seconds(0));
            lock::take(&lock, patience).failing("lock", path.display())?;
            // What s6-log looks at, and what tells who we are.
            fcntl_lock(&lock, FlockOperation::NonBlockingLockExclusive)
                .failing("lock", path.display())?;
            (self.lock, self.patience) = (Some(lock), PATIENCE);
        }
        let archives = archives(&handle).failing("read", path.display())?;
        self.newest = archives.last().map_or(self.newest, |last| self.newest.max(last.label));
        self.handle = Some(handle);
        // A predecessor may have left some.
        self.process_soon();
        Ok(())
    }

    pub(super) fn is_open(&self) -> bool {
        self.handle.is_some()
    }

    pub(super) fn has_current(&self) -> bool {
        self.current.is_some()
    }

    /// Opens `current` where `known` says that it ends. One that nobody knows and that did not end in
    /// order is put away: its last line may be a piece.
    pub(super) fn open_current(&mut self, known: &Known<'_>) -> Result<(), Failure> {
        let (current, stat) = self.make_current()?;
        let inode = inode(&stat);
        let size = size(&stat);
        let place = known.places.iter().find(|place| place.inode == inode);
        let is_clean = Mode::from_raw_mode(stat.st_mode).contains(CLEAN);
        if place.is_none() && size > 0 && !is_clean {
            let name = self.next_name(UNFINISHED);
            self.rename_current(&name)?;
            self.is_newest(&name);
            return self.open_current(known);
        }
        let end = place.map_or(size, |place| place.end);
        // Less is there than was written, or more: somebody else had his hands in it.
        let end = if known.open { end.min(size) } else { size };
        self.place = Place { inode, end };
        if is_clean {
            let mode = Mode::from_raw_mode(stat.st_mode) - CLEAN;
            fchmod(&current, mode).failing("change the mode of", self.shown(CURRENT))?;
        }
        self.current = Some(current);
        self.begun = None;
        Ok(())
    }

    pub(super) fn make_current(&self) -> Result<(OwnedFd, Stat), Failure> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
        let open = || {
            let fd =
                openat(self.handle()?, CURRENT, flags | OFlags::CLOEXEC | OFlags::NOCTTY, mode)?;
            if self.settings.sync {
                // So that it is found again, and what was renamed before it.
                fsync(self.handle()?)?;
            }
            let stat = fstat(&fd)?;
            let kind = FileType::from_raw_mode(stat.st_mode);
            if kind == FileType::RegularFile { Ok((fd, stat)) } else { Err(Errno::INVAL) }
        };
        open().failing("open", self.shown(CURRENT))
    }

    /// Whether `current` is still the file that we write to; in a flood only once in a while. One that
    /// an administrator has emptied or put in its place is taken, one that has gone is made anew, the
    /// directory too.
    pub(super) fn look(&mut self, now: Boot, always: bool) -> Result<(), Failure> {
        if !always && now.since(self.looked) < LOOK && self.has_current() {
            return Ok(());
        }
        let found = self.handle().and_then(|dir| statat(dir, CURRENT, AtFlags::SYMLINK_NOFOLLOW));
        match found {
            Ok(stat) if self.has_current() && inode(&stat) == self.place.inode => {
                self.place.end = self.place.end.min(size(&stat));
            }
            Ok(_) | Err(_) => self.take_another()?,
        }
        self.looked = now;
        Ok(())
    }

    fn take_another(&mut self) -> Result<(), Failure> {
        let is_gone = self.handle().and_then(fstat).map_or(true, |stat| stat.st_nlink == 0);
        if is_gone {
            // With the lock, which was a file in there.
            (self.current, self.lock, self.handle) = (None, None, None);
            self.open()?;
        }
        let (current, stat) = self.make_current()?;
        self.place = Place { inode: inode(&stat), end: size(&stat) };
        self.current = Some(current);
        self.begun = None;
        Ok(())
    }

    /// Writes at the end, which moves only with `written`: written again after a failure, the same
    /// bytes come to the same place.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let (mut rest, mut at) = (bytes, self.place.end);
        while !rest.is_empty() {
            match self.current().and_then(|current| pwrite(current, rest, at)) {
                Ok(0) => return Err(Errno::IO).failing("write", self.shown(CURRENT)),
                Ok(length) => (rest, at) = (&rest[length..], at + length as u64),
                Err(Errno::INTR) => {}
                Err(e) => return Err(e).failing("write", self.shown(CURRENT)),
            }
        }
        if self.settings.sync && !bytes.is_empty() {
            self.current().and_then(fdatasync).failing("sync", self.shown(CURRENT))?;
        }
        Ok(())
    }

    /// So many bytes are there for good.
    pub(super) fn written(&mut self, length: usize) {
        self.place.end += length as u64;
        if length > 0 && self.begun.is_none() && self.settings.period > 0 {
            self.begun = Some(clock::boot());
        }
    }

    /// Cuts off what is beyond the end.
    pub(super) fn cut(&self) -> Result<(), Failure> {
        let cut = self.current().and_then(|current| ftruncate(current, self.place.end));
        cut.failing("cut", self.shown(CURRENT))
    }

    /// Lets go of the directory, until it is needed again.
    pub(crate) fn close(&mut self) {
        (self.current, self.lock, self.handle) = (None, None, None);
    }

    /// Marks `current` as complete.
    pub(super) fn end(&self) -> Result<(), Failure> {
        let mark = || {
            let current = self.current()?;
            if self.settings.sync {
                fsync(current)?;
            }
            fchmod(current, Mode::from_raw_mode(fstat(current)?.st_mode) | CLEAN)
        };
        if self.has_current() { mark().failing("mark", self.shown(CURRENT)) } else { Ok(()) }
    }
}

/// So that a new directory is found again.
fn sync_parent(path: &Path) -> rustix::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    fsync(openat(CWD, parent(path), flags, Mode::empty())?)
}

/// The directory that a path's last name is in.
fn parent(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

pub(super) fn inode(stat: &Stat) -> Inode {
    Inode { device: stat.st_dev, number: stat.st_ino }
}

pub(super) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}
