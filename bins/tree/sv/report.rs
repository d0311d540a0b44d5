//! The lines that sv prints.

use common::base::stamp::Wall;
use common::format::records::Kind;
use common::format::status::{Phase, Status, Wanted};
use rustix::io::Errno;

/// What there is to say about a service: `run: NAME: (pid N) Ns, and how that differs from the rule`.
pub(super) fn line(name: &str, status: &Status, normally_up: bool, now: Wall) -> String {
    let mut line = format!("{}: {name}: ", state(status.phase));
    if let Some(pid) = status.pid {
        line.push_str(&format!("(pid {}) ", pid.as_raw_pid()));
    }
    line.push_str(&format!("{}s", now.seconds().saturating_sub(status.changed.seconds())));
    let (runs, wants_up) = (status.pid.is_some(), status.wanted == Wanted::Up);
    let remarks = [
        (runs && !normally_up, ", normally down"),
        (!runs && normally_up, ", normally up"),
        (runs && status.paused, ", paused"),
        (!runs && wants_up, ", want up"),
        (runs && !wants_up, ", want down"),
        (runs && status.stopping, ", got TERM"),
    ];
    line.extend(remarks.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words));
    line
}

fn state(phase: Phase) -> &'static str {
    match phase {
        Phase::Down | Phase::Starting(Kind::Run) => "down",
        Phase::Running(Kind::Run) => "run",
        Phase::Starting(Kind::Finish) | Phase::Running(Kind::Finish) => "finish",
    }
}

/// A system's error in the words that sv has for the likely ones.
pub(super) fn reason(e: Errno) -> String {
    let words = match e {
        Errno::NOENT => "file does not exist",
        Errno::ACCESS => "access denied",
        Errno::PERM => "permission denied",
        Errno::NOTDIR => "not a directory",
        Errno::LOOP => "symbolic link loop",
        _ => return common::base::error::reason(e),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::Pid;

    fn at(status: &Status, normally_up: bool) -> String {
        line("a", status, normally_up, Wall(13_000_000_000))
    }

    #[test]
    fn golden() {
        let down = Status { changed: Wall(10_900_000_000), ..Status::default() };
        assert_eq!(at(&down, false), "down: a: 3s");
        assert_eq!(at(&down, true), "down: a: 3s, normally up");
        let wanted = Status { wanted: Wanted::Up, ..down.clone() };
        assert_eq!(at(&wanted, true), "down: a: 3s, normally up, want up");
        let phase = Phase::Running(Kind::Run);
        let run = Status { phase, pid: Pid::from_raw(42), ..wanted };
        assert_eq!(at(&run, true), "run: a: (pid 42) 3s");
        let stopping = Status { paused: true, stopping: true, wanted: Wanted::Once, ..run.clone() };
        assert_eq!(
            at(&stopping, false),
            "run: a: (pid 42) 3s, normally down, paused, want down, got TERM"
        );
        let finish = Status { phase: Phase::Running(Kind::Finish), ..run };
        assert_eq!(at(&finish, true), "finish: a: (pid 42) 3s");
    }

    #[test]
    fn a_clock_that_was_set_back_shows_no_negative_time() {
        let later = Status { changed: Wall(99_000_000_000), ..Status::default() };
        assert_eq!(at(&later, false), "down: a: 0s");
    }
}
