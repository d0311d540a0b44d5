//! What could not be done, to be said once and tried again.

use std::fmt;

use common::base::error::reason;
use rustix::io::Errno;

/// A system call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    verb: &'static str,
    what: String,
    pub(crate) errno: Errno,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unable to {} {}: {}", self.verb, self.what, reason(self.errno))
    }
}

/// `result.failing("open", path)`.
pub(super) trait Failing<T> {
    fn failing(self, verb: &'static str, what: impl fmt::Display) -> Result<T, Failure>;
}

impl<T> Failing<T> for rustix::io::Result<T> {
    fn failing(self, verb: &'static str, what: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|errno| Failure { verb, what: what.to_string(), errno })
    }
}
