//! Wards: how svc-scan finds whose process it was that has just died as its orphan, when that was a
//! oneshot's. Services it finds in the scan directory; a oneshot may be anywhere.
//!
//! A process that svc-oneshot starts makes a symbolic link of its pid to its directory before it is
//! on record: who has a record has a ward. It is removed by whoever learns of the death first, before
//! the reaping, as long as the pid is nobody else's: by svc-oneshot, or else by svc-scan.

use std::ffi::CString;
use std::fmt::Write;
use std::os::fd::{AsFd, OwnedFd};

use common::base::text::Text;
use common::os::file;
use rustix::fs::{readlinkat, symlinkat};
use rustix::io::{Errno, Result};
use rustix::process::Pid;

/// The directory of wards, beside svc-scan's other files.
pub(super) const DIR: &std::ffi::CStr = c"wards";

/// The name of a process's ward.
pub(super) fn name(pid: Pid) -> Text<16> {
    let mut name = Text::new();
    // A pid has at most ten digits.
    let _ = write!(name, "{}", pid.as_raw_pid());
    name
}

/// Where a oneshot's processes make their wards, and to what.
pub(super) struct Wards {
    dir: OwnedFd,
    /// The oneshot's directory, from the root.
    path: CString,
}

impl Wards {
    /// Those of the working directory.
    pub(super) fn new(dir: OwnedFd) -> Result<Wards> {
        Ok(Wards { dir, path: rustix::process::getcwd(Vec::new())? })
    }

    /// Makes a process's ward, in itself: nothing is allocated. What a process of the same pid left
    /// makes room.
    pub(super) fn enter(&self, pid: Pid) -> Result<()> {
        let name = name(pid);
        let make = || symlinkat(self.path.as_c_str(), &self.dir, name.bytes());
        match make() {
            Err(Errno::EXIST) => {
                remove(&self.dir, pid);
                make()
            }
            result => result,
        }
    }

    /// The directory has been moved, perhaps: so has the ward of the process that runs there.
    pub(super) fn follow(&mut self, pid: Option<Pid>) -> Result<()> {
        self.path = rustix::process::getcwd(Vec::new())?;
        pid.map_or(Ok(()), |pid| self.enter(pid))
    }

    /// Removes the ward of a process that is dead; if it has been reaped by others, its pid may be
    /// another's by now.
    pub(super) fn leave(&self, pid: Pid) {
        let ours = readlinkat(&self.dir, name(pid).bytes(), Vec::new());
        if ours.is_ok_and(|path| path == self.path) {
            remove(&self.dir, pid);
        }
    }
}

/// Removes a ward. One that stays harms nobody: it matches no other process's record.
pub(super) fn remove(dir: impl AsFd, pid: Pid) {
    let _ = file::unlink_if_there(dir, name(pid).bytes());
}
