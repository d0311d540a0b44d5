//! The fifo between a service and its logger. The service's supervisor and the logger's both hold it
//! for reading and writing, so that no death breaks it and no byte in it is lost; and so does the
//! service itself, so that it never gets SIGPIPE.

use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::path::Path;

use common::format::handover::JOURNAL_FD;
use common::os::fifo::{self, Ends};
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, CWD, FileType, Mode, fstat, statat};
use rustix::io::ioctl_fionread;
use rustix::process::{Resource, getrlimit};

use super::files::{make_dir, open_file};
use super::options::Feed;
use super::supervisor::Supervisor;

/// A logger's input, held.
pub(super) struct Input {
    held: OwnedFd,
    /// Only the reading end is held any more: the logger ends when the last writer is gone.
    pub(super) draining: bool,
}

impl Input {
    /// Makes the fifo, and the directory that it is in, if nobody has yet.
    pub(super) fn hold(feed: &Feed) -> Result<Input> {
        let path = Path::new(&feed.path);
        let dir = path.parent().and_then(Path::to_str).unwrap_or(".");
        let name = path.file_name().unwrap_or_default();
        let dir = std::ffi::CString::new(dir).map_err(|_| Error::user("invalid input"))?;
        let dir = make_dir(&feed.dir, &dir, Mode::RWXU)?;
        let shown = path.display();
        fifo::make(&dir, name, Mode::RUSR | Mode::WUSR).unable(format_args!("make {shown}"))?;
        let held = fifo::open_own(&dir, name, Ends::Both).unable(format_args!("open {shown}"))?;
        Ok(Input { held, draining: false })
    }

    /// Gives up the writing end.
    pub(super) fn drain(&mut self, feed: &Feed) -> rustix::io::Result<()> {
        self.held = fifo::open_own(&feed.dir, feed.path.as_os_str(), Ends::Read)?;
        self.draining = true;
        Ok(())
    }

