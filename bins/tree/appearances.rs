//! Event directories that are not there yet: noticing that one may have been made.

use std::os::fd::AsFd;
use std::os::fd::{BorrowedFd, OwnedFd};

use common::prelude::*;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use super::client::Service;

/// One for all services: a user may have 128 of what is behind it.
#[derive(Default)]
pub(super) struct Appearances(Option<OwnedFd>);

impl Appearances {
    /// A descriptor that becomes readable when something has appeared, once there is a reason to ask.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.0.as_ref().map(AsFd::as_fd)
    }

    /// Looks out for the event directory of a service. May be said again: what was a link to nothing
    /// may be another by now.
    pub(super) fn expect(&mut self, service: &Service) -> Result<()> {
        let (path, directory) = (service.path(), service.location());
        if !service.has("run") && !service.has("supervise") {
            return Err(Error::user(format_args!("{path} is no service directory: no run in it")));
        }
        let fd = match self.0.take() {
            Some(fd) => fd,
            None => inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
                .unable("watch directories")?,
        };
        let fd = self.0.insert(fd);
        let appears = WatchFlags::CREATE | WatchFlags::MOVED_TO;
        inotify::add_watch(&*fd, directory, appears).unable(format_args!("watch {path}"))?;
        // A link to where it will be, on a tmpfs.
        if let Ok(target) = std::fs::read_link(directory.join("event"))
            && let Some(parent) = directory.join(target).parent()
        {
            inotify::add_watch(&*fd, parent, appears)
                .unable(format_args!("watch {}", parent.display()))?;
        }
        Ok(())
    }

    /// Forgets what has appeared: whoever waits looks for himself now.
    pub(super) fn drain(&self) {
        let mut buffer = [0; 4096];
        while self
            .0
            .as_ref()
            .is_some_and(|fd| rustix::io::read(fd, &mut buffer).is_ok_and(|n| n > 0))
        {}
    }
}
