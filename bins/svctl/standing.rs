//! How a service stands, in a word: what the manager has on file, and what its process shows.

use common::base::stamp::Boot;
use common::format::records::Kind;
use common::format::status::{Ended, Phase, Status, Wanted};

use super::terminal::{Ink, Terminal};
use crate::manager::engine::{Failure, State};

/// How a service stands; what needs a look comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Failed,
    /// It died, and is started again and again.
    Restarting,
    /// It runs, and was not ready in time.
    Late,
    /// It is wanted, and something that won't go away by itself keeps it down.
    Blocked,
    Unknown,
    /// It is wanted, and comes when others have.
    Waiting,
    Starting,
    /// It runs, and is not ready yet.
    Up,
    Stopping,
    Ready,
    /// And nobody wants it.
    Down,
}

impl Standing {
    /// All of them.
    pub(super) const ALL: [Standing; 11] = [
        Standing::Failed,
        Standing::Restarting,
        Standing::Late,
        Standing::Blocked,
        Standing::Unknown,
        Standing::Waiting,
        Standing::Starting,
        Standing::Up,
        Standing::Stopping,
        Standing::Ready,
        Standing::Down,
    ];

    /// Its word, its mark in Unicode and in ASCII, and how it is drawn.
    fn look(self) -> (&'static str, &'static str, &'static str, Ink) {
        match self {
            Standing::Failed => ("failed", "✗", "X", Ink::Bad),
            Standing::Restarting => ("restarting", "↻", "R", Ink::Bad),
            Standing::Late => ("late", "◷", "L", Ink::Bad),
            Standing::Blocked => ("blocked", "◌", "B", Ink::Bad),
            Standing::Unknown => ("unknown", "?", "?", Ink::Bad),
            Standing::Waiting => ("waiting", "…", "w", Ink::Busy),
            Standing::Starting => ("starting", "↑", "s", Ink::Busy),
            Standing::Up => ("up", "▲", "u", Ink::Busy),
            Standing::Stopping => ("stopping", "↓", "t", Ink::Busy),
            Standing::Ready => ("ready", "●", "*", Ink::Good),
            Standing::Down => ("down", "○", "-", Ink::Faint),
        }
    }

    /// Its word.
    pub(super) fn word(self) -> &'static str {
        self.look().0
    }

    /// Its mark, in its colour.
    pub(super) fn mark(self, terminal: Terminal) -> String {
        let (_, unicode, ascii, ink) = self.look();
        terminal.paint(ink, if terminal.has_unicode { unicode } else { ascii })
    }

    /// How it is drawn.
    pub(super) fn ink(self) -> Ink {
        self.look().3
    }

    /// Whether something went wrong with it itself.
    pub(super) fn has_failed(self) -> bool {
        self <= Standing::Late
    }

    /// Whether it is where it is wanted.
    pub(super) fn is_settled(self) -> bool {
        self >= Standing::Ready
    }
}

/// What a process shows of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Process {
    Down,
    /// Down, as its finish script or its restart policy said that it is to be.
    Failed,
    /// Dead, and to be started again.
    Again,
    Starting,
    /// It runs, and has not said that it is ready.
    Up,
    Ready,
    Stopping,
}

/// As many deaths in a row, each soon after its start, are no accident.
const MANY: u32 = 2;
/// A process that is older than this counts as one that stays: as its supervisor has it.
const QUICK: u64 = 10_000;

impl Process {
    /// By the status file. `is_there`: whether the process that it names lives.
    pub(super) fn of(status: &Status, has_readiness: bool, is_there: bool, now: Boot) -> Process {
        let is_quick = status.quick >= MANY && now.since(status.started) < QUICK;
        match status.phase {
            Phase::Running(_) if !is_there => Process::Down,
            Phase::Running(Kind::Run) if status.stopping => Process::Stopping,
            Phase::Running(Kind::Run) | Phase::Starting(Kind::Run) if is_quick => Process::Again,
            Phase::Running(Kind::Run) if status.ready.is_some() || !has_readiness => Process::Ready,
            Phase::Running(Kind::Run) => Process::Up,
            Phase::Starting(Kind::Run) => Process::Starting,
            Phase::Running(Kind::Finish) | Phase::Starting(Kind::Finish) => {
                if status.wanted == Wanted::Down { Process::Stopping } else { Process::Again }
            }
            Phase::Down if status.wanted != Wanted::Down && status.start_due.is_some() => {
                if status.last_run.is_some() || status.start_error.is_some() {
                    Process::Again
                } else {
                    Process::Starting
                }
            }
            Phase::Down if status.ended == Some(Ended::Failed) => Process::Failed,
            Phase::Down => Process::Down,
        }
    }
}

/// What is known of one service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// What the manager has on file.
    pub(super) state: State,
    pub(super) failure: Option<Failure>,
    /// Somebody wants it.
    pub(super) is_needed: bool,
    /// It won't come by itself.
    pub(super) is_stalled: bool,
    /// The manager lives: what it began goes on.
    pub(super) is_managed: bool,
    /// What its process shows; none: it has none, or no supervisor.
    pub(super) process: Option<Process>,
}

