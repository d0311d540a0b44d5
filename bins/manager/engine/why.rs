//! Why a service is not where it is wanted, down to the root.

use super::Engine;
use super::event::{Cause, Failure, State, Wish};
use crate::manager::condition::Test;
use crate::manager::graph::{Edge, Id, Relation};

impl Engine {
    /// The causal chain: each cause is that of the service beside it, and leads to the next one.
    /// Empty when it is ready, as it is wanted.
    pub fn why(&self, id: Id) -> Vec<(Id, Cause)> {
        let mut chain: Vec<(Id, Cause)> = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next
            && chain.iter().all(|(seen, _)| *seen != id)
            && let Some(cause) = self.cause(id)
        {
            chain.push((id, cause));
            next = cause.leads_to();
        }
        chain
    }

    /// Of each service the end of its causal chain, as `why` has it; found for all at once.
    pub fn roots(&self) -> Vec<Option<(Id, Cause)>> {
        let mut roots: Vec<Option<(Id, Cause)>> = vec![None; self.entries.len()];
        let mut is_known = vec![false; self.entries.len()];
        let mut path: Vec<(Id, Cause)> = Vec::new();
        for id in self.graph.ids() {
            let mut next = Some(id);
            while let Some(id) = next
                && !std::mem::replace(&mut is_known[id as usize], true)
                && let Some(cause) = self.cause(id)
            {
                path.push((id, cause));
                next = cause.leads_to();
            }
            // One that is on the way itself, or has no cause, adds nothing.
            let beyond = next.and_then(|id| roots[id as usize]);
            let root = beyond.or(path.last().copied());
            path.drain(..).for_each(|(id, _)| roots[id as usize] = root);
        }
        roots
    }

    /// Whether it won't be ready by itself: not if all that it waits for is being started, be it again.
    pub fn is_stuck(&self, id: Id) -> bool {
        let root = self.why(id).last().map(|(_, cause)| *cause);
        let moves = matches!(
            root,
            Some(
                Cause::UnderWay
                    | Cause::Restarting
                    | Cause::Limit
                    | Cause::After(_)
                    | Cause::StopsAfter(_)
                    | Cause::Failed(Failure::Died(_))
            )
        );
        self.is_stalled(id) && !moves
    }

    /// By whom it is needed: itself, who pulls it, and so on to one that somebody asked for.
    /// Empty when it is not needed.
    pub fn wanted_by(&self, id: Id) -> Vec<Id> {
        let mut found = vec![(id, 0)];
        let mut place = 0;
        while self.entry(id).needed && place < found.len() {
            let at = found[place].0;
            if self.entry(at).is_wished() {
                return chain(&found, place);
            }
            let needed = self.pullers(at).filter(|puller| self.entry(*puller).needed);
            for puller in needed.collect::<Vec<_>>() {
                if found.iter().all(|(seen, _)| *seen != puller) {
                    found.push((puller, place));
                }
            }
            place += 1;
        }
        Vec::new()
    }

    /// The tests that keep its condition from holding.
    pub fn unmet(&self, id: Id) -> Vec<&Test> {
        let value = |fact: &str| self.facts.get(fact).map(String::as_str);
        let when = self.graph.service(id).when.as_ref();
        when.map_or(Vec::new(), |when| when.unmet(value))
    }

    /// The nearest cause of its not being up and ready or, if it must go down, of that.
    pub(super) fn cause(&self, id: Id) -> Option<Cause> {
        let entry = self.entry(id);
        if entry.shown.leaving && entry.state != State::Stopping && entry.users > 0 {
            return self.last_user(id).map(Cause::StopsAfter);
        }
        self.closed(id)
            .or_else(|| (entry.counts.away > 0).then(|| self.lacking(id)).flatten())
            .or_else(|| entry.restarting.then_some(Cause::Restarting))
            .or_else(|| entry.failure.map(Cause::Failed))
            .or_else(|| match entry.state {
                State::Down | State::Failed => self.blocked(id),
                State::Ready if !entry.shown.leaving => None,
                State::Starting | State::Up | State::Ready if entry.counts.broken > 0 => {
                    self.lacking(id)
                }
                State::Starting | State::Up | State::Ready | State::Stopping => {
                    Some(Cause::UnderWay)
                }
            })
    }

