//! Event directories: whoever may make a fifo in one subscribes by doing so, and each line written
//! to the directory goes to every such fifo. Nothing but a reader's own fifo is ever written to,
//! whatever another user plants there.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RawDir, SeekFrom, chmodat, fstat, openat, renameat, seek,
    statat, unlinkat,
};
use rustix::io::{Errno, Result};
use rustix::path::Arg;

use super::fifo::{self, Ends};
use super::stamp::Stamp;
use crate::base::text::Text;

/// Begins the name of a subscriber's fifo; then its pid, a point, and a number.
pub const PREFIX: &[u8] = b"sub.";
/// Begins the name of a fifo that is not yet one.
const UNFINISHED: &[u8] = b".sub.";
/// The most subscribers of one user that are served, and of all.
pub const MAX_PER_USER: usize = 256;
/// The most subscribers that are served.
pub const MAX: usize = 4096;
/// The most users whose subscribers are counted apart; the rest share one count.
const MAX_USERS: usize = 16;
/// Room for some entries of a directory at a time; a name has at most 255 bytes.
const LISTING: usize = 512;

/// How a notification went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notified {
    /// Subscribers that got it.
    pub reached: usize,
    /// Subscribers whose fifo was full: they notice, and read the status instead.
    pub full: usize,
    /// Subscribers beyond the limits.
    pub surplus: usize,
}

/// Remembers that a directory had no subscriber, as long as its modification time says so.
#[derive(Default)]
pub struct Quiet(Option<Stamp>);

/// Writes one line to every subscriber of the directory, if it can have any.
pub fn notify_unless_quiet<L: AsRef<[u8]>>(
    dir: impl AsFd,
    line: impl Fn() -> L,
    quiet: &mut Quiet,
) -> Result<Notified> {
    let stamp = Stamp::of(&dir)?;
    if stamp.is_never() || quiet.0 == Some(stamp) {
        return Ok(Notified::default());
    }
    let notified = notify(dir, line)?;
    quiet.0 = (notified == Notified::default() && stamp.is_old()).then_some(stamp);
    Ok(notified)
}

/// Writes one line, made when there is one, to every subscriber of the directory. What is stale or not
/// a subscriber's own fifo is removed. An error: the directory itself can't be read.
pub fn notify<L: AsRef<[u8]>>(dir: impl AsFd, line: impl Fn() -> L) -> Result<Notified> {
    let mut result = Notified::default();
    let (mut users, mut made) = (None, None);
    let opened;
    let at = match seek(&dir, SeekFrom::Start(0)) {
        Ok(_) => dir.as_fd(),
        // Only a place, and shared perhaps.
        Err(_) => {
            opened = open_listing(&dir)?;
            opened.as_fd()
        }
    };
    let mut buffer = [const { MaybeUninit::uninit() }; LISTING];
    let mut listing = RawDir::new(at, &mut buffer);
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_bytes().starts_with(PREFIX) {
            continue;
        }
        if result.reached + result.full >= MAX {
            result.surplus += 1;
            continue;
        }
        let opened = match entry.file_type() {
            FileType::Fifo | FileType::Unknown => fifo::open(at, name, Ends::Write),
            // Opening is not free of effects for a device: what is no fifo is not opened.
            FileType::RegularFile
            | FileType::Directory
            | FileType::Symlink
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice => Err(Errno::INVAL),
        };
        let users = users.get_or_insert_with(Users::default);
        let line = L::as_ref(made.get_or_insert_with(&line));
        match opened.and_then(|fd| deliver(&fd, line, users)) {
            Ok(()) => result.reached += 1,
            Err(Errno::AGAIN) => result.full += 1,
            Err(Errno::DQUOT) => result.surplus += 1,
            // No reader, or not a subscriber's own fifo. A directory stays: it harms nobody.
            Err(Errno::NXIO | Errno::PIPE | Errno::INVAL | Errno::LOOP | Errno::MLINK) => {
                let _ = unlinkat(at, name, AtFlags::empty());
            }
            // Short of descriptors or memory, or not ours to open: it misses this one.
            Err(_) => result.full += 1,
        }
    }
    Ok(result)
}

/// Writes to one subscriber. EMLINK: the fifo has another name elsewhere; EDQUOT: its user has too
/// many already.
fn deliver(fd: &OwnedFd, line: &[u8], users: &mut Users) -> Result<()> {
    let stat = fstat(fd)?;
    if stat.st_nlink != 1 {
        return Err(Errno::MLINK);
    }
    if !users.admit(stat.st_uid) {
        return Err(Errno::DQUOT);
    }
    match rustix::io::write(fd, line) {
        Ok(n) if n == line.len() => Ok(()),
        // A line is below PIPE_BUF: it goes whole or not at all.
        Ok(_) => Err(Errno::AGAIN),
        Err(e) => Err(e),
    }
}

/// How many subscribers each user has had.
#[derive(Default)]
struct Users([(u32, usize); MAX_USERS]);

