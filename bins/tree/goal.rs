//! What one may wait for, and whether what was seen of a service is it. No clock, no descriptor.

use common::format::event::Line;
use common::format::letters::Event;
use common::format::records::Kind;
use common::format::status::{Ended, Phase, Status, Wanted};

/// A state that a service is to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "GOALS says what each is")]
pub(super) enum Goal {
    Up,
    Ready,
    Down,
    Finished,
    Restarted,
    RestartedReady,
}

/// Each goal: its letter, which is s6's, its word.
const GOALS: &[(u8, Goal, &str)] = &[
    (b'u', Goal::Up, "up"),
    (b'U', Goal::Ready, "ready"),
    (b'd', Goal::Down, "down"),
    (b'D', Goal::Finished, "finished"),
    (b'r', Goal::Restarted, "restarted"),
    (b'R', Goal::RestartedReady, "restarted-ready"),
];

impl Goal {
    /// The goal of a letter or of a word.
    pub(super) fn parse(text: &str) -> Option<Goal> {
        let named = |row: &&(u8, Goal, &str)| row.2 == text || text.as_bytes() == [row.0];
        GOALS.iter().find(named).map(|row| row.1)
    }

    /// The goal of an option, `-u` to `-R`.
    pub(super) fn from_option(option: &str) -> Option<Goal> {
        option.strip_prefix('-').filter(|letter| letter.len() == 1).and_then(Goal::parse)
    }

    /// Its word.
    pub(super) fn word(self) -> &'static str {
        GOALS.iter().find(|row| row.1 == self).map_or("", |row| row.2)
    }

    /// The goal that is left for a service that does not say when it is ready.
    pub(super) fn without_readiness(self) -> Goal {
        match self {
            Goal::Ready => Goal::Up,
            Goal::RestartedReady => Goal::Restarted,
            Goal::Up | Goal::Down | Goal::Finished | Goal::Restarted => self,
        }
    }

    /// Whether it takes a new start, whatever the state is now.
    pub(super) fn is_restart(self) -> bool {
        matches!(self, Goal::Restarted | Goal::RestartedReady)
    }

    /// Whether a running process is part of it, which only a living supervisor can vouch for.
    fn needs_a_process(self) -> bool {
        !matches!(self, Goal::Down | Goal::Finished)
    }
}

/// How things stand between a service and a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not yet.
    Waiting,
    /// It is there, or just was.
    Reached,
    /// It will not come by itself: the service ended and is not started again.
    Never(Ended),
}

/// What has been seen of one service: its status, then line after line of its event directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// Whether a status has been seen at all.
    known: bool,
    event: u64,
    /// How often it had been started when we began to look.
    starts: Option<u64>,
    /// Ends up to this event are not news.
    old: Option<u64>,
    process: Process,
    ready: bool,
    restarted: bool,
    wanted_down: bool,
    ended: Option<Ended>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Process {
    /// None, or none that has come further than the intent.
    #[default]
    Unclear,
    Up,
    Finishing,
    Finished,
}

impl View {
    /// Whether a status has been seen.
    pub(super) fn is_known(&self) -> bool {
        self.known
    }

    /// Takes over a status, which is the truth whatever was seen before.
    pub(super) fn take_status(&mut self, status: &Status) {
        self.known = true;
        self.event = status.event;
        self.process = match status.phase {
            Phase::Running(Kind::Run) => Process::Up,
            Phase::Starting(Kind::Run) => Process::Unclear,
            Phase::Starting(Kind::Finish) | Phase::Running(Kind::Finish) => Process::Finishing,
            Phase::Down => Process::Finished,
        };
        self.ready = self.process == Process::Up && status.ready.is_some();
        self.ended = status.ended;
        self.wanted_down = status.wanted == Wanted::Down;
        let before = *self.starts.get_or_insert(status.starts);
        self.restarted |= status.starts != before && status.starts > 0;
    }

    /// Takes over an event that is newer than what is known. So a state that has passed before the
    /// status could be read counts as well.
    pub(super) fn take_event(&mut self, line: &Line<'_>) {
        // A supervisor that begins may begin to count anew.
        if line.seq <= self.event && line.event != Event::Supervised {
            return;
        }
        self.event = line.seq;
        match line.event {
            Event::Supervised | Event::Left => {}
            Event::Up => {
                (self.process, self.ready) = (Process::Up, false);
                (self.restarted, self.ended) = (true, None);
            }
            Event::Ready => self.ready = true,
            Event::Unready => self.ready = false,
            Event::Down => (self.process, self.ready) = (Process::Finishing, false),
            Event::Finished => (self.process, self.ready) = (Process::Finished, false),
            Event::Failed => self.ended = Some(Ended::Failed),
        }
    }

    /// An end for good that is known by now is an old story, which a command may be about to change.
    pub(super) fn forgive(&mut self) {
        self.old = Some(self.event);
    }

    /// Whether it is down and nobody has asked for more.
    pub(super) fn stays_down(&self) -> bool {
        self.wanted_down && matches!(self.process, Process::Finishing | Process::Finished)
    }

    fn is_up(&self) -> bool {
        self.process == Process::Up
    }

