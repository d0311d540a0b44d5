//! What of a log that is being rotated has been read already, whatever its files are called by now.

use std::collections::BTreeSet;

use common::base::sort::Gather;
use common::base::stamp::Wall;
use common::os::file::Inode;

use super::dir::Archive;

/// Names of archives that are there no more are remembered up to this many: an event that tells of
/// one can't be older, the kernel's queue being 16384 events long, of which a rotation is three or
/// more.
const REMEMBERED: usize = 8192;

/// What has been read, or is going to be.
#[derive(Default)]
pub(super) struct Seen {
    /// Archives, by the times in their names: what a processor makes of one has the same.
    archives: BTreeSet<Wall>,
    /// The `current` that is held open.
    current: Option<Inode>,
    /// The `previous` that was read.
    previous: Option<Inode>,
    /// Whether the next archive that appears is what was made of that.
    owed: bool,
    /// What files that were `current` have been renamed to, oldest first.
    renamed: Vec<Wall>,
}

/// What is to be read besides, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) archives: Vec<Archive>,
    pub(super) previous: bool,
    pub(super) current: bool,
}

impl Seen {
    /// An event told that `current` became an archive.
    pub(super) fn renamed_to(&mut self, archive: Wall) {
        self.renamed.push(archive);
    }

    /// What is new in a directory in which these files are now.
    pub(super) fn update(
        &mut self,
        archives: &[Archive],
        inode_of: impl Fn(&Archive) -> Option<Inode>,
        previous: Option<Inode>,
        current: Option<Inode>,
    ) -> News {
        let unknown = |a: &&Archive| !self.archives.contains(&a.time);
        let mut fresh: Vec<_> = archives.iter().filter(unknown).cloned().collect();
        let made_of = |fresh: &[Archive], inode: Option<Inode>| {
            fresh.iter().position(|archive| inode.is_some() && inode_of(archive) == inode)
        };
        if self.owed && !fresh.is_empty() {
            fresh.remove(made_of(&fresh, self.previous).unwrap_or(0));
            self.owed = false;
        }
        if self.current.is_some() && self.current != current {
            let renamed = self.renamed.iter().find(|time| !self.archives.contains(time)).copied();
            if let Some(own) = made_of(&fresh, self.current) {
                fresh.remove(own);
            } else if previous == self.current {
                (self.previous, self.owed) = (previous, true);
            } else if let Some(time) = renamed {
                // A processor was faster than we are: it is another file by now, or none.
                self.archives.insert(time);
                fresh.retain(|archive| archive.time != time);
            } else if !fresh.is_empty() {
                // Events were lost; the oldest one is what was ours.
                fresh.remove(0);
            }
        }
        let previous_is_new = previous.is_some() && previous != self.previous;
        if previous_is_new {
            (self.previous, self.owed) = (previous, true);
        }
        let current_is_new = current.is_some() && current != self.current;
        self.current = current;
        self.renamed.clear();
        self.remember(archives);
        News { archives: fresh, previous: previous_is_new, current: current_is_new }
    }

    fn remember(&mut self, archives: &[Archive]) {
        self.archives.extend(archives.iter().map(|archive| archive.time));
        if self.archives.len() > archives.len() + REMEMBERED {
            self.archives = archives.iter().map(|archive| archive.time).gather();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(second: u8, suffix: &str) -> Archive {
        Archive::named(format!("@40000000690000{second:02x}00000000{suffix}").as_bytes()).unwrap()
    }

    fn inode(number: u64) -> Option<Inode> {
        Some(Inode { device: 1, number })
    }

    /// Looks at a directory: archives with their inodes, `previous`, `current`.
    fn look(
        seen: &mut Seen,
        archives: &[(u8, &str, u64)],
        previous: u64,
        current: u64,
    ) -> (Vec<u8>, bool, bool) {
        let list: Vec<_> = archives.iter().map(|(s, suffix, _)| archive(*s, suffix)).collect();
        let of = |a: &Archive| list.iter().position(|b| a == b).and_then(|i| inode(archives[i].2));
        let some = |number| if number == 0 { None } else { inode(number) };
        let news = seen.update(&list, of, some(previous), some(current));
        let second = |a: &Archive| archives[list.iter().position(|b| a == b).unwrap()].0;
        (news.archives.iter().map(second).collect(), news.previous, news.current)
    }

    #[test]
    fn what_was_current_is_not_read_again_as_an_archive() {
        let mut seen = Seen::default();
        assert_eq!(look(&mut seen, &[(1, ".s", 11)], 0, 12), (vec![1], false, true));
        assert_eq!(look(&mut seen, &[(1, ".s", 11)], 0, 12), (vec![], false, false));
        let rotated = [(1, ".s", 11), (2, ".u", 12)];
        assert_eq!(look(&mut seen, &rotated, 0, 13), (vec![], false, true));
        // And its processor is done.
        let processed = [(1, ".s", 11), (2, ".s", 99)];
        assert_eq!(look(&mut seen, &processed, 0, 13), (vec![], false, false));
    }

    #[test]
    fn files_in_between_are_read() {
        let mut seen = Seen::default();
        look(&mut seen, &[], 0, 11);
        let twice = [(1, ".s", 11), (2, ".s", 12), (3, ".s", 13)];
        assert_eq!(look(&mut seen, &twice, 0, 14), (vec![2, 3], false, true));
        assert_eq!(look(&mut seen, &[(3, ".s", 13), (4, ".s", 14)], 0, 0), (vec![], false, false));
        assert_eq!(look(&mut seen, &[(4, ".s", 14)], 0, 15), (vec![], false, true));
    }

    #[test]
    fn a_processor_may_be_faster_than_the_reader() {
        let mut seen = Seen::default();
        look(&mut seen, &[], 0, 11);
        seen.renamed_to(archive(1, ".u").time);
        seen.renamed_to(archive(2, ".u").time);
        let processed = [(1, ".s", 91), (2, ".s", 92)];
        assert_eq!(look(&mut seen, &processed, 0, 13), (vec![2], false, true));
        // It was removed meanwhile, too.
        seen.renamed_to(archive(3, ".u").time);
        seen.renamed_to(archive(4, ".u").time);
        assert_eq!(look(&mut seen, &[(4, ".s", 94)], 0, 15), (vec![4], false, true));
        // Nobody told: the oldest must be it.
        let processed = [(4, ".s", 94), (5, ".s", 95), (6, ".s", 96)];
        assert_eq!(look(&mut seen, &processed, 0, 17), (vec![6], false, true));
    }

    #[test]
    fn previous_is_read_once_whatever_becomes_of_it() {
        let mut seen = Seen::default();
        assert_eq!(look(&mut seen, &[], 10, 11), (vec![], true, true));
        assert_eq!(look(&mut seen, &[(1, ".s", 91)], 10, 11), (vec![], false, false));
        assert_eq!(look(&mut seen, &[(1, ".s", 91)], 0, 11), (vec![], false, false));
        assert_eq!(look(&mut seen, &[(1, ".s", 91)], 11, 12), (vec![], false, true));
        let linked = [(1, ".s", 91), (2, ".s", 11)];
        assert_eq!(look(&mut seen, &linked, 0, 12), (vec![], false, false));
        let next = [(1, ".s", 91), (2, ".s", 11), (3, ".s", 12)];
        assert_eq!(look(&mut seen, &next, 13, 14), (vec![], true, true));
    }
}
