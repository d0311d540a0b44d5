//! The names of archives, and which of them have to go.

use common::base::stamp::Wall;

use super::record::ArchiveName;
use super::stamp;

/// When an archive was made, as its name tells: a TAI64N label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label {
    seconds: u64,
    nanos: u32,
}

impl Label {
    /// From the beginning of a file's name.
    fn parse(name: &[u8]) -> Option<Label> {
        let digits = name.strip_prefix(b"@")?.get(..24)?;
        // No sign, no capitals: only what is written here.
        if !digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let digits = std::str::from_utf8(digits).ok()?;
        let seconds = u64::from_str_radix(&digits[..16], 16).ok()?;
        Some(Label { seconds, nanos: u32::from_str_radix(&digits[16..], 16).ok()? })
    }

    fn of(time: Wall) -> Label {
        // `label` is as `parse` wants it.
        Label::parse(&stamp::label(time)).unwrap_or_default()
    }

    /// The present time.
    pub(super) fn now() -> Label {
        Label::of(common::os::clock::wall())
    }

    /// The one for a new archive: now, or just after the newest, if a clock was set back: names are
    /// in the order of writing whatever the clock does.
    pub(super) fn after(newest: Label, now: Wall) -> Label {
        let next = if newest.nanos < 999_999_999 {
            Label { seconds: newest.seconds, nanos: newest.nanos + 1 }
        } else {
            Label { seconds: newest.seconds.saturating_add(1), nanos: 0 }
        };
        Label::of(now).max(next)
    }

    /// As the name of a file: `@LABEL.s`.
    pub(super) fn name(self, kind: &str) -> ArchiveName {
        let mut name = ArchiveName::new();
        let text = format!("@{:016x}{:08x}{kind}", self.seconds, self.nanos);
        name.push(text.as_bytes());
        name
    }
}

/// A finished archive.
pub(crate) const FINISHED: &str = ".s";
/// One that a processor has not seen, or that was cut off by a crash of the machine.
pub(crate) const UNFINISHED: &str = ".u";

/// An archive in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Archive {
    pub(crate) label: Label,
    /// What follows the label: `.s`, `.u`, `.s.gz`.
    pub(crate) kind: String,
}

impl Archive {
    /// From a file's name.
    pub(crate) fn parse(name: &[u8]) -> Option<Archive> {
        let label = Label::parse(name)?;
        let kind = std::str::from_utf8(name.get(25..)?).ok()?;
        let known = kind == UNFINISHED || kind == FINISHED || kind.starts_with(".s.");
        known.then(|| Archive { label, kind: kind.to_owned() })
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.kind != UNFINISHED
    }

    /// The file's name.
    pub(crate) fn name(&self) -> String {
        String::from_utf8_lossy(self.label.name(&self.kind).bytes()).into_owned()
    }
}

/// How many of the oldest archives go, when `sizes` are those of all, oldest first: so that at most
/// `keep` are left, with `total` bytes together (0: any). The newest stays if any may.
pub(super) fn surplus(sizes: &[u64], keep: usize, total: u64) -> usize {
    let mut sum = 0u64;
    let fits = |size: &&u64| {
        sum = sum.saturating_add(**size);
        total == 0 || sum <= total
    };
    let room = sizes.iter().rev().take_while(fits).count();
    sizes.len() - keep.min(room.max(1)).min(sizes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_go_back() {
        let newest = Label::parse(b"@400000006b017a883b9ac9ff.s").unwrap();
        assert_eq!(newest.nanos, 999_999_999);
        let next = Label::after(newest, Wall(5));
        assert_eq!(next.name(FINISHED).bytes(), b"@400000006b017a8900000000.s");
        let next = Label::after(next, Wall(5));
        assert_eq!(next.name(UNFINISHED).bytes(), b"@400000006b017a8900000001.u");
        let now = Wall(1_800_000_000_000_000_001);
        assert_eq!(Label::after(next, now), Label::of(now));
    }

    #[test]
    fn only_archives_are_archives() {
        let name = "@400000006b017a883b9ac9ff";
        for kind in [".s", ".u", ".s.gz"] {
            let full = format!("{name}{kind}");
            let archive = Archive::parse(full.as_bytes()).unwrap();
            assert_eq!((archive.name(), archive.is_finished()), (full, kind != ".u"));
        }
        for bad in [name, "current", "@400000006b017a883b9ac9f.s", "@400000006B017a883b9ac9ff.s"] {
            assert_eq!(Archive::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Archive::parse(format!("{name}.txt").as_bytes()), None);
    }

    #[test]
    fn the_oldest_go_and_the_newest_stays() {
        assert_eq!(surplus(&[1, 1, 1], 10, 0), 0);
        assert_eq!(surplus(&[1, 1, 1], 2, 0), 1);
        assert_eq!(surplus(&[5, 5, 5, 5], 10, 12), 2);
        assert_eq!(surplus(&[5, 500], 10, 12), 1);
        assert_eq!(surplus(&[5, 5], 0, 0), 2);
        assert_eq!(surplus(&[], 3, 0), 0);
    }
}
