//! An error is what the user will read and the exit code the caller will see; nothing else.

use std::fmt::Display;

use rustix::io::Errno;

/// Exit codes, those of s6. doc/html/exitcodes.html is the reference.
pub mod exit {
    /// Done; or the answer is "yes".
    pub const OK: u8 = 0;
    /// The answer to the question asked is "no".
    pub const NO: u8 = 1;
    /// The deadline given with `-t`, or the time of svc-timeout, passed first.
    pub const TIMED_OUT: u8 = 99;
    /// The command line, or a file the user wrote, makes no sense.
    pub const USAGE: u8 = 100;
    /// No supervisor is running where one was expected, or it went away.
    pub const NOT_SUPERVISED: u8 = 102;
    /// The service failed for good: its finish script said so.
    pub const FAILED_FOR_GOOD: u8 = 103;
    /// A system call failed; trying again later may work.
    pub const SYSTEM: u8 = 111;
    /// The next program exists but cannot be run.
    pub const CANNOT_RUN: u8 = 126;
    /// The next program was not found.
    pub const NOT_FOUND: u8 = 127;
}

/// A message and an exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// How the process exits if this error is fatal.
    pub code: u8,
    /// One line, without program name or severity; empty if there is nothing to say.
    pub message: String,
    /// The command line is at fault: it helps to say what it should be.
    pub usage: bool,
}

/// The result of everything in this suite that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with a code of its own.
    pub fn new(code: u8, message: impl Display) -> Self {
        Error { code, message: message.to_string(), usage: false }
    }

    /// An end without a word: what went wrong was said already, or is told by the exit code alone.
    pub fn silent(code: u8) -> Self {
        Error::new(code, "")
    }

    /// A mistake of the user's: bad option, bad file. Exits 100.
    pub fn user(message: impl Display) -> Self {
        Error { usage: true, ..Error::new(exit::USAGE, message) }
    }

    /// Something the system refused. Exits 111.
    pub fn system(message: impl Display) -> Self {
        Error::new(exit::SYSTEM, message)
    }
}

impl From<lexopt::Error> for Error {
    fn from(e: lexopt::Error) -> Self {
        Error::user(e)
    }
}

/// Turns a failed system call into an [`Error`].
pub trait Context<T> {
    /// `open(path).unable("open ./run")?` reads "unable to open ./run: No such file or directory".
    fn unable(self, to: impl Display) -> Result<T>;
}

impl<T> Context<T> for rustix::io::Result<T> {
    fn unable(self, to: impl Display) -> Result<T> {
        self.map_err(|e| Error::system(format_args!("unable to {to}: {}", reason(e))))
    }
}

impl<T> Context<T> for std::io::Result<T> {
    fn unable(self, to: impl Display) -> Result<T> {
        self.map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::INVAL)).unable(to)
    }
}

/// An error by its number, as a file has it: EIO if there is none of that number.
pub fn errno(number: i32) -> Errno {
    // rustix panics at what the kernel never returns.
    Errno::from_raw_os_error(if (1..4096).contains(&number) { number } else { 5 })
}

/// The system's wording of an error, without Rust's " (os error N)".
pub fn reason(e: Errno) -> String {
    let mut text = std::io::Error::from(e).to_string();
    if let Some(end) = text.rfind(" (os error ") {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_error_is_an_error_all_the_same() {
        assert_eq!(errno(2), Errno::NOENT);
        assert_eq!([0, -1, 4096, i32::MIN].map(errno), [Errno::IO; 4]);
    }

    #[test]
    fn unable_names_the_action_and_the_reason() {
        let r: Result<()> = Err(Errno::PERM).unable("set gid");
        assert_eq!(r, Err(Error::new(111, "unable to set gid: Operation not permitted")));
    }
}
