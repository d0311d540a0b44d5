//! The directory `supervise/`: everything in it that the supervisor opens, writes and reads.

use std::ffi::CStr;
use std::io::IoSlice;
use std::os::fd::{AsFd, OwnedFd};

use common::base::name;
use common::format::record::Writer;
use common::format::records::{Exit, Holder, Process, SIZE};
use common::format::status::{self, Status};
use common::format::tally;
use common::os::fifo::{self, Ends};
use common::os::process::Identity;
use common::os::{fifodir, file};
use common::prelude::*;
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fstat, ftruncate, linkat, mkdirat, openat, readlinkat,
    renameat, renameat_with, statat,
};
use rustix::io::{Errno, pread, pwrite, pwritev};

use super::turn::For;

/// What records are padded with: shared by all supervisors, as it is part of the executable.
static NEWLINES: [u8; status::SIZE] = [b'\n'; status::SIZE];

/// `supervise/`, opened, locked and filled.
pub(super) struct Files {
    /// The directory.
    pub(super) dir: OwnedFd,
    /// `event/`; a oneshot has none.
    pub(super) events: Option<OwnedFd>,
    /// `control`: what others ask for.
    pub(super) control: OwnedFd,
    /// The lock; a child shares it until it execs.
    pub(super) lock: OwnedFd,
    /// `process`: written by the child, and behind that by svc-scan.
    pub(super) process: OwnedFd,
    /// `status` and its spare, which trade places at each record.
    statuses: Statuses,
    /// There was nothing in it before.
    pub(super) is_new: bool,
}

struct Statuses {
    present: OwnedFd,
    spare: OwnedFd,
    /// Nothing has been written to the present one that anybody would miss.
    blank: bool,
}

impl Files {
    /// Opens all of it in the working directory, and takes the lock, unless that and the control fifo
    /// are handed in. `None`: the lock is not to be had.
    pub(super) fn open(
        inherited: Option<(OwnedFd, OwnedFd)>,
        whom: For<'_>,
        me: Identity,
    ) -> Result<Option<Files>> {
        let dir = make_dir(CWD, c"supervise", Mode::RWXU)?;
        let is_service = !matches!(whom, For::Oneshot(_));
        let events = is_service.then(make_events).transpose()?;
        let (lock, control) = match inherited {
            Some((lock, control)) => (Some(lock), Some(control)),
            None => (whom.lock(&dir)?, None),
        };
        let Some(lock) = lock else { return Ok(None) };
        write_holder(&dir, me)?;
        let control = match control {
            Some(control) => control,
            None => make_fifo(&dir, c"control", Mode::RUSR | Mode::WUSR)?,
        };
        if is_service {
            link_ok(&dir).unable("make supervise/ok")?;
        }
        let process = open_plain(&dir, c"process").unable("open supervise/process")?.0;
        let statuses = Statuses::open(&dir).unable("make supervise/status and status.spare")?;
        let is_new = statuses.blank;
        Ok(Some(Files { dir, events, control, lock, process, statuses, is_new }))
    }

    /// The status on file, if it is whole.
    #[inline(never)] // The buffer is not to be in the frame of the caller, which lives on.
    pub(super) fn status(&self) -> Option<Status> {
        let mut buffer = [0; status::MAX];
        let length = pread(&self.statuses.present, &mut buffer, 0).ok()?;
        Status::unpack(&buffer[..length])
    }

    /// Replaces the status on file: the spare is filled, then they trade places.
    #[inline(never)] // As above.
    pub(super) fn write_status(&mut self, status: &Status) -> rustix::io::Result<()> {
        let mut writer = Writer::blank();
        let text = status.pack(&mut writer);
        match self.statuses.replace(&self.dir, text) {
            // Somebody has removed them.
            Err(Errno::NOENT) => {
                self.statuses = Statuses::open(&self.dir)?;
                self.statuses.replace(&self.dir, text)
            }
            result => result,
        }
    }

    /// The process last started, as it recorded itself.
    pub(super) fn process(&self) -> Option<Process> {
        let mut buffer = [0; SIZE];
        let length = pread(&self.process, &mut buffer, 0).ok()?;
        Process::unpack(&buffer[..length])
    }

    /// What svc-scan recorded of an orphan's end.
    pub(super) fn exit(&self) -> Option<Exit> {
        let mut buffer = [0; SIZE];
        let length = pread(&self.process, &mut buffer, SIZE as u64).ok()?;
        Exit::unpack(&buffer[..length])
    }

