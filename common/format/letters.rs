//! The letters of control fifos and of events: one table each, from which everything else derives.

use crate::base::signal::Signal;

/// A command to a supervisor. The letters are s6's, then ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "COMMANDS says what each does")]
pub enum Command {
    Up,
    Down,
    Once,
    AtMostOnce,
    UpPersist,
    DownPersist,
    OncePersist,
    Restart,
    Reload,
    Exit,
    Signal(Signal),
    Pause,
    Continue,
    PauseGroup,
    ContinueGroup,
    KillGroup,
    Ready,
    Unready,
    Reexec,
    Vanish,
}

/// Each command: its letter, its name for people, what it does.
pub const COMMANDS: &[(u8, Command, &str, &str)] = &[
    (b'u', Command::Up, "up", "start it, and again whenever it dies"),
    (b'd', Command::Down, "down", "stop it and keep it down"),
    (b'o', Command::Once, "once", "start it, and not again when it dies"),
    (b'O', Command::AtMostOnce, "at-most-once", "do not start it again when it dies"),
    (b'U', Command::UpPersist, "up-persist", "up, and remove the file down"),
    (b'D', Command::DownPersist, "down-persist", "down, and make the file down"),
    (b'Q', Command::OncePersist, "once-persist", "at-most-once, and make the file down"),
    (b'r', Command::Restart, "restart", "stop it; it is started again at once"),
    (
        b'l',
        Command::Reload,
        "reload",
        "send the reload signal: HUP, or that of the file reload-signal",
    ),
    (b'x', Command::Exit, "exit", "end the supervisor when the service is down"),
    (b'a', Command::Signal(Signal::ALRM), "alarm", "send SIGALRM"),
    (b'b', Command::Signal(Signal::ABRT), "abort", "send SIGABRT"),
    (b'q', Command::Signal(Signal::QUIT), "quit", "send SIGQUIT"),
    (b'h', Command::Signal(Signal::HUP), "hup", "send SIGHUP"),
    (b'k', Command::Signal(Signal::KILL), "kill", "send SIGKILL"),
    (b't', Command::Signal(Signal::TERM), "term", "send SIGTERM"),
    (b'i', Command::Signal(Signal::INT), "interrupt", "send SIGINT"),
    (b'1', Command::Signal(Signal::USR1), "usr1", "send SIGUSR1"),
    (b'2', Command::Signal(Signal::USR2), "usr2", "send SIGUSR2"),
    (b'y', Command::Signal(Signal::WINCH), "winch", "send SIGWINCH"),
    (b'p', Command::Pause, "pause", "send SIGSTOP"),
    (b'c', Command::Continue, "continue", "send SIGCONT"),
    (b'P', Command::PauseGroup, "pause-group", "send SIGSTOP to its process group"),
    (b'C', Command::ContinueGroup, "continue-group", "send SIGCONT to its process group"),
    (b'K', Command::KillGroup, "kill-group", "send SIGKILL to its process group"),
    (b'R', Command::Ready, "ready", "note that it is ready"),
    (b'N', Command::Unready, "unready", "note that it is no longer ready"),
    (b'E', Command::Reexec, "reexec", "replace the supervisor by the program now installed"),
    (b'V', Command::Vanish, "vanish", "end the supervisor at once and leave the process alone"),
];

/// Begins the line `=NAME\n`, by which svc-scan tells a supervisor the service's new name.
pub const NAME_FOLLOWS: u8 = b'=';

impl Command {
    /// The command of a letter.
    pub fn from_letter(letter: u8) -> Option<Command> {
        COMMANDS.iter().find(|row| row.0 == letter).map(|row| row.1)
    }

    /// The command of a name.
    pub fn from_name(name: &str) -> Option<Command> {
        COMMANDS.iter().find(|row| row.2 == name).map(|row| row.1)
    }

    /// Its letter.
    pub fn letter(self) -> u8 {
        // Every command is in the table; a test sees to it.
        COMMANDS.iter().find(|row| row.1 == self).map_or(0, |row| row.0)
    }
}

/// A change that a supervisor announces. The letters are s6's, and N.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A supervisor began.
    Supervised,
    /// `run` was started.
    Up,
    /// It is ready.
    Ready,
    /// It is no longer ready.
    Unready,
    /// `run` died.
    Down,
    /// `finish` is done; it may be started again.
    Finished,
    /// `finish` said that it failed for good.
    Failed,
    /// The supervisor ends.
    Left,
}

