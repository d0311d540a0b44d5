//! Memory shared with a file, which outlives the process that wrote it.
//!
//! Two views, so that no reference is ever held to what changes behind it: [`Cells`] is only copied
//! from and to; [`Region`] gives slices, and whoever lets the kernel write there has it exclusively.
//! The files are this program's own: one that is cut short by somebody else kills it with SIGBUS.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::{Errno, Result};

/// A mapping of a part of a file.
struct Mapping {
    at: NonNull<u8>,
    length: usize,
}

impl Mapping {
    fn new(file: BorrowedFd<'_>, offset: u64, length: usize) -> Result<Mapping> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let offset = libc::off_t::try_from(offset).map_err(|_| Errno::INVAL)?;
        let (null, fd) = (ptr::null_mut(), file.as_raw_fd());
        // SAFETY: a new mapping touches no memory that exists.
        let at = unsafe { libc::mmap(null, length, access, libc::MAP_SHARED, fd, offset) };
        if at == libc::MAP_FAILED {
            return Err(super::last_errno());
        }
        NonNull::new(at.cast()).map(|at| Mapping { at, length }).ok_or(Errno::NOMEM)
    }

    /// Where `length` bytes at `at` are, if they are within.
    fn part(&self, at: usize, length: usize) -> Result<*mut u8> {
        match at.checked_add(length) {
            // SAFETY: `at` is within the mapping.
            Some(end) if end <= self.length => Ok(unsafe { self.at.as_ptr().add(at) }),
            Some(_) | None => Err(Errno::RANGE),
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nothing refers to it any more.
        unsafe { libc::munmap(self.at.as_ptr().cast(), self.length) };
    }
}

/// The journal's view: values that are copied out and in, and words that change at once or not.
pub struct Cells(Mapping);

impl Cells {
    /// Maps the first `length` bytes. They must have been allocated: there is no error when there is
    /// no room for a page, only SIGBUS.
    pub fn new(file: impl AsFd, length: usize) -> Result<Cells> {
        Mapping::new(file.as_fd(), 0, length).map(Cells)
    }

    /// Keeps these bytes in memory: the kernel's write to a word of them can't fail.
    pub fn lock(&self, at: usize, length: usize) -> Result<()> {
        let at = self.0.part(at, length)?;
        // SAFETY: locking changes nothing that is in the memory.
        super::check(unsafe { libc::mlock(at.cast(), length) }).map(|_| ())
    }

    /// Copies bytes out. ERANGE: they are not all within.
    pub fn read(&self, at: usize, bytes: &mut [u8]) -> Result<()> {
        let from = self.0.part(at, bytes.len())?;
        // SAFETY: both are as long; the mapping is no Rust object, so they don't overlap.
        unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    /// Copies bytes in. ERANGE: they are not all within.
    pub fn write(&self, at: usize, bytes: &[u8]) -> Result<()> {
        let to = self.0.part(at, bytes.len())?;
        // SAFETY: as in `read`; nobody has a reference to what is there.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }

    fn word(&self, at: usize) -> Result<&AtomicU64> {
        let word = self.0.part(at, size_of::<u64>())?.cast::<u64>();
        if !word.is_aligned() {
            return Err(Errno::INVAL);
        }
        // SAFETY: within the mapping, aligned, and any bits are a number.
        Ok(unsafe { AtomicU64::from_ptr(word) })
    }

    /// The word at `at`, a multiple of 8.
    pub fn load(&self, at: usize) -> Result<u64> {
        self.word(at).map(|word| word.load(Ordering::Acquire))
    }

    /// Changes the word, after everything that was written before.
    pub fn store(&self, at: usize, value: u64) -> Result<()> {
        self.word(at).map(|word| word.store(value, Ordering::Release))
    }
}

/// The data's view: bytes that the kernel puts there and that are read as a slice.
pub struct Region(Mapping);

impl Region {
    /// Maps `length` bytes from `offset`, a multiple of the page size.
    pub fn new(file: impl AsFd, offset: u64, length: usize) -> Result<Region> {
        Mapping::new(file.as_fd(), offset, length).map(Region)
    }

    /// All of it. What was never written must not be looked at: see [`Cells::new`].
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: mapped as long as `self` lives; changed only through `&mut self`.
        unsafe { std::slice::from_raw_parts(self.0.at.as_ptr(), self.0.length) }
    }

    /// All of it, to be changed.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`.
        unsafe { std::slice::from_raw_parts_mut(self.0.at.as_ptr(), self.0.length) }
    }

    /// Moves up to `length` bytes from the pipe `input` into `file`, which this is a view of, at the
    /// offset in the word `word` of `cells`. The kernel itself adds what it moved to the word before
    /// it returns, whatever becomes of this process. Never waits: EAGAIN when there is nothing, 0 when
    /// nothing will come any more.
    pub fn splice(
        &mut self,
        input: impl AsFd,
        file: impl AsFd,
        cells: &Cells,
        word: usize,
        length: usize,
    ) -> Result<usize> {
        let (input, file) = (input.as_fd().as_raw_fd(), file.as_fd().as_raw_fd());
        let offset = cells.word(word)?.as_ptr().cast::<libc::off64_t>();
        let flags = libc::SPLICE_F_NONBLOCK;
        // SAFETY: the word lives through the call; of the file's bytes `self` has the only view.
        let moved = unsafe { libc::splice(input, ptr::null_mut(), file, offset, length, flags) };
        usize::try_from(moved).map_err(|_| super::last_errno())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
    use rustix::pipe::pipe;

    #[test]
    fn the_kernel_moves_bytes_and_counts_them_in_the_word() {
        let file = memfd_create("test", MemfdFlags::CLOEXEC).unwrap();
        ftruncate(&file, 8192).unwrap();
        let cells = Cells::new(&file, 4096).unwrap();
        let mut region = Region::new(&file, 4096, 4096).unwrap();
        let (read, write) = pipe().unwrap();
        cells.store(8, 4096).unwrap();
        assert_eq!(region.splice(&read, &file, &cells, 8, 100), Err(Errno::AGAIN));
        rustix::io::write(&write, b"hello").unwrap();
        assert_eq!(region.splice(&read, &file, &cells, 8, 100), Ok(5));
        assert_eq!((cells.load(8), &region.bytes()[..5]), (Ok(4101), &b"hello"[..]));
        drop(write);
        assert_eq!(region.splice(&read, &file, &cells, 8, 100), Ok(0));
    }

    #[test]
    fn what_is_outside_is_refused() {
        let file = memfd_create("test", MemfdFlags::CLOEXEC).unwrap();
        ftruncate(&file, 4096).unwrap();
        let cells = Cells::new(&file, 4096).unwrap();
        assert_eq!(cells.load(4096), Err(Errno::RANGE));
        assert_eq!(cells.load(4), Err(Errno::INVAL));
        assert_eq!(cells.write(4090, b"1234567"), Err(Errno::RANGE));
        assert_eq!(cells.read(usize::MAX, &mut [0]), Err(Errno::RANGE));
    }
}
