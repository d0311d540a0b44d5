//! What the engine is told, what it says is to be done, and the words for both.

use common::base::death::Death;

use crate::manager::graph::Id;

/// What somebody has asked for, of one service. It is remembered until something else is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wish {
    /// Nothing: it is up while others need it.
    #[default]
    None,
    /// Down, whoever needs it.
    Down,
    /// Up until it has ended, or as a oneshot is done; then nothing.
    Once,
    /// Up.
    Up,
}

/// Where a service is. Blocked is none of these: it is a `Down` with a cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing of it runs.
    #[default]
    Down,
    /// It was told to start, or the tree starts it again after a death.
    Starting,
    /// It runs and is not ready yet.
    Up,
    /// Those who need it may start.
    Ready,
    /// It was told to stop.
    Stopping,
    /// Down, and not tried again until a wish, a restart or a reset, or until it was not wanted or
    /// its condition did not hold for a while.
    Failed,
}

/// What went wrong with a service itself, since it was last told to start or was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Its process died; the tree starts it again.
    Died(Death),
    /// It ended for good: a daemon by its restart policy, or a oneshot's start failed.
    Ended(Death),
    /// Not started in time.
    StartTimedOut,
    /// Started but not ready in time. It is left alone, and may yet be ready.
    ReadyTimedOut,
}

/// What happened. A manager that takes over tells a new engine all wishes, facts and states in one
/// step; what an engine did not expect, it takes as news.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Somebody asks for something. `Up` and `Once` also reset.
    Wish(Id, Wish),
    /// Down and up again, dependents first and last, if it is up; a failure is forgotten.
    Restart(Id),
    /// Its failure is forgotten: it is tried again. Who is late still is late.
    Reset(Id),
    /// Its process is there; of a oneshot: its start command.
    Started(Id),
    /// A daemon is ready, or a oneshot was found started.
    Ready(Id),
    /// It runs but is no longer ready.
    NotReady(Id),
    /// A daemon's process died, and the tree will start it again.
    Died(Id, Death),
    /// A daemon is down and the tree won't start it; a oneshot's start or stop command has ended.
    /// This is the answer to `Stop`, even if nothing ran any more.
    Ended(Id, Death),
    /// A fact has this value, or is gone.
    Fact(String, Option<String>),
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Start it: as its wish says, once or for good.
    Start(Id),
    /// Stop it; of a oneshot whose start command runs: end that, then run the stop command.
    Stop(Id),
    /// It had its time to stop, or a oneshot its time to start: KILL it.
    Kill(Id),
    /// Tell it to read its configuration again.
    Reload(Id),
    /// Its state has changed, and why if it is not simply on its way to what is wanted.
    Note(Id, State, Option<Cause>),
}

impl Action {
    /// Whom it starts or stops, if that is what it does.
    pub fn target(self) -> Option<Id> {
        match self {
            Action::Start(id) | Action::Stop(id) | Action::Kill(id) => Some(id),
            Action::Reload(_) | Action::Note(..) => None,
        }
    }
}

/// Why a service is not up and ready, or not yet down: one step towards the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nobody asked for it, and nobody who is wanted needs it.
    Unwanted,
    /// Somebody asked for it to be down.
    HeldDown,
    /// It is part of this one, which is not wanted or whose condition does not hold.
    PartOf(Id),
    /// Its condition does not hold.
    Condition,
    /// It failed itself.
    Failed(Failure),
    /// It needs this one, which is not ready or must go down.
    Needs(Id),
    /// It needs one of a set; this is the first that it waits for.
    NeedsOneOf(Id),
    /// This one, with which it conflicts, is up.
    Conflicts(Id),
    /// It starts after this one, which is on its way up or down.
    After(Id),
    /// It stops after this one, which is on its way down.
    StopsAfter(Id),
    /// As many others are starting as may at the same time.
    Limit,
    /// It is being restarted.
    Restarting,
    /// It was told to start or to stop, and has not answered yet.
    UnderWay,
}

impl Cause {
    /// Where to look on.
    pub fn leads_to(self) -> Option<Id> {
        match self {
            Cause::PartOf(id)
            | Cause::Needs(id)
            | Cause::NeedsOneOf(id)
            | Cause::Conflicts(id)
            | Cause::After(id)
            | Cause::StopsAfter(id) => Some(id),
            Cause::Unwanted
            | Cause::HeldDown
            | Cause::Condition
            | Cause::Failed(_)
            | Cause::Limit
            | Cause::Restarting
            | Cause::UnderWay => None,
        }
    }
}
