//! What the kernel tells of directories: inotify, no polling.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

use super::dir::{Archive, CURRENT, PREVIOUS};

/// What happened to a file in a directory, or to the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// `current` was written to, or cut.
    Written,
    /// `current` got another name. The number is that of the event that tells which.
    Renamed(u32),
    /// A file has come that matters.
    Came(u32, Option<Archive>),
    /// Another file or directory of this name has come or gone.
    Other(Vec<u8>),
    /// The directory itself is gone, or has another name.
    Gone,
}

/// An event.
#[derive(Debug)]
pub(super) enum Event {
    /// There were too many.
    Lost,
    /// In the directory of this watch.
    At(i32, What),
}

/// Names that come and go. Nothing tells of the end of a directory as long as a file that was in it
/// is open, but the one above it does.
const NAMES: WatchFlags = WatchFlags::MOVED_FROM
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::MASK_ADD);

/// Watched directories.
pub(super) struct Events {
    inotify: OwnedFd,
}

impl Events {
    /// None yet.
    pub(super) fn new() -> Result<Events> {
        let flags = CreateFlags::CLOEXEC | CreateFlags::NONBLOCK;
        Ok(Events { inotify: inotify::init(flags).unable("watch directories")? })
    }

    /// Watches a directory, and what is written in it; one that is watched already keeps its
    /// number.
    pub(super) fn watch_log(&self, dir: &Path) -> rustix::io::Result<i32> {
        inotify::add_watch(&self.inotify, dir, NAMES | WatchFlags::MODIFY)
    }

    /// Watches the names in a directory only.
    pub(super) fn watch(&self, dir: &Path) -> rustix::io::Result<i32> {
        inotify::add_watch(&self.inotify, dir, NAMES)
    }

    /// Ends it.
    pub(super) fn forget(&self, watch: i32) {
        // It is gone when the directory is.
        let _ = inotify::remove_watch(&self.inotify, watch);
    }

    /// What has happened since the last time.
    pub(super) fn read(&self) -> Result<Vec<Event>> {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        let mut events = Vec::new();
        loop {
            match reader.next() {
                Ok(event) => events.extend(read(&event)),
                Err(Errno::AGAIN) => return Ok(events),
                Err(Errno::INTR) => {}
                Err(e) => return Err(e).unable("read events"),
            }
        }
    }

    /// Waits until something has happened; false when nobody reads standard output any more.
    pub(super) fn wait(&self) -> Result<bool> {
        let stdout = rustix::stdio::stdout();
        let mut fds = [
            PollFd::new(&self.inotify, PollFlags::IN),
            // Only the end of its reader.
            PollFd::new(&stdout, PollFlags::empty()),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => Ok(fds[1].revents().is_empty()),
            Err(e) => Err(e).unable("wait for events"),
        }
    }
}

fn read(event: &inotify::Event<'_>) -> Option<Event> {
    let flags = event.events();
    if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
        return Some(Event::Lost);
    }
    let gone = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT;
    if flags.intersects(gone) {
        return Some(Event::At(event.wd(), What::Gone));
    }
    let name = event.file_name()?.to_bytes();
    let is_current = name == CURRENT.as_bytes();
    let what = if flags.contains(ReadFlags::MODIFY) {
        is_current.then_some(What::Written)?
    } else if flags.contains(ReadFlags::MOVED_FROM) && is_current {
        What::Renamed(event.cookie())
    } else {
        let archive = Archive::named(name);
        if archive.is_none() && !is_current && name != PREVIOUS.as_bytes() {
            What::Other(name.to_vec())
        } else if flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
            What::Came(event.cookie(), archive)
        } else {
            return None;
        }
    };
    Some(Event::At(event.wd(), what))
}
