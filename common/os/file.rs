//! Small files.

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Stat, fchmod, fstat, openat, renameat, statat, unlinkat,
};
use rustix::io::{Errno, Result, read, write};
use rustix::path::Arg;

/// What a file is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inode {
    /// Its file system.
    pub device: u64,
    /// Its number there.
    pub number: u64,
}

impl Inode {
    /// Of the file of that name, or the one that it links to.
    pub fn at(dir: impl AsFd, path: impl Arg) -> Result<Inode> {
        let stat = statat(dir, path, AtFlags::empty())?;
        Ok(Inode { device: stat.st_dev, number: stat.st_ino })
    }

    /// Of an open file, whatever has its name by now.
    pub fn of(file: impl AsFd) -> Result<Inode> {
        let stat = fstat(file)?;
        Ok(Inode { device: stat.st_dev, number: stat.st_ino })
    }
}

/// Opens for reading what must be a regular file. Never waits: a fifo in its place is EINVAL.
pub fn open_regular(dir: impl AsFd, path: impl Arg) -> Result<OwnedFd> {
    open_known(dir, path).map(|(fd, _)| fd)
}

/// The same, and what is known of it now.
fn open_known(dir: impl AsFd, path: impl Arg) -> Result<(OwnedFd, Stat)> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = openat(dir, path, flags, Mode::empty())?;
    let stat = fstat(&fd)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok((fd, stat)),
        FileType::Directory => Err(Errno::ISDIR),
        FileType::Symlink
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => Err(Errno::INVAL),
    }
}

/// Reads a regular file into `buffer`; returns the part that was filled. EFBIG when it does not fit.
pub fn read_small(dir: impl AsFd, path: impl Arg, buffer: &mut [u8]) -> Result<&[u8]> {
    let fd = open_regular(dir, path)?;
    let length = fill(&fd, buffer)?;
    if length == buffer.len() && fill(&fd, &mut [0])? > 0 {
        return Err(Errno::FBIG);
    }
    Ok(&buffer[..length])
}

/// Reads a regular file, of which at most `limit` bytes: who gets so many can't know whether that is
/// all. Small ones, which most are, need little memory.
pub fn read_up_to(dir: impl AsFd, path: impl Arg, limit: usize) -> Result<Vec<u8>> {
    read_known(dir, path, limit).map(|(bytes, _)| bytes)
}

/// The same, and what was known of the file before it was read.
pub fn read_known(dir: impl AsFd, path: impl Arg, limit: usize) -> Result<(Vec<u8>, Stat)> {
    const FIRST: usize = 4096;
    let (fd, stat) = open_known(dir, path)?;
    // 0 of a file of /proc.
    let size = usize::try_from(stat.st_size).unwrap_or(0);
    // With room for one more byte a read of just its size shows that it is all.
    let first = if size == 0 { FIRST } else { size.saturating_add(1) };
    let mut bytes = vec![0; first.min(limit)];
    let mut length = rustix::io::retry_on_intr(|| read(&fd, &mut bytes))?;
    if length != size {
        length += fill(&fd, &mut bytes[length..])?;
    }
    while length == bytes.len() && length < limit {
        bytes.resize(limit.min(4 * length), 0);
        length += fill(&fd, &mut bytes[length..])?;
    }
    bytes.truncate(length);
    Ok((bytes, stat))
}

/// The same, into `buffer` if it has room for it and more: who looks at small files needs no memory
/// for them.
pub fn read_into<'a>(
    dir: impl AsFd,
    path: impl Arg + Copy,
    limit: usize,
    buffer: &'a mut [MaybeUninit<u8>],
) -> Result<Cow<'a, [u8]>> {
    let (fd, stat) = open_known(&dir, path)?;
    let size = usize::try_from(stat.st_size).unwrap_or(0);
    if (1..buffer.len().min(limit)).contains(&size) {
        let (bytes, _) = read(&fd, buffer)?;
        // With room for more a read of just its size shows that it is all.
        if bytes.len() == size {
            return Ok(Cow::Borrowed(bytes));
        }
    }
    read_up_to(dir, path, limit).map(Cow::Owned)
}

/// Reads a file of /proc that is made at one read: three system calls.
pub fn read_proc(path: impl Arg, buffer: &mut [u8]) -> Result<&[u8]> {
    read_once(CWD, path, buffer)
}

/// Reads what one read gives of a file that is as long as the buffer at most: three system calls.
/// Never waits: of a fifo in its place it gets nothing.
pub fn read_once(dir: impl AsFd, path: impl Arg, buffer: &mut [u8]) -> Result<&[u8]> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = openat(dir, path, flags, Mode::empty())?;
    let length = rustix::io::retry_on_intr(|| read(&fd, &mut *buffer))?;
    Ok(&buffer[..length])
}

/// Reads until `buffer` is full or the file ends; returns how much.
pub fn fill(fd: impl AsFd, buffer: &mut [u8]) -> Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read(&fd, &mut buffer[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// Writes all of it, in as many writes as it takes.
pub fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match write(&fd, bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Opens a directory for the `at` calls; it need not be readable.
pub fn open_dir(dir: impl AsFd, path: impl Arg) -> Result<OwnedFd> {
    openat(dir, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Removes a file that may be missing.
pub fn unlink_if_there(dir: impl AsFd, path: impl Arg) -> Result<()> {
    match unlinkat(dir, path, AtFlags::empty()) {
        Err(Errno::NOENT) | Ok(()) => Ok(()),
        Err(e) => Err(e),
    }
}

/// Replaces a small file as a whole: a reader sees the old one or the new one. What a predecessor
/// left half-written is thrown away.
pub fn replace(dir: impl AsFd, name: &str, bytes: &[u8]) -> Result<()> {
    let new = format!("{name}.new");
    unlink_if_there(&dir, new.as_str())?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let fd = openat(&dir, new.as_str(), flags, mode)?;
    // Who may read it the directory decides, not our umask.
    fchmod(&fd, mode)?;
    write_all(&fd, bytes)?;
    renameat(&dir, new.as_str(), &dir, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_whether_or_not_there_is_room_for_it() {
        let whole = std::fs::read("Cargo.toml").unwrap();
        let mut buffer = [MaybeUninit::uninit(); 4096];
        for size in [0, 1, whole.len(), whole.len() + 1, buffer.len()] {
            let found = read_into(CWD, "Cargo.toml", 1 << 20, &mut buffer[..size]).unwrap();
            assert_eq!(found, whole);
            assert_eq!(matches!(found, Cow::Borrowed(_)), size > whole.len());
        }
        assert_eq!(read_into(CWD, "Cargo.toml", 7, &mut buffer).unwrap(), &whole[..7]);
        // Its size is said to be 0.
        assert!(!read_into(CWD, "/proc/self/status", 1 << 20, &mut buffer).unwrap().is_empty());
        assert_eq!(read_into(CWD, ".", 7, &mut buffer), Err(Errno::ISDIR));
    }
}
