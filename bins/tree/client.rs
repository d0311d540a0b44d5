//! A service as its clients see it: a status file, a control fifo, an event directory.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use common::base::error::exit;
use common::format::status::{self, Status};
use common::os::fifo::{self, Ends};
use common::os::fifodir::Subscription;
use common::os::file;
use common::prelude::*;
use rustix::fs::CWD;
use rustix::io::Errno;

/// How often a status is read again that was being replaced: each time the window is microseconds.
const TRIES: u32 = 1000;

/// A service directory, opened once: a rename meanwhile does no harm.
pub(super) struct Service {
    dir: OwnedFd,
    path: PathBuf,
}

impl Service {
    /// Opens the service directory at `path`.
    pub(super) fn open(path: &OsStr) -> Result<Service> {
        let dir = file::open_dir(CWD, path).unable(format_args!("open {}", path.display()))?;
        Ok(Service { dir, path: path.into() })
    }

    /// Its path as the user gave it, for messages.
    pub(super) fn path(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// The directory itself.
    pub(super) fn dir(&self) -> impl AsFd + '_ {
        self.dir.as_fd()
    }

    /// What its supervisor wrote last, living or not; `None` when it never had one.
    pub(super) fn status(&self) -> Result<Option<Status>> {
        let mut buffer = [0; status::SIZE];
        for _ in 0..TRIES {
            match file::read_small(&self.dir, c"supervise/status", &mut buffer) {
                Err(Errno::NOENT) => return Ok(None),
                Err(e) => Err(e).unable(format_args!("read {}/supervise/status", self.path()))?,
                Ok(bytes) => {
                    if let Some(status) = Status::unpack(bytes) {
                        return Ok(Some(status));
                    }
                }
            }
        }
        Err(Error::system(format_args!("{}/supervise/status is damaged", self.path())))
    }

    /// Whether a supervisor is running.
    pub(super) fn is_supervised(&self) -> Result<bool> {
        match self.control() {
            Ok(_) => Ok(true),
            Err(Errno::NXIO | Errno::NOENT) => Ok(false),
            Err(e) => Err(e).unable(format_args!("open {}/supervise/control", self.path())),
        }
    }

    /// Sends letters to its supervisor, in one write. Exit code 102 when there is none.
    pub(super) fn send(&self, letters: &[u8]) -> Result<()> {
        let control = match self.control() {
            Err(Errno::NXIO | Errno::NOENT) => return Err(self.not_supervised()),
            result => result.unable(format_args!("open {}/supervise/control", self.path()))?,
        };
        match rustix::io::write(&control, letters) {
            Err(Errno::PIPE) => Err(self.not_supervised()),
            result => result
                .map(|_| ())
                .unable(format_args!("write to {}/supervise/control", self.path())),
        }
    }

    /// The error for a service that nobody supervises.
    pub(super) fn not_supervised(&self) -> Error {
        Error::new(exit::NOT_SUPERVISED, format_args!("{}: not supervised", self.path()))
    }

    /// Subscribes to its changes.
    pub(super) fn subscribe(&self) -> Result<Subscription> {
        let dir = match file::open_dir(&self.dir, c"event") {
            Err(Errno::NOENT) => return Err(self.not_supervised()),
            result => result.unable(format_args!("open {}/event", self.path()))?,
        };
        Subscription::new(dir).unable(format_args!("subscribe to {}/event", self.path()))
    }

    fn control(&self) -> rustix::io::Result<OwnedFd> {
        fifo::open(&self.dir, c"supervise/control", Ends::Write)
    }
}
