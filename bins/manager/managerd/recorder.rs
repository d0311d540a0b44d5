//! The recorder: what the engine was told, in a ring of two files, for `svc-db replay`; and what it was
//! told until the boot was over, in a file that stays.

use std::os::fd::OwnedFd;

use common::os::file;
use rustix::fs::{AtFlags, Mode, OFlags, ftruncate, openat, renameat, statat};
use rustix::io::{Errno, Result};

use super::manager::Manager;
use crate::manager::engine::{Event, State, record};
use crate::manager::graph::Id;
use crate::manager::places::{BOOT_RECORD, RECORD};

/// How long a file may become, bytes: with the one before it, hours of a busy system.
const LONGEST: usize = 512 << 10;
/// How long that of the boot may become: ten thousand services, which are started and die once or twice.
const LONGEST_BOOT: usize = 4 << 20;
/// How long a boot is recorded, ms: somebody who is restarted for ever does not make it longer.
const BOOT: u64 = 600_000;

/// The files that are written. Without them nothing is recorded: nothing else depends on it.
#[derive(Default)]
pub(super) struct Recorder {
    ring: File,
    /// None: the boot is over.
    boot: Option<File>,
    /// When nothing more belongs to the boot.
    boot_due: u64,
}

/// A file that is written, and how long it is.
#[derive(Default)]
struct File {
    fd: Option<OwnedFd>,
    length: usize,
}

impl File {
    fn append(&mut self, text: &str) -> Result<()> {
        let Some(fd) = &self.fd else { return Ok(()) };
        self.length += text.len();
        let written = file::write_all(fd, text.as_bytes());
        if written.is_err() {
            // Half a line is no record: the next file is whole again.
            self.fd = None;
        }
        written
    }
}

impl Recorder {
    fn is_full(&self) -> bool {
        self.ring.length > LONGEST
    }

    /// A new file takes the place of the one that is written.
    fn begin(&mut self, dir: &OwnedFd, text: &str) -> Result<()> {
        let [present, old] = RECORD;
        self.ring.fd = None;
        match renameat(dir, present, dir, old) {
            Err(Errno::NOENT) | Ok(()) => {}
            Err(e) => return Err(e),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
        let fd = openat(dir, present, flags, Mode::from_raw_mode(0o644))?;
        self.ring = File { fd: Some(fd), length: 0 };
        self.ring.append(text)
    }

    /// Goes on with the record of the boot, if that is not over.
    fn begin_boot(&mut self, dir: &OwnedFd, is_first: bool) -> Result<()> {
        let [complete, new] = BOOT_RECORD;
        if is_first {
            file::unlink_if_there(dir, complete)?;
            file::unlink_if_there(dir, new)?;
        } else if statat(dir, complete, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Ok(());
        }
        let written = match file::read_up_to(dir, new, 2 * LONGEST_BOOT) {
            Err(Errno::NOENT) => Vec::new(),
            result => result?,
        };
        // A predecessor may have died in the middle of a line.
        let whole = written.iter().rposition(|b| *b == b'\n').map_or(0, |newline| newline + 1);
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC;
        let fd = openat(dir, new, flags, Mode::from_raw_mode(0o644))?;
        ftruncate(&fd, whole as u64)?;
        let first = written.split(|b| *b == b'\n').next().and_then(|l| std::str::from_utf8(l).ok());
        let begun = first.and_then(record::Head::unpack).map(|head| head.time);
        self.boot_due = begun.unwrap_or_else(|| common::os::clock::boot().0) + BOOT;
        self.boot = Some(File { fd: Some(fd), length: whole });
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<()> {
        let in_boot = self.boot.as_mut().map_or(Ok(()), |boot| boot.append(text));
        self.ring.append(text).and(in_boot)
    }

    /// Whether the record of the boot should have an end now, whoever is not there yet.
    fn is_late(&self, now: u64) -> bool {
        let is_full = |boot: &File| boot.length > LONGEST_BOOT || boot.fd.is_none();
        self.boot.as_ref().is_some_and(|boot| is_full(boot) || now >= self.boot_due)
    }
}

impl Manager {
    /// Notes what the engine is about to be told.
    pub(super) fn record(&mut self, now: u64, events: &[Event]) {
        if self.recorder.is_late(now) {
            self.end_boot_record();
        }
        if self.recorder.is_full() {
            let text = record::begin(&self.engine, self.header.generation, now);
            let begun = self.recorder.begin(&self.dir, &text);
            self.complain_of_recorder(begun);
        }
        let text = record::step(&self.graph, now, events);
        let appended = self.recorder.append(&text);
        self.complain_of_recorder(appended);
    }

    /// Begins a file with all that is remembered.
    pub(super) fn begin_record(&mut self, text: &str) {
        let begun = self.recorder.begin(&self.dir, text);
        self.complain_of_recorder(begun);
        let appended = self.recorder.boot.as_mut().map_or(Ok(()), |boot| boot.append(text));
        self.complain_of_recorder(appended);
    }

    /// Opens the record of the boot: a new one, or that of a predecessor who did not see its end.
    pub(super) fn begin_boot_record(&mut self, is_first: bool) {
        let begun = self.recorder.begin_boot(&self.dir, is_first);
        self.complain_of_recorder(begun);
    }

    /// The boot is over as soon as all that is enabled is ready, or won't be by itself.
    pub(super) fn notice_boot(&mut self) {
        if self.recorder.boot.is_none() {
            return;
        }
        let moves = |id: &Id| self.engine.state(*id) != State::Ready && !self.engine.is_stuck(*id);
        // As for the goal: until the last has settled, it is the only one that is looked at.
        if self.goal.last().is_some_and(moves) {
            return;
        }
        if let Some(place) = self.goal.iter().position(moves) {
            let last = self.goal.len() - 1;
            return self.goal.swap(place, last);
        }
        self.end_boot_record();
    }

    /// The record of the boot gets the name of one that is complete, and is never written again.
    fn end_boot_record(&mut self) {
        self.recorder.boot = None;
        let [complete, new] = BOOT_RECORD;
        let renamed = renameat(&self.dir, new, &self.dir, complete);
        self.complain_of_recorder(renamed);
    }

    fn complain_of_recorder(&mut self, done: Result<()>) {
        if let Err(e) = done {
            let why = common::base::error::reason(e);
            self.complain("record", &format_args!("unable to write manager/record: {why}"));
        }
    }
}
