//! What a logger does first: it finds out where its predecessor stood.

use std::result::Result;

use super::directory::Known;
use super::logger::{At, Logger, Stuck};
use super::record::{Record, State};
use super::store::{Boot, Found};

impl Logger {
    /// Opens what the script says, and brings the journal to where it can be gone on from. May be
    /// called again after a failure.
    pub(super) fn recover(&mut self) -> Result<(), Stuck> {
        let (predecessor, slot) = self.predecessor();
        let known = Known { places: &predecessor.outputs, open: predecessor.state == State::Open };
        for (index, directory) in self.directories.iter_mut().enumerate() {
            if !directory.is_open() {
                directory.open().at(index)?;
            }
            if !directory.has_current() {
                directory.open_current(&known).at(index)?;
            }
        }
        self.record = predecessor;
        match self.record.state {
            State::Idle => {}
            State::Open => self.reopen_batch()?,
            State::Rotating => self.reopen_rotation(),
        }
        self.record.script = self.plan.fingerprint();
        self.begin(slot);
        self.recovered = true;
        Ok(())
    }

    /// The last record, as far as it counts, and what becomes of the slot.
    fn predecessor(&self) -> (Record, Slot) {
        match self.store.find(self.slot) {
            Found::Nothing => (Record::new(), Slot::Anew),
            Found::Record(record, Boot::This) => (record, Slot::GoesOn),
            Found::Record(record, Boot::Other) => self.of_another_boot(record),
            Found::Damaged(Some(older)) => {
                self.warn(&"the journal is damaged: the input in it is logged, maybe again");
                (idle(older), Slot::TakenOver)
            }
            Found::Damaged(None) => {
                self.warn(&"the journal is damaged or of another version: begun anew");
                (Record::new(), Slot::Anew)
            }
        }
    }

    /// The machine went down without warning: the files may be ahead of the journal or behind it.
    /// Input is rather repeated than lost, unless it never got to the disk.
    fn of_another_boot(&self, record: Record) -> (Record, Slot) {
        let end = self.store.input_end(self.slot, record.active);
        let input = self.region.bytes().get(record.start..end).unwrap_or_default();
        let length = input.len();
        if input.contains(&0) {
            self.warn(&format_args!("{length} bytes of input did not survive the last boot"));
            return (Record::new(), Slot::Anew);
        }
        if length > 0 {
            self.warn(&format_args!("{length} bytes of the last boot are logged, maybe again"));
        }
        (idle(record), Slot::TakenOver)
    }

    /// An open batch is written again as it was, if all is as it was. Otherwise what was written of
    /// it is cut off, and its lines are new ones.
    fn reopen_batch(&mut self) -> Result<(), Stuck> {
        let places = self.directories.iter().map(|directory| directory.place.inode);
        let is_same = self.record.outputs.len() == self.directories.len()
            && places.eq(self.record.outputs.iter().map(|place| place.inode));
        if is_same && self.record.script == self.plan.fingerprint() {
            return Ok(());
        }
        for (index, directory) in self.directories.iter().enumerate() {
            let inode = directory.place.inode;
            if self.record.outputs.iter().any(|place| place.inode == inode) {
                directory.cut().at(index)?;
            }
        }
        (self.record.state, self.record.taken) = (State::Idle, 0);
        Ok(())
    }

    /// A rotation goes on if its directory is still in the script and was not renamed yet.
    fn reopen_rotation(&mut self) {
        let rotating = self.record.outputs.get(self.record.rotating).map(|place| place.inode);
        let index = self.directories.iter().position(|d| Some(d.place.inode) == rotating);
        match index {
            Some(index) => self.record.rotating = index,
            None => self.record.state = State::Idle,
        }
    }

    fn begin(&mut self, slot: Slot) {
        match slot {
            Slot::GoesOn => return self.commit(),
            Slot::TakenOver => {}
            Slot::Anew => self.store.set_input_end(self.slot, self.record.active, 0),
        }
        self.record.outputs.clear();
        self.record.outputs.extend(self.directories.iter().map(|directory| directory.place));
        self.store.begin(self.slot, &self.name, &self.record);
    }
}

/// What becomes of the slot.
#[derive(Clone, Copy)]
enum Slot {
    /// It is as it has to be.
    GoesOn,
    /// Its input counts, all else is new.
    TakenOver,
    /// All is new.
    Anew,
}

/// Only the input counts.
fn idle(record: Record) -> Record {
    Record { active: record.active, start: record.start, ..Record::new() }
}