impl Users {
    /// Counts one more; false when the user has had all that are due to him.
    fn admit(&mut self, uid: u32) -> bool {
        let found = self.0.iter().position(|(user, count)| *user == uid || *count == 0);
        let (user, count) = &mut self.0[found.unwrap_or(MAX_USERS - 1)];
        *user = uid;
        *count += 1;
        *count <= MAX_PER_USER
    }
}

/// Removes fifos that nobody reads any more, finished or not; returns how many.
pub fn clean(dir: impl AsFd) -> Result<usize> {
    let mut removed = 0;
    let at = open_listing(dir)?;
    let mut buffer = [const { MaybeUninit::uninit() }; LISTING];
    let mut listing = RawDir::new(&at, &mut buffer);
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name();
        let ours = [PREFIX, UNFINISHED].iter().any(|p| name.to_bytes().starts_with(p));
        if ours && fifo::open(&at, name, Ends::Write).is_err_and(|e| e == Errno::NXIO) {
            unlinkat(&at, name, AtFlags::empty())?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Opens a directory to list it for a notification, and for each one after that; only to find what is
/// in it where it can't be listed. Who shares the descriptor with another process would share the place
/// in the listing.
pub fn open(dir: impl AsFd, path: impl Arg + Copy) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match openat(&dir, path, flags, Mode::empty()) {
        Err(Errno::ACCESS) => super::file::open_dir(dir, path),
        opened => opened,
    }
}

/// Opens a directory afresh (it may be shared with others, as would be the place in its listing).
fn open_listing(dir: impl AsFd) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(dir, c".", flags, Mode::empty())
}

/// A reader's own fifo in an event directory. Dropped, it is gone.
pub struct Subscription {
    dir: OwnedFd,
    name: Text<64>,
    reader: OwnedFd,
    // Held so that the reader never sees the end of the file.
    _writer: OwnedFd,
}

impl Subscription {
    /// Subscribes: what is announced from now on is in the fifo. It appears under its name only when
    /// both ends are open, so that no notifier takes it for stale.
    pub fn new(dir: impl AsFd) -> Result<Subscription> {
        let dir = super::file::open_dir(dir, c".")?;
        let mode = Mode::RUSR | Mode::WUSR | Mode::WGRP | Mode::WOTH;
        for number in 0..MAX {
            let unfinished = name(UNFINISHED, number);
            match rustix::fs::mknodat(&dir, unfinished.bytes(), FileType::Fifo, mode, 0) {
                Err(Errno::EXIST) => continue,
                result => result?,
            }
            let finish = || {
                // The umask may have taken away what the notifier, another user perhaps, needs.
                chmodat(&dir, unfinished.bytes(), mode, AtFlags::empty())?;
                let reader = fifo::open(&dir, unfinished.bytes(), Ends::Read)?;
                let writer = fifo::open(&dir, unfinished.bytes(), Ends::Write)?;
                let name = name(PREFIX, number);
                // A name that is taken belongs to a process with our pid elsewhere.
                if statat(&dir, name.bytes(), AtFlags::SYMLINK_NOFOLLOW).is_ok() {
                    return Err(Errno::EXIST);
                }
                renameat(&dir, unfinished.bytes(), &dir, name.bytes())?;
                Ok((name, reader, writer))
            };
            match finish() {
                Ok((name, reader, writer)) => {
                    return Ok(Subscription { dir, name, reader, _writer: writer });
                }
                Err(e) => {
                    // It was to be given up anyway.
                    let _ = unlinkat(&dir, unfinished.bytes(), AtFlags::empty());
                    if e != Errno::EXIST {
                        return Err(e);
                    }
                }
            }
        }
        Err(Errno::EXIST)
    }

    /// Asks for room for more lines; 1 MiB is what an unprivileged user may have.
    pub fn grow(&self, bytes: usize) -> Result<()> {
        rustix::pipe::fcntl_setpipe_size(&self.reader, bytes).map(|_| ())
    }

    /// Reads what has come, without waiting; 0 when nothing has. The second value tells that a line
    /// may be missing, the last one included: when a fifo is half full a write to it can fail.
    /// Whoever is told so reads the truth again after draining.
    pub fn read(&self, buffer: &mut [u8]) -> Result<(usize, bool)> {
        let waiting = rustix::io::ioctl_fionread(&self.reader)?;
        let size = rustix::pipe::fcntl_getpipe_size(&self.reader)? as u64;
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.reader, &mut *buffer)) {
            Ok(n) => Ok((n, waiting >= size / 2)),
            Err(Errno::AGAIN) => Ok((0, false)),
            Err(e) => Err(e),
        }
    }
}

impl AsFd for Subscription {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // A notifier removes it as stale if this fails.
        let _ = unlinkat(&self.dir, self.name.bytes(), AtFlags::empty());
    }
}

fn name(prefix: &[u8], number: usize) -> Text<64> {
    let mut text = Text::new();
    text.push(prefix);
    let pid = rustix::process::getpid().as_raw_pid();
    // Two numbers fit.
    let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{pid}.{number}"));
    text
}
