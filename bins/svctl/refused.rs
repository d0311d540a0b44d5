//! Whose lines svc-logd can't write: they wait, and then whoever says them does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::base::stamp::{Boot, Wall};

use super::ages::{clock, long};
use super::plain::plain;
use super::site::Site;
use crate::log::logd::refusal::{self, Refusal};

/// As many names as are worth reading in one line.
const NAMED: usize = 3;

/// All whose lines can't be written, at one moment.
pub(super) struct Refused {
    all: Vec<Refusal>,
}

impl Refused {
    /// In a tree.
    pub(super) fn of(site: &Site) -> Refused {
        Refused { all: refusal::of(&site.fifos) }
    }

    /// That of one service.
    pub(super) fn find(&self, name: &str) -> Option<&Refusal> {
        self.all.iter().find(|refusal| refusal.name == name)
    }

    /// A line for each disk, and for each thing that is wrong with it.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut causes: BTreeMap<(PathBuf, &str), Vec<&Refusal>> = BTreeMap::new();
        for refusal in &self.all {
            causes.entry((root(refusal), &refusal.reason)).or_default().push(refusal);
        }
        let line = |((root, reason), refusals): ((PathBuf, &str), Vec<&Refusal>)| {
            let names: Vec<&str> = refusals.iter().map(|refusal| refusal.name.as_str()).collect();
            let shown = names[..names.len().min(NAMED)].join(", ");
            let more = match names.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let mend = mend(refusals[0]);
            plain(&format!(
                "the logs of {shown}{more} can't be written: {reason} ({}): {mend}, and they go on; \
                 who has much to say hangs until then",
                root.display()
            ))
        };
        causes.into_iter().map(line).collect()
    }
}

/// The directory that has those of all services, if it is one of them.
fn root(refusal: &Refusal) -> PathBuf {
    let place = &refusal.place;
    let is_own = place.file_name().is_some_and(|name| name == refusal.name.as_str());
    place.parent().filter(|_| is_own).unwrap_or(place).to_owned()
}

fn mend(refusal: &Refusal) -> &'static str {
    if refusal.is_full() { "make room there" } else { "mend that" }
}

/// What it means for one service, at a time.
pub(super) fn note(refusal: &Refusal, (wall, boot): (Wall, Boot)) -> String {
    let since = since(refusal, (wall, boot));
    let Refusal { place, reason, .. } = refusal;
    plain(&format!(
        "its log can't be written since {} ({}): {reason} ({}): it hangs once it has said more than \
         its pipe holds; {}",
        clock(since),
        long(since, wall),
        place.display(),
        mend(refusal)
    ))
}

/// When it began.
pub(super) fn since(refusal: &Refusal, (wall, boot): (Wall, Boot)) -> Wall {
    Wall(wall.0.saturating_sub(boot.since(refusal.since).saturating_mul(1_000_000)))
}

/// What shows the disk.
pub(super) fn command(refusal: &Refusal) -> String {
    let place: &Path = &root(refusal);
    plain(&format!("df -h {}", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str, place: &str, reason: &str) -> Refusal {
        Refusal { name: name.into(), since: Boot(1000), place: place.into(), reason: reason.into() }
    }

    #[test]
    fn a_line_tells_of_all_that_wait_for_the_same() {
        let full = "No space left on device";
        let of = |name: &str| refusal(name, &format!("/log/{name}"), full);
        let mut all = vec![of("a"), of("b"), refusal("x", "/disk/x", "Read-only file system")];
        let lines = |all: &[Refusal]| Refused { all: all.to_vec() }.lines();
        assert_eq!(
            lines(&all),
            [
                "the logs of x can't be written: Read-only file system (/disk): mend that, and they \
                 go on; who has much to say hangs until then",
                "the logs of a, b can't be written: No space left on device (/log): make room there, \
                 and they go on; who has much to say hangs until then",
            ]
        );
        all.extend(["c", "d", "e"].map(of));
        assert!(lines(&all)[1].starts_with("the logs of a, b, c and 2 more can't be written: "));
    }

    #[test]
    fn it_is_told_since_when() {
        let now = (Wall(10_000_000_000), Boot(3000));
        assert_eq!(since(&refusal("a", "/log/a", ""), now), Wall(8_000_000_000));
    }
}