    /// Whether this is the goal. `supervised`: a supervisor lives.
    pub(super) fn verdict(&self, goal: Goal, supervised: bool) -> Verdict {
        let reached = match goal {
            Goal::Up => self.is_up(),
            Goal::Ready => self.is_up() && self.ready,
            Goal::Down => matches!(self.process, Process::Finishing | Process::Finished),
            Goal::Finished => self.process == Process::Finished,
            Goal::Restarted => self.restarted,
            Goal::RestartedReady => self.restarted && self.is_up() && self.ready,
        };
        if reached && self.known && (supervised || !goal.needs_a_process()) {
            return Verdict::Reached;
        }
        match self.ended {
            Some(ended) if goal.needs_a_process() && self.old.is_none_or(|o| o < self.event) => {
                Verdict::Never(ended)
            }
            Some(_) | None => Verdict::Waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::base::stamp::Wall;

    fn status(phase: Phase, starts: u64, event: u64) -> Status {
        Status { phase, starts, event, ..Status::default() }
    }

    fn seen(status: &Status) -> View {
        let mut view = View::default();
        view.take_status(status);
        view
    }

    fn line(event: Event, seq: u64) -> Line<'static> {
        Line { event, seq, name: b"" }
    }

    const UP: Phase = Phase::Running(Kind::Run);

    #[test]
    fn letters_and_words_are_goals() {
        assert_eq!(Goal::parse("U"), Some(Goal::Ready));
        assert_eq!(Goal::parse("restarted"), Some(Goal::Restarted));
        assert_eq!(Goal::from_option("-D"), Some(Goal::Finished));
        assert_eq!(Goal::from_option("--up"), None);
        assert_eq!(Goal::parse(""), None);
    }

    #[test]
    fn a_status_is_the_truth() {
        let view = seen(&Status { ready: Some(Wall(1)), ..status(UP, 1, 2) });
        assert_eq!(view.verdict(Goal::Ready, true), Verdict::Reached);
        assert_eq!(view.verdict(Goal::Down, true), Verdict::Waiting);
        let view = seen(&status(Phase::Starting(Kind::Run), 0, 1));
        for goal in [Goal::Up, Goal::Down, Goal::Finished] {
            assert_eq!(view.verdict(goal, true), Verdict::Waiting);
        }
    }

    #[test]
    fn without_a_supervisor_only_down_is_certain() {
        assert_eq!(seen(&status(UP, 1, 2)).verdict(Goal::Up, false), Verdict::Waiting);
        let down = seen(&status(Phase::Down, 1, 2));
        assert_eq!(down.verdict(Goal::Finished, false), Verdict::Reached);
    }

    #[test]
    fn nothing_seen_is_no_state() {
        for goal in GOALS {
            assert_eq!(View::default().verdict(goal.1, true), Verdict::Waiting);
        }
    }

    #[test]
    fn a_state_that_passes_counts_and_an_old_line_does_not() {
        let mut view = seen(&status(UP, 1, 5));
        view.take_event(&line(Event::Down, 4));
        assert_eq!(view.verdict(Goal::Down, true), Verdict::Waiting);
        view.take_event(&line(Event::Down, 6));
        assert_eq!(view.verdict(Goal::Down, true), Verdict::Reached);
        assert_eq!(view.verdict(Goal::Finished, true), Verdict::Waiting);
        view.take_event(&line(Event::Finished, 7));
        assert_eq!(view.verdict(Goal::Finished, true), Verdict::Reached);
    }

    #[test]
    fn a_restart_is_a_new_start() {
        let mut view = seen(&Status { ready: Some(Wall(1)), ..status(UP, 1, 5) });
        assert_eq!(view.verdict(Goal::Restarted, true), Verdict::Waiting);
        assert_eq!(view.verdict(Goal::RestartedReady, true), Verdict::Waiting);
        let mut other = view.clone();
        other.take_status(&status(UP, 2, 8));
        view.take_event(&line(Event::Up, 8));
        for view in [&view, &other] {
            assert_eq!(view.verdict(Goal::Restarted, true), Verdict::Reached);
            assert_eq!(view.verdict(Goal::RestartedReady, true), Verdict::Waiting);
        }
        view.take_event(&line(Event::Ready, 9));
        assert_eq!(view.verdict(Goal::RestartedReady, true), Verdict::Reached);
    }

    #[test]
    fn an_end_for_good_ends_the_wait_for_up_unless_it_is_old() {
        let failed = Status { ended: Some(Ended::Failed), ..status(Phase::Down, 1, 5) };
        let mut view = seen(&failed);
        assert_eq!(view.verdict(Goal::Up, true), Verdict::Never(Ended::Failed));
        assert_eq!(view.verdict(Goal::Down, true), Verdict::Reached);
        view.forgive();
        assert_eq!(view.verdict(Goal::Up, true), Verdict::Waiting);
        view.take_event(&line(Event::Up, 6));
        view.take_event(&line(Event::Down, 7));
        view.take_event(&line(Event::Failed, 8));
        assert_eq!(view.verdict(Goal::Ready, true), Verdict::Never(Ended::Failed));
    }

    #[test]
    fn a_supervisor_that_counts_anew_is_listened_to() {
        let mut view = seen(&status(Phase::Down, 1, 500));
        view.take_event(&line(Event::Supervised, 1));
        view.take_event(&line(Event::Up, 2));
        assert_eq!(view.verdict(Goal::Up, true), Verdict::Reached);
    }
}
