//! Bringing the slots in line with the scan directory.

use common::base::error::reason;
use common::base::stamp::Boot;
use common::format::letters::NAME_FOLLOWS;
use common::os::clock;
use common::os::fifo::{self, Ends};
use common::os::file::open_dir;
use rustix::fs::CWD;

use super::entries::{self, Entries};
use super::root::Root;
use super::slots::{Goal, Key, Slot};

/// When a scan directory that could not be read is read again, ms.
const RESCAN: u64 = 5000;

impl Root {
    /// Looks for new, changed and removed entries; starts what is new and stops nothing.
    pub(super) fn scan(&mut self) {
        self.rescan = None;
        if self.ending.is_some() {
            return;
        }
        let entries = match entries::read() {
            Ok(entries) => entries,
            Err(e) => {
                let why = reason(e);
                self.complain(".", &format_args!("unable to read the scan directory: {why}"));
                self.rescan = Some(clock::boot().after(RESCAN));
                return;
            }
        };
        self.content(".");
        self.report_bad(&entries);
        self.deactivate(&entries);
        let now = clock::boot();
        for (key, names) in &entries.services {
            self.activate(*key, &names[0], names, None, now);
        }
        for (key, service) in &entries.loggers {
            let name = self.slots.all.get(service).map(|slot| format!("{}/log", slot.name));
            if let Some(name) = name {
                self.activate(*key, &name, std::slice::from_ref(&name), Some(*service), now);
            }
        }
        self.slots.tidy();
    }

    fn report_bad(&mut self, entries: &Entries) {
        for (name, why) in &entries.bad {
            self.complain(&format!("entry {name}"), &format_args!("{name}: {why}: left out"));
        }
        self.content_unless(|about| {
            about.strip_prefix("entry ").is_none_or(|name| entries.bad.contains_key(name))
        });
    }

    /// What is no longer there is not stopped, but not started again either.
    fn deactivate(&mut self, entries: &Entries) {
        for (key, slot) in &mut self.slots.all {
            let found = if key.is_log {
                entries.loggers.contains_key(key)
            } else {
                entries.services.contains_key(key)
            };
            if slot.active && !found {
                slot.active = false;
                slot.forget_start();
                // By name it can't be found any more; its supervisor is still in it.
                let pid = slot.supervisor.as_ref().map(|watched| watched.pid().as_raw_pid());
                slot.dir = pid.and_then(|pid| open_dir(CWD, format!("/proc/{pid}/cwd")).ok());
            }
        }
    }

    /// Takes an entry in: a new one is started, a renamed one is told its name.
    fn activate(
        &mut self,
        key: Key,
        name: &str,
        names: &[String],
        service: Option<Key>,
        now: Boot,
    ) {
        if let Some(service) = service {
            self.slots.serves(key, service);
        }
        let Some(slot) = self.slots.all.get_mut(&key) else {
            self.slots.all.insert(key, Slot::new(name.to_owned(), service));
            return self.take_over_or_start(key);
        };
        slot.service = service;
        if !slot.active {
            slot.active = true;
            slot.dir = None;
            slot.forget_drain();
            slot.goal = Goal::Run;
        }
        if !names.contains(&slot.name) {
            name.clone_into(&mut slot.name);
            tell_name(slot);
        }
        if slot.supervisor.is_none() && slot.start_due().is_none() {
            self.slots.start_at(key, now);
        }
    }

    /// Stops what was gone at the last scan. A logger whose service goes on drains, without a limit:
    /// the service writes to it until its next start.
    pub(super) fn prune(&mut self, loggers: Goal) {
        for key in self.slots.keys(|slot| !slot.active) {
            let Some(slot) = self.slots.all.get(&key) else { continue };
            let goal = match slot.service {
                None => Goal::End,
                Some(_) if loggers == Goal::End => Goal::End,
                // With its service: when that has ended.
                Some(service) if self.slots.all.get(&service).is_some_and(|s| !s.active) => {
                    continue;
                }
                // They share the service's fifo, of which the old one would never see the end.
                Some(service) if self.has_logger(service) => Goal::End,
                Some(_) => loggers,
            };
            self.aim(key, goal);
        }
    }

    /// Whether a service has a logger, be it one that has taken another's place.
    fn has_logger(&self, service: Key) -> bool {
        let loggers = self.slots.loggers_of(service);
        loggers.iter().any(|key| self.slots.all.get(key).is_some_and(|slot| slot.active))
    }

    /// Sets a goal for a slot, and tells its supervisor. A goal is only ever raised.
    pub(super) fn aim(&mut self, key: Key, goal: Goal) {
        let Some(slot) = self.slots.all.get_mut(&key) else { return };
        slot.goal = slot.goal.max(goal);
        match (&slot.supervisor, slot.is_unfinished()) {
            (Some(_), _) => self.tell(key),
            // What a killed supervisor left needs another one to stop it, and to tell finish.
            (None, true) => {
                let due = slot.start_due().unwrap_or_else(clock::boot);
                self.slots.start_at(key, due);
            }
            (None, false) => self.forget(key),
        }
    }
}

/// Writes a service's new name to its supervisor. If that fails it goes by the old one.
fn tell_name(slot: &Slot) {
    if slot.supervisor.is_none() {
        return;
    }
    let control = format!("{}/supervise/control", slot.name);
    if let Ok(fd) = fifo::open(CWD, control.as_str(), Ends::Write) {
        let line = format!("{}{}\n", char::from(NAME_FOLLOWS), slot.name);
        // Full: its reader is far behind, and the name is only for show.
        let _ = rustix::io::write(&fd, line.as_bytes());
    }
}
