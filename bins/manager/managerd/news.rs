//! What a daemon's status says that the engine does not know. Pure.

use common::base::death::Death;
use common::format::records::Kind as Process;
use common::format::status::{Phase, Status, Wanted};

use super::manager::Known;
use crate::manager::engine::State;

/// A piece of news of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    Started,
    Ready,
    NotReady,
    /// It is started again by its supervisor.
    Died(Death),
    /// It is not.
    Ended(Death),
    /// The tree was ended and begun anew: nobody will start it but us.
    Anew(Death),
}

/// Compares a status with what was known. What happened between two looks may be several things:
/// they are in order.
pub(super) fn news(
    state: State,
    has_readiness: bool,
    known: &mut Known,
    status: &Status,
) -> [Option<News>; 3] {
    let was_up = matches!(state, State::Up | State::Ready);
    let death = status.last_run.unwrap_or(Death::Unknown);
    let is_new = status.seq != known.seq;
    // An attempt was made since it was told to start.
    known.awaited &= !is_new;
    match (status.phase, status.wanted) {
        (Phase::Running(Process::Run), _) => {
            known.seq = status.seq;
            let died = (is_new && was_up).then_some(News::Died(death));
            let started = (is_new || !was_up).then_some(News::Started);
            let ready = match (status.ready, state) {
                (Some(_), State::Ready) if !is_new => None,
                (Some(_), _) => Some(News::Ready),
                (None, State::Ready) if !is_new && has_readiness => Some(News::NotReady),
                (None, _) => None,
            };
            if state == State::Stopping { [None; 3] } else { [died, started, ready] }
        }
        // Its supervisor was told to end: that is no failure, and says nothing of what is wanted.
        (Phase::Down, _) if (status.leaving || status.left) && state != State::Stopping => {
            [None; 3]
        }
        (Phase::Down, Wanted::Down) if known.awaited => [None; 3],
        (Phase::Down, Wanted::Down)
            if status.starts == 0
                && status.start_error.is_none()
                && (was_up || state == State::Starting) =>
        {
            (known.seq, known.awaited) = (status.seq, true);
            [Some(News::Anew(death)), None, None]
        }
        (Phase::Down, Wanted::Down) => {
            known.seq = status.seq;
            let is_over = !matches!(state, State::Down | State::Failed);
            let death = status.start_error.map_or(death, failed_start);
            [is_over.then_some(News::Ended(death)), None, None]
        }
        // Finish runs, for the last time; or the next start is on its way.
        (Phase::Running(Process::Finish) | Phase::Starting(_), Wanted::Down) => [None; 3],
        (
            Phase::Down | Phase::Starting(_) | Phase::Running(Process::Finish),
            Wanted::Up | Wanted::Once,
        ) => {
            let is_death = was_up || state == State::Starting && is_new && has_died(status);
            let death = status.start_error.map_or(death, failed_start);
            [is_death.then_some(News::Died(death)), None, None]
        }
    }
}

/// What became of an order to svc-oneshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ended(Death),
    /// Before the program was started.
    CalledOff,
}

/// What became of the order of this number, if it is over, by the status of the last svc-oneshot.
pub(super) fn outcome(status: &Status, number: u64) -> Option<Outcome> {
    let is_over = (status.phase, status.wanted) == (Phase::Down, Wanted::Down);
    if status.order < number || status.order == number && !is_over {
        return None;
    }
    let death = status.start_error.map(failed_start).or(status.last_run);
    Some(death.map_or(Outcome::CalledOff, Outcome::Ended))
}

/// Whether an attempt has come to its end, so that the next one is awaited.
fn has_died(status: &Status) -> bool {
    status.phase != Phase::Starting(Process::Run) || status.quick > 0
}

