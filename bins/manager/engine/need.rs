//! Who is needed: what somebody asked for, and what that pulls with it.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Engine;
use super::event::Wish;
use crate::manager::graph::{Edge, Id, Relation};

impl Engine {
    /// Follows all changes of wishes, conditions and choices until who is needed is known.
    pub(super) fn spread_needs(&mut self) {
        loop {
            while let Some(id) = self.in_doubt.pop() {
                let entry = self.entry(id);
                let needed = (entry.is_wished() || entry.pulls > 0) && !entry.is_held();
                self.set_needed(id, needed);
            }
            let Some(id) = self.suspects.pop_first() else { break };
            self.review_knot(id);
        }
    }

    fn set_needed(&mut self, id: Id, needed: bool) {
        let graph = Rc::clone(&self.graph);
        self.touch(id);
        let entry = self.entry_mut(id);
        let was_needed = std::mem::replace(&mut entry.needed, needed);
        let open = needed && entry.holds;
        let was_open = std::mem::replace(&mut entry.open, open);
        if needed != was_needed {
            for edge in graph.outgoing(id) {
                match edge.relation {
                    Relation::Requires(_) | Relation::Milestone | Relation::Wants(_) => {
                        self.pull(edge.other, needed);
                    }
                    Relation::AnyOf(set) if needed => {
                        self.choices.insert(set);
                        // Before it is needed, only one that is restored has chosen.
                        if self.chosen.contains(&(set, edge.other)) {
                            self.pull(edge.other, true);
                        }
                    }
                    Relation::AnyOf(set) => {
                        if self.chosen.remove(&(set, edge.other)) {
                            self.changed.insert(id);
                            self.pull(edge.other, false);
                        }
                    }
                    Relation::After | Relation::Conflicts | Relation::PartOf => {}
                }
            }
        }
        if open != was_open {
            let parts = graph.incoming(id).iter().filter(|edge| edge.relation == Relation::PartOf);
            for part in parts {
                let closed = &mut self.entry_mut(part.other).closed;
                *closed = if open { *closed - 1 } else { *closed + 1 };
                self.in_doubt.push(part.other);
            }
        }
    }

    fn pull(&mut self, id: Id, needed: bool) {
        let pulls = &mut self.entry_mut(id).pulls;
        *pulls = if needed { *pulls + 1 } else { *pulls - 1 };
        if needed { self.in_doubt.push(id) } else { self.doubt(id) }
    }

    /// It has lost a wish or a pull.
    pub(super) fn doubt(&mut self, id: Id) {
        self.in_doubt.push(id);
        if self.entry(id).pulls > 0
            && let Some(knot) = self.graph.knot(id)
        {
            self.suspects.extend(knot.first());
        }
    }

    /// Of services that pull each other in a circle, those lose their need that nobody asked for
    /// and nobody outside pulls: counting alone would keep them for ever.
    fn review_knot(&mut self, id: Id) {
        let graph = Rc::clone(&self.graph);
        let knot = graph.knot(id).unwrap_or(&[]);
        let is_in = |id| graph.knot(id).is_some_and(|other| other.first() == knot.first());
        let (mut kept, mut open) = (BTreeSet::new(), knot.to_vec());
        while let Some(id) = open.pop() {
            let needed = |id| if is_in(id) { kept.contains(&id) } else { self.entry(id).needed };
            if !is_in(id) || kept.contains(&id) || !self.is_kept(id, needed) {
                continue;
            }
            kept.insert(id);
            let pulled = graph.outgoing(id).iter().filter(|edge| edge.relation.pulls());
            let parts = graph.incoming(id).iter().filter(|edge| edge.relation == Relation::PartOf);
            open.extend(pulled.chain(parts).map(|edge| edge.other));
        }
        for id in knot.iter().filter(|id| !kept.contains(id)) {
            if self.entry(*id).needed {
                self.set_needed(*id, false);
            }
        }
    }

    /// Whether a service is needed, given which others are.
    fn is_kept(&self, id: Id, needed: impl Fn(Id) -> bool) -> bool {
        let parts = |edge: &&Edge| edge.relation == Relation::PartOf;
        let is_open = |edge: &Edge| needed(edge.other) && self.entry(edge.other).holds;
        let entry = self.entry(id);
        entry.wish != Wish::Down
            && self.graph.outgoing(id).iter().filter(parts).all(is_open)
            && (entry.is_wished() || self.pullers(id).any(&needed))
    }

    /// Those that pull it whenever they are needed.
    pub(super) fn pullers(&self, id: Id) -> impl Iterator<Item = Id> {
        let pulls = move |relation: Relation| match relation.set() {
            Some(set) => self.chosen.contains(&(set, id)),
            None => relation.pulls(),
        };
        let incoming = self.graph.incoming(id).iter();
        incoming.filter(move |edge| pulls(edge.relation)).map(|edge| edge.other)
    }

    /// Has more members of a set wanted while none that is wanted may come to be ready. None is
    /// dropped again as long as the set is needed: what comes back late disturbs nothing.
    pub(super) fn choose(&mut self, set: u32) {
        let graph = Rc::clone(&self.graph);
        let (owner, members) = graph.set(set);
        let is_chosen = |id: Id| self.chosen.contains(&(set, id));
        let may_come = |id: Id| !self.entry(id).shown.stalled;
        let any_chosen = members.iter().any(|member| is_chosen(member.other));
        let hope = members.iter().any(|edge| is_chosen(edge.other) && may_come(edge.other));
        if !self.entry(owner).needed || hope {
            return;
        }
        let pick =
            |is: &dyn Fn(Id) -> bool| members.iter().map(|edge| edge.other).find(|id| is(*id));
        let comes = |id: Id| self.entry(id).needed && may_come(id);
        let choice = pick(&|id| self.entry(id).shown.ready && comes(id))
            .or_else(|| pick(&comes))
            .or_else(|| pick(&may_come))
            .or_else(|| pick(&|_| !any_chosen));
        if let Some(id) = choice
            && self.chosen.insert((set, id))
        {
            self.changed.insert(owner);
            self.pull(id, true);
        }
    }
}
