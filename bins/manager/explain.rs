//! Why a service is where it is, in facts: who wants it, what keeps it from being ready, down to the
//! root, how its process fares, and what would help. Programs differ in the commands that they name.

use common::base::death::Death;
use common::base::stamp::{Boot, Wall};
use common::format::status::{Status, Wanted};
use common::os::clock;
use common::os::process::BootId;

use super::engine::{Cause, Engine, Failure, State, Wish};
use super::graph::{Id, Kind};
use super::graph_file::words;
use super::places::{ONESHOT, Places};
use super::reasons;
use super::view::{Sources, View};
use crate::tree::client::Service;

/// What is known, to explain it.
#[derive(Clone, Copy)]
pub(crate) struct Explanation<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) view: &'a View,
    pub(crate) engine: &'a Engine,
}

/// A step of the chain to the root cause.
pub(crate) struct Step {
    pub(crate) id: Id,
    pub(crate) cause: Cause,
    /// In words, with the tests that do not hold, and since when.
    pub(crate) text: String,
}

/// How the process of a service fares.
#[derive(Default)]
pub(crate) struct Fares {
    /// How it last ended, and whether memory ran out then.
    pub(crate) death: Option<(Death, bool)>,
    /// How often it was started again; none: it has no supervisor.
    pub(crate) restarts: Option<u64>,
    /// In how many milliseconds it is tried again.
    pub(crate) retry: Option<u64>,
    /// What becomes of it if nothing happens before, and in how many milliseconds.
    pub(crate) due: Option<(&'static str, u64)>,
}

/// What is worth a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Asking for it.
    Up(Id),
    /// Asking that it be down.
    Down(Id),
    /// A restart.
    Restart(Id),
    /// Forgetting its failure.
    Reset(Id),
    /// Waiting for it.
    Wait(Id),
    /// Reading its log.
    Log(Id),
    /// Asking why of another.
    Why(Id),
    /// Telling the manager to look at the facts.
    Look(Id),
}