/// A program that could not be executed, as shells say it.
fn failed_start(error: i32) -> Death {
    const NO_SUCH_FILE: i32 = 2;
    Death::Exit(if error == NO_SUCH_FILE { 127 } else { 126 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::base::stamp::Wall;

    const RUN: Phase = Phase::Running(Process::Run);

    fn status(phase: Phase, wanted: Wanted, seq: u64) -> Status {
        let last_run = Some(Death::Exit(7));
        Status { phase, wanted, seq, last_run, starts: 1, ..Status::default() }
    }

    fn told(state: State, known: &mut Known, status: &Status) -> Vec<News> {
        news(state, true, known, status).into_iter().flatten().collect()
    }

    #[test]
    fn a_start_is_news_once() {
        let mut known = Known { awaited: true, ..Known::default() };
        let down = status(Phase::Down, Wanted::Down, 0);
        assert_eq!(told(State::Starting, &mut known, &down), []);
        let mut up = status(RUN, Wanted::Up, 1);
        assert_eq!(told(State::Starting, &mut known, &up), [News::Started]);
        assert_eq!(told(State::Up, &mut known, &up), []);
        up.ready = Some(Wall(1));
        assert_eq!(told(State::Up, &mut known, &up), [News::Ready]);
        assert_eq!(told(State::Ready, &mut known, &up), []);
        up.ready = None;
        assert_eq!(told(State::Ready, &mut known, &up), [News::NotReady]);
        assert_eq!(news(State::Ready, false, &mut known, &up), [None; 3]);
    }

    #[test]
    fn a_death_between_two_looks_is_seen() {
        let mut known = Known { seq: 1, ..Known::default() };
        let mut up = status(RUN, Wanted::Up, 2);
        up.ready = Some(Wall(1));
        let died = News::Died(Death::Exit(7));
        assert_eq!(told(State::Ready, &mut known, &up), [died, News::Started, News::Ready]);
        let waits = status(Phase::Down, Wanted::Up, 2);
        assert_eq!(told(State::Ready, &mut known, &waits), [died]);
        assert_eq!(told(State::Starting, &mut known, &waits), []);
    }

    #[test]
    fn the_answer_to_a_letter_is_not_what_was_there_before_it() {
        let mut known = Known { seq: 4, awaited: true, ..Known::default() };
        let before = status(Phase::Down, Wanted::Down, 4);
        assert_eq!(told(State::Starting, &mut known, &before), []);
        let after = status(Phase::Down, Wanted::Down, 5);
        assert_eq!(told(State::Starting, &mut known, &after), [News::Ended(Death::Exit(7))]);
        assert_eq!(told(State::Failed, &mut known, &after), []);
    }

    #[test]
    fn the_end_of_a_tree_is_no_failure() {
        let mut known = Known { seq: 3, ..Known::default() };
        let mut left = status(Phase::Down, Wanted::Down, 3);
        (left.starts, left.leaving) = (1, true);
        assert_eq!(told(State::Ready, &mut known, &left), []);
        let fresh = Status { starts: 0, ..status(Phase::Down, Wanted::Down, 3) };
        assert_eq!(told(State::Ready, &mut known, &fresh), [News::Anew(Death::Exit(7))]);
        assert_eq!(told(State::Starting, &mut known, &fresh), []);
    }

    #[test]
    fn what_can_not_be_executed_has_died() {
        let mut known = Known { awaited: true, ..Known::default() };
        let mut failed = status(Phase::Down, Wanted::Up, 1);
        failed.start_error = Some(2);
        assert_eq!(told(State::Starting, &mut known, &failed), [News::Died(Death::Exit(127))]);
    }

    #[test]
    fn what_is_to_stop_is_over_when_it_is_down() {
        let mut known = Known { seq: 1, ..Known::default() };
        let finishing = status(Phase::Running(Process::Finish), Wanted::Down, 2);
        assert_eq!(told(State::Stopping, &mut known, &status(RUN, Wanted::Down, 1)), []);
        assert_eq!(told(State::Stopping, &mut known, &finishing), []);
        let down = status(Phase::Down, Wanted::Down, 2);
        let ended = [News::Ended(Death::Exit(7))];
        assert_eq!(told(State::Stopping, &mut known, &down), ended);
    }
}