impl Facts {
    /// In a word. What a process shows is true whatever the manager has on file.
    pub(super) fn standing(self) -> Standing {
        match self.process {
            Some(Process::Ready) if self.is_being_stopped() => Standing::Stopping,
            Some(Process::Up) if self.is_being_stopped() => Standing::Stopping,
            Some(Process::Ready) => Standing::Ready,
            Some(Process::Up) => self.on_its_way(Standing::Up),
            Some(Process::Starting) => self.on_its_way(Standing::Starting),
            Some(Process::Again) => Standing::Restarting,
            Some(Process::Stopping) => Standing::Stopping,
            Some(Process::Failed) => Standing::Failed,
            Some(Process::Down) => match self.state {
                State::Starting if self.is_managed => self.on_its_way(Standing::Starting),
                State::Stopping if self.is_managed => Standing::Stopping,
                State::Failed => Standing::Failed,
                State::Down | State::Starting | State::Up | State::Ready | State::Stopping => {
                    self.at_rest()
                }
            },
            None => match self.state {
                State::Failed => Standing::Failed,
                State::Starting => self.on_its_way(Standing::Starting),
                State::Up => self.on_its_way(Standing::Up),
                State::Ready => Standing::Ready,
                State::Stopping => Standing::Stopping,
                State::Down => self.at_rest(),
            },
        }
    }

    fn is_being_stopped(self) -> bool {
        self.is_managed && self.state == State::Stopping
    }

    fn on_its_way(self, standing: Standing) -> Standing {
        match self.failure {
            Some(Failure::Died(_)) => Standing::Restarting,
            Some(Failure::StartTimedOut | Failure::ReadyTimedOut) => Standing::Late,
            Some(Failure::Ended(_)) | None => standing,
        }
    }

    fn at_rest(self) -> Standing {
        match (self.is_needed, self.failure) {
            (true, Some(_)) => Standing::Failed,
            (true, None) if self.is_stalled || !self.is_managed => Standing::Blocked,
            (true, None) => Standing::Waiting,
            (false, _) => Standing::Down,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::base::death::Death;
    use common::base::stamp::Wall;

    const FACTS: Facts = Facts {
        state: State::Ready,
        failure: None,
        is_needed: true,
        is_stalled: false,
        is_managed: true,
        process: Some(Process::Ready),
    };

    #[test]
    fn what_the_process_shows_counts() {
        let shows = |process| Facts { process: Some(process), ..FACTS }.standing();
        assert_eq!(shows(Process::Ready), Standing::Ready);
        assert_eq!(shows(Process::Again), Standing::Restarting);
        assert_eq!(shows(Process::Up), Standing::Up);
        assert_eq!(shows(Process::Down), Standing::Waiting);
        let facts = Facts { process: Some(Process::Down), is_managed: false, ..FACTS };
        assert_eq!(facts.standing(), Standing::Blocked);
        assert_eq!(Facts { is_needed: false, ..facts }.standing(), Standing::Down);
    }

    #[test]
    fn a_failure_is_told_from_a_first_start() {
        let failure = Some(Failure::Died(Death::Exit(1)));
        let facts = Facts { state: State::Starting, process: None, ..FACTS };
        assert_eq!(facts.standing(), Standing::Starting);
        assert_eq!(Facts { failure, ..facts }.standing(), Standing::Restarting);
        let failure = Some(Failure::ReadyTimedOut);
        let up = Facts { failure, process: Some(Process::Up), ..FACTS };
        assert_eq!(up.standing(), Standing::Late);
        let failure = Some(Failure::Ended(Death::Exit(1)));
        let down = Facts { state: State::Down, failure, process: None, ..FACTS };
        assert_eq!(down.standing(), Standing::Failed);
    }

    #[test]
    fn who_dies_soon_after_each_start_is_being_restarted() {
        let status = Status {
            phase: Phase::Running(Kind::Run),
            quick: 3,
            started: Boot(50_000),
            ready: Some(Wall(1)),
            ..Status::default()
        };
        let at = |ms| Process::of(&status, false, true, Boot(ms));
        assert_eq!(at(51_000), Process::Again);
        assert_eq!(at(61_000), Process::Ready);
        let once = Status { quick: 1, ..status };
        assert_eq!(Process::of(&once, false, true, Boot(51_000)), Process::Ready);
        assert_eq!(Process::of(&once, false, false, Boot(51_000)), Process::Down);
    }

    #[test]
    fn every_mark_is_its_own() {
        for look in [|s: Standing| s.look().1, |s: Standing| s.look().2] {
            let mut marks: Vec<_> = Standing::ALL.map(look).to_vec();
            marks.sort_unstable();
            marks.dedup();
            assert_eq!(marks.len(), Standing::ALL.len());
        }
    }
}