    /// Whether nobody writes to it any more and nothing is left in it.
    pub(super) fn is_over(&self) -> bool {
        let mut fds = [PollFd::new(&self.held, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let hung_up =
            poll(&mut fds, Some(&at_once)).is_ok() && fds[0].revents().contains(PollFlags::HUP);
        hung_up && ioctl_fionread(&self.held) == Ok(0)
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.held.as_fd()
    }
}

impl Supervisor {
    /// Decides where the output goes: to `log/`, to the shared logger, or to ours. Asked at each
    /// start, so that adding or removing a logger is an ordinary change.
    pub(super) fn update_output(&mut self) {
        let found = if self.has_log() { self.own_log() } else { self.shared_log() };
        match found {
            Ok(output) => {
                self.output = output;
                self.content("log");
            }
            // It keeps the one that it has, if any.
            Err(e) => self.complain("log", e.message),
        }
    }

    fn has_log(&self) -> bool {
        self.listing.has("log")
            && statat(CWD, c"log", AtFlags::empty())
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_dir())
    }

    fn own_log(&self) -> Result<Option<OwnedFd>> {
        super::files::make_fifo(&self.files.dir, c"log", Mode::RUSR | Mode::WUSR).map(Some)
    }

    fn shared_log(&self) -> Result<Option<OwnedFd>> {
        let Some(dir) = self.options.log_fifos.as_ref().filter(|_| self.input.is_none()) else {
            return Ok(None);
        };
        // A name is one segment there; a logger never gets here.
        let path = Path::new(dir).join(&self.machine.status.name);
        let shown = path.display();
        let made = fifo::make(CWD, &path, Mode::RUSR | Mode::WUSR);
        made.unable(format_args!("make {shown}"))?;
        let fd = fifo::open(CWD, &path, Ends::Both).unable(format_args!("open {shown}"))?;
        give_to_owner(&fd, dir).unable(format_args!("change the owner of {shown}"))?;
        Ok(Some(fd))
    }

    /// The standard input and output of a child, opened anew: one that makes its own non-blocking
    /// harms nobody else.
    pub(super) fn stdio(&self) -> rustix::io::Result<Vec<(RawFd, OwnedFd)>> {
        let mut stdio = Vec::with_capacity(2);
        if let (Some(_), Some(feed)) = (&self.input, &self.options.input) {
            let fd = fifo::open_own(&feed.dir, feed.path.as_os_str(), Ends::Read)?;
            fifo::set_blocking(&fd)?;
            stdio.push((0, fd));
            stdio.extend(self.journal());
        }
        if let Some(held) = &self.output {
            let fd = if self.has_log() {
                fifo::open_own(&self.files.dir, c"log", Ends::Both)
            } else {
                rustix::io::fcntl_dupfd_cloexec(held, 0)
            }?;
            fifo::set_blocking(&fd)?;
            stdio.push((1, fd));
        }
        Ok(stdio)
    }

    /// Where our logger keeps its journal, whoever it runs as. It does without if need be.
    fn journal(&self) -> Option<(RawFd, OwnedFd)> {
        let settings = &self.machine.settings;
        let taken = [settings.notification_fd, settings.lock_fd].contains(&Some(JOURNAL_FD));
        let limit = getrlimit(Resource::Nofile).current;
        if taken || limit.is_some_and(|limit| limit <= JOURNAL_FD.unsigned_abs().into()) {
            return None;
        }
        let fd = open_file(&self.files.dir, c"journal", Mode::RUSR | Mode::WUSR).ok()?.0;
        Some((JOURNAL_FD, fd))
    }

    /// A logger that was told to end: who still writes to it, by pid.
    pub(super) fn name_stray_writers(&self) {
        let Some(input) = &self.input else { return };
        let own = [Some(rustix::process::getpid()), self.watch.as_ref().map(|w| w.pid())];
        let own = own.map(|pid| pid.map_or(0, |pid| pid.as_raw_pid()));
        let holders = holders(input).unwrap_or_default();
        let stray: Vec<String> =
            holders.iter().filter(|pid| !own.contains(pid)).map(ToString::to_string).collect();
        if !stray.is_empty() {
            self.warn(&format_args!("its input is still held open by pid {}", stray.join(" ")));
        }
    }
}

/// Root makes a fifo for whoever the directory belongs to: svc-logd need not be root.
fn give_to_owner(fifo: &OwnedFd, dir: &std::ffi::OsStr) -> rustix::io::Result<()> {
    let (owner, stat) = (statat(CWD, dir, AtFlags::empty())?.st_uid, fstat(fifo)?);
    // With another name it may be somebody else's, linked here.
    if stat.st_uid == owner || stat.st_nlink != 1 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    rustix::fs::fchown(fifo, Some(rustix::fs::Uid::from_raw(owner)), None)
}

/// The processes that have a fifo open, as far as /proc shows them to us.
fn holders(fifo: impl AsFd) -> rustix::io::Result<Vec<i32>> {
    let wanted = fstat(fifo)?;
    let mut holders = Vec::new();
    for process in rustix::fs::Dir::read_from(file_dir("/proc")?)? {
        let process = process?;
        let Some(pid) = process.file_name().to_str().ok().and_then(|n| n.parse::<i32>().ok())
        else {
            continue;
        };
        let Ok(dir) = file_dir(&format!("/proc/{pid}/fd")) else { continue };
        let Ok(listing) = rustix::fs::Dir::read_from(&dir) else { continue };
        let is_it = |name: &std::ffi::CStr| {
            statat(&dir, name, AtFlags::empty())
                .is_ok_and(|s| (s.st_dev, s.st_ino) == (wanted.st_dev, wanted.st_ino))
        };
        if listing.filter_map(std::result::Result::ok).any(|fd| is_it(fd.file_name())) {
            holders.push(pid);
        }
    }
    Ok(holders)
}

fn file_dir(path: &str) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{OFlags, openat};
    openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}
