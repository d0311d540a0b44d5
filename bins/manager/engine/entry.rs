//! What the engine remembers of one service, and what it shows of it to its neighbours.
//!
//! A neighbour never looks at an entry: it keeps counts of what was shown to it, so that whether a
//! service may start or must stop is known without a look at any edge.

use super::event::{Failure, State, Wish};
use crate::manager::graph::{OnLoss, Relation};

/// What others are concerned with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shown {
    pub(super) ready: bool,
    /// Something of it may run.
    pub(super) active: bool,
    /// Not ready or about to be so no longer, and won't be again by itself.
    pub(super) stalled: bool,
    /// It is to be down, apart from restarts.
    pub(super) away: bool,
    /// Active, and must go down first.
    pub(super) leaving: bool,
    /// Not ready, and will be if all goes well.
    pub(super) coming: bool,
}

impl Shown {
    fn usable(self) -> bool {
        self.ready && !self.leaving
    }
}

/// How many of those that a service has a relation to ...
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Counts {
    /// ... keep it from starting, because it needs them.
    pub(super) unready: u32,
    /// ... make it go down.
    pub(super) broken: u32,
    /// ... it needs and are to be down themselves.
    pub(super) away: u32,
    /// ... it needs and won't be ready by themselves.
    pub(super) stalled: u32,
    /// ... it starts after and are moving.
    pub(super) ahead: u32,
    /// ... it conflicts with and are active.
    pub(super) conflicts: u32,
}

impl Counts {
    /// What one that shows this counts for. The members of a set count together: see [`Set`].
    pub(super) fn of(relation: Relation, shown: Shown) -> Counts {
        let mut counts = Counts::default();
        match relation {
            Relation::Requires(on_loss) => {
                counts.unready = u32::from(!shown.usable());
                counts.stalled = u32::from(shown.stalled);
                counts.away = u32::from(shown.away);
                counts.broken = u32::from(match on_loss {
                    OnLoss::Stop => !shown.usable(),
                    OnLoss::Restart => shown.leaving || shown.away,
                    OnLoss::Reload | OnLoss::Ignore => shown.away,
                });
            }
            Relation::Milestone => {
                counts.unready = u32::from(!shown.usable());
                counts.stalled = u32::from(shown.stalled);
            }
            Relation::After => counts.ahead = u32::from(shown.coming || shown.leaving),
            Relation::Conflicts => counts.conflicts = u32::from(shown.active),
            Relation::AnyOf(_) | Relation::Wants(_) | Relation::PartOf => {}
        }
        counts
    }

    /// What counted as `old` counts as `new` from now on.
    pub(super) fn change(&mut self, old: Counts, new: Counts) {
        self.unready = self.unready + new.unready - old.unready;
        self.broken = self.broken + new.broken - old.broken;
        self.away = self.away + new.away - old.away;
        self.stalled = self.stalled + new.stalled - old.stalled;
        self.ahead = self.ahead + new.ahead - old.ahead;
        self.conflicts = self.conflicts + new.conflicts - old.conflicts;
    }
}

/// A set of which one is needed: how many of its members are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Set {
    pub(super) members: u32,
    pub(super) usable: u32,
    pub(super) stalled: u32,
    pub(super) away: u32,
}

impl Set {
    /// What the set counts for with the service that needs one of it.
    pub(super) fn counts(self) -> Counts {
        let none = u32::from(self.usable == 0);
        Counts {
            unready: none,
            broken: none,
            away: u32::from(self.away == self.members),
            stalled: u32::from(self.stalled == self.members),
            ..Counts::default()
        }
    }

    /// A member that showed `old` shows `new`.
    pub(super) fn change(&mut self, old: Shown, new: Shown) {
        self.usable = self.usable + u32::from(new.usable()) - u32::from(old.usable());
        self.stalled = self.stalled + u32::from(new.stalled) - u32::from(old.stalled);
        self.away = self.away + u32::from(new.away) - u32::from(old.away);
    }
}

/// One service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) wish: Wish,
    pub(super) state: State,
    pub(super) failure: Option<Failure>,
    /// When `state` has lasted too long.
    pub(super) due: Option<u64>,
    /// Asked for or needed, and not held down.
    pub(super) needed: bool,
    /// Its condition holds.
    pub(super) holds: bool,
    /// Needed, and its condition holds.
    pub(super) open: bool,
    /// It goes down for a restart.
    pub(super) restarting: bool,
    /// Its parts were told that it goes down.
    pub(super) parts_told: bool,
    /// The change of state at which it was started, or was ready no longer.
    pub(super) started: u64,
    pub(super) lost: u64,
    /// How many that are needed pull it.
    pub(super) pulls: u32,
    /// How many that it is part of are not open.
    pub(super) closed: u32,
    /// How many are to stop before it.
    pub(super) users: u32,
    pub(super) counts: Counts,
    pub(super) shown: Shown,
}

impl Entry {
    /// Down whoever needs it.
    pub(super) fn is_held(&self) -> bool {
        self.wish == Wish::Down || self.closed > 0
    }

    /// Somebody asks for it to be up.
    pub(super) fn is_wished(&self) -> bool {
        match self.wish {
            Wish::Up | Wish::Once => true,
            Wish::None | Wish::Down => false,
        }
    }

    /// Something of it may run.
    pub(super) fn is_active(&self) -> bool {
        match self.state {
            State::Starting | State::Up | State::Ready | State::Stopping => true,
            State::Down | State::Failed => false,
        }
    }

    /// What is to be shown of it now.
    pub(super) fn show(&self) -> Shown {
        let ready = self.state == State::Ready;
        let active = self.is_active();
        let away = !self.open || self.counts.away > 0;
        let must_go = away || self.counts.broken > 0 || self.restarting;
        let blocked =
            self.failure.is_some() || self.counts.stalled > 0 || self.counts.conflicts > 0;
        let stalled = self.is_held() || !self.holds || !ready && blocked;
        Shown {
            ready,
            active,
            away,
            stalled,
            leaving: self.state == State::Stopping || active && must_go,
            coming: !ready && !stalled && !away,
        }
    }

    /// Whether it is down and nothing keeps it from starting but the limit.
    pub(super) fn may_start(&self) -> bool {
        let Counts { unready, broken: _, away, stalled: _, ahead, conflicts } = self.counts;
        self.state == State::Down && self.open && unready + away + ahead + conflicts == 0
    }

    /// Whether it runs, must go down, and nobody is to go before it.
    pub(super) fn may_stop(&self) -> bool {
        self.is_active() && self.state != State::Stopping && self.shown.leaving && self.users == 0
    }

    /// Whether it takes one of the places that a limit of concurrent starts leaves.
    pub(super) fn is_starting(&self) -> bool {
        self.state == State::Starting && self.failure.is_none()
    }
}