    /// Why it is not open.
    fn closed(&self, id: Id) -> Option<Cause> {
        let entry = self.entry(id);
        let whole =
            |edge: &&Edge| edge.relation == Relation::PartOf && !self.entry(edge.other).open;
        if entry.open {
            None
        } else if entry.wish == Wish::Down {
            Some(Cause::HeldDown)
        } else if !entry.is_wished() && entry.pulls == 0 {
            Some(Cause::Unwanted)
        } else if let Some(edge) = self.graph.outgoing(id).iter().find(whole) {
            Some(Cause::PartOf(edge.other))
        } else {
            Some(Cause::Condition)
        }
    }

    /// Why it is down although it is open.
    fn blocked(&self, id: Id) -> Option<Cause> {
        let counts = self.entry(id).counts;
        let edges = self.graph.outgoing(id);
        let other = |is: &dyn Fn(&Edge) -> bool| edges.iter().find(|edge| is(edge));
        if counts.unready > 0 && counts.stalled > 0 {
            return self.lacking(id);
        }
        let conflict = |edge: &Edge| {
            edge.relation == Relation::Conflicts && self.entry(edge.other).shown.active
        };
        if let Some(edge) = other(&conflict) {
            return Some(Cause::Conflicts(edge.other));
        }
        if counts.unready > 0 {
            return self.lacking(id);
        }
        let ahead = |edge: &Edge| {
            let shown = self.entry(edge.other).shown;
            edge.relation == Relation::After && (shown.coming || shown.leaving)
        };
        other(&ahead).map(|edge| Cause::After(edge.other)).or(Some(Cause::Limit))
    }

    /// The one that it needs and lacks: rather one that is to be down, or won't come by itself.
    fn lacking(&self, id: Id) -> Option<Cause> {
        let edges = self.graph.outgoing(id);
        let first = |is: &dyn Fn(&Edge) -> bool| edges.iter().find(|edge| is(edge));
        let shown = |edge: &Edge| self.entry(edge.other).shown;
        let set = |edge: &Edge| edge.relation.set().map(|set| self.sets[set as usize]);
        // Of a set, those that are wanted say more than the others.
        let chosen = |edge: &Edge| {
            edge.relation.set().is_none_or(|set| self.chosen.contains(&(set, edge.other)))
        };
        let lacks = |edge: &Edge| match set(edge) {
            Some(set) => set.usable == 0,
            None => edge.relation.needs() && (!shown(edge).ready || shown(edge).leaving),
        };
        let away = |edge: &Edge| match set(edge) {
            Some(set) => set.away == set.members && chosen(edge),
            None => edge.relation.needs() && edge.relation.stops_first() && shown(edge).away,
        };
        let is_stuck = |edge: &Edge| set(edge).is_none_or(|set| set.stalled == set.members);
        let stuck =
            |edge: &Edge| lacks(edge) && shown(edge).stalled && is_stuck(edge) && chosen(edge);
        let comes = |edge: &Edge| lacks(edge) && !shown(edge).stalled && chosen(edge);
        let edge = first(&away).or_else(|| first(&stuck)).or_else(|| first(&comes));
        edge.or_else(|| first(&lacks)).map(|edge| match edge.relation.set() {
            Some(_) => Cause::NeedsOneOf(edge.other),
            None => Cause::Needs(edge.other),
        })
    }

    /// One that must go down before it.
    fn last_user(&self, id: Id) -> Option<Id> {
        let before =
            |edge: &&Edge| edge.relation.stops_first() && self.entry(edge.other).shown.leaving;
        self.graph.incoming(id).iter().find(before).map(|edge| edge.other)
    }
}

/// The way from the first of a search to the one at this place; each knows the place it came from.
fn chain(found: &[(Id, usize)], mut place: usize) -> Vec<Id> {
    let mut chain = vec![found[place].0];
    while place > 0 {
        place = found[place].1;
        chain.push(found[place].0);
    }
    chain.reverse();
    chain
}
