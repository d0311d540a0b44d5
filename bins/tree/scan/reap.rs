//! Children and orphans: a supervisor that died gets a successor, and how an orphaned process ended
//! is written down, for the supervisor that adopted it, before it is reaped.
//!
//! A supervisor's children become ours in the same instant in which it becomes a zombie, and the
//! kernel appends them to the list of children that waitid walks: an orphan is never seen before its
//! supervisor's death.

use std::os::fd::OwnedFd;

use common::base::death::Death;
use common::format::records::{Exit, Process, SIZE};
use common::os::file;
use common::os::process::{Found, Watched, stat};
use common::sys::wait::{Ended, Which, peek, reap};
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use rustix::process::Pid;

use super::super::controls::{Control, dawdle, leaves_out};
use super::end::is_done;
use super::root::Root;
use super::slots::{Goal, Key, Slot};

impl Root {
    /// Takes all dead children.
    pub(super) fn reap(&mut self) {
        while let Ok(Some((pid, ended))) = peek(Which::Any) {
            let supervisor = self.slots.is_supervisor(pid);
            if leaves_out(Control::ReapFirst) && !supervisor {
                let _ = reap(pid);
                dawdle();
            }
            let adopter = if supervisor { None } else { self.record_orphan(pid, ended.into()) };
            if adopter.is_some() {
                dawdle();
            } else if !supervisor {
                self.record_ward(pid, ended.into());
            }
            // It was peeked at: it is there.
            let _ = reap(pid);
            if let Some(key) = self.slots.forget_child(pid) {
                self.supervisor_died(key, ended == Ended::Exited(0));
            }
            if let Some(key) = adopter {
                self.wake(key);
            }
        }
    }

    /// Looks after the supervisors that are not our children.
    pub(super) fn notice_inherited(&mut self) {
        let is_gone = |supervisor: &Watched| match supervisor {
            Watched::Adopted(identity, _) => identity.look() != Found::Alive,
            Watched::Own(_) => false,
        };
        let gone = self.slots.inherited().filter(|(_, supervisor)| is_gone(supervisor));
        for key in gone.map(|(key, _)| key).collect::<Vec<Key>>() {
            // How it ended its own parent knows; its status tells whether in order.
            self.supervisor_died(key, false);
        }
    }

    fn supervisor_died(&mut self, key: Key, in_order: bool) {
        let Some(slot) = self.slots.all.get_mut(&key) else { return };
        slot.supervisor = None;
        slot.orphan = slot.recorded(key).map(|process| process.identity.pid);
        slot.told = Goal::Run;
        self.slots.mark(key);
        let Some(slot) = self.slots.all.get(&key) else { return };
        let in_order = in_order || is_done(slot, key);
        if slot.goal != Goal::Run && in_order || !slot.is_wanted() {
            self.forget(key);
        } else {
            self.restart(key);
        }
    }

    /// Writes down an orphan's end, if it is a service's. Returns whose.
    fn record_orphan(&mut self, pid: Pid, death: Death) -> Option<Key> {
        let key = self.whose(pid)?;
        let slot = self.slots.all.get_mut(&key)?;
        let dir = slot.open(key).ok()?;
        let process = slot.recorded(key)?;
        // While it is a zombie its start time can be compared: the record may be of one before it.
        if stat(pid).is_ok_and(|found| !process.identity.may_be(&found)) {
            return None;
        }
        let exit = Exit { identity: process.identity, death }.pack()?;
        slot.unmark();
        match write_exit(&dir, exit.bytes()) {
            Ok(()) => Some(key),
            Err(e) => {
                let why = common::base::error::reason(e);
                let name = slot.name.clone();
                self.complain("exit", &format_args!("{name}: unable to record an exit: {why}"));
                Some(key)
            }
        }
    }

    /// The slot whose process an orphan is.
    fn whose(&mut self, pid: Pid) -> Option<Key> {
        let marked = self.slots.marked();
        // The common case: it was on record when its supervisor died.
        let known = marked.iter().find_map(|key| {
            let slot = self.slots.all.get(key).filter(|slot| slot.orphan == Some(pid))?;
            slot.recorded(*key).filter(|process| process.identity.pid == pid).map(|_| *key)
        });
        if known.is_some() {
            return known;
        }
        // It may have recorded itself later.
        for key in marked {
            let Some(slot) = self.slots.all.get_mut(&key) else { continue };
            let Some(process) = slot.recorded(key) else { continue };
            slot.orphan = Some(process.identity.pid);
            if process.identity.pid == pid {
                return Some(key);
            }
            slot.unmark_own_child(process.identity.pid);
        }
        None
    }

    /// Tells the adopter to look.
    fn wake(&self, key: Key) {
        if let Some(supervisor) = self.slots.all.get(&key).and_then(|slot| slot.supervisor.as_ref())
        {
            // Gone meanwhile: its successor looks anyway.
            let _ = supervisor.signal(common::base::signal::Signal::CHLD);
        }
    }
}

impl Slot {
    /// The process last started there.
    fn recorded(&self, key: Key) -> Option<Process> {
        let mut buffer = [0; SIZE];
        let dir = self.open(key).ok()?;
        Process::unpack(file::read_once(&dir, c"supervise/process", &mut buffer).ok()?)
    }

    /// A process that turns out to be its supervisor's own child is no orphan: the slot need not be
    /// asked again.
    fn unmark_own_child(&mut self, process: Pid) {
        let supervisor = self.supervisor.as_ref().map(|watched| watched.pid().as_raw_pid());
        let parent = stat(process).ok().map(|stat| stat.parent);
        if supervisor.is_some() && parent == supervisor {
            self.unmark();
        }
    }
}

/// Writes behind the record of the process how it ended. That both are in one block of the file, the
/// process has seen to: a full disk loses no death.
pub(super) fn write_exit(dir: &OwnedFd, exit: &[u8]) -> rustix::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = openat(dir, c"supervise/process", flags, Mode::empty())?;
    let stat = fstat(&fd)?;
    if !FileType::from_raw_mode(stat.st_mode).is_file() || stat.st_nlink != 1 {
        return Err(Errno::INVAL);
    }
    let mut record = [b'\n'; SIZE];
    record[..exit.len()].copy_from_slice(exit);
    rustix::io::pwrite(&fd, &record, SIZE as u64).map(|_| ())
}
