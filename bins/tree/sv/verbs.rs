//! What sv can be told: each command, the letters it becomes, and when it has taken effect.

use common::format::records::Kind;
use common::format::status::{Phase, Status, Wanted};

/// A command of sv's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verb {
    /// What is sent to the supervisor.
    pub(super) letters: &'static [u8],
    /// What must hold before it has taken effect, all of it.
    pub(super) goals: &'static [Goal],
    /// Whether to wait for that.
    pub(super) patience: Patience,
}

/// Whether a command waits until it has taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Only with `-v`.
    IfAsked,
    /// Yes, and says so if it has not.
    Waits,
    /// Yes, and sends KILL if it has not.
    Kills,
}

/// When a command has taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// It runs, and `./check` says so too.
    Up,
    /// Neither run nor finish is running.
    Down,
    /// It runs for the last time, or has done so.
    Once,
    /// It was started again, and `./check` approves; or it is down and to stay so.
    Restarted,
    /// A running one is paused.
    Paused,
    /// A running one is not paused.
    Continued,
    /// The supervisor is gone.
    Gone,
    /// `Up` or `Down`, whichever was asked for last; either, if that was once.
    AsWanted,
}

/// What one goal says of a status; the least of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Not yet.
    No,
    /// If `./check` exits 0, or is not there.
    IfChecked,
    /// It holds.
    Yes,
}

use Goal::{AsWanted, Continued, Down, Gone, Once, Paused, Restarted, Up};
use Patience::{IfAsked, Kills, Waits};

const fn verb(letters: &'static [u8], goals: &'static [Goal], patience: Patience) -> Verb {
    Verb { letters, goals, patience }
}

/// The commands that are known by the whole word.
const WORDS: &[(&str, Verb)] = &[
    ("start", verb(b"u", &[Up], Waits)),
    ("stop", verb(b"d", &[Down], Waits)),
    ("restart", verb(b"ru", &[Restarted, Continued, Up], Waits)),
    ("reload", verb(b"h", &[], Waits)),
    ("shutdown", verb(b"dx", &[Gone], Waits)),
    ("try-restart", verb(b"r", &[Restarted, Continued], Waits)),
    ("check", verb(b"", &[AsWanted], Waits)),
    ("force-stop", verb(b"d", &[Down], Kills)),
    ("force-reload", verb(b"r", &[Restarted, Continued], Kills)),
    ("force-restart", verb(b"ru", &[Restarted, Continued, Up], Kills)),
    ("force-shutdown", verb(b"dx", &[Gone], Kills)),
];

/// The commands that are known by their first letter.
const LETTERS: &[(u8, Verb)] = &[
    (b'u', verb(b"u", &[Up], IfAsked)),
    (b'd', verb(b"d", &[Down], IfAsked)),
    (b'o', verb(b"o", &[Once], IfAsked)),
    (b'p', verb(b"p", &[Paused], IfAsked)),
    (b'c', verb(b"c", &[Continued], IfAsked)),
    (b'h', verb(b"h", &[], IfAsked)),
    (b'a', verb(b"a", &[], IfAsked)),
    (b'i', verb(b"i", &[], IfAsked)),
    (b'q', verb(b"q", &[], IfAsked)),
    (b'1', verb(b"1", &[], IfAsked)),
    (b'2', verb(b"2", &[], IfAsked)),
    (b't', verb(b"t", &[Restarted], IfAsked)),
    (b'k', verb(b"k", &[Restarted], IfAsked)),
    (b'e', verb(b"dx", &[Gone], IfAsked)),
    (b'x', verb(b"dx", &[Gone], IfAsked)),
    (b'D', verb(b"d", &[Down], Kills)),
    (b'T', verb(b"r", &[Restarted, Continued], Kills)),
    (b'E', verb(b"dx", &[Gone], Kills)),
    (b'X', verb(b"dx", &[Gone], Kills)),
];

/// The command of a word: by the whole word, else by its first letter, as in sv.
pub(super) fn find(word: &[u8]) -> Option<&'static Verb> {
    let whole = WORDS.iter().find(|row| row.0.as_bytes() == word).map(|row| &row.1);
    let first = *word.first()?;
    whole.or_else(|| LETTERS.iter().find(|row| row.0 == first).map(|row| &row.1))
}

impl Verb {
    /// What all goals together say of `now`, for a service that was as `before` when the letters
    /// were sent.
    pub(super) fn judge(&self, before: &Status, now: &Status) -> Verdict {
        let all = self.goals.iter().map(|goal| goal.judge(before, now));
        all.min().unwrap_or(Verdict::Yes)
    }

