//! The end: of one service that was removed, and of the whole tree.

use common::format::status::{SIZE, Status};
use common::os::{clock, file};
use common::prelude::*;

use super::root::{Ending, OWN, Root};
use super::slots::{Goal, Key, Slot};

impl Root {
    /// Stops everything, and ends when nothing is left.
    pub(super) fn end(&mut self, ending: Ending) {
        self.ending = Some(ending);
        let at_once =
            |slot: &Slot| slot.service.is_none() && !self.is_last(slot) && !self.is_catch_all(slot);
        for key in self.slots.keys(|slot| ending == Ending::Quit || at_once(slot)) {
            self.aim(key, Goal::End);
        }
        // Loggers without a service of theirs have nothing to wait for.
        let orphaned = |root: &Root, key: &Key| {
            let slot = root.slots.all.get(key);
            slot.and_then(|s| s.service)
                .is_some_and(|service| !root.slots.all.contains_key(&service))
        };
        for key in self.slots.keys(|slot| slot.service.is_some()) {
            if orphaned(self, &key) {
                self.drain(key);
            }
        }
    }

    fn is_last(&self, slot: &Slot) -> bool {
        slot.service.is_none() && self.options.last.contains(&slot.name)
    }

    /// The service that a slot is, or is the logger of.
    pub(super) fn service_slot<'a>(&'a self, slot: &'a Slot) -> &'a Slot {
        slot.service.and_then(|key| self.slots.all.get(&key)).unwrap_or(slot)
    }

    /// When all others have ended, those that are to end after them are stopped.
    fn end_last(&mut self) {
        let is_late = |slot: &Slot| {
            let service = self.service_slot(slot);
            self.is_last(service) || self.is_catch_all(service)
        };
        if self.options.last.is_empty() || !self.slots.all.values().all(is_late) {
            return;
        }
        for key in self.slots.keys(|slot| self.is_last(slot) && slot.goal == Goal::Run) {
            self.aim(key, Goal::End);
        }
    }

    /// A slot whose supervisor has ended for good; its logger is next.
    pub(super) fn forget(&mut self, key: Key) {
        let gone = self.slots.all.remove(&key);
        let ended = gone.is_some_and(|slot| slot.service.is_none() && slot.goal != Goal::Run);
        if !ended && self.ending.is_none() {
            return;
        }
        for logger in self.slots.loggers_of(key) {
            self.drain(logger);
        }
    }

    /// Nobody of ours writes to a logger any more: it ends at the end of its input, or by TERM when
    /// a stray writer keeps that from coming.
    pub(super) fn drain(&mut self, key: Key) {
        let goal = self.slots.all.get(&key).map(|slot| slot.goal);
        if goal.is_some_and(|goal| goal < Goal::End) {
            self.slots.drain_until(key, clock::boot().after(self.options.timeout_eof));
        }
        self.aim(key, Goal::Drain);
    }

    /// Ends when the last supervisor has.
    pub(super) fn end_if_done(&mut self) {
        match self.ending {
            Some(_) if self.slots.all.is_empty() => self.finish(),
            Some(_) => {
                self.end_last();
                self.end_catch_all();
            }
            None => {}
        }
    }

    /// Becomes `.svc-scan/finish`, if there is one. Process 1 has nowhere else to go.
    pub(super) fn finish(&mut self) {
        self.close_catch_all();
        let finish = self.hook("finish");
        self.over = match finish {
            Some(path) => Some(self.become_hook(path)),
            None if rustix::process::getpid().as_raw_pid() == 1 => {
                self.complain("finish", &format_args!("no {OWN}/finish to run: staying"));
                self.ending = None;
                None
            }
            None => Some(Next::Exit(0)),
        };
    }
}

/// Whether a supervisor that is gone had done all that it was to do: its status says that it left.
pub(super) fn is_done(slot: &Slot, key: Key) -> bool {
    let mut buffer = [0; SIZE];
    let status = slot.open(key).ok().and_then(|dir| {
        Status::unpack(file::read_small(&dir, c"supervise/status", &mut buffer).ok()?)
    });
    status.is_some_and(|status| status.left)
}
