//! What could not be done, to be said once and tried again.

use std::fmt;

use common::base::death::Death;
use common::base::error::reason;
use rustix::io::Errno;

/// A system call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    verb: &'static str,
    what: String,
    pub(crate) errno: Errno,
    /// How the program ended that did not do it.
    ended: Option<Death>,
}

impl Failure {
    /// A program of ours failed at something.
    pub(super) fn of_program(verb: &'static str, what: String, ended: Option<Death>) -> Failure {
        Failure { verb, what, errno: Errno::CHILD, ended }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, what) = (self.verb, &self.what);
        match self.ended {
            Some(death) => write!(f, "unable to {verb} {what}: the command ended with {death}"),
            None => write!(f, "unable to {verb} {what}: {}", reason(self.errno)),
        }
    }
}

/// `result.failing("open", path)`.
pub(super) trait Failing<T> {
    fn failing(self, verb: &'static str, what: impl fmt::Display) -> Result<T, Failure>;
}

impl<T> Failing<T> for rustix::io::Result<T> {
    fn failing(self, verb: &'static str, what: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|errno| Failure { verb, what: what.to_string(), errno, ended: None })
    }
}
