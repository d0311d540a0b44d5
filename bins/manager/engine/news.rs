//! What an event says about the service that it is about.

use common::base::death::Death;

use super::Engine;
use super::event::{Cause, Event, Failure, State, Wish};
use crate::manager::graph::{Id, Kind};

impl Engine {
    pub(super) fn take(&mut self, now: u64, event: Event) {
        match event {
            Event::Wish(id, wish) => self.wished(id, wish),
            Event::Restart(id) => self.restart(id),
            Event::Reset(id) => self.reset(id),
            Event::Started(id) => self.started(now, id),
            Event::Ready(id) => self.ready(id),
            Event::NotReady(id) => self.not_ready(now, id),
            Event::Died(id, death) => self.died(id, death),
            Event::Ended(id, death) => self.ended(id, death),
            Event::Fact(fact, value) => self.fact(fact, value),
        }
    }

    fn wished(&mut self, id: Id, wish: Wish) {
        let is_oneshot = self.graph.service(id).kind == Kind::Oneshot;
        let is_done = is_oneshot && self.entry(id).state == State::Ready;
        // What a oneshot is to do once may be done already.
        self.remembered(id).wish = if is_done && wish == Wish::Once { Wish::None } else { wish };
        self.doubt(id);
        if self.entry(id).is_wished() {
            self.reset(id);
        }
    }

    fn restart(&mut self, id: Id) {
        let entry = self.remembered(id);
        entry.restarting = entry.is_active() && entry.state != State::Stopping;
        self.touch(id);
        self.forget(id);
    }

    /// What is late stays so: it is under way still, and nothing would say again that it is late.
    fn reset(&mut self, id: Id) {
        let entry = self.entry(id);
        let is_late =
            matches!(entry.failure, Some(Failure::StartTimedOut | Failure::ReadyTimedOut));
        if !is_late || !matches!(entry.state, State::Starting | State::Up) {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: Id) {
        let entry = self.entry(id);
        let state = if entry.state == State::Failed { State::Down } else { entry.state };
        if entry.failure.is_some() {
            self.enter(id, state, None, entry.due, None);
        }
    }

    fn started(&mut self, now: u64, id: Id) {
        let service = self.graph.service(id);
        let (kind, has_readiness) = (service.kind, service.has_readiness);
        let (start, ready) = (service.start_timeout, service.ready_timeout);
        match (self.entry(id).state, kind) {
            (State::Down | State::Starting | State::Failed, Kind::Daemon) if has_readiness => {
                let failure = self.entry(id).failure;
                self.enter(id, State::Up, failure, due(now, ready), None);
            }
            (State::Down | State::Starting | State::Failed, Kind::Daemon) => self.ready(id),
            (State::Down | State::Failed, Kind::Oneshot) => {
                self.enter(id, State::Starting, None, due(now, start), None);
            }
            (State::Starting, Kind::Oneshot)
            | (State::Up | State::Ready | State::Stopping, _)
            | (_, Kind::Group) => {}
        }
    }

    fn ready(&mut self, id: Id) {
        if self.graph.service(id).kind != Kind::Group && self.entry(id).state != State::Stopping {
            self.enter(id, State::Ready, None, None, None);
        }
    }

    fn not_ready(&mut self, now: u64, id: Id) {
        if self.graph.service(id).kind == Kind::Daemon && self.entry(id).state == State::Ready {
            let limit = self.graph.service(id).ready_timeout;
            self.enter(id, State::Up, None, due(now, limit), None);
        }
    }

    fn died(&mut self, id: Id, death: Death) {
        if self.graph.service(id).kind == Kind::Daemon && self.entry(id).state != State::Stopping {
            let failure = Failure::Died(death);
            self.enter(id, State::Starting, Some(failure), None, Some(Cause::Failed(failure)));
        }
    }

    fn ended(&mut self, id: Id, death: Death) {
        let entry = self.entry(id);
        let (state, failure, was_once) = (entry.state, entry.failure, entry.wish == Wish::Once);
        let oneshot = match self.graph.service(id).kind {
            Kind::Daemon => false,
            Kind::Oneshot => true,
            Kind::Group => return,
        };
        let success = death.is_success();
        // A oneshot that is up has no process, and one that is down may have stopped again.
        let stray = oneshot && (state == State::Ready || success && !entry.is_active());
        if state == State::Stopping {
            return self.enter(id, State::Down, None, None, None);
        } else if stray {
            return;
        } else if oneshot && success {
            self.enter(id, State::Ready, None, None, None);
        } else if entry.shown.leaving || was_once && success {
            self.enter(id, State::Down, None, None, None);
        } else {
            let killed = oneshot && failure == Some(Failure::StartTimedOut);
            let failure = if killed { Failure::StartTimedOut } else { Failure::Ended(death) };
            self.enter(id, State::Failed, Some(failure), None, Some(Cause::Failed(failure)));
        }
        if was_once {
            self.remembered(id).wish = Wish::None;
            self.doubt(id);
        }
    }

    fn fact(&mut self, fact: String, value: Option<String>) {
        let graph = std::rc::Rc::clone(&self.graph);
        let listeners = graph.listeners(&fact);
        if listeners.is_empty() {
            return;
        }
        match value {
            Some(value) => self.facts.insert(fact, value),
            None => self.facts.remove(&fact),
        };
        for id in listeners {
            self.entry_mut(*id).holds = self.unmet(*id).is_empty();
            self.in_doubt.push(*id);
        }
    }

    /// What has lasted too long: it has failed, as far as others are concerned.
    pub(super) fn take_dues(&mut self, now: u64) {
        while let Some((due, id)) = self.dues.first().copied()
            && due <= now
        {
            let oneshot = self.graph.service(id).kind == Kind::Oneshot;
            let state = self.entry(id).state;
            let failure = match state {
                State::Starting => Some(Failure::StartTimedOut),
                State::Up => Some(Failure::ReadyTimedOut),
                State::Down | State::Ready | State::Stopping | State::Failed => None,
            };
            self.enter(id, state, failure, None, failure.map(Cause::Failed));
            if state == State::Stopping || oneshot {
                self.actions.push(super::Action::Kill(id));
            }
        }
    }
}

/// When a limit in milliseconds is over; 0 is none.
pub(super) fn due(now: u64, limit: u32) -> Option<u64> {
    (limit > 0).then(|| now.saturating_add(limit.into()))
}
