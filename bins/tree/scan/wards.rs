//! Orphans that were a oneshot's. See `tree::wards`.

use std::os::fd::OwnedFd;

use common::base::death::Death;
use common::base::error::reason;
use common::format::records::{Exit, Process, SIZE};
use common::os::file;
use common::os::process::stat;
use common::prelude::*;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, chmodat, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::super::wards;
use super::reap::write_exit;
use super::root::{OWN, Root};

/// Opens the directory of wards, which nobody else may write, and removes those whose process is gone:
/// it was reaped by others, while there was no svc-scan.
pub(super) fn directory(own: &OwnedFd) -> Result<OwnedFd> {
    let make = || -> rustix::io::Result<OwnedFd> {
        match mkdirat(own, wards::DIR, Mode::RWXU) {
            Ok(()) => {}
            Err(Errno::EXIST) => chmodat(own, wards::DIR, Mode::RWXU, AtFlags::empty())?,
            Err(e) => return Err(e),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = openat(own, wards::DIR, flags, Mode::empty())?;
        sweep(&dir)?;
        Ok(dir)
    };
    make().unable(format_args!("make {OWN}/wards"))
}

fn sweep(dir: &OwnedFd) -> rustix::io::Result<()> {
    let is_alive = |name: &[u8]| {
        let pid = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
        pid.filter(|pid| *pid > 0)
            .and_then(Pid::from_raw)
            .is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
    };
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." && !is_alive(name.to_bytes()) {
            // A directory, or anything else that is none of ours, stays, and harms nobody.
            let _ = unlinkat(dir, name, AtFlags::empty());
        }
    }
    Ok(())
}

impl Root {
    /// Writes down how an orphan ended that has a ward; most have none, and cost one look.
    pub(super) fn record_ward(&mut self, pid: Pid, death: Death) {
        let Ok(dir) = file::open_dir(&self.wards, wards::name(pid).bytes()) else { return };
        if let Err(e) = self.record_in(&dir, pid, death) {
            let message = format_args!("unable to record the exit of a oneshot: {}", reason(e));
            self.complain("ward", &message);
        }
        wards::remove(&self.wards, pid);
    }

    /// A ward that leads where this process is not on record was another's.
    fn record_in(&self, dir: &OwnedFd, pid: Pid, death: Death) -> rustix::io::Result<()> {
        let mut buffer = [0; SIZE];
        let process = file::read_once(dir, c"supervise/process", &mut buffer);
        let Some(Process { identity, .. }) = process.ok().and_then(Process::unpack) else {
            return Ok(());
        };
        let is_its = identity.pid == pid
            && identity.boot == self.boot
            && stat(pid).is_ok_and(|found| identity.may_be(&found));
        if !is_its {
            return Ok(());
        }
        let exit = Exit { identity, death }.pack().ok_or(Errno::OVERFLOW)?;
        write_exit(dir, exit.bytes())
    }
}
