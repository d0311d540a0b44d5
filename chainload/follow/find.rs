//! Which of its descendants a keeper is to follow.

use std::ffi::OsStr;

use common::os::file::read_small;
use common::os::process::stat;
use rustix::fs::CWD;
use rustix::process::{Pid, getpid};

use crate::kin::{descendants, descends};

/// The oldest of our children.
pub(super) fn first() -> Option<Pid> {
    let ours = getpid().as_raw_pid();
    let all = descendants(getpid()).unwrap_or_default();
    let children = all.iter().filter(|p| p.stat.parent == ours && !p.is_zombie());
    children.min_by_key(|p| (p.stat.start, p.pid.as_raw_pid())).map(|p| p.pid)
}

/// The process whose pid is in the file, if it is one of ours and lives: whatever else the file says,
/// nobody else's process is followed.
pub(super) fn in_file(path: &OsStr) -> Option<Pid> {
    let mut buffer = [0; 64];
    let pid = pid(read_small(CWD, path, &mut buffer).ok()?)?;
    let lives = stat(pid).is_ok_and(|stat| !matches!(stat.state, b'Z' | b'X'));
    (lives && descends(pid, getpid())).then_some(pid)
}

/// A number in the first line.
fn pid(text: &[u8]) -> Option<Pid> {
    let line = text.split(|b| *b == b'\n').next()?.trim_ascii();
    let digits = std::str::from_utf8(line).ok().filter(|l| l.bytes().all(|b| b.is_ascii_digit()));
    digits?.parse().ok().filter(|raw| *raw > 1).and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_begins_with_a_number() {
        let number = |text: &[u8]| pid(text).map(Pid::as_raw_pid);
        assert_eq!(number(b"4711\n"), Some(4711));
        assert_eq!(number(b" 4711"), Some(4711));
        assert_eq!(number(b"4711\n/var/run/x\n"), Some(4711));
        let none: [&[u8]; 9] =
            [b"", b"\n4711", b"0", b"1", b"-1", b"+7", b"47 11", b"x", b"99999999999"];
        for bad in none {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }
}
