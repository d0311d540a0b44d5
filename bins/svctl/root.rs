//! The root of a tree: whether it runs, and what it is told.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use common::format::letters::ScanCommand;
use common::format::records;
use common::os::fifo::{self, Ends};
use common::os::process::Identity;
use common::os::{clock, file, lock};
use common::prelude::*;
use common::sys::signal::interrupted_after_or_by_others;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FlockOperation, flock};
use rustix::io::Errno;

use super::site::Site;
use crate::manager::table;
use crate::tree::client::{Service, alive, write_control};

/// Whether a tree that runs is on its way down: svc-scan has ended the manager, or that ends the rest.
pub(super) fn is_ending(site: &Site) -> bool {
    let places = site.places();
    let manager = Service::open(places.scan.join("svc-managerd").as_os_str());
    let status = manager.and_then(|manager| manager.status()).ok().flatten();
    let is_asked = || table::header(&places.manager).is_some_and(|header| header.ends);
    status.is_some_and(|status| status.left) || is_asked()
}

/// A svc-scan that runs.
pub(super) struct Root {
    /// `scan/.svc-scan`.
    own: PathBuf,
    control: OwnedFd,
}

impl Root {
    /// That of a tree; none: nothing runs there.
    pub(super) fn find(site: &Site) -> Result<Option<Root>> {
        let own = site.places().scan.join(".svc-scan");
        let path = own.join("control");
        match fifo::open(CWD, &path, Ends::Write) {
            Ok(control) => Ok(Some(Root { own, control })),
            Err(Errno::NOENT | Errno::NXIO | Errno::NOTDIR) => Ok(None),
            Err(e) => Err(e).unable(format_args!("open {}", path.display())),
        }
    }

    /// Its pid, if its record can be read: one that has just begun has written none yet.
    pub(super) fn pid(&self) -> Option<i32> {
        let living = self.identity().filter(|identity| alive(identity).is_some());
        living.map(|identity| identity.pid.as_raw_pid())
    }

    fn identity(&self) -> Option<Identity> {
        // There is a path in it.
        const LONGEST: usize = 8192;
        let bytes = file::read_up_to(CWD, self.own.join("scan"), LONGEST).ok()?;
        records::Root::unpack(&bytes).map(|root| root.identity)
    }

    /// Tells it to stop all services, then their loggers, and to end. One that has ended has heard.
    pub(super) fn terminate(&self) -> Result<()> {
        let letter = [ScanCommand::Terminate.letter()];
        let path = self.own.join("control");
        write_control(&self.control, &letter, path.display()).map(drop)
    }

    /// Waits until it has ended; false: it has not, in that time.
    pub(super) fn wait(self, limit: Duration) -> Result<bool> {
        let identity = self.identity();
        match identity.map(|identity| alive(&identity)) {
            Some(None) => Ok(true),
            Some(Some(Some(pidfd))) => {
                let due = clock::boot().after(limit.as_millis().try_into().unwrap_or(u64::MAX));
                let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
                let ended = poll(&mut fds, clock::until(Some(due)).as_ref());
                ended.map(|count| count > 0).unable("wait for svc-scan")
            }
            // Where the kernel has none: it holds a lock as long as it lives.
            Some(Some(None)) | None => self.wait_for_lock(limit),
        }
    }

    fn wait_for_lock(self, limit: Duration) -> Result<bool> {
        drop(self.control);
        let unable = || format!("wait for {}", self.own.display());
        let lock = lock::open(CWD, self.own.join("lock")).unable(unable())?;
        let taken =
            interrupted_after_or_by_others(limit, || flock(&lock, FlockOperation::LockExclusive));
        match taken {
            Ok(()) => Ok(true),
            Err(Errno::INTR) => Ok(false),
            Err(e) => Err(e).unable(unable()),
        }
    }
}
