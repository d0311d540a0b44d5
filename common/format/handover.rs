//! What a supervisor hands to its logger besides the fifo: an open file on the tmpfs for the logger's
//! journal, which a logger that has dropped its rights could not make there. See log-journal.html.

/// The environment variable with the number of the descriptor.
pub const JOURNAL_VARIABLE: &str = "SVC_LOG_JOURNAL";

/// That number: beyond what a shell script can name, and below the smallest limit on open files
/// that is of any use.
pub const JOURNAL_FD: i32 = 30;
