//! The services that svc-scan knows, and what it wants of each. A service is known by the device and
//! inode of its directory: a rename is no restart.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;

use common::base::stamp::Boot;
use common::os::process::Watched;
use rustix::process::Pid;

/// What tells a service from every other: its directory, and whether it is one's `log/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) is_log: bool,
}

/// What a supervisor is to do, by rising urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Goal {
    /// Supervise.
    Run,
    /// End when nobody writes to its logger any more.
    Drain,
    /// Stop the service and end.
    End,
}

/// One service, or one logger.
pub(super) struct Slot {
    /// The entry's name; a logger's ends in "/log".
    pub(super) name: String,
    /// For a logger, whose it is.
    pub(super) service: Option<Key>,
    /// Its supervisor, while there is one.
    pub(super) supervisor: Option<Watched>,
    /// A supervisor of it died: its process may be among our orphans.
    marked: bool,
    /// A supervisor of it died, and what it left has not been taken over by the next one: a process, or
    /// the end of one, which finish has not been told.
    is_unfinished: bool,
    /// The process on record when it died, as far as we have looked.
    pub(super) orphan: Option<Pid>,
    /// Found at the last scan.
    pub(super) active: bool,
    pub(super) goal: Goal,
    /// What its present supervisor was told.
    pub(super) told: Goal,
    /// Its directory, kept open once its entry is gone.
    pub(super) dir: Option<OwnedFd>,
    /// When a supervisor was last restarted.
    pub(super) restarted: Option<Boot>,
    /// When a supervisor is to be started.
    start_due: Option<Boot>,
    /// When a logger that drains is told to end.
    drain_due: Option<Boot>,
}

impl Slot {
    pub(super) fn new(name: String, service: Option<Key>) -> Slot {
        Slot {
            name,
            service,
            supervisor: None,
            marked: false,
            is_unfinished: false,
            orphan: None,
            active: true,
            goal: Goal::Run,
            told: Goal::Run,
            dir: None,
            restarted: None,
            start_due: None,
            drain_due: None,
        }
    }

    /// Whether there should be a supervisor.
    pub(super) fn is_wanted(&self) -> bool {
        self.active || self.goal != Goal::Run
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }

    pub(super) fn unmark(&mut self) {
        self.marked = false;
    }

    pub(super) fn start_due(&self) -> Option<Boot> {
        self.start_due
    }

    pub(super) fn forget_start(&mut self) {
        self.start_due = None;
    }

    pub(super) fn drain_due(&self) -> Option<Boot> {
        self.drain_due
    }

    pub(super) fn forget_drain(&mut self) {
        self.drain_due = None;
    }
}

/// All of them. The lists beside them tell about which of them something may have to be done: one
/// that is in a list without need is taken out when it is next looked at. So what happens to one
/// service costs the same however many there are.
#[derive(Default)]
pub(super) struct Slots {
    pub(super) all: BTreeMap<Key, Slot>,
    /// The supervisors that are our children.
    children: BTreeMap<i32, Key>,
    /// Those with a supervisor that is not our child.
    inherited: BTreeSet<Key>,
    /// Those that are marked.
    marked: BTreeSet<Key>,
    /// Those that wait for a time.
    dated: BTreeSet<Key>,
    /// The loggers of each service.
    loggers: BTreeMap<Key, Vec<Key>>,
}

impl Slots {
    /// Notes the supervisor of a slot.
    pub(super) fn supervised(&mut self, key: Key, supervisor: Watched) {
        if let Some(slot) = self.all.get_mut(&key) {
            match &supervisor {
                Watched::Own(pid) => {
                    self.children.insert(pid.as_raw_pid(), key);
                }
                Watched::Adopted(..) => {
                    self.inherited.insert(key);
                }
            }
            slot.supervisor = Some(supervisor);
            slot.told = Goal::Run;
            slot.start_due = None;
            slot.is_unfinished = false;
        }
    }