    /// A readiness fifo that no process but the next one has: an inode of its own.
    pub(super) fn fresh_ready(&self) -> rustix::io::Result<(OwnedFd, OwnedFd)> {
        let new = c"ready.new";
        file::unlink_if_there(&self.dir, new)?;
        let make = || fifo::make(&self.dir, new, Mode::RUSR | Mode::WUSR);
        match make() {
            // Full: the last one, which nobody is to hold any more, makes room.
            Err(Errno::NOSPC | Errno::DQUOT) => {
                file::unlink_if_there(&self.dir, c"ready")?;
                make()?;
            }
            result => result?,
        }
        let ours = fifo::open_own(&self.dir, new, Ends::Read)?;
        let theirs = fifo::open_own(&self.dir, new, Ends::Both)?;
        fifo::set_blocking(&theirs)?;
        renameat(&self.dir, new, &self.dir, c"ready")?;
        Ok((ours, theirs))
    }

    /// The readiness fifo of a process that a predecessor started.
    pub(super) fn present_ready(&self) -> rustix::io::Result<OwnedFd> {
        fifo::open_own(&self.dir, c"ready", Ends::Read)
    }

    /// Adds a death to the tally, of which at most `keep` are kept.
    pub(super) fn tally(&self, entry: &[u8], keep: u32) -> rustix::io::Result<()> {
        let (fd, length) = open_plain(&self.dir, c"death_tally")?;
        let length = length / tally::ENTRY as u64;
        let keep = u64::from(keep);
        if length < keep {
            return pwrite(&fd, entry, length * tally::ENTRY as u64).map(|_| ());
        }
        // Full: the newest move to the front.
        let mut kept = vec![0; keep as usize * tally::ENTRY];
        let from = (length - keep.saturating_sub(1)) * tally::ENTRY as u64;
        let moved = pread(&fd, &mut kept, from)?;
        kept.truncate(moved);
        kept.extend_from_slice(if keep > 0 { entry } else { b"" });
        pwrite(&fd, &kept, 0)?;
        ftruncate(&fd, kept.len() as u64)
    }

    /// Forgets the deaths before this supervision.
    pub(super) fn clear_tally(&self) -> rustix::io::Result<()> {
        file::unlink_if_there(&self.dir, c"death_tally")
    }
}

impl Statuses {
    /// Opens both, full-sized from the start: later records need no space.
    fn open(dir: &OwnedFd) -> rustix::io::Result<Statuses> {
        let (present, length) = open_plain(dir, c"status")?;
        let (spare, spare_length) = open_plain(dir, c"status.spare")?;
        for (fd, length) in [(&present, length), (&spare, spare_length)] {
            if length != status::SIZE as u64 {
                write_padded(fd, b"", status::SIZE)?;
            }
        }
        Ok(Statuses { present, spare, blank: length == 0 })
    }

    fn replace(&mut self, dir: &OwnedFd, text: &[u8]) -> rustix::io::Result<()> {
        if std::mem::take(&mut self.blank) {
            return write_padded(&self.present, text, status::SIZE);
        }
        write_padded(&self.spare, text, status::SIZE)?;
        let (from, to) = (c"status.spare", c"status");
        match renameat_with(dir, from, dir, to, RenameFlags::EXCHANGE) {
            // Some file systems can't.
            Err(Errno::INVAL | Errno::NOSYS) => {
                renameat(dir, from, dir, to)?;
                std::mem::swap(&mut self.present, &mut self.spare);
                self.spare = open_plain(dir, from)?.0;
                Ok(())
            }
            Err(e) => Err(e),
            Ok(()) => {
                std::mem::swap(&mut self.present, &mut self.spare);
                Ok(())
            }
        }
    }
}

fn make_events() -> Result<OwnedFd> {
    see_to_dir(CWD, c"event", Mode::from_raw_mode(0o3730))?;
    fifodir::open(CWD, c"event").unable("make the directory event")
}

/// Makes a directory if there is none, and opens it.
pub(super) fn make_dir(at: impl AsFd, name: &CStr, mode: Mode) -> Result<OwnedFd> {
    see_to_dir(&at, name, mode)?;
    let shown = name.to_string_lossy();
    file::open_dir(&at, name).unable(format_args!("make the directory {shown}"))
}

/// Makes a directory if there is none; where a symbolic link leads nowhere, what it names is made.
fn see_to_dir(at: impl AsFd, name: &CStr, mode: Mode) -> Result<()> {
    let shown = name.to_string_lossy();
    let make = |path: &CStr| -> rustix::io::Result<()> {
        mkdirat(&at, path, mode)?;
        // mkdir does not set the group bit.
        if mode.intersects(Mode::SGID) {
            rustix::fs::chmodat(&at, path, mode, AtFlags::empty())?;
        }
        Ok(())
    };
    let is_there = || statat(&at, name, AtFlags::empty());
    let make_or_find = || match make(name) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => match is_there() {
            Err(Errno::NOENT) => make(&readlinkat(&at, name, Vec::new())?),
            Ok(_) | Err(_) => Ok(()),
        },
        // In a directory that can't be written it may be all the same.
        Err(e) if is_there().is_ok() && matches!(e, Errno::ROFS | Errno::ACCESS | Errno::PERM) => {
            Ok(())
        }
        Err(e) => Err(e),
    };
    make_or_find().unable(format_args!("make the directory {shown}"))
}

