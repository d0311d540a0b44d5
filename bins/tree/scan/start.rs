//! Starting supervisors, and taking over those of a killed predecessor.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use common::base::error::reason;
use common::base::stamp::Boot;
use common::format::records::{Holder, SIZE};
use common::os::process::{Found, Identity, Watched};
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::os::{clock, file};
use common::sys::exec::Argv;
use common::sys::wait::wait_for;
use rustix::fs::CWD;
use rustix::io::{Errno, Result};
use rustix::process::{Resource, getrlimit};

use super::root::Root;
use super::slots::{Goal, Key, Slot};
use super::{catch_all, entries};

/// Between two restarts of the same supervisor, ms.
const RESTART: u64 = 1000;
/// Descriptors that pidfds leave to all else: to look through the directory and start a supervisor
/// takes fewer.
const SPARE: u64 = 16;
/// The numbers that a supervisor finds its directories at.
const EVENTS_FD: RawFd = 3;
const FEED_FD: RawFd = 4;

impl Root {
    /// A slot without a supervisor that we know of: it may be there already, if our predecessor was
    /// killed or we are a new image of it. It may even have been on its way to its lock when we first
    /// looked: the one that we started then has found it, and left.
    pub(super) fn take_over_or_start(&mut self, key: Key) {
        let dir = match self.slots.all.get(&key) {
            Some(slot) => slot.open(key),
            None => return,
        };
        let holder = dir.as_ref().ok().and_then(|dir| self.holder(dir));
        if holder.is_some() {
            // What was started there may be our orphan now, or become it.
            self.slots.mark(key);
        }
        match holder.and_then(find_supervisor) {
            Some(supervisor) => {
                self.slots.supervised(key, supervisor);
                self.tell(key);
            }
            None => self.start(key, dir),
        }
    }

    /// Whether a slot's directory shows that it was supervised in this boot.
    fn holder(&self, dir: &OwnedFd) -> Option<Identity> {
        let mut buffer = [0; SIZE];
        let bytes = file::read_small(dir, c"supervise/supervisor", &mut buffer).ok()?;
        let holder = Holder::unpack(bytes)?;
        let directory = file::Inode::at(dir, c"supervise").ok()?;
        (holder.directory == directory && holder.identity.boot == self.boot)
            .then_some(holder.identity)
    }

    /// Starts a slot's supervisor; if that fails, again in a second.
    fn start(&mut self, key: Key, dir: Result<OwnedFd>) {
        let now = clock::boot();
        match dir.and_then(|dir| self.try_start(key, &dir)) {
            Ok(supervisor) => {
                self.content("start");
                self.slots.supervised(key, supervisor);
                self.tell(key);
            }
            Err(Errno::STALE | Errno::NOENT | Errno::NOTDIR) if self.is_ending(key) => {
                self.give_up(key);
            }
            // The name belongs to another directory by now: the scan knows more.
            Err(Errno::STALE | Errno::NOENT | Errno::NOTDIR) => self.retry(key, now, true),
            Err(e) => {
                let path = self.siblings.path("svc-supervise");
                let path = path.to_string_lossy();
                let why = reason(e);
                let message = format!("unable to start {path}: {why} (trying again)");
                self.complain("start", &message);
                self.retry(key, now, false);
            }
        }
    }

    fn is_ending(&self, key: Key) -> bool {
        self.slots.all.get(&key).is_some_and(|slot| slot.goal != Goal::Run)
    }

    /// A supervisor that was killed can't be replaced, as its directory is gone. The end does not wait.
    fn give_up(&mut self, key: Key) {
        if let Some(slot) = self.slots.all.get(&key) {
            let why = "its directory is gone, what may still run there is not stopped";
            self.warn(&format_args!("{}: {why}", slot.name));
        }
        self.forget(key);
    }

    fn retry(&mut self, key: Key, now: Boot, rescan: bool) {
        if self.slots.all.get(&key).is_some_and(Slot::is_wanted) {
            self.slots.start_at(key, now.after(RESTART));
        } else if let Some(slot) = self.slots.all.get_mut(&key) {
            slot.forget_start();
        }
        if rescan {
            self.rescan = Some(now.after(RESTART));
        }
    }

