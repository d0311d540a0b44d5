//! From what has changed to what is to be done: who is needed, what each shows to the others, who
//! must choose; and only when all of that is settled, who acts.

use std::rc::Rc;

use super::Engine;
use super::entry::Counts;
use super::event::{Action, Cause, Failure, State};
use super::news::due;
use crate::manager::graph::{Id, Kind, OnLoss, Relation};

impl Engine {
    /// Stops come before starts, and both in the order of ranks: it is the same in each run.
    pub(super) fn settle(&mut self, now: u64) {
        loop {
            self.spread_needs();
            if let Some(rank) = self.touched.pop_first() {
                self.wholes.insert(rank);
                self.moved.insert(rank);
                self.show(self.graph.at_rank(rank));
            } else if let Some(set) = self.choices.pop_first() {
                self.choose(set);
            } else if let Some(rank) = self.wholes.pop_first() {
                self.restart_parts(self.graph.at_rank(rank));
            } else if let Some(rank) = self.moved.pop_first() {
                self.act(now, self.graph.at_rank(rank));
            } else if self.starting < self.limit
                && let Some(rank) = self.runnable.pop_first()
            {
                self.start(now, self.graph.at_rank(rank));
            } else {
                break;
            }
        }
    }

    /// Shows its neighbours what has changed.
    pub(super) fn show(&mut self, id: Id) {
        let graph = Rc::clone(&self.graph);
        let new = self.entry(id).show();
        let old = std::mem::replace(&mut self.entry_mut(id).shown, new);
        if new == old {
            return;
        }
        for edge in graph.incoming(id) {
            let (before, after) = if let Some(set) = edge.relation.set() {
                if new.stalled != old.stalled {
                    self.choices.insert(set);
                }
                let set = &mut self.sets[set as usize];
                let before = set.counts();
                set.change(old, new);
                (before, set.counts())
            } else {
                (Counts::of(edge.relation, old), Counts::of(edge.relation, new))
            };
            if before != after {
                self.entry_mut(edge.other).counts.change(before, after);
                self.touch(edge.other);
            }
        }
        if new.leaving == old.leaving {
            return;
        }
        for edge in graph.outgoing(id) {
            if edge.relation.stops_first() {
                let users = &mut self.entry_mut(edge.other).users;
                *users = if new.leaving { *users + 1 } else { *users - 1 };
                self.moved.insert(graph.rank(edge.other));
            }
        }
    }

    /// Does what a service is to do now, or notes that it may start.
    fn act(&mut self, now: u64, id: Id) {
        let entry = self.entry(id);
        if entry.state == State::Failed && !entry.open {
            self.enter(id, State::Down, None, None, None);
        } else if entry.may_stop() {
            self.stop(now, id);
        }
        let rank = self.graph.rank(id);
        if self.entry(id).may_start() {
            self.runnable.insert(rank);
        } else {
            self.runnable.remove(&rank);
        }
    }

    /// Whoever goes down but is still open: its parts go with it, and come back.
    fn restart_parts(&mut self, id: Id) {
        let graph = Rc::clone(&self.graph);
        let entry = self.entry(id);
        let tell = entry.shown.leaving && entry.open && !entry.parts_told;
        let told = entry.shown.leaving && (entry.parts_told || tell);
        if told != entry.parts_told {
            self.remembered(id).parts_told = told;
        }
        if !tell {
            return;
        }
        for edge in graph.incoming(id) {
            let part = self.entry(edge.other);
            if edge.relation == Relation::PartOf
                && part.is_active()
                && part.state != State::Stopping
            {
                self.remembered(edge.other).restarting = true;
                self.touch(edge.other);
            }
        }
    }

    fn start(&mut self, now: u64, id: Id) {
        let service = self.graph.service(id);
        match service.kind {
            Kind::Daemon | Kind::Oneshot => {
                let due = due(now, service.start_timeout);
                self.enter(id, State::Starting, None, due, None);
                self.actions.push(Action::Start(id));
            }
            Kind::Group => self.enter(id, State::Ready, None, None, None),
        }
    }

    fn stop(&mut self, now: u64, id: Id) {
        let service = self.graph.service(id);
        let cause = self.cause(id);
        match service.kind {
            Kind::Daemon | Kind::Oneshot => {
                let due = due(now, service.stop_timeout);
                self.enter(id, State::Stopping, None, due, cause);
                self.actions.push(Action::Stop(id));
            }
            Kind::Group => self.enter(id, State::Down, None, None, cause),
        }
    }

    /// The one place where states change.
    pub(super) fn enter(
        &mut self,
        id: Id,
        state: State,
        failure: Option<Failure>,
        due: Option<u64>,
        cause: Option<Cause>,
    ) {
        self.changes = self.changes.saturating_add(1);
        let changes = self.changes;
        let entry = self.remembered(id);
        let old = (entry.state, entry.failure, entry.due, entry.is_starting(), entry.is_active());
        let (old_state, old_failure, old_due, was_starting, was_active) = old;
        (entry.state, entry.failure, entry.due) = (state, failure, due);
        if old_state == State::Ready && state != State::Ready {
            entry.lost = changes;
        }
        if entry.is_active() && !was_active {
            entry.started = changes;
        }
        entry.restarting &= entry.is_active();
        let is_starting = entry.is_starting();
        self.starting = self.starting + usize::from(is_starting) - usize::from(was_starting);
        if let Some(old_due) = old_due {
            self.dues.remove(&(old_due, id));
        }
        self.dues.extend(due.map(|due| (due, id)));
        self.touch(id);
        if (old_state, old_failure) != (state, failure) {
            self.actions.push(Action::Note(id, state, cause));
        }
        if old_state != State::Ready && state == State::Ready {
            self.came_back(id);
        }
    }

    /// It is ready, perhaps again: those that went on without it do what their edges say.
    fn came_back(&mut self, id: Id) {
        let graph = Rc::clone(&self.graph);
        let lost = self.entry(id).lost;
        for edge in graph.incoming(id) {
            let (Relation::Requires(on_loss) | Relation::Wants(on_loss)) = edge.relation else {
                continue;
            };
            let user = self.entry(edge.other);
            let missed = user.started < lost;
            match (user.state, on_loss) {
                (State::Starting | State::Up | State::Ready, OnLoss::Restart) if missed => {
                    self.remembered(edge.other).restarting = true;
                    self.touch(edge.other);
                }
                (State::Up | State::Ready, OnLoss::Reload) if missed => {
                    self.actions.push(Action::Reload(edge.other));
                }
                _ => {}
            }
        }
    }
}
