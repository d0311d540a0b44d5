//! The file of a logger that survives it: slots of journal, then a region of input for each.
//!
//! A slot: magic number, version, sequence, two offsets, the boot, the service's name, two records.
//! The record that counts is that of the sequence number's last bit. A record is written to the other
//! place, then the number goes up: who is killed leaves the old one or the new one.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use common::base::text::Text;
use common::os::file::read_proc;
use common::sys::shared::{Cells, Region};
use rustix::fs::{FallocateFlags, FlockOperation, fallocate, fcntl_lock, fstat, ftruncate};
use rustix::io::Result;

use super::record::{LARGEST, Record, State, capacity};

/// "SLJ" and the version of all that is said here.
const MAGIC: u64 = 0x534c_4a00_0000_0001;
const SEQUENCE: usize = 8;
const OFFSETS: usize = 16;
const BOOT: usize = 32;
const NAME: usize = 48;
const RECORDS: usize = 320;
const PAGE: usize = 4096;

/// How many slots and regions a store has, and how large they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) slots: usize,
    /// A multiple of 8.
    pub(crate) slot_size: usize,
    /// A multiple of the page size.
    pub(crate) region_size: usize,
}

impl Shape {
    fn journal(self) -> usize {
        (self.slots * self.slot_size).next_multiple_of(PAGE)
    }

    /// Where a slot's region is in the file.
    fn region(self, slot: usize) -> u64 {
        self.journal() as u64 + slot as u64 * self.region_size as u64
    }

    fn record_size(self) -> usize {
        ((self.slot_size - RECORDS) / 2 / 8 * 8).min(LARGEST)
    }
}

/// An open store, locked.
pub(crate) struct Store {
    file: OwnedFd,
    cells: Cells,
    shape: Shape,
}

/// What a slot has to say at the start.
pub(super) enum Found {
    /// Nobody has used it.
    Nothing,
    /// A predecessor's last record.
    Record(Record, Boot),
    /// Nonsense, or another version. The record before it, if that makes sense.
    Damaged(Option<Record>),
}

/// Whether the record is of this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boot {
    /// What the files are, they are as written.
    This,
    /// The machine went down meanwhile: what is on the disk may be older or newer than the record.
    Other,
}

