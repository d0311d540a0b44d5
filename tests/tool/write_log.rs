//! What reached a disk, as qemu's blklogwrites records it: the format of the kernel's dm-log-writes.

use common::prelude::*;

use super::disk::Write;

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const DISCARD: u64 = 4;
const MARK: u64 = 8;
/// Of an entry's head: sector, number of sectors, flags, length of a mark's text.
const WORDS: usize = 4;

/// Something that a disk was told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry<'a> {
    /// Bytes, and at which one of the disk they begin.
    Write(Write<'a>),
    /// Everything before this is there for good.
    Flush,
}

/// All entries, in order. The disk may have been cut off in the middle of the last one.
pub(crate) fn parse(log: &[u8]) -> Result<Vec<Entry<'_>>> {
    let bad = || Error::system("this is no log of writes");
    let [magic, _version, count] = words(log, 0).ok_or_else(bad)?;
    let size = log.get(24..28).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let size = size.ok_or_else(bad)? as usize;
    if magic != MAGIC || size < 8 * WORDS {
        return Err(bad());
    }
    // The count is brought up to date at a flush: there may be more.
    let mut entries = Vec::new();
    let mut at = size;
    let mut seen = 0;
    while let Some([sector, sectors, flags, _]) = words::<WORDS>(log, at) {
        if flags == 0 && sectors == 0 {
            break;
        }
        let length = if flags & (DISCARD | MARK) == 0 { sectors as usize * size } else { 0 };
        let Some(bytes) = log.get(at + size..at + size + length) else { break };
        if flags & FLUSH != 0 {
            entries.push(Entry::Flush);
        }
        if length > 0 {
            entries.push(Entry::Write(Write { offset: sector as usize * size, bytes }));
        }
        at += size + length;
        seen += 1;
    }
    if seen < count { Err(Error::system("the log of writes is incomplete")) } else { Ok(entries) }
}

/// Little-endian numbers at `at`.
fn words<const N: usize>(log: &[u8], at: usize) -> Option<[u64; N]> {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(log.get(at..at + 8 * N)?.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().ok()?);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(words: &[u64]) -> Vec<u8> {
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.resize(512, 0);
        bytes
    }

    #[test]
    fn writes_and_flushes_come_in_order() {
        let log = [
            sector(&[MAGIC, 1, 3, 512]),
            sector(&[2, 1, 0, 0]),
            vec![7; 512],
            sector(&[0, 0, FLUSH, 0]),
            sector(&[3, 1, FLUSH, 0]),
            vec![8; 512],
        ]
        .concat();
        let entries = parse(&log).unwrap();
        let first = Entry::Write(Write { offset: 1024, bytes: &[7; 512] });
        let last = Entry::Write(Write { offset: 1536, bytes: &[8; 512] });
        assert_eq!(entries, [first, Entry::Flush, Entry::Flush, last]);
    }

    #[test]
    fn what_is_no_log_or_half_of_one_is_refused() {
        assert!(parse(&sector(&[1, 1, 1, 512])).is_err());
        assert!(parse(&sector(&[MAGIC, 1, 1, 512])).is_err());
        assert!(parse(b"").is_err());
    }
}
