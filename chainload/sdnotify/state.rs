//! What is known of the program from what it has said, and until when it has to say more.

use super::message::Message;
use crate::moment::Moment;

/// How long a program has to end after its signal, before KILL: time to write a core file.
const LAST_WORDS: u64 = 60_000;

/// Deadlines and readiness. No clock: it is told what time it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    is_ready: bool,
    ready_due: Option<Moment>,
    /// How often there are to be signs of life, if they are asked for.
    watchdog: Option<u64>,
    alive_due: Option<Moment>,
    kill_due: Option<Moment>,
}

/// A change to tell the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    Unready,
}

/// What a program has failed to do in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    NotReady,
    NoSign,
    NotEnded,
}

impl State {
    pub(super) fn new(ready_within: Option<u64>, watchdog: Option<u64>, now: Moment) -> State {
        State {
            is_ready: false,
            ready_due: ready_within.map(|ms| now.after(ms)),
            watchdog,
            alive_due: None,
            kill_due: None,
        }
    }

    /// Takes in what the program says.
    pub(super) fn hear(&mut self, message: &Message, now: Moment) -> Option<Readiness> {
        let was_ready = self.is_ready;
        if let (Some(ms), Some(due)) = (message.extend, &mut self.ready_due) {
            *due = now.after(ms).max(*due);
        }
        if let (Some(ms), Some(_)) = (message.watchdog, self.watchdog) {
            self.watchdog = (ms > 0).then_some(ms);
        }
        if message.reloading {
            self.is_ready = false;
        }
        if message.ready {
            self.is_ready = true;
            self.ready_due = None;
        }
        if message.stopping {
            *self = State { is_ready: false, ready_due: None, alive_due: None, ..self.clone() };
        } else if message.trigger && self.watchdog.is_some() {
            self.alive_due = Some(now);
        } else if self.kill_due.is_none()
            && (message.ready && self.alive_due.is_none()
                || (message.alive || message.watchdog.is_some()) && self.alive_due.is_some())
        {
            self.alive_due = self.watchdog.map(|ms| now.after(ms));
        }
        match (was_ready, self.is_ready) {
            (false, true) => Some(Readiness::Ready),
            (true, false) => Some(Readiness::Unready),
            // Reloaded, in one message.
            (true, true) | (false, false) => None,
        }
    }

    /// When to look for what is late.
    pub(super) fn due(&self) -> Option<Moment> {
        [self.ready_due, self.alive_due, self.kill_due].into_iter().flatten().min()
    }

    /// What is late by now; it is told once.
    pub(super) fn late(&mut self, now: Moment) -> Option<Late> {
        let is_over = |due: &mut Moment| *due <= now;
        let late = if self.kill_due.take_if(is_over).is_some() {
            return Some(Late::NotEnded);
        } else if self.alive_due.take_if(is_over).is_some() {
            Late::NoSign
        } else if self.ready_due.take_if(is_over).is_some() {
            Late::NotReady
        } else {
            return None;
        };
        (self.ready_due, self.alive_due) = (None, None);
        self.kill_due = Some(now.after(LAST_WORDS));
        Some(late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdnotify::message::parse;

    const T0: Moment = Moment(1000);

    fn hear(state: &mut State, text: &str, at: u64) -> Option<Readiness> {
        state.hear(&parse(text.as_bytes()), T0.after(at))
    }

    #[test]
    fn readiness_is_told_when_it_changes() {
        let mut state = State::new(None, None, T0);
        assert_eq!(hear(&mut state, "READY=1", 0), Some(Readiness::Ready));
        assert_eq!(hear(&mut state, "READY=1", 0), None);
        assert_eq!(hear(&mut state, "RELOADING=1", 0), Some(Readiness::Unready));
        assert_eq!(hear(&mut state, "READY=1", 0), Some(Readiness::Ready));
        assert_eq!(hear(&mut state, "STOPPING=1", 0), Some(Readiness::Unready));
        assert_eq!(state.due(), None);
    }

    #[test]
    fn who_is_not_ready_in_time_is_late_unless_it_asks_for_more() {
        let mut state = State::new(Some(100), None, T0);
        assert_eq!(state.due(), Some(T0.after(100)));
        hear(&mut state, "EXTEND_TIMEOUT_USEC=500000", 50);
        assert_eq!(state.late(T0.after(549)), None);
        assert_eq!(state.late(T0.after(550)), Some(Late::NotReady));
        assert_eq!(state.late(T0.after(550)), None);
        assert_eq!(state.late(T0.after(550 + LAST_WORDS)), Some(Late::NotEnded));
        assert_eq!(state.due(), None);
    }

    #[test]
    fn signs_of_life_are_due_once_it_is_ready() {
        let mut state = State::new(None, Some(100), T0);
        hear(&mut state, "WATCHDOG=1", 0);
        assert_eq!(state.due(), None);
        hear(&mut state, "READY=1", 0);
        hear(&mut state, "WATCHDOG=1", 90);
        // To say again that it is ready is no sign of life.
        hear(&mut state, "READY=1", 150);
        assert_eq!(state.due(), Some(T0.after(190)));
        hear(&mut state, "WATCHDOG_USEC=1000000", 150);
        assert_eq!(state.due(), Some(T0.after(1150)));
        assert_eq!(state.late(T0.after(1150)), Some(Late::NoSign));
        hear(&mut state, "WATCHDOG=1\nREADY=1", 1160);
        assert_eq!(state.due(), Some(T0.after(1150 + LAST_WORDS)));
    }

    #[test]
    fn a_program_can_ask_for_its_end_but_only_where_signs_are_watched() {
        let mut state = State::new(None, Some(100), T0);
        hear(&mut state, "WATCHDOG=trigger", 5);
        assert_eq!(state.late(T0.after(5)), Some(Late::NoSign));
        let mut state = State::new(None, None, T0);
        hear(&mut state, "WATCHDOG=trigger\nWATCHDOG_USEC=1", 5);
        assert_eq!(state.due(), None);
    }
}
