//! A service as its clients see it: a status file, a control fifo, an event directory.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Display, Path, PathBuf};

use common::base::error::exit;
use common::base::signal::Signal;
use common::format::records::{self, Holder};
use common::format::status::{self, Status};
use common::os::fifo::{self, Ends};
use common::os::fifodir::Subscription;
use common::os::file;
use common::os::process::{BootId, Found, Identity};
use common::prelude::*;
use common::program::warn;
use common::sys::signal::{Mask, set_mask};
use rustix::fs::{AtFlags, CWD, statat};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};

/// How often a status is read again that was being replaced: each time the window is microseconds.
const TRIES: u32 = 1000;

/// A service directory, opened once: a rename meanwhile does no harm.
pub(crate) struct Service {
    dir: OwnedFd,
    path: PathBuf,
}

impl Service {
    /// Opens the service directory at `path`.
    pub(crate) fn open(path: &OsStr) -> Result<Service> {
        let dir = file::open_dir(CWD, path).unable(format_args!("open {}", path.display()))?;
        Ok(Service::at(dir, path))
    }

    /// The service whose directory has been opened already.
    pub(super) fn at(dir: OwnedFd, path: &OsStr) -> Service {
        Service { dir, path: path.into() }
    }

    /// Its path as the user gave it, for messages.
    pub(super) fn path(&self) -> Display<'_> {
        self.path.display()
    }

    /// That path itself.
    pub(super) fn location(&self) -> &Path {
        &self.path
    }

    /// The directory itself.
    pub(super) fn dir(&self) -> impl AsFd + '_ {
        self.dir.as_fd()
    }

    /// What its supervisor wrote last, living or not; `None` when it never had one. What is in a copy of
    /// a service directory tells of another service, and is not its own.
    pub(crate) fn status(&self) -> Result<Option<Status>> {
        Ok(self.read_status()?.filter(|_| !self.is_copy()))
    }

    fn is_copy(&self) -> bool {
        let mut buffer = [0; records::SIZE];
        let read = file::read_small(&self.dir, c"supervise/supervisor", &mut buffer);
        let holder = read.ok().and_then(Holder::unpack);
        let here = file::Inode::at(&self.dir, c"supervise");
        holder.is_some_and(|holder| here.is_ok_and(|here| here != holder.directory))
    }

    fn read_status(&self) -> Result<Option<Status>> {
        let mut buffer = [0; status::SIZE];
        for _ in 0..TRIES {
            match file::read_small(&self.dir, c"supervise/status", &mut buffer) {
                Err(Errno::NOENT) => return Ok(None),
                Err(e) => Err(e).unable(format_args!("read {}/supervise/status", self.path()))?,
                // Made, and not written yet.
                Ok(bytes) if bytes.trim_ascii().is_empty() => return Ok(None),
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
    pub(crate) fn is_supervised(&self) -> Result<bool> {
        match self.control() {
            Ok(_) => Ok(true),
            Err(Errno::NXIO | Errno::NOENT) => Ok(false),
            // Who may only look can't ask the fifo.
            Err(Errno::ACCESS) => self.supervisor().map(|found| found.is_some()),
            Err(e) => Err(e).unable(format_args!("open {}/supervise/control", self.path())),
        }
    }

    /// The living supervisor, by the record that it left: a descriptor that becomes readable when it
    /// dies (none inside where pidfd_open is refused). `None`: nobody supervises.
    pub(super) fn supervisor(&self) -> Result<Option<Option<OwnedFd>>> {
        let mut buffer = [0; records::SIZE];
        match file::read_small(&self.dir, c"supervise/supervisor", &mut buffer) {
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(e).unable(format_args!("read {}/supervise/supervisor", self.path())),
            // Half a record: its writer is at it, and announces itself when it is done.
            Ok(bytes) => {
                let directory = file::Inode::at(&self.dir, c"supervise");
                let holder = Holder::unpack(bytes).filter(|h| Ok(h.directory) == directory);
                Ok(holder.and_then(|holder| alive(&holder.identity)))
            }
        }
    }

    /// Opens its control fifo. Held open, it keeps what was written to it even if the supervisor is
    /// killed before it has read it: the next one does.
    pub(crate) fn open_control(&self) -> Result<OwnedFd> {
        match self.control() {
            Err(Errno::NXIO | Errno::NOENT | Errno::NOTDIR) => Err(self.not_supervised()),
            result => result.unable(format_args!("open {}/supervise/control", self.path())),
        }
    }

    /// Writes letters to its control fifo, in one write. Exit code 102 when the supervisor has gone.
    pub(crate) fn send(&self, control: &OwnedFd, letters: &[u8]) -> Result<()> {
        write_control(control, letters, format_args!("{}/supervise/control", self.path()))?
            .ok_or_else(|| self.not_supervised())
    }

    /// Whether letters wait in its control fifo that the supervisor has not read yet.
    pub(super) fn has_letters_waiting(&self) -> bool {
        // Who may not write there has sent nothing.
        self.control().is_ok_and(|fd| rustix::io::ioctl_fionread(fd).is_ok_and(|n| n > 0))
    }

    /// Whether there is a file of this name in the service directory.
    pub(super) fn has(&self, name: &str) -> bool {
        statat(&self.dir, name, AtFlags::empty()).is_ok()
    }

    /// The error for a service that nobody supervises.
    pub(super) fn not_supervised(&self) -> Error {
        Error::new(exit::NOT_SUPERVISED, format_args!("{}: not supervised", self.path()))
    }

    /// Subscribes to its changes. Exit code 102 when it has no event directory, as before its first
    /// supervisor.
    pub(crate) fn subscribe(&self) -> Result<Subscription> {
        let dir = match file::open_dir(&self.dir, c"event") {
            Err(Errno::NOENT) => return Err(self.not_supervised()),
            result => result.unable(format_args!("open {}/event", self.path()))?,
        };
        Subscription::new(dir).unable(format_args!("subscribe to {}/event", self.path()))
    }

    /// Its control fifo. ENXIO or ENOENT: no supervisor is running.
    pub(super) fn control(&self) -> rustix::io::Result<OwnedFd> {
        fifo::open(&self.dir, c"supervise/control", Ends::Write)
    }
}

/// Writes letters to a control fifo. `None`: nobody reads it.
pub(crate) fn write_control(
    control: &OwnedFd,
    letters: &[u8],
    name: impl std::fmt::Display,
) -> Result<Option<()>> {
    // A reader that leaves meanwhile is no reason to die.
    set_mask(&Mask::of(&[Signal::PIPE.number()]));
    match rustix::io::write(control, letters) {
        Ok(n) if n == letters.len() => Ok(Some(())),
        Err(Errno::PIPE) => Ok(None),
        // So few bytes go whole or not at all.
        Ok(_) | Err(Errno::AGAIN) => Err(Error::system(format_args!(
            "unable to write to {name}: it is full, its reader hangs or is stopped"
        ))),
        Err(e) => Err(e).unable(format_args!("write to {name}")),
    }
}

/// A descriptor of a process that becomes readable when it dies; none inside where pidfd_open is
/// refused. `None`: that process is gone.
pub(crate) fn alive(who: &Identity) -> Option<Option<OwnedFd>> {
    if who.boot != BootId::now() {
        return None;
    }
    // The descriptor first: what is then found under the pid is what it refers to.
    let pidfd = match pidfd_open(who.pid, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return None,
        result => result.ok(),
    };
    match who.look() {
        Found::Alive => Some(pidfd),
        Found::Zombie | Found::Gone => None,
    }
}

/// Runs `job` for each directory. With several, one that fails does not keep the others from their
/// turn; the exit code is then that of the first failure.
pub(super) fn each<T: AsRef<OsStr>>(
    program: &str,
    dirs: &[T],
    mut job: impl FnMut(&OsStr) -> Result<u8>,
) -> Result<u8> {
    if let [dir] = dirs {
        return job(dir.as_ref());
    }
    let mut code = exit::OK;
    for dir in dirs {
        let result = job(dir.as_ref()).unwrap_or_else(|e| {
            warn(&program, &e.message);
            e.code
        });
        if code == exit::OK {
            code = result;
        }
    }
    Ok(code)
}