impl Explanation<'_> {
    /// The word for its state.
    pub(crate) fn word(&self, id: Id) -> &'static str {
        match self.view.damaged.contains(&id) {
            true => "unknown",
            false => self.engine.state(id).word(),
        }
    }

    /// Whether it is not in the live generation any more.
    pub(crate) fn is_gone(&self, id: Id) -> bool {
        let row = self.view.rows.as_ref().and_then(|rows| rows.get(id as usize));
        row.is_some_and(|row| row.gone.is_some())
    }

    /// Since when it is in its state. Who has never been anywhere else has no time.
    pub(crate) fn since(&self, id: Id) -> Option<Wall> {
        let row = self.view.rows.as_ref()?.get(id as usize)?;
        (row.since != Wall(0)).then_some(row.since)
    }

    /// By whom it is needed, up to the one that was asked for: lines, each with the name of who is
    /// in it, if anybody.
    pub(crate) fn wanted(&self, id: Id) -> Vec<(String, Option<Id>)> {
        let chain = self.engine.wanted_by(id);
        let Some(last) = chain.last() else {
            let how = match self.engine.wish(id) {
                Wish::Up | Wish::Once => "it was asked for, but what it is part of is not wanted",
                Wish::None | Wish::Down => "by nobody",
            };
            return vec![(how.to_owned(), None)];
        };
        let mut lines: Vec<_> =
            chain.windows(2).map(|pair| (self.pulls(pair[1], pair[0]), Some(pair[1]))).collect();
        let is_enabled = self.view.boot.contains(last);
        let how = match self.engine.wish(*last) {
            Wish::Up if is_enabled => "is enabled",
            Wish::Up | Wish::None | Wish::Down => "was asked for",
            Wish::Once => "was asked for once",
        };
        lines.push((format!("{} {how}", self.view.name(*last)), Some(*last)));
        lines
    }

    fn pulls(&self, by: Id, of: Id) -> String {
        let edges = self.engine.graph().outgoing(by).iter().filter(|edge| edge.other == of);
        let mut edges = edges.filter(|edge| edge.relation.pulls());
        let word = edges.next().map_or("needs", |edge| words(edge.relation).0);
        let (by, of) = (self.view.name(by), self.view.name(of));
        match word {
            "any-of" => format!("{by} needs one of several, as {of}"),
            "milestone" => format!("{by} needs that {of} was ready once"),
            word => format!("{by} {word} {of}"),
        }
    }

    /// The chain to the root cause, which is the last step. Empty: it is ready, as it is wanted.
    pub(crate) fn steps(&self, id: Id) -> Vec<Step> {
        let step = |(id, cause)| Step { id, cause, text: self.step(id, cause) };
        self.engine.why(id).into_iter().map(step).collect()
    }

    fn step(&self, id: Id, cause: Cause) -> String {
        let mut what = reasons::step(self.engine.graph(), id, cause);
        if cause == Cause::Condition {
            what += &format!(" ({})", reasons::tests(self.engine, id));
        }
        let since = self.since(id).map(|since| format!(" (since {})", since.iso()));
        what + &since.unwrap_or_default()
    }

    /// What its supervisor knows: of this boot, or nothing.
    pub(crate) fn status(&self, id: Id) -> Option<Status> {
        let service = self.engine.graph().service(id);
        let places = Places::below(&self.sources.dir);
        let parent = match service.kind {
            Kind::Daemon => places.scan,
            Kind::Oneshot => places.manager.join(ONESHOT),
            Kind::Group => return None,
        };
        let live = Service::open(parent.join(&service.name).as_os_str()).ok()?;
        let boot = BootId::now();
        live.status().ok()?.filter(|status| status.boot.is_none_or(|of| of == boot))
    }

    /// How it last ended, how often it was started, and what is to come.
    pub(crate) fn fares(&self, id: Id) -> Fares {
        let now = clock::boot();
        let mut fares = Fares::default();
        if let Some(status) = self.status(id) {
            fares.death = status.last_run.map(|death| (death, status.oom));
            fares.restarts = Some(status.starts.saturating_sub(1));
            let next = status.start_due.filter(|_| status.wanted != Wanted::Down);
            fares.retry = next.map(|due| due.since(now));
        }
        let due = self.engine.memory(id).due.filter(|_| self.engine.failure(id).is_none());
        let what = match self.engine.state(id) {
            State::Stopping => "KILL",
            State::Down | State::Starting | State::Up | State::Ready | State::Failed => "failure",
        };
        fares.due = due.map(|due| (what, Boot(due).since(now)));
        fares
    }

    /// What is worth a try at a root.
    pub(crate) fn advice(&self, id: Id, cause: Cause) -> Vec<Advice> {
        match cause {
            Cause::Unwanted if self.is_gone(id) => Vec::new(),
            Cause::Unwanted | Cause::HeldDown => vec![Advice::Up(id)],
            // It would go on if the manager knew the facts.
            Cause::Limit if self.engine.graph().service(id).when.is_some() => {
                vec![Advice::Look(id)]
            }
            Cause::Condition => vec![Advice::Look(id)],
            Cause::Failed(Failure::Died(_)) => vec![Advice::Log(id)],
            Cause::Failed(Failure::Ended(_) | Failure::StartTimedOut) => {
                vec![Advice::Log(id), Advice::Reset(id)]
            }
            Cause::Failed(Failure::ReadyTimedOut) => vec![Advice::Log(id), Advice::Restart(id)],
            Cause::Conflicts(other) => vec![Advice::Down(other)],
            Cause::UnderWay | Cause::Restarting | Cause::Limit => vec![Advice::Wait(id)],
            Cause::PartOf(other)
            | Cause::Needs(other)
            | Cause::NeedsOneOf(other)
            | Cause::After(other)
            | Cause::StopsAfter(other) => vec![Advice::Why(other)],
        }
    }
}

impl Fares {
    /// The parts of a line for people.
    pub(crate) fn parts(&self) -> Vec<String> {
        let death =
            self.death.map(|(death, oom)| format!("last end: {}", reasons::of_end(death, oom)));
        let restarts = self.restarts.filter(|count| *count > 0);
        let restarts = restarts.map(|count| format!("restarts: {count}"));
        let retry = self.retry.map(|ms| format!("next start: in {}", seconds(ms)));
        let due = self
            .due
            .map(|(what, ms)| format!("{what}: in {}, if nothing happens before", seconds(ms)));
        [death, restarts, retry, due].into_iter().flatten().collect()
    }
}

/// So many milliseconds, in seconds.
pub(crate) fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
