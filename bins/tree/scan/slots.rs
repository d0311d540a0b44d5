//! The services that svc-scan knows, and what it wants of each. A service is known by the device and
//! inode of its directory: a rename is no restart.

use std::collections::BTreeMap;
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
    pub(super) marked: bool,
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
    pub(super) start_due: Option<Boot>,
    /// When a logger that drains is told to end.
    pub(super) drain_due: Option<Boot>,
}

impl Slot {
    pub(super) fn new(name: String, service: Option<Key>) -> Slot {
        Slot {
            name,
            service,
            supervisor: None,
            marked: false,
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
}

/// All of them.
#[derive(Default)]
pub(super) struct Slots {
    pub(super) all: BTreeMap<Key, Slot>,
    /// The supervisors that are our children.
    children: BTreeMap<i32, Key>,
}

impl Slots {
    /// Notes the supervisor of a slot.
    pub(super) fn supervised(&mut self, key: Key, supervisor: Watched) {
        if let Some(slot) = self.all.get_mut(&key) {
            if let Watched::Own(pid) = &supervisor {
                self.children.insert(pid.as_raw_pid(), key);
            }
            slot.supervisor = Some(supervisor);
            slot.told = Goal::Run;
            slot.start_due = None;
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

    /// The keys that a condition holds for.
    pub(super) fn keys(&self, mut condition: impl FnMut(&Slot) -> bool) -> Vec<Key> {
        self.all.iter().filter(|(_, slot)| condition(slot)).map(|(key, _)| *key).collect()
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Option<Boot> {
        self.all.values().flat_map(|slot| [slot.start_due, slot.drain_due]).flatten().min()
    }
}
