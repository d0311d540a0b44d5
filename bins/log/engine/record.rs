//! What the journal says: one record, which two places in a slot take in turn.
//!
//! It is read by successors of other versions, and after whatever may have happened to the file:
//! nothing in it is believed without a look.

use common::base::stamp::Wall;
use common::base::text::Text;
use common::os::file::Inode;

/// The longest name of an archive, with room to spare.
pub(super) type ArchiveName = Text<32>;

/// What was going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing: all that was taken is written.
    Idle,
    /// `taken` bytes from `start` are being written to the outputs, each at its `end`.
    Open,
    /// The output `rotating` is being rotated: its `current` becomes `archive`.
    Rotating,
}

/// Where a log directory's `current` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which file it is.
    pub(super) inode: Inode,
    /// What is written for good: the next byte goes here.
    pub(super) end: u64,
}

/// A record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) state: State,
    /// Which of the two offsets says where the input ends: 0 or 1.
    pub(super) active: usize,
    /// Where in the region the input begins that is not written.
    pub(super) start: usize,
    /// How much of it the open batch has.
    pub(super) taken: usize,
    /// The time that the batch's lines are stamped with. The stamps are made of it again: a time
    /// fits any number of kinds of stamps, and each kind has one length.
    pub(super) time: Wall,
    /// A fingerprint of the script by which the batch is formatted.
    pub(super) script: u64,
    /// Lines dropped and not told of: for a logger with a limit on their rate.
    pub(super) dropped: u64,
    /// See [`State::Rotating`].
    pub(super) rotating: usize,
    pub(super) archive: ArchiveName,
    /// One a log directory, in the order of the script.
    pub(super) outputs: Vec<Place>,
}

/// What comes before the outputs.
const FIXED: usize = 88;
const OUTPUT: usize = 24;
/// The size of a record with the most outputs that a slot of 4096 bytes has room for.
pub(super) const LARGEST: usize = 2048;

/// How many outputs a record of `size` bytes has room for.
pub(super) fn capacity(size: usize) -> usize {
    size.min(LARGEST).saturating_sub(FIXED) / OUTPUT
}

impl Record {
    /// Nothing taken, nothing written.
    pub(super) fn new() -> Record {
        Record {
            state: State::Idle,
            active: 0,
            start: 0,
            taken: 0,
            time: Wall(0),
            script: 0,
            dropped: 0,
            rotating: 0,
            archive: Text::new(),
            outputs: Vec::new(),
        }
    }

    /// Writes it to `bytes`, which has room; returns how much was written.
    pub(super) fn pack(&self, bytes: &mut [u8; LARGEST]) -> usize {
        let state = match self.state {
            State::Idle => 1,
            State::Open => 2,
            State::Rotating => 3,
        };
        let outputs = self.outputs.len().min(capacity(LARGEST));
        let small = [state, self.active, self.rotating, outputs];
        for (byte, value) in bytes.iter_mut().zip(small) {
            *byte = value as u8;
        }
        bytes[4] = self.archive.bytes().len() as u8;
        bytes[5..8].fill(0);
        put(bytes, 8, self.start as u64);
        put(bytes, 16, self.taken as u64);
        put(bytes, 24, self.time.0);
        put(bytes, 32, self.script);
        put(bytes, 40, self.dropped);
        bytes[48..80].fill(0);
        bytes[48..48 + self.archive.bytes().len()].copy_from_slice(self.archive.bytes());
        put(bytes, 80, 0);
        for (i, place) in self.outputs.iter().take(outputs).enumerate() {
            let at = FIXED + i * OUTPUT;
            put(bytes, at, place.inode.device);
            put(bytes, at + 8, place.inode.number);
            put(bytes, at + 16, place.end);
        }
        FIXED + outputs * OUTPUT
    }

    /// Reads one; `None` if it makes no sense. Positions have to be compared with the region by the
    /// caller.
    pub(super) fn unpack(bytes: &[u8]) -> Option<Record> {
        let fixed = bytes.get(..FIXED)?;
        let state = match fixed[0] {
            1 => State::Idle,
            2 => State::Open,
            3 => State::Rotating,
            _ => return None,
        };
        let (active, rotating) = (usize::from(fixed[1]), usize::from(fixed[2]));
        let mut archive = Text::new();
        archive.push(fixed[48..80].get(..usize::from(fixed[4]))?);
        let outputs = bytes[FIXED..].chunks_exact(OUTPUT).take(usize::from(fixed[3]));
        let outputs: Vec<Place> = outputs.map(place).collect();
        let sane = active < 2
            && outputs.len() == usize::from(fixed[3])
            && (state != State::Rotating || rotating < outputs.len());
        sane.then_some(Record {
            state,
            active,
            start: usize::try_from(get(fixed, 8)).ok()?,
            taken: usize::try_from(get(fixed, 16)).ok()?,
            time: Wall(get(fixed, 24)),
            script: get(fixed, 32),
            dropped: get(fixed, 40),
            rotating,
            archive,
            outputs,
        })
    }
}

fn place(bytes: &[u8]) -> Place {
    let inode = Inode { device: get(bytes, 0), number: get(bytes, 8) };
    Place { inode, end: get(bytes, 16) }
}

fn put(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_ne_bytes());
}

fn get(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_ne_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Record {
        let mut archive = Text::new();
        archive.push(b"@400000000000000a00000001.s");
        let inode = Inode { device: 5, number: 6 };
        Record {
            state: State::Rotating,
            active: 1,
            start: 7,
            taken: 8,
            time: Wall(9),
            script: 10,
            dropped: 11,
            rotating: 1,
            archive,
            outputs: vec![Place { inode, end: 12 }, Place { inode, end: 13 }],
        }
    }

    #[test]
    fn a_record_reads_back_as_written() {
        let mut bytes = [0xff; LARGEST];
        let length = example().pack(&mut bytes);
        assert_eq!(length, 136);
        let back = Record::unpack(&bytes[..length]).unwrap();
        assert_eq!(format!("{back:?}"), format!("{:?}", example()));
    }

    #[test]
    fn what_makes_no_sense_is_no_record() {
        let mut bytes = [0; LARGEST];
        assert!(Record::unpack(&bytes).is_none());
        let length = example().pack(&mut bytes);
        assert!(Record::unpack(&bytes[..length - 1]).is_none());
        for (at, value) in [(0, 9), (1, 2), (2, 2), (3, 255), (4, 33)] {
            let mut bytes = bytes;
            bytes[at] = value;
            assert!(Record::unpack(&bytes).is_none(), "{at}");
        }
    }

    #[test]
    fn a_small_slot_has_room_for_a_few_outputs() {
        assert_eq!(capacity(352), 11);
        assert_eq!(capacity(1888), 75);
    }
}
