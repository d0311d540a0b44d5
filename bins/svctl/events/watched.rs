//! Those whose death is told: the manager, and the root of the tree.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use common::format::records::{Holder, Root, SIZE};
use common::os::file;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::CWD;
use rustix::io::Errno;

use crate::tree::client::alive;

/// Somebody whose death is told.
pub(super) struct Watched {
    pub(super) name: &'static str,
    record: PathBuf,
    /// Becomes readable when it dies.
    pub(super) pidfd: Option<OwnedFd>,
}

impl Watched {
    /// Who has this record.
    pub(super) fn new(name: &'static str, record: PathBuf) -> Watched {
        let mut watched = Watched { name, record, pidfd: None };
        watched.find();
        watched
    }

    /// Finds the one who is there now.
    pub(super) fn find(&mut self) {
        let mut buffer = [0; SIZE];
        let bytes = file::read_small(CWD, self.record.as_path(), &mut buffer).ok();
        let who = bytes.and_then(|bytes| {
            let holder = Holder::unpack(bytes).map(|holder| holder.identity);
            holder.or_else(|| Root::unpack(bytes).map(|root| root.identity))
        });
        self.pidfd = who.and_then(|who| alive(&who)).flatten();
    }
}

/// What poll says at once.
pub(super) fn ready(fd: &impl AsFd, flags: PollFlags) -> Result<PollFlags> {
    let mut fds = [PollFd::new(fd, flags)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut fds, Some(&at_once)) {
        Ok(_) => Ok(fds[0].revents()),
        Err(Errno::INTR) => Ok(PollFlags::empty()),
        Err(e) => Err(e).unable("wait for events"),
    }
}
