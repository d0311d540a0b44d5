//! Which services svc-logd can't log, why and since when: lines `refused=NAME SINCE WHERE: REASON` of its
//! status file.

use std::fmt;
use std::path::{Path, PathBuf};

use common::base::error::reason;
use common::base::stamp::Boot;
use common::os::file;
use common::os::process::{BootId, Found, Identity};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::process::Pid;

use super::fifos::OWN;

/// The size of the status file.
pub(super) const SIZE: usize = 8192;
/// What begins such a line.
const KEY: &str = "refused=";
/// How often the file is read that is being rewritten in place.
const TRIES: u32 = 10;

/// A service whose lines can't be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) name: String,
    pub(crate) since: Boot,
    /// The log directory, or that of the journal.
    pub(crate) place: PathBuf,
    pub(crate) reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { name, since, place, reason } = self;
        writeln!(f, "{KEY}{name} {} {}: {reason}", since.0, place.display())
    }
}

impl Refusal {
    /// By its line; none: it is another, or was cut off.
    fn parse(line: &str) -> Option<Refusal> {
        let (name, rest) = line.strip_prefix(KEY)?.split_once(' ')?;
        let (since, rest) = rest.split_once(' ')?;
        let (place, reason) = rest.rsplit_once(": ")?;
        let since = Boot(since.parse().ok()?);
        Some(Refusal {
            name: name.to_owned(),
            since,
            place: place.into(),
            reason: reason.to_owned(),
        })
    }

    /// Whether room is what is missing.
    pub(crate) fn is_full(&self) -> bool {
        [Errno::NOSPC, Errno::DQUOT].iter().any(|errno| reason(*errno) == self.reason)
    }
}

/// All of them, if a svc-logd lives that reads these fifos, and its status may be read.
pub(crate) fn of(fifos: &Path) -> Vec<Refusal> {
    let path = fifos.join(OWN).join("status");
    let text = (0..TRIES).find_map(|_| {
        let read = || file::read_up_to(CWD, &path, SIZE).ok();
        read().filter(|text| read().as_ref() == Some(text))
    });
    let text = text.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    if is_of_the_living(&text) {
        text.lines().filter_map(Refusal::parse).collect()
    } else {
        Vec::new()
    }
}

/// Whether who has written it lives.
fn is_of_the_living(text: &str) -> bool {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let pid = value("pid=").and_then(|pid| Pid::from_raw(pid.parse().ok()?));
    let start = value("start=").and_then(|start| start.parse().ok());
    let identity = pid.zip(start).map(|(pid, start)| Identity { pid, start, boot: BootId::now() });
    identity.is_some_and(|identity| identity.look() == Found::Alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_was_written() {
        let refusal = Refusal {
            name: "talk".into(),
            since: Boot(1234),
            place: "/var/log/a: b".into(),
            reason: "No space left on device".into(),
        };
        let line = refusal.to_string();
        assert_eq!(line, "refused=talk 1234 /var/log/a: b: No space left on device\n");
        assert_eq!(Refusal::parse(line.trim_end()), Some(refusal));
        for cut in ["", "refused=", "refused=talk 12", "refused=talk x /d: y", "refused=talk 1 /d"]
        {
            assert_eq!(Refusal::parse(cut), None, "{cut}");
        }
    }

    #[test]
    fn only_a_full_disk_is_full() {
        let of = |errno| Refusal {
            name: String::new(),
            since: Boot(0),
            place: PathBuf::new(),
            reason: reason(errno).to_string(),
        };
        assert!(of(Errno::NOSPC).is_full());
        assert!(!of(Errno::ROFS).is_full());
    }
}
