//! A turn of a logger: batches of lines, each announced in the journal before it is written, and
//! rotations, likewise.

use std::result::Result;

use common::os::clock;

use super::format::{self, Room, SLACK, Used};
use super::lines;
use super::logger::{At, Logger, Stuck};
use super::plan::{Distributed, Limit};
use super::record::State;
use crate::log::script::Target;

/// As much output as a batch makes at most, a long line aside: 256 kB of input with stamps.
const BUFFER: usize = 384 * 1024;
/// With less to write than this there is time to look at the files before each batch.
const LITTLE: usize = 32 * 1024;
/// As much input as is distributed to several outputs at a time.
const PIECE: usize = 64 * 1024;

impl Logger {
    /// Goes on from wherever the journal stands until all whole lines are written.
    pub(super) fn proceed(&mut self) -> Result<(), Stuck> {
        if !self.recovered {
            self.recover()?;
        }
        match self.record.state {
            State::Idle => {}
            State::Open => self.replay()?,
            State::Rotating => self.finish_rotation()?,
        }
        loop {
            let length = self.to_write();
            self.rotate_what_is_due(length)?;
            if length == 0 {
                break;
            }
            let length = self.let_through(length);
            if length == 0 {
                continue;
            }
            self.tell_of_missing()?;
            self.take_time();
            self.batch(length)?;
        }
        if self.is_missing_long() {
            self.tell_of_missing()?;
        }
        self.make_room();
        Ok(())
    }

    /// Before `length` bytes are written. What nothing is done with need not be looked at.
    fn rotate_what_is_due(&mut self, length: usize) -> Result<(), Stuck> {
        let now = clock::boot();
        for index in 0..self.directories.len() {
            let directory = &mut self.directories[index];
            let is_little = length < LITTLE && (length > 0 || directory.is_due(now));
            directory.look(now, is_little).at(index)?;
            if directory.is_due(now) {
                self.rotate_one(index)?;
            }
        }
        Ok(())
    }

    /// Writes some of the lines in the next `length` bytes, or rotates what has no room for one.
    fn batch(&mut self, length: usize) -> Result<(), Stuck> {
        let input = &self.input()[..length];
        if self.plan.is_simple()
            && input.ends_with(b"\n")
            && lines::are_plain(input, self.plan.longest)
        {
            self.simple_batch(length)
        } else {
            self.general_batch(length)
        }
    }

    fn simple_batch(&mut self, length: usize) -> Result<(), Stuck> {
        let start = self.record.start;
        let Some(directory) = self.directories.first() else { return Ok(()) };
        let is_empty = directory.place.end == 0;
        let mut used = self.format(length, directory.room());
        if used.input == 0 && is_empty {
            // It is longer than a file may be: it has one for itself.
            used = self.format(length, Room { soft: 1, hard: usize::MAX });
        }
        if used.input == 0 {
            return self.rotate_one(0);
        }
        self.announce(used.input);
        let bytes = if self.has_head() {
            self.outputs.first().and_then(|output| output.get(..used.output))
        } else {
            self.region.bytes().get(start..start + used.input)
        };
        self.directories[0].write(bytes.unwrap_or_default()).at(0)?;
        self.directories[0].written(used.output);
        self.close();
        Ok(())
    }

    fn has_head(&self) -> bool {
        self.plan.heads.first().is_some_and(|head| !head.is_empty())
    }

    fn format(&mut self, length: usize, room: Room) -> Used {
        let Some(head) = self.plan.heads.first().filter(|head| !head.is_empty()) else {
            return format::unchanged(&self.input()[..length], room);
        };
        let size = BUFFER.max(self.plan.longest + head.len() + 1) + SLACK;
        if self.outputs.first().map_or(0, Vec::len) < size {
            self.outputs = vec![vec![0; size]];
        }
        let start = self.record.start;
        let input = self.region.bytes().get(start..start + length).unwrap_or_default();
        match self.outputs.first_mut() {
            Some(output) => format::with_head(input, head, output, room),
            None => Used::default(),
        }
    }

    fn general_batch(&mut self, length: usize) -> Result<(), Stuck> {
        // No line's beginning and end are further apart.
        let window = length.min(PIECE.max(self.plan.longest + 1));
        let whole = lines::whole(&self.input()[..window], self.plan.longest);
        let length = if window < length && whole > 0 { whole } else { window };
        let limits = self.limits();
        let done = self.distribute(length, &limits);
        if let (0, Some(action)) = (done.input, done.full) {
            let index = self.directories.iter().position(|d| d.action == action);
            return index.map_or(Ok(()), |index| self.rotate_one(index));
        }
        self.announce(done.input);
        self.write_outputs()
    }