impl Store {
    /// Takes over a file: makes it as large as it has to be. EAGAIN or EACCES: another process has
    /// it. A record lock, because the descriptor may be inherited by two loggers.
    pub(crate) fn open(file: OwnedFd, shape: Shape) -> Result<Store> {
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)?;
        let journal = shape.journal();
        let size = shape.region(shape.slots);
        if fstat(&file)?.st_size.unsigned_abs() < size {
            ftruncate(&file, size)?;
        }
        // There is no error for a page that there is no room for later, only a signal.
        fallocate(&file, FallocateFlags::empty(), 0, journal as u64)?;
        let cells = Cells::new(&file, journal)?;
        // Without the right to lock: it is touched so often that it stays in memory anyway.
        let _ = cells.lock(0, journal);
        Ok(Store { file, cells, shape })
    }

    /// The view of a slot's region.
    pub(super) fn region(&self, slot: usize) -> Result<Region> {
        Region::new(&self.file, self.shape.region(slot), self.shape.region_size)
    }

    pub(super) fn region_size(&self) -> usize {
        self.shape.region_size
    }

    /// How many log directories a script may have.
    pub(super) fn most_outputs(&self) -> usize {
        capacity(self.shape.record_size())
    }

    /// Moves input to the region's end; see [`Region::splice`].
    pub(super) fn splice(
        &self,
        slot: usize,
        active: usize,
        region: &mut Region,
        input: BorrowedFd<'_>,
        length: usize,
    ) -> Result<usize> {
        let word = self.offset_at(slot, active);
        region.splice(input, &self.file, &self.cells, word, length)
    }

    /// Gives the memory of a region back, from `from` on.
    pub(super) fn punch(&self, slot: usize, from: usize) {
        let from = from.next_multiple_of(PAGE);
        let length = self.shape.region_size.saturating_sub(from);
        if length > 0 {
            let at = self.shape.region(slot) + from as u64;
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            // Where that can't be done it stays.
            let _ = fallocate(&self.file, flags, at, length as u64);
        }
    }

    fn slot_at(&self, slot: usize) -> usize {
        slot * self.shape.slot_size
    }

    fn offset_at(&self, slot: usize, which: usize) -> usize {
        self.slot_at(slot) + OFFSETS + 8 * (which & 1)
    }

    fn record_at(&self, slot: usize, sequence: u64) -> usize {
        self.slot_at(slot) + RECORDS + self.shape.record_size() * (sequence & 1) as usize
    }

    /// Where in the region the input ends.
    pub(super) fn input_end(&self, slot: usize, active: usize) -> usize {
        let offset = self.cells.load(self.offset_at(slot, active)).unwrap_or(0);
        let end = offset.wrapping_sub(self.shape.region(slot));
        usize::try_from(end).unwrap_or(usize::MAX)
    }

    pub(super) fn set_input_end(&self, slot: usize, active: usize, end: usize) {
        let offset = self.shape.region(slot) + end as u64;
        // A slot is within: `Logger` was opened with it.
        let _ = self.cells.store(self.offset_at(slot, active), offset);
    }

    /// Makes `record` the one that counts.
    #[inline(never)] // The buffer is large.
    pub(super) fn commit(&self, slot: usize, record: &Record) {
        let mut bytes = [0; LARGEST];
        let length = record.pack(&mut bytes);
        let sequence = self.slot_at(slot) + SEQUENCE;
        let next = self.cells.load(sequence).unwrap_or(0).wrapping_add(1);
        // Within: the slot is, and `most_outputs` was asked.
        let _ = self.cells.write(self.record_at(slot, next), &bytes[..length]);
        let _ = self.cells.store(sequence, next);
    }

    /// Reads a slot as a predecessor left it.
    pub(super) fn find(&self, slot: usize) -> Found {
        let at = self.slot_at(slot);
        let magic = self.cells.load(at).unwrap_or(0);
        let sequence = self.cells.load(at + SEQUENCE).unwrap_or(0);
        if magic == 0 {
            return Found::Nothing;
        }
        if magic != MAGIC {
            return Found::Damaged(None);
        }
        match self.read(slot, sequence) {
            Some(record) => Found::Record(record, self.boot(slot)),
            None => Found::Damaged(self.read(slot, sequence.wrapping_sub(1))),
        }
    }

    #[inline(never)] // The buffer is large.
    fn read(&self, slot: usize, sequence: u64) -> Option<Record> {
        let mut bytes = [0; LARGEST];
        let bytes = &mut bytes[..self.shape.record_size()];
        self.cells.read(self.record_at(slot, sequence), bytes).ok()?;
        Record::unpack(bytes).filter(|record| self.is_sane(slot, record))
    }

    fn is_sane(&self, slot: usize, record: &Record) -> bool {
        let end = self.input_end(slot, record.active);
        let batch = record.start.saturating_add(record.taken);
        end <= self.shape.region_size
            && record.start <= end
            && (record.state != State::Open || batch <= end)
    }

    fn boot(&self, slot: usize) -> Boot {
        let mut id = [0; 16];
        let read = self.cells.read(self.slot_at(slot) + BOOT, &mut id);
        if read.is_ok() && boot_id() == id { Boot::This } else { Boot::Other }
    }

    /// Whose slot it is; `None`: nobody's.
    pub(crate) fn label(&self, slot: usize) -> Option<String> {
        let at = self.slot_at(slot);
        let mut name = [0; RECORDS - NAME];
        self.cells.load(at).ok().filter(|magic| *magic != 0)?;
        self.cells.read(at + NAME, &mut name).ok()?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        Some(String::from_utf8_lossy(&name[..end]).into_owned())
    }

    /// Makes a slot nobody's.
    pub(crate) fn clear(&self, slot: usize) {
        // Within, as above.
        let _ = self.cells.store(self.slot_at(slot), 0);
    }

    /// Begins to use a slot: `record` is the first that counts, and the slot is of this boot.
    #[inline(never)] // The buffer is large.
    pub(super) fn begin(&self, slot: usize, name: &str, record: &Record) {
        let at = self.slot_at(slot);
        let mut label = Text::<{ RECORDS - NAME }>::new();
        label.push(name.as_bytes());
        let mut name = [0; RECORDS - NAME];
        name[..label.bytes().len()].copy_from_slice(label.bytes());
        // Within, as above.
        let _ = self.cells.write(at + NAME, &name);
        self.commit(slot, record);
        let _ = self.cells.write(at + BOOT, &boot_id());
        let _ = self.cells.store(at, MAGIC);
    }
}

impl AsFd for Store {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The kernel's name for this boot, as far as it fits. Where there is no /proc all boots are one.
fn boot_id() -> [u8; 16] {
    let (mut buffer, mut id) = ([0; 64], [0; 16]);
    let text = read_proc("/proc/sys/kernel/random/boot_id", &mut buffer).unwrap_or_default();
    if let Some(text) = text.get(..16) {
        id.copy_from_slice(text);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{MemfdFlags, memfd_create};

    const SHAPE: Shape = Shape { slots: 3, slot_size: 1024, region_size: 8192 };

    fn store() -> Store {
        Store::open(memfd_create("test", MemfdFlags::CLOEXEC).unwrap(), SHAPE).unwrap()
    }

    #[test]
    fn the_newest_record_counts() {
        let store = store();
        assert!(matches!(store.find(1), Found::Nothing));
        store.set_input_end(1, 0, 100);
        let mut record = Record::new();
        store.begin(1, "web", &record);
        for start in [10, 20, 30] {
            record.start = start;
            store.commit(1, &record);
            assert!(
                matches!(store.find(1), Found::Record(r, Boot::This) if r.start == start),
                "{start}"
            );
        }
        assert!(matches!(store.find(0), Found::Nothing));
    }

    #[test]
    fn positions_outside_the_region_are_damage() {
        let store = store();
        let mut record = Record::new();
        store.set_input_end(0, 0, 50);
        store.begin(0, "", &record);
        record.start = 51;
        store.commit(0, &record);
        assert!(matches!(store.find(0), Found::Damaged(_)));
        store.set_input_end(0, 0, 8193);
        assert!(matches!(store.find(0), Found::Damaged(_)));
        store.set_input_end(0, 0, 51);
        assert!(matches!(store.find(0), Found::Record(..)));
    }
}
