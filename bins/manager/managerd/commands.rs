//! What each verb of a request comes to.

use std::collections::BTreeSet;

use super::answers::Waiting;
use super::manager::Manager;
use crate::manager::engine::{Event, Failure, State, Wish};
use crate::manager::graph::{Graph, Id, Kind, Relation};
use crate::manager::request::Verb;

impl Manager {
    /// What the engine is told because of a request that was accepted, perhaps by a predecessor: then
    /// services that it has changed already are only waited for. None: tests come first.
    pub(super) fn command(&mut self, waiting: &mut Waiting) -> Option<Vec<Event>> {
        let verb = waiting.request.verb;
        match verb {
            Verb::Apply => return self.apply(waiting),
            Verb::Confirm => return Some(self.confirm(waiting)),
            Verb::Look => return Some(self.facts()),
            Verb::End => return Some(self.end(waiting)),
            Verb::Up | Verb::Once | Verb::Down | Verb::Restart | Verb::Reload | Verb::Reset => {}
        }
        let Some(targets) = self.targets(waiting) else { return Some(Vec::new()) };
        // What is held down already is not missed more for being asked again.
        let is_held = |id: &Id| self.engine.wish(*id) == Wish::Down && !self.is_active(*id);
        let is_new = !targets.iter().all(is_held);
        if verb == Verb::Down && is_new && !waiting.request.with_dependents {
            let users = self.users(&targets);
            if !users.is_empty() {
                let names: Vec<_> =
                    users.iter().map(|id| self.graph.service(*id).name.as_str()).collect();
                let text = format!("others need that: {}", names.join(" "));
                waiting.failed = true;
                waiting.lines.push(text);
                return Some(Vec::new());
            }
        }
        if self.must_test(waiting, &targets) {
            return None;
        }
        let mut events = Vec::new();
        for id in &targets {
            let known = &mut self.known[*id as usize];
            if known.request >= waiting.order && verb == Verb::Reload {
                waiting.failed = true;
                let name = &self.graph.service(*id).name;
                waiting.lines.push(format!("{name}: what came of its reload nobody knows"));
            } else if known.request < waiting.order {
                known.request = waiting.order;
                self.tell_how_often(*id, verb);
                let wish = self.wish_of(verb, *id, &targets);
                events.extend(wish.map(|wish| Event::Wish(*id, wish)));
                if matches!(verb, Verb::Up | Verb::Reset) && self.is_tried_again(*id) {
                    self.tell_to_start(*id);
                }
                match verb {
                    Verb::Restart => events.push(Event::Restart(*id)),
                    Verb::Reset => events.push(Event::Reset(*id)),
                    Verb::Reload => self.reload_on_demand(*id, waiting),
                    Verb::Up
                    | Verb::Once
                    | Verb::Down
                    | Verb::Apply
                    | Verb::Confirm
                    | Verb::Look
                    | Verb::End => {}
                }
            }
        }
        if matches!(verb, Verb::Up | Verb::Once) {
            // What they need is as urgent as they are.
            let mut needed = needed(&self.graph, &targets);
            needed.retain(|id| self.is_tried_again(*id));
            for id in needed {
                self.tell_to_start(id);
                events.push(Event::Reset(id));
            }
        }
        waiting.targets = match verb {
            Verb::Up | Verb::Once | Verb::Down => targets,
            Verb::Restart => self.with_restarted(&targets),
            Verb::Reload => std::mem::take(&mut waiting.targets),
            Verb::Reset | Verb::Apply | Verb::Confirm | Verb::Look | Verb::End => BTreeSet::new(),
        };
        Some(events)
    }

    /// Its supervisor waits before it starts it again: who asks for it need not.
    fn is_tried_again(&self, id: Id) -> bool {
        self.engine.state(id) == State::Starting
            && matches!(self.engine.failure(id), Some(Failure::Died(_)))
    }

    /// The services that are named; none if one is unknown, which is the answer.
    fn targets(&self, waiting: &mut Waiting) -> Option<BTreeSet<Id>> {
        let mut targets = BTreeSet::new();
        let known = |id: Id| &self.known[id as usize];
        // What is gone only has to go down yet.
        let find = |name: &String| self.graph.find(name).filter(|id| known(*id).gone.is_none());
        let ids: Vec<_> = waiting.request.names.iter().map(find).collect();
        // A predecessor has carried it out: of what has gone since, nothing is asked any more.
        let is_begun = ids.iter().flatten().any(|id| known(*id).request == waiting.order);
        for (name, id) in waiting.request.names.iter().zip(ids) {
            match id {
                Some(id) => drop(targets.insert(id)),
                None if is_begun => {}
                None => {
                    waiting.failed = true;
                    waiting.lines.push(format!("there is no service {name}"));
                }
            }
        }
        (!waiting.failed).then_some(targets)
    }

    fn wish_of(&self, verb: Verb, id: Id, targets: &BTreeSet<Id>) -> Option<Wish> {
        let pulled = || {
            let mut edges = self.graph.incoming(id).iter();
            edges.any(|edge| {
                edge.relation.pulls()
                    && self.engine.is_needed(edge.other)
                    && !targets.contains(&edge.other)
            })
        };
        match verb {
            Verb::Up => Some(Wish::Up),
            Verb::Once => Some(Wish::Once),
            // What others want is held down; what nobody wants goes down by itself.
            Verb::Down if pulled() => Some(Wish::Down),
            Verb::Down => Some(Wish::None),
            Verb::Restart if !self.engine.is_needed(id) => Some(Wish::Up),
            Verb::Restart
            | Verb::Reload
            | Verb::Reset
            | Verb::Apply
            | Verb::Confirm
            | Verb::Look
            | Verb::End => None,
        }
    }

    /// Those that are wanted and need one of these, however far away.
    fn users(&self, targets: &BTreeSet<Id>) -> BTreeSet<Id> {
        let needs = |relation: Relation| relation.needs() && relation != Relation::Milestone;
        let mut all = reach(&self.graph, targets, needs);
        all.retain(|id| self.engine.is_needed(*id) && !targets.contains(id));
        // A set without a process is not one that would be missed, if all it is for goes too.
        all.retain(|id| self.graph.service(*id).kind != Kind::Group);
        all
    }

    /// These, and those that run and are restarted with them.
    pub(super) fn with_restarted(&self, targets: &BTreeSet<Id>) -> BTreeSet<Id> {
        let mut all = reach(&self.graph, targets, Relation::restarts);
        all.retain(|id| targets.contains(id) || self.is_active(*id));
        all
    }

    pub(super) fn is_active(&self, id: Id) -> bool {
        !matches!(self.engine.state(id), State::Down | State::Failed)
    }
}

/// What these bring up with them.
fn needed(graph: &Graph, targets: &BTreeSet<Id>) -> BTreeSet<Id> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<Id> = targets.iter().copied().collect();
    while let Some(id) = left.pop() {
        let edges = graph.outgoing(id).iter().filter(|edge| edge.relation.pulls());
        left.extend(edges.map(|edge| edge.other).filter(|other| reached.insert(*other)));
    }
    reached
}

/// Those that lead to one of these by such edges, and these.
pub(super) fn reach(
    graph: &Graph,
    targets: &BTreeSet<Id>,
    follow: impl Fn(Relation) -> bool,
) -> BTreeSet<Id> {
    let mut reached = targets.clone();
    let mut left: Vec<Id> = targets.iter().copied().collect();
    while let Some(id) = left.pop() {
        for edge in graph.incoming(id).iter().filter(|edge| follow(edge.relation)) {
            if reached.insert(edge.other) {
                left.push(edge.other);
            }
        }
    }
    reached
}