/// Each event: its letter, its word for people, what it says.
pub const EVENTS: &[(u8, Event, &str, &str)] = &[
    (b's', Event::Supervised, "supervised", "a supervisor began, or began anew"),
    (b'u', Event::Up, "up", "run was started"),
    (b'U', Event::Ready, "ready", "the service is ready"),
    (b'N', Event::Unready, "unready", "the service is no longer ready"),
    (b'd', Event::Down, "down", "run died"),
    (b'D', Event::Finished, "finished", "finish is done, the service may be started again"),
    (b'O', Event::Failed, "failed", "the service failed for good: finish exited 125"),
    (b'x', Event::Left, "left", "the supervisor ends"),
];

impl Event {
    /// The event of a letter.
    pub fn from_letter(letter: u8) -> Option<Event> {
        EVENTS.iter().find(|row| row.0 == letter).map(|row| row.1)
    }

    /// Its letter.
    pub fn letter(self) -> u8 {
        // Every event is in the table; a test sees to it.
        EVENTS.iter().find(|row| row.1 == self).map_or(0, |row| row.0)
    }

    /// Its word for people.
    pub fn word(self) -> &'static str {
        EVENTS.iter().find(|row| row.1 == self).map_or("", |row| row.2)
    }
}

/// A command to svc-scan, on `.svc-scan/control`. The letters are s6-svscan's, then ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "SCAN_COMMANDS says what each does")]
pub enum ScanCommand {
    Scan,
    Prune,
    PruneAll,
    Update,
    Terminate,
    Quit,
    Abort,
    Reap,
    Reexec,
}

/// Each command to svc-scan: its letter, its name for people, what it does.
pub const SCAN_COMMANDS: &[(u8, ScanCommand, &str, &str)] = &[
    (b'a', ScanCommand::Scan, "scan", "look for new and changed entries"),
    (
        b'n',
        ScanCommand::Prune,
        "prune",
        "stop what was gone at the last scan; its logger ends at end of file",
    ),
    (b'N', ScanCommand::PruneAll, "prune-all", "the same, and stop its logger at once"),
    (b'h', ScanCommand::Update, "update", "scan, then prune"),
    (b't', ScanCommand::Terminate, "terminate", "stop all services, then their loggers, then end"),
    (b'q', ScanCommand::Quit, "quit", "stop all services and loggers at once, then end"),
    (b'b', ScanCommand::Abort, "abort", "end now and leave all supervisors alone"),
    (b'z', ScanCommand::Reap, "reap", "look for dead children"),
    (b'E', ScanCommand::Reexec, "reexec", "replace svc-scan by the program now installed"),
];

impl ScanCommand {
    /// The command of a letter; `i` means `t`, as in s6.
    pub fn from_letter(letter: u8) -> Option<ScanCommand> {
        let letter = if letter == b'i' { b't' } else { letter };
        SCAN_COMMANDS.iter().find(|row| row.0 == letter).map(|row| row.1)
    }

    /// The command of a name.
    pub fn from_name(name: &str) -> Option<ScanCommand> {
        SCAN_COMMANDS.iter().find(|row| row.2 == name).map(|row| row.1)
    }

    /// Its letter.
    pub fn letter(self) -> u8 {
        // Every command is in the table; a test sees to it.
        SCAN_COMMANDS.iter().find(|row| row.1 == self).map_or(0, |row| row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_names_are_unique_and_read_back() {
        for (i, row) in COMMANDS.iter().enumerate() {
            assert_eq!(Command::from_letter(row.0), Some(row.1));
            assert_eq!(Command::from_name(row.2), Some(row.1));
            assert_eq!(row.1.letter(), row.0);
            assert!(COMMANDS[..i].iter().all(|r| r.0 != row.0 && r.2 != row.2));
        }
        for (i, row) in EVENTS.iter().enumerate() {
            assert_eq!(Event::from_letter(row.0), Some(row.1));
            assert_eq!(row.1.letter(), row.0);
            assert!(EVENTS[..i].iter().all(|r| r.0 != row.0));
        }
        for row in SCAN_COMMANDS {
            assert_eq!(ScanCommand::from_letter(row.0), Some(row.1));
            assert_eq!(ScanCommand::from_name(row.2), Some(row.1));
            assert_eq!(row.1.letter(), row.0);
        }
    }
}
