//! The directory `supervise/`: everything in it that the supervisor opens, writes and reads.

use std::ffi::CStr;
use std::io::IoSlice;
use std::os::fd::{AsFd, OwnedFd};

use common::base::name;
use common::format::records::{Exit, Holder, Process, SIZE};
use common::format::status::{self, Status};
use common::format::tally;
use common::os::fifo::{self, Ends};
use common::os::process::Identity;
use common::os::{file, lock};
use common::prelude::*;
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fstat, ftruncate, mkdirat, openat, readlinkat,
    renameat, renameat_with, statat,
};
use rustix::io::{Errno, pread, pwrite, pwritev};

/// What a status is padded with: shared by all supervisors, as it is part of the executable.
static NEWLINES: [u8; status::SIZE] = [b'\n'; status::SIZE];

/// `supervise/`, opened, locked and filled.
pub(super) struct Files {
    /// The directory.
    pub(super) dir: OwnedFd,
    /// `event/`.
    pub(super) events: OwnedFd,
    /// `control`: what others ask for.
    pub(super) control: OwnedFd,
    /// The lock; a child shares it until it execs.
    pub(super) lock: OwnedFd,
    /// `process`: written by the child.
    pub(super) process: OwnedFd,
    /// runit's and daemontools' way to tell that somebody supervises.
    _ok: OwnedFd,
}

impl Files {
    /// Opens all of it in the working directory, and takes the lock unless it is handed in.
    pub(super) fn open(inherited: Option<OwnedFd>, patience: lock::Patience) -> Result<Files> {
        let dir = make_dir(CWD, c"supervise", Mode::RWXU)?;
        let events = make_dir(CWD, c"event", Mode::from_raw_mode(0o3730))?;
        let lock = match inherited {
            Some(lock) => lock,
            None => take_lock(&dir, patience)?,
        };
        let me = Holder(Identity::of_self()).pack().unwrap_or_default();
        file::replace(&dir, "supervisor", me.bytes()).unable("write supervise/supervisor")?;
        let own = Mode::RUSR | Mode::WUSR;
        let control = make_fifo(&dir, c"control", own)?;
        let ok = make_fifo(&dir, c"ok", own)?;
        let process = open_plain(&dir, c"process").unable("open supervise/process")?;
        for name in [c"status", c"status.spare"] {
            let make = || {
                let fd = open_plain(&dir, name)?;
                let length = fstat(&fd)?.st_size;
                // Full from the start: later records need no space.
                if length == status::SIZE as i64 { Ok(()) } else { write_padded(&fd, b"") }
            };
            make().unable(format_args!("write supervise/{}", name.to_string_lossy()))?;
        }
        Ok(Files { dir, events, control, lock, process, _ok: ok })
    }

    /// The status on file, if it is whole.
    pub(super) fn status(&self) -> Option<Status> {
        let mut buffer = [0; status::SIZE];
        Status::unpack(file::read_small(&self.dir, c"status", &mut buffer).ok()?)
    }

    /// Replaces the status on file: the spare is filled, then they trade places.
    pub(super) fn write_status(&self, status: &Status) -> rustix::io::Result<()> {
        let spare = open_plain(&self.dir, c"status.spare")?;
        write_padded(&spare, status.pack().bytes())?;
        let (from, to) = (c"status.spare", c"status");
        match renameat_with(&self.dir, from, &self.dir, to, RenameFlags::EXCHANGE) {
            // Some file systems can't, and somebody may have removed the status.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOENT) => {
                renameat(&self.dir, from, &self.dir, to)
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
        Exit::unpack(file::read_small(&self.dir, c"exit", &mut buffer).ok()?)
    }

    /// A readiness fifo that no process but the next one has: an inode of its own.
    pub(super) fn fresh_ready(&self) -> rustix::io::Result<(OwnedFd, OwnedFd)> {
        let new = c"ready.new";
        file::unlink_if_there(&self.dir, new)?;
        fifo::make(&self.dir, new, Mode::RUSR | Mode::WUSR)?;
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
        let fd = open_plain(&self.dir, c"death_tally")?;
        let length = fstat(&fd)?.st_size.unsigned_abs() / tally::ENTRY as u64;
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

/// Makes a directory if there is none; where a symbolic link leads nowhere, what it names is made.
pub(super) fn make_dir(at: impl AsFd, name: &CStr, mode: Mode) -> Result<OwnedFd> {
    let shown = name.to_string_lossy();
    let make = || -> rustix::io::Result<OwnedFd> {
        match mkdirat(&at, name, mode) {
            Ok(()) => {
                // The umask is not asked, and the group bit needs saying again.
                rustix::fs::chmodat(&at, name, mode, AtFlags::empty())?;
            }
            Err(Errno::EXIST) => {
                if statat(&at, name, AtFlags::empty()).is_err_and(|e| e == Errno::NOENT) {
                    mkdirat(&at, readlinkat(&at, name, Vec::new())?, mode)?;
                    rustix::fs::chmodat(&at, name, mode, AtFlags::empty())?;
                }
            }
            // A read-only directory, in which it may be all the same.
            Err(e) => {
                let there = statat(&at, name, AtFlags::empty()).is_ok();
                if !there || !matches!(e, Errno::ROFS | Errno::ACCESS | Errno::PERM) {
                    return Err(e);
                }
            }
        }
        file::open_dir(&at, name)
    };
    make().unable(format_args!("make the directory {shown}"))
}

fn take_lock(dir: &OwnedFd, patience: lock::Patience) -> Result<OwnedFd> {
    let fd = lock::open(dir, c"lock").unable("open supervise/lock")?;
    match lock::take(&fd, patience) {
        Err(Errno::WOULDBLOCK) => {
            let mut buffer = [0; SIZE];
            let holder = file::read_small(dir, c"supervisor", &mut buffer).ok();
            let by =
                holder.and_then(Holder::unpack).map(|h| format!(" by {}", h.0.pid.as_raw_pid()));
            Err(Error::user(format_args!("already supervised{}", by.unwrap_or_default())))
        }
        result => result.map(|()| fd).unable("lock supervise/lock"),
    }
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

/// Opens, or makes, a file that must be a plain one with no other name.
fn open_plain(dir: impl AsFd, name: &CStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let fd = openat(dir, name, flags | OFlags::NOCTTY | OFlags::CLOEXEC, mode)?;
    let stat = fstat(&fd)?;
    let plain = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file();
    if plain && stat.st_nlink == 1 { Ok(fd) } else { Err(Errno::INVAL) }
}

fn write_padded(fd: &OwnedFd, text: &[u8]) -> rustix::io::Result<()> {
    let padding = &NEWLINES[..status::SIZE - text.len()];
    match pwritev(fd, &[IoSlice::new(text), IoSlice::new(padding)], 0) {
        Ok(n) if n == status::SIZE => Ok(()),
        Ok(_) => Err(Errno::NOSPC),
        Err(e) => Err(e),
    }
}

/// Whether a name that svc-scan sent can be ours.
pub(super) fn is_name(bytes: &[u8]) -> bool {
    name::check(bytes.strip_suffix(b"/log").unwrap_or(bytes)).is_ok()
}
