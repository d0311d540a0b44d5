//! The recorder: what the engine was told, in a ring of two files, for `svc-db replay`.

use std::os::fd::OwnedFd;

use common::os::file;
use rustix::fs::{Mode, OFlags, openat, renameat};
use rustix::io::{Errno, Result};

use super::manager::Manager;
use crate::manager::engine::{Event, record};
use crate::manager::places::RECORD;

/// How long a file may become, bytes: with the one before it, hours of a busy system.
const LONGEST: usize = 512 << 10;

/// The file that is written. Without one nothing is recorded: nothing else depends on it.
#[derive(Default)]
pub(super) struct Recorder {
    file: Option<OwnedFd>,
    length: usize,
}

impl Recorder {
    fn is_full(&self) -> bool {
        self.length > LONGEST
    }

    /// A new file takes the place of the one that is written.
    fn begin(&mut self, dir: &OwnedFd, text: &str) -> Result<()> {
        let [present, old] = RECORD;
        self.file = None;
        match renameat(dir, present, dir, old) {
            Err(Errno::NOENT) | Ok(()) => {}
            Err(e) => return Err(e),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
        let file = openat(dir, present, flags, Mode::from_raw_mode(0o644))?;
        self.length = 0;
        self.file = Some(file);
        self.append(text)
    }

    fn append(&mut self, text: &str) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        self.length += text.len();
        let written = file::write_all(file, text.as_bytes());
        if written.is_err() {
            // Half a line is no record: the next file is whole again.
            self.file = None;
        }
        written
    }
}

impl Manager {
    /// Notes what the engine is about to be told.
    pub(super) fn record(&mut self, now: u64, events: &[Event]) {
        if self.recorder.is_full() {
            let text = record::begin(&self.engine, self.header.generation, now);
            self.begin_record(&text);
        }
        let text = record::step(&self.graph, now, events);
        if let Err(e) = self.recorder.append(&text) {
            self.complain_of_recorder(e);
        }
    }

    /// Begins a file with all that is remembered.
    pub(super) fn begin_record(&mut self, text: &str) {
        if let Err(e) = self.recorder.begin(&self.dir, text) {
            self.complain_of_recorder(e);
        }
    }

    fn complain_of_recorder(&mut self, e: Errno) {
        let why = common::base::error::reason(e);
        self.complain("record", &format_args!("unable to write manager/record: {why}"));
    }
}
