//! A disk's contents, and files of them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use common::prelude::*;

/// What is looked at, and written to a file, as one.
const BLOCK: usize = 4096;

/// Bytes that were written, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Write<'a> {
    pub(crate) offset: usize,
    pub(crate) bytes: &'a [u8],
}

pub(crate) struct Disk {
    bytes: Vec<u8>,
    /// The blocks that ever were anything but zeros.
    used: Vec<bool>,
}

impl Disk {
    pub(crate) fn new(bytes: Vec<u8>) -> Disk {
        let used = bytes.chunks(BLOCK).map(|block| block.iter().any(|byte| *byte != 0)).collect();
        Disk { bytes, used }
    }

    /// Whether a write is to this disk; there may be more on the machine's.
    pub(crate) fn has(&self, write: &Write<'_>) -> bool {
        write.offset + write.bytes.len() <= self.bytes.len()
    }

    /// Writes for good.
    pub(crate) fn apply(&mut self, write: &Write<'_>) {
        let end = write.offset + write.bytes.len();
        self.bytes[write.offset..end].copy_from_slice(write.bytes);
        for block in write.offset / BLOCK..end.div_ceil(BLOCK) {
            self.used[block] = true;
        }
    }

    /// Makes a file of what the disk would be with these writes.
    pub(crate) fn save(&mut self, writes: &[Write<'_>], path: &Path) -> Result<()> {
        let before: Vec<Vec<u8>> = writes.iter().map(|write| self.replace(write)).collect();
        let saved = self.save_as_is(path).unable(format_args!("write {}", path.display()));
        for (write, bytes) in writes.iter().zip(&before).rev() {
            self.replace(&Write { bytes, offset: write.offset });
        }
        saved
    }

    /// Writes, and returns what was there before.
    fn replace(&mut self, write: &Write<'_>) -> Vec<u8> {
        let before = self.bytes[write.offset..write.offset + write.bytes.len()].to_vec();
        self.apply(write);
        before
    }

    fn save_as_is(&self, path: &Path) -> std::io::Result<()> {
        let file = File::create(path)?;
        file.set_len(self.bytes.len() as u64)?;
        let mut offset = 0;
        // A write for each run of used blocks; the rest are holes.
        for run in self.used.chunk_by(|a, b| a == b) {
            let end = (offset + run.len() * BLOCK).min(self.bytes.len());
            if run[0] {
                file.write_all_at(&self.bytes[offset..end], offset as u64)?;
            }
            offset = end;
        }
        Ok(())
    }
}
