//! The tree's own logger: a service whose input is what svc-scan, the supervisors and the services
//! without a logger say. It ends last.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use common::base::error::reason;
use common::os::fifo::{self, Ends};
use common::sys::fd::dup2;
use rustix::fs::Mode;
use rustix::io::{Result, fcntl_dupfd_cloexec};
use rustix::stdio::{stderr, stdout};

use super::root::Root;
use super::slots::{Goal, Key, Slot};

/// The fifo, in [`super::root::OWN`].
const FIFO: &str = "log";
/// And from the scan directory.
pub(super) const PATH: &str = ".svc-scan/log";

/// The service, and where standard output and standard error go.
pub(super) struct CatchAll {
    name: String,
    /// The fifo, as children get it: who writes waits for room. Closed once we write to it no more.
    output: Option<OwnedFd>,
    /// What ours were: the logger's own.
    pub(super) before: [OwnedFd; 2],
}

impl CatchAll {
    /// Makes the fifo ours and our children's output. `before` is what was so before a reexec.
    pub(super) fn open(name: String, own: &OwnedFd, before: Option<[OwnedFd; 2]>) -> Result<Self> {
        fifo::make(own, FIFO, Mode::RUSR | Mode::WUSR)?;
        let output = fifo::open_own(own, FIFO, Ends::Both)?;
        fifo::set_blocking(&output)?;
        // We wait for nobody: when there is no room, what we say is lost.
        let ours = fifo::open_own(own, FIFO, Ends::Both)?;
        let before = match before {
            Some(before) => before,
            None => [fcntl_dupfd_cloexec(stdout(), 3)?, fcntl_dupfd_cloexec(stderr(), 3)?],
        };
        dup2(ours.as_fd(), 1)?;
        dup2(ours.as_fd(), 2)?;
        Ok(CatchAll { name, output: Some(output), before })
    }

    pub(super) fn is(&self, slot: &Slot) -> bool {
        slot.service.is_none() && slot.name == self.name
    }

    /// The standard output and standard error of a child: of the logger's supervisor, or of another.
    pub(super) fn outputs(&self, of_logger: bool) -> Vec<(RawFd, BorrowedFd<'_>)> {
        let [out, err] = match &self.output {
            Some(fifo) if !of_logger => [fifo, fifo],
            Some(_) | None => [&self.before[0], &self.before[1]],
        };
        vec![(1, out.as_fd()), (2, err.as_fd())]
    }

    /// Gives it up, so that the logger sees the end of its input.
    fn close(&mut self) {
        self.output = None;
        // They are open, and so are 1 and 2.
        let _ = dup2(self.before[0].as_fd(), 1);
        let _ = dup2(self.before[1].as_fd(), 2);
    }
}

impl Root {
    pub(super) fn is_catch_all(&self, slot: &Slot) -> bool {
        self.catch_all.as_ref().is_some_and(|catch_all| catch_all.is(slot))
    }

    /// Opens what `--catch-all` asks for. Without it, all is said where it was.
    pub(super) fn open_catch_all(&mut self) {
        let Some(name) = self.options.catch_all.clone() else { return };
        match CatchAll::open(name, &self.own, self.options.before.take()) {
            Ok(catch_all) => self.catch_all = Some(catch_all),
            Err(e) => {
                let why = reason(e);
                self.warn(&format_args!("no catch-all logger: unable to open its fifo: {why}"));
            }
        }
    }

    /// From here on we speak for ourselves again.
    pub(super) fn close_catch_all(&mut self) {
        if let Some(catch_all) = &mut self.catch_all {
            catch_all.close();
        }
    }

    /// When nobody else is left to write to it, the catch-all logger drains.
    pub(super) fn end_catch_all(&mut self) {
        let is_left = |slot: &Slot| self.is_catch_all(self.service_slot(slot));
        if self.catch_all.is_none() || !self.slots.all.values().all(is_left) {
            return;
        }
        let left: Vec<Key> =
            self.slots.keys(|slot| slot.service.is_none() && slot.goal == Goal::Run);
        if !left.is_empty() {
            self.close_catch_all();
        }
        for key in left {
            self.drain(key);
        }
    }
}
