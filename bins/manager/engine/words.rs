//! The words for wishes, states and failures: in files, requests and on screens.

use std::fmt;

use common::base::death::Death;

use super::event::{Failure, State, Wish};

impl Wish {
    /// All of them.
    pub const ALL: [Wish; 4] = [Wish::None, Wish::Down, Wish::Once, Wish::Up];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Wish::None => "none",
            Wish::Down => "down",
            Wish::Once => "once",
            Wish::Up => "up",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Wish> {
        Wish::ALL.into_iter().find(|wish| wish.word() == word)
    }
}

impl State {
    /// All of them.
    pub const ALL: [State; 6] =
        [State::Down, State::Starting, State::Up, State::Ready, State::Stopping, State::Failed];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            State::Down => "down",
            State::Starting => "starting",
            State::Up => "up",
            State::Ready => "ready",
            State::Stopping => "stopping",
            State::Failed => "failed",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Failure {
    /// From the word that `Display` writes.
    pub fn parse(word: &str) -> Option<Failure> {
        match word.split_once(':') {
            Some(("died", death)) => Death::parse(death).map(Failure::Died),
            Some(("ended", death)) => Death::parse(death).map(Failure::Ended),
            None if word == "start-timed-out" => Some(Failure::StartTimedOut),
            None if word == "ready-timed-out" => Some(Failure::ReadyTimedOut),
            _ => None,
        }
    }
}

/// One word: `died:exit=1`, `ended:signal=KILL`, `start-timed-out`, `ready-timed-out`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Died(death) => write!(f, "died:{death}"),
            Failure::Ended(death) => write!(f, "ended:{death}"),
            Failure::StartTimedOut => f.write_str("start-timed-out"),
            Failure::ReadyTimedOut => f.write_str("ready-timed-out"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_reads_back() {
        for wish in Wish::ALL {
            assert_eq!(Wish::parse(wish.word()), Some(wish));
        }
        for state in State::ALL {
            assert_eq!(State::parse(state.word()), Some(state));
        }
        let deaths = [Failure::Died(Death::Exit(1)), Failure::Ended(Death::Unknown)];
        for failure in [deaths[0], deaths[1], Failure::StartTimedOut, Failure::ReadyTimedOut] {
            assert_eq!(Failure::parse(&failure.to_string()), Some(failure));
        }
        assert_eq!(deaths.map(|f| f.to_string()), ["died:exit=1", "ended:exit=unknown"]);
        assert_eq!(
            (Wish::parse(""), State::parse("gone"), Failure::parse("died")),
            (None, None, None)
        );
    }
}