    /// Forgets a child that died; whose supervisor it was, if it was one.
    pub(super) fn forget_child(&mut self, pid: Pid) -> Option<Key> {
        self.children.remove(&pid.as_raw_pid())
    }

    /// Whether a child is a supervisor.
    pub(super) fn is_supervisor(&self, pid: Pid) -> bool {
        self.children.contains_key(&pid.as_raw_pid())
    }

    /// Notes that a slot's process may be among our orphans.
    pub(super) fn mark(&mut self, key: Key) {
        if let Some(slot) = self.all.get_mut(&key) {
            (slot.marked, slot.is_unfinished) = (true, true);
            self.marked.insert(key);
        }
    }

    /// Those that are marked.
    pub(super) fn marked(&mut self) -> Vec<Key> {
        let all = &self.all;
        self.marked.retain(|key| all.get(key).is_some_and(|slot| slot.marked));
        self.marked.iter().copied().collect()
    }

    /// Forgets the inherited supervisors that are none any more.
    pub(super) fn sort_inherited(&mut self) {
        let all = &self.all;
        self.inherited.retain(|key| {
            let slot = all.get(key);
            matches!(slot.and_then(|slot| slot.supervisor.as_ref()), Some(Watched::Adopted(..)))
        });
    }

    /// The supervisors that are not our children, and where they are.
    pub(super) fn inherited(&self) -> impl Iterator<Item = (Key, &Watched)> {
        let supervisor = |key: &Key| self.all.get(key).and_then(|slot| slot.supervisor.as_ref());
        self.inherited.iter().filter_map(move |key| Some((*key, supervisor(key)?)))
    }

    /// Says when a supervisor is to be started.
    pub(super) fn start_at(&mut self, key: Key, due: Boot) {
        if let Some(slot) = self.all.get_mut(&key) {
            slot.start_due = Some(due);
            self.dated.insert(key);
        }
    }

    /// Says when a logger that drains is told to end.
    pub(super) fn drain_until(&mut self, key: Key, due: Boot) {
        if let Some(slot) = self.all.get_mut(&key) {
            slot.drain_due = Some(due);
            self.dated.insert(key);
        }
    }

    /// Those that wait for a time for which a condition holds.
    pub(super) fn dated(&self, condition: impl Fn(&Slot) -> bool) -> Vec<Key> {
        let holds = |key: &Key| self.all.get(key).is_some_and(&condition);
        self.dated.iter().copied().filter(holds).collect()
    }

    /// When something is due next.
    pub(super) fn next_due(&mut self) -> Option<Boot> {
        let dues = |slot: &Slot| slot.start_due.into_iter().chain(slot.drain_due).min();
        let all = &self.all;
        self.dated.retain(|key| all.get(key).and_then(dues).is_some());
        self.dated.iter().filter_map(|key| all.get(key).and_then(dues)).min()
    }

    /// Notes whose logger a slot is.
    pub(super) fn serves(&mut self, logger: Key, service: Key) {
        let loggers = self.loggers.entry(service).or_default();
        if !loggers.contains(&logger) {
            loggers.push(logger);
        }
    }

    /// The loggers of a service.
    pub(super) fn loggers_of(&self, service: Key) -> Vec<Key> {
        let serves =
            |key: &Key| self.all.get(key).is_some_and(|slot| slot.service == Some(service));
        self.loggers.get(&service).into_iter().flatten().copied().filter(serves).collect()
    }

    /// Drops what has neither a supervisor nor a need for one.
    pub(super) fn tidy(&mut self) {
        self.all.retain(|_, slot| slot.supervisor.is_some() || slot.is_wanted());
        let all = &self.all;
        self.loggers.retain(|service, loggers| {
            loggers.retain(|key| all.get(key).is_some_and(|slot| slot.service == Some(*service)));
            !loggers.is_empty()
        });
    }

    /// The keys that a condition holds for.
    pub(super) fn keys(&self, mut condition: impl FnMut(&Slot) -> bool) -> Vec<Key> {
        self.all.iter().filter(|(_, slot)| condition(slot)).map(|(key, _)| *key).collect()
    }
}
