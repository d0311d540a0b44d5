//! The dependency engine: who is to be up, and what to do next to get there.
//!
//! Pure: no I/O, no clock, no randomness. [`Engine::step`] takes what happened and the time, and
//! returns what to do; the same inputs give the same actions in the same order. A step costs in
//! proportion to the edges of the services whose situation changes.
//!
//! **Needed** is who has the wish `Up` or `Once`, or is pulled by one that is needed (`requires`,
//! `wants`, milestones, the chosen of an any-of), unless its own wish is `Down` or it is part of one
//! that is not *open*. **Open** is who is needed while its condition holds. So a wish is never
//! forgotten, whatever fails meanwhile, and what nobody needs any more goes down by itself.
//!
//! The invariants. Tests check them over all histories of small graphs and random ones of large:
//!
//! 1. A service is started only when each one that it requires, one of each any-of, and each of its
//!    milestones is ready and not about to stop; when none that it is `after` is on its way up or
//!    down; when none that it conflicts with is up; and when it is open.
//! 2. A service is stopped only when it must go, and nobody who requires it, or is after it, and
//!    must go too is still up.
//! 3. Who must go: who is not open; who needs one that must go for good or, by the policy of the
//!    edge, that was lost or is restarted; who is being restarted. Nobody else is stopped.
//! 4. Nothing waits without a cause: when nothing is under way, each service that is needed is
//!    ready or stalled, and each that is not is down. Its causes lead to one that failed, is held
//!    down, whose condition does not hold, or that is up and conflicts.
//! 5. What could start or stop is started or stopped in the same step, up to the limit of
//!    concurrent starts.
//! 6. What is known is what follows from the memories and the graph: an engine that is restored from
//!    them is the same, and goes on in the same way.
//! 7. When failures end, all services end in the same states, whatever happened before (conflicts,
//!    any-ofs and milestones apart: there, who is up stays).
//! 8. Each state with a limit names when it is over; a service that outlives it is said to have
//!    failed, those who wait for it stop waiting, and if it comes to be ready late they go on.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::graph::{Graph, Id};
use entry::{Entry, Set};
pub use event::{Action, Cause, Event, Failure, State, Wish};
pub use memory::Memory;

mod entry;
mod event;
mod memory;
mod need;
mod news;
pub mod record;
mod restore;
mod settle;
pub mod simulate;
mod why;
mod words;

/// The engine. All sets are ordered, the services in them by their rank unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Engine {
    graph: Rc<Graph>,
    entries: Vec<Entry>,
    sets: Vec<Set>,
    /// The members of sets that are pulled.
    chosen: BTreeSet<(u32, Id)>,
    /// The facts that somebody's condition looks at.
    facts: BTreeMap<String, String>,
    /// How many may start at the same time, and how many do.
    limit: usize,
    starting: usize,
    /// How many changes of state there were.
    changes: u64,
    dues: BTreeSet<(u64, Id)>,
    /// Of whom what must not be forgotten has changed.
    changed: BTreeSet<Id>,
    /// By id: who may be needed no longer, or newly.
    in_doubt: Vec<Id>,
    /// Knots, by their first service, in which a pull was lost.
    suspects: BTreeSet<Id>,
    /// Whose looks may have changed.
    touched: BTreeSet<u32>,
    /// Sets of which another member may have to be wanted.
    choices: BTreeSet<u32>,
    /// Whose parts may have to go with it.
    wholes: BTreeSet<u32>,
    /// Who may have to act.
    moved: BTreeSet<u32>,
    /// Who may start as soon as the limit allows it.
    runnable: BTreeSet<u32>,
    actions: Vec<Action>,
}

impl Engine {
    /// One in which all is down, without wishes and facts. At most `limit` services start at the
    /// same time (`None`: any number).
    pub fn new(graph: Rc<Graph>, limit: Option<usize>) -> Engine {
        Engine::restore(graph, limit, 0, [], |_| Memory::default()).0
    }

    /// Takes what happened until `now`, in milliseconds of any clock that does not go back; returns
    /// what to do, in order. Due times that have come count as having happened last.
    pub fn step(&mut self, now: u64, events: impl IntoIterator<Item = Event>) -> Vec<Action> {
        for event in events {
            self.take(now, event);
        }
        self.take_dues(now);
        self.settle(now);
        std::mem::take(&mut self.actions)
    }

    /// When to come back with a step, if nothing happens before.
    pub fn next_due(&self) -> Option<u64> {
        self.dues.first().map(|(due, _)| *due)
    }

    /// The graph that it works on.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What was asked for, of this service.
    pub fn wish(&self, id: Id) -> Wish {
        self.entry(id).wish
    }

    /// Where it is.
    pub fn state(&self, id: Id) -> State {
        self.entry(id).state
    }

    /// What went wrong with it, since it was last told to start or was ready.
    pub fn failure(&self, id: Id) -> Option<Failure> {
        self.entry(id).failure
    }

    /// Whether it is asked for or needed, and not held down.
    pub fn is_needed(&self, id: Id) -> bool {
        self.entry(id).needed
    }

    /// Whether it goes down for a restart.
    pub fn is_restarting(&self, id: Id) -> bool {
        self.entry(id).restarting
    }

    /// Whether it is up and must go, be it to come back.
    pub fn is_leaving(&self, id: Id) -> bool {
        self.entry(id).shown.leaving
    }

    /// Whether it is not ready and can't be unless something else changes.
    pub fn is_stalled(&self, id: Id) -> bool {
        self.entry(id).shown.stalled
    }

    /// Whether an answer or a due time is awaited: without one, nothing will change.
    pub fn is_under_way(&self) -> bool {
        let waits = |entry: &Entry| match entry.state {
            State::Starting | State::Up => entry.failure.is_none(),
            State::Stopping => true,
            State::Down | State::Ready | State::Failed => false,
        };
        self.entries.iter().any(waits)
    }

    fn entry(&self, id: Id) -> &Entry {
        &self.entries[id as usize]
    }

    fn entry_mut(&mut self, id: Id) -> &mut Entry {
        &mut self.entries[id as usize]
    }

    /// To change what must not be forgotten.
    fn remembered(&mut self, id: Id) -> &mut Entry {
        self.changed.insert(id);
        self.entry_mut(id)
    }

    fn touch(&mut self, id: Id) {
        self.touched.insert(self.graph.rank(id));
    }
}

#[cfg(test)]
mod engine_tests;
#[cfg(test)]
mod exhaustive;
#[cfg(test)]
pub(super) mod random;
#[cfg(test)]
pub(super) mod world;