/// Says who supervises. In place, as only the holder of the lock writes it.
fn write_holder(dir: &OwnedFd, me: Identity) -> Result<()> {
    let write = "write supervise/supervisor";
    let (file, length) = open_plain(dir, c"supervisor").unable(write)?;
    let directory = file::Inode::at(dir, c".").unable(write)?;
    if length > 0 {
        forget_copied(dir, &file, directory).unable("remove what was copied to supervise/")?;
    }
    let record = Holder { identity: me, directory }.pack().ok_or(Errno::OVERFLOW);
    record.and_then(|record| write_padded(&file, record.bytes(), SIZE)).unable(write)
}

/// A service directory may be a copy of one that is supervised. What its records tell is of that one.
fn forget_copied(dir: &OwnedFd, holder: &OwnedFd, here: file::Inode) -> rustix::io::Result<()> {
    let mut buffer = [0; SIZE];
    let length = pread(holder, &mut buffer, 0)?;
    let holder = Holder::unpack(&buffer[..length]);
    if holder.is_none_or(|holder| holder.directory == here) {
        return Ok(());
    }
    for name in [c"status", c"status.spare", c"process"] {
        file::unlink_if_there(dir, name)?;
    }
    Ok(())
}

/// Makes and opens a fifo in a directory of ours; whatever else has its name is not touched.
pub(super) fn make_fifo(dir: impl AsFd, name: &CStr, mode: Mode) -> Result<OwnedFd> {
    let shown = name.to_string_lossy();
    fifo::make(&dir, name, mode).unable(format_args!("make the fifo supervise/{shown}"))?;
    match fifo::open_own(&dir, name, Ends::Both) {
        Err(Errno::INVAL | Errno::LOOP | Errno::ISDIR) => {
            Err(Error::system(format_args!("supervise/{shown} is not a fifo: remove it")))
        }
        result => result.unable(format_args!("open supervise/{shown}")),
    }
}

/// Makes `ok`, by which programs of runit's and daemontools' see that the control fifo has a reader:
/// another name of it.
fn link_ok(dir: &OwnedFd) -> rustix::io::Result<()> {
    let link = || linkat(dir, c"control", dir, c"ok", AtFlags::empty());
    match link() {
        Err(Errno::EXIST) => {
            let inode =
                |name: &CStr| statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map(|s| s.st_ino);
            if inode(c"ok")? == inode(c"control")? {
                return Ok(());
            }
            file::unlink_if_there(dir, c"ok")?;
            link()
        }
        // A file system without hard links: it is only for others.
        Err(Errno::PERM | Errno::NOTSUP | Errno::MLINK) => Ok(()),
        result => result,
    }
}

/// One that others may read.
fn open_plain(dir: impl AsFd, name: &CStr) -> rustix::io::Result<(OwnedFd, u64)> {
    open_file(dir, name, Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH)
}

/// Opens, or makes, a file that must be a plain one with no other name; its length as well.
pub(super) fn open_file(
    dir: impl AsFd,
    name: &CStr,
    mode: Mode,
) -> rustix::io::Result<(OwnedFd, u64)> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let fd = openat(dir, name, flags | OFlags::NOCTTY | OFlags::CLOEXEC, mode)?;
    let stat = fstat(&fd)?;
    if !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file() || stat.st_nlink != 1 {
        return Err(Errno::INVAL);
    }
    if stat.st_size == 0 && stat.st_mode & 0o777 != mode.as_raw_mode() {
        // Who may read it the directory decides, not our umask.
        rustix::fs::fchmod(&fd, mode)?;
    }
    Ok((fd, stat.st_size.unsigned_abs()))
}

/// Overwrites a record in place: once it has its size this needs no space.
pub(super) fn write_padded(fd: impl AsFd, text: &[u8], size: usize) -> rustix::io::Result<()> {
    let padding = &NEWLINES[..size - text.len()];
    match pwritev(fd, &[IoSlice::new(text), IoSlice::new(padding)], 0) {
        Ok(n) if n == size => Ok(()),
        Ok(_) => Err(Errno::NOSPC),
        Err(e) => Err(e),
    }
}

/// Whether a name that svc-scan sent can be ours.
pub(super) fn is_name(bytes: &[u8]) -> bool {
    name::check(bytes.strip_suffix(b"/log").unwrap_or(bytes)).is_ok()
}
