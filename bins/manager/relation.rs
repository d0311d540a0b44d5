//! How services relate to each other.

/// What a service does when one that it requires or wants goes down, or is no longer ready, while
/// it is itself up, although that one is still wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OnLoss {
    /// It goes down at once, and comes back when the other one is ready again. Of one that it only
    /// wants it takes no notice.
    Stop,
    /// It stays, and is restarted when the other one is ready again; before a planned restart of
    /// one that it requires it goes down.
    Restart,
    /// It stays, and is reloaded when the other one is ready again.
    Reload,
    /// It takes no notice.
    Ignore,
}

/// How one service relates to another. `a before b` is said as `b after a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// The other one is wanted with me and ready before I start; before it goes down for good, I do.
    Requires(OnLoss),
    /// One of the set of this number must be ready; else as `Requires(Stop)`. Only as many as needed
    /// are wanted with me, in the order of the links.
    AnyOf(u32),
    /// The other one is wanted with me and must be ready when I start; then it is forgotten.
    Milestone,
    /// The other one is wanted with me; no more.
    Wants(OnLoss),
    /// If both move I start after it is ready or has failed, and stop before it stops.
    After,
    /// Never up at the same time: whoever is up stays. Holds in both directions.
    Conflicts,
    /// I am wanted only while the other one is wanted, and restarted when it is restarted.
    PartOf,
}

impl Relation {
    /// The set that it is about, if it is about one.
    pub fn set(self) -> Option<u32> {
        match self {
            Relation::AnyOf(set) => Some(set),
            Relation::Requires(_)
            | Relation::Milestone
            | Relation::Wants(_)
            | Relation::After
            | Relation::Conflicts
            | Relation::PartOf => None,
        }
    }

    /// Whether I need the other one to start; of a set, one of them.
    pub fn needs(self) -> bool {
        match self {
            Relation::Requires(_) | Relation::AnyOf(_) | Relation::Milestone => true,
            Relation::Wants(_) | Relation::After | Relation::Conflicts | Relation::PartOf => false,
        }
    }

    /// Whether the other one may be wanted because I am.
    pub fn pulls(self) -> bool {
        self.needs() || matches!(self, Relation::Wants(_))
    }

    /// Whether the other one is to be settled before I start.
    pub fn orders(self) -> bool {
        self.needs() || self == Relation::After
    }

    /// Whether I stop before the other one, if both must.
    pub fn stops_first(self) -> bool {
        self.orders() && self != Relation::Milestone
    }

    /// Whether I may be restarted because the other one is.
    pub fn restarts(self) -> bool {
        match self {
            Relation::Requires(on_loss) => matches!(on_loss, OnLoss::Stop | OnLoss::Restart),
            Relation::Wants(on_loss) => on_loss == OnLoss::Restart,
            Relation::AnyOf(_) | Relation::PartOf => true,
            Relation::Milestone | Relation::After | Relation::Conflicts => false,
        }
    }
}