    fn try_start(&self, key: Key, dir: &OwnedFd) -> Result<Watched> {
        let slot = self.slots.all.get(&key).ok_or(Errno::STALE)?;
        let feed = self.feed(slot)?;
        let mut words: Vec<OsString> = vec!["svc-supervise".into()];
        words.push(format!("--under={EVENTS_FD}").into());
        words.push(format!("--boot={}", self.boot.as_str()).into());
        if let Some((_, path)) = &feed {
            words.push(format!("--input={FEED_FD}/{path}").into());
        }
        if let Some(fifos) = &self.options.log_fifos {
            words.extend(["--log-fifos".into(), fifos.clone()]);
        }
        words.extend(["--".into(), (&slot.name).into()]);
        let mut fds: Vec<(RawFd, BorrowedFd<'_>)> = vec![(EVENTS_FD, self.events.as_fd())];
        fds.extend(feed.iter().map(|(fd, _)| (FEED_FD, fd.as_fd())));
        fds.extend(self.null.iter().map(|fd| (0, fd.as_fd())));
        let outputs = self.catch_all.iter().flat_map(|it| it.outputs(it.is(slot)));
        fds.extend(outputs);
        let path = self.siblings.path("svc-supervise");
        let spawned = Child {
            path: &path,
            argv: &Argv::new(words).map_err(|_| Errno::INVAL)?,
            directory: Some(dir.as_fd()),
            fds: &fds,
            kept: None,
            open_files: Some(self.childrens_open_files()),
            group: Group::Own,
            // What is sent to it before it listens must wait.
            blocked: Blocked::All,
            sharing: Sharing::Vfork,
        }
        .spawn(&mut NoHooks)?;
        match spawned.failed {
            None => Ok(Watched::Own(spawned.pid)),
            Some(e) => {
                wait_for(spawned.pid)?;
                // ENOENT is about svc-supervise, not about the service.
                Err(if e == Errno::NOENT { Errno::NOEXEC } else { e })
            }
        }
    }

    /// A logger's input: the directory that it is below, and its path from there.
    fn feed(&self, slot: &Slot) -> Result<Option<(OwnedFd, &'static str)>> {
        Ok(match slot.service {
            Some(service) => Some((self.service_of(slot, service)?, "supervise/log")),
            None if self.is_catch_all(slot) => {
                Some((common::os::file::open_dir(CWD, c".")?, catch_all::PATH))
            }
            None => None,
        })
    }

    /// The directory of a logger's service.
    fn service_of(&self, logger: &Slot, service: Key) -> Result<OwnedFd> {
        match self.slots.all.get(&service) {
            Some(slot) => slot.open(service),
            // It has ended, and been forgotten: its directory is where the logger's is.
            None => {
                let path = logger.name.strip_suffix("/log").ok_or(Errno::STALE)?;
                entries::open(path, service)
            }
        }
    }

    /// A supervisor has died: at once, then once a second, there is a new one.
    pub(super) fn restart(&mut self, key: Key) {
        let now = clock::boot();
        let Some(slot) = self.slots.all.get(&key) else { return };
        match slot.restarted.map(|last| last.after(RESTART)) {
            Some(due) if due > now => self.slots.start_at(key, due),
            Some(_) | None => self.start_again(key, now),
        }
    }

    /// Starts a supervisor in the place of another.
    pub(super) fn start_again(&mut self, key: Key, now: Boot) {
        if let Some(slot) = self.slots.all.get_mut(&key) {
            slot.restarted = Some(now);
            self.take_over_or_start(key);
        }
    }

    /// Tells a supervisor what its slot's goal is, if it has not been told.
    pub(super) fn tell(&mut self, key: Key) {
        let Some(slot) = self.slots.all.get_mut(&key) else { return };
        let Some(supervisor) = &slot.supervisor else { return };
        if slot.told == slot.goal {
            return;
        }
        let signal = match slot.goal {
            Goal::Run => return,
            Goal::Drain => common::base::signal::Signal::HUP,
            Goal::End => common::base::signal::Signal::TERM,
        };
        slot.told = slot.goal;
        // ESRCH: it has died, and its successor will be told.
        let _ = supervisor.signal(signal);
    }
}

/// The supervisor of this identity, if it lives.
fn find_supervisor(identity: Identity) -> Option<Watched> {
    let mut watched = Watched::new(identity);
    if let Watched::Adopted(_, pidfd) = &mut watched {
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        // Without one it is looked at once a second.
        pidfd.take_if(|fd| u64::from(fd.as_raw_fd().unsigned_abs()) + SPARE >= limit);
    }
    // Looked at now: the pidfd, or our being its parent, pins it.
    (identity.look() == Found::Alive).then_some(watched)
}

impl Slot {
    /// Opens its directory: by name, or, once its entry is gone, by what was kept.
    pub(super) fn open(&self, key: Key) -> Result<OwnedFd> {
        match &self.dir {
            Some(dir) => rustix::io::fcntl_dupfd_cloexec(dir, 0),
            None => entries::open(&self.name, key),
        }
    }
}
