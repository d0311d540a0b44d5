//! How a process ended, as far as anybody can know.

use std::fmt;

use super::signal::Signal;
use crate::sys::wait::Ended;

/// The end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Death {
    /// It exited with this code.
    Exit(u8),
    /// This signal killed it.
    Signal(Signal),
    /// Nobody was left to be told: its parent and the root of the tree were both killed.
    Unknown,
}

impl Death {
    /// Exit code 0. A death by a polite signal is not one; see [`Death::is_clean`].
    pub fn is_success(self) -> bool {
        self == Death::Exit(0)
    }

    /// Exit code 0, or HUP, INT, TERM or PIPE: what systemd calls a clean end.
    pub fn is_clean(self) -> bool {
        match self {
            Death::Exit(code) => code == 0,
            Death::Signal(s) => [Signal::HUP, Signal::INT, Signal::TERM, Signal::PIPE].contains(&s),
            Death::Unknown => false,
        }
    }

    /// From the text that `Display` writes.
    pub fn parse(text: &str) -> Option<Death> {
        match text.split_once('=')? {
            ("exit", "unknown") => Some(Death::Unknown),
            ("exit", code) => code.parse().ok().map(Death::Exit),
            ("signal", name) => Signal::parse(name).map(Death::Signal),
            _ => None,
        }
    }
}

impl From<Ended> for Death {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Exited(code) => Death::Exit(code),
            Ended::Killed(number) => Death::Signal(Signal(number)),
        }
    }
}

/// `exit=N`, `signal=NAME` or `exit=unknown`: the way a death is written everywhere.
impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Death::Exit(code) => write!(f, "exit={code}"),
            Death::Signal(signal) => write!(f, "signal={signal}"),
            Death::Unknown => f.write_str("exit=unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_reads_back_as_written() {
        for death in [
            Death::Exit(0),
            Death::Exit(255),
            Death::Signal(Signal::KILL),
            Death::Signal(Signal(40)),
            Death::Unknown,
        ] {
            assert_eq!(Death::parse(&death.to_string()), Some(death));
        }
        assert_eq!(Death::parse("exit=256"), None);
        assert_eq!(Death::parse("signal=0"), None);
        assert_eq!(Death::parse("gone"), None);
    }

    #[test]
    fn a_clean_end_may_be_a_polite_signal() {
        assert!(Death::Signal(Signal::TERM).is_clean());
        assert!(!Death::Signal(Signal::KILL).is_clean());
        assert!(!Death::Unknown.is_clean());
        assert!(!Death::Signal(Signal::TERM).is_success());
    }
}