    /// What each action has room for. A batch ends where the buffer of one is large enough, too.
    fn limits(&self) -> Vec<Limit> {
        let unlimited = Limit { room: Room { soft: BUFFER, hard: usize::MAX }, empty: true };
        let mut limits = vec![unlimited; self.plan.script.actions.len()];
        for directory in &self.directories {
            if let Some(limit) = limits.get_mut(directory.action) {
                let Room { soft, hard } = directory.room();
                let room = Room { soft: soft.min(BUFFER), hard };
                *limit = Limit { room, empty: directory.place.end == 0 };
            }
        }
        limits
    }

    fn distribute(&mut self, length: usize, limits: &[Limit]) -> Distributed {
        let start = self.record.start;
        let input = self.region.bytes().get(start..start + length).unwrap_or_default();
        self.outputs.resize(self.plan.script.actions.len(), Vec::new());
        for output in &mut self.outputs {
            output.clear();
        }
        self.plan.distribute(input, limits, &mut self.outputs)
    }

    /// Says in the journal what is going to be written, and where.
    pub(super) fn announce(&mut self, taken: usize) {
        self.record.state = State::Open;
        self.record.taken = taken;
        self.record.time = self.plan.time;
        self.commit();
    }

    /// Says in the journal that it is written.
    fn close(&mut self) {
        self.record.state = State::Idle;
        match self.record.taken {
            0 => self.notice_written(),
            taken => self.limit.used(taken),
        }
        self.record.start += self.record.taken;
        self.record.taken = 0;
        self.commit();
    }

    pub(super) fn commit(&mut self) {
        self.record.outputs.clear();
        self.record.outputs.extend(self.directories.iter().map(|directory| directory.place));
        self.store.commit(self.slot, &self.record);
    }

    /// Writes an announced batch again: as it was, to where it was.
    fn replay(&mut self) -> Result<(), Stuck> {
        self.set_time(self.record.time);
        match self.record.taken {
            0 => self.put_notice(),
            taken => {
                self.distribute(taken, &[]);
            }
        }
        self.write_outputs()
    }

    /// The directories first: what the other outputs show is safe there.
    pub(super) fn write_outputs(&mut self) -> Result<(), Stuck> {
        for (index, directory) in self.directories.iter().enumerate() {
            if let Some(output) = self.outputs.get(directory.action) {
                directory.write(output).at(index)?;
            }
        }
        for directory in &mut self.directories {
            directory.written(self.outputs.get(directory.action).map_or(0, Vec::len));
        }
        let mut failures = Vec::new();
        for (action, output) in self.plan.script.actions.iter().zip(&mut self.outputs) {
            let told = match &action.to {
                Target::Stdout => self.outlets.print(output),
                Target::Alert(_) => {
                    super::emit::alert(output);
                    Ok(())
                }
                Target::Status(path, size) => self.outlets.status(path, *size, output),
                Target::Dir(_) => Ok(()),
            };
            failures.extend(told.err());
        }
        self.close();
        for failure in failures {
            self.warn(&failure);
        }
        Ok(())
    }

    fn rotate_one(&mut self, index: usize) -> Result<(), Stuck> {
        let directory = &self.directories[index];
        self.record.archive = directory.next_name(directory.kind());
        self.record.rotating = index;
        self.record.state = State::Rotating;
        self.commit();
        self.finish_rotation()
    }

    fn finish_rotation(&mut self) -> Result<(), Stuck> {
        let index = self.record.rotating;
        let Some(directory) = self.directories.get_mut(index) else { return Ok(()) };
        directory.finish_rotation(&self.record.archive).at(index)?;
        self.record.state = State::Idle;
        self.commit();
        if let Err(failure) = self.directories[index].trim() {
            self.warn(&failure);
        }
        Ok(())
    }

    /// Moves an unfinished line to the region's beginning, where the other offset takes over.
    fn make_room(&mut self) {
        let (start, end) = (self.record.start, self.input_end());
        let rest = end.saturating_sub(start);
        // What is moved must stay whole until the journal says that it was.
        if start == 0 || rest > start {
            return;
        }
        self.region.bytes_mut().copy_within(start..end, 0);
        let other = 1 - self.record.active;
        self.store.set_input_end(self.slot, other, rest);
        self.record.active = other;
        self.record.start = 0;
        self.commit();
    }
}
