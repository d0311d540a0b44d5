//! Which users and groups there are: those of an image, or of our own system.

use std::collections::BTreeMap;

use common::base::sort::Gather;
use common::os::account;

use super::root::Root;

/// The longest file of accounts that is read.
const LARGEST: usize = 64 << 20;

/// Users or groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Users,
    Groups,
}

/// The names in /etc/passwd or /etc/group, and what was asked of others.
pub(super) struct Accounts<'a> {
    root: &'a Root,
    of: Of,
    known: BTreeMap<String, bool>,
}

impl<'a> Accounts<'a> {
    /// Reads the file. One that can't be read has no names.
    pub(super) fn new(root: &'a Root, of: Of) -> Accounts<'a> {
        let path = match of {
            Of::Users => "/etc/passwd",
            Of::Groups => "/etc/group",
        };
        let text = root.read(path, LARGEST).unwrap_or_default();
        let names = text.split(|b| *b == b'\n').filter_map(|line| {
            let name = line.split(|b| *b == b':').next()?;
            std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
        });
        let known = names.map(|name| (name.to_owned(), true)).gather();
        Accounts { root, of, known }
    }

    /// Whether there is one of this name, or number.
    pub(super) fn has(&mut self, name: &str) -> bool {
        if account::id(name).is_some() {
            return true;
        }
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        // A directory service may know more; of an image nobody can ask one.
        let found = !self.root.is_image() && {
            self.root.seen.note_asked();
            match self.of {
                Of::Users => account::user(name).is_ok_and(|user| user.is_some()),
                Of::Groups => account::group(name).is_ok_and(|group| group.is_some()),
            }
        };
        self.known.insert(name.to_owned(), found);
        found
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().filter(|(_, is_there)| **is_there).map(|(name, _)| name.as_str())
    }
}