    /// Whether it is waited for without being asked to.
    pub(super) fn waits(&self) -> bool {
        self.patience != IfAsked
    }

    /// Whether the supervisor is to end.
    pub(super) fn is_to_leave(&self) -> bool {
        self.goals.contains(&Gone)
    }

    /// Whether a change may come about that no event announces.
    pub(super) fn may_be_silent(&self) -> bool {
        self.goals.iter().any(|goal| match goal {
            Once | Paused | Continued => true,
            Up | Down | Restarted | Gone | AsWanted => false,
        })
    }
}

impl Goal {
    fn judge(self, before: &Status, now: &Status) -> Verdict {
        let yes = |holds: bool| if holds { Verdict::Yes } else { Verdict::No };
        let checked = |holds: bool| if holds { Verdict::IfChecked } else { Verdict::No };
        let runs = now.phase == Phase::Running(Kind::Run);
        let is_down = now.phase == Phase::Down;
        match self {
            Up => checked(runs),
            Down => yes(is_down),
            Once if is_down => yes(now.seq != before.seq),
            Once => yes(now.wanted != Wanted::Up),
            Restarted if is_down && now.wanted != Wanted::Up => Verdict::Yes,
            Restarted => checked(runs && !now.stopping && now.starts != before.starts),
            Paused => yes(is_down || now.paused),
            Continued => yes(is_down || !now.paused),
            Gone => Verdict::No,
            AsWanted => match now.wanted {
                Wanted::Up => Up.judge(before, now),
                // Running and having run are both what was asked for.
                Wanted::Once => Verdict::Yes,
                Wanted::Down => Down.judge(before, now),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::Pid;

    fn running() -> Status {
        Status {
            phase: Phase::Running(Kind::Run),
            pid: Pid::from_raw(7),
            wanted: Wanted::Up,
            seq: 4,
            starts: 2,
            ..Status::default()
        }
    }

    fn judge(word: &str, now: &Status) -> Verdict {
        find(word.as_bytes()).unwrap().judge(&running(), now)
    }

    #[test]
    fn the_whole_word_counts_before_its_first_letter() {
        assert_eq!(find(b"try-restart").unwrap().letters, b"r");
        assert_eq!(find(b"term").unwrap().letters, b"t");
        assert_eq!(find(b"check").unwrap().letters, b"");
        assert_eq!(find(b"cont").unwrap().letters, b"c");
        assert_eq!(find(b"exit"), find(b"x"));
        for none in [&b"restore"[..], b"force", b"stopp", b"", b"?"] {
            assert_eq!(find(none), None);
        }
    }

    #[test]
    fn every_letter_is_a_command_of_ours() {
        let verbs = WORDS.iter().map(|row| &row.1).chain(LETTERS.iter().map(|row| &row.1));
        for letter in verbs.flat_map(|verb| verb.letters) {
            assert!(common::format::letters::Command::from_letter(*letter).is_some());
        }
    }

    #[test]
    fn a_restart_is_one_only_when_it_was_started_again() {
        assert_eq!(judge("restart", &running()), Verdict::No);
        let again = Status { starts: 3, ..running() };
        assert_eq!(judge("restart", &again), Verdict::IfChecked);
        let dying = Status { stopping: true, ..again };
        assert_eq!(judge("restart", &dying), Verdict::No);
    }

    #[test]
    fn a_service_that_is_to_stay_down_need_not_be_restarted() {
        let down = Status { seq: 9, ..Status::default() };
        assert_eq!(judge("try-restart", &down), Verdict::Yes);
        assert_eq!(judge("restart", &down), Verdict::No);
        assert_eq!(judge("once", &down), Verdict::Yes);
        assert_eq!(judge("check", &down), Verdict::Yes);
    }

    #[test]
    fn down_means_that_finish_is_done_too() {
        let finishing = Status { phase: Phase::Running(Kind::Finish), ..running() };
        assert_eq!(judge("stop", &finishing), Verdict::No);
        assert_eq!(judge("start", &finishing), Verdict::No);
        assert_eq!(judge("stop", &Status::default()), Verdict::Yes);
    }

    #[test]
    fn a_signal_has_nothing_to_wait_for() {
        assert_eq!(judge("reload", &running()), Verdict::Yes);
        assert_eq!(judge("pause", &running()), Verdict::No);
        assert_eq!(judge("cont", &running()), Verdict::Yes);
    }
}
