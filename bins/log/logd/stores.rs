//! Where the loggers of all services keep their journals: files of some slots each, as many as are
//! needed. A slot is found again by its label.

use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{Errno, Result};

use crate::log::engine::store::{Shape, Store};

/// A slot has room for a name and eleven log directories; a region takes what a pipe holds.
pub(super) const SHAPE: Shape = Shape { slots: 32, slot_size: 1024, region_size: 64 * 1024 };

/// A slot: which file, and where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) file: usize,
    pub(super) number: usize,
}

/// All of them.
pub(super) struct Stores {
    dir: OwnedFd,
    files: Vec<Rc<Store>>,
    /// The label of each slot that is taken, a file after the other.
    labels: Vec<Option<String>>,
}

impl Stores {
    /// Opens those that a predecessor left in `dir`.
    pub(super) fn open(dir: OwnedFd) -> Result<Stores> {
        let mut stores = Stores { dir, files: Vec::new(), labels: Vec::new() };
        loop {
            match stores.add(OFlags::empty()) {
                Ok(()) => {}
                Err(Errno::NOENT) => return Ok(stores),
                Err(e) => return Err(e),
            }
        }
    }

    fn add(&mut self, create: OFlags) -> Result<()> {
        let name = format!("journal.{}", self.files.len());
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | create;
        let file = openat(&self.dir, name, flags, Mode::RUSR | Mode::WUSR)?;
        let store = Store::open(file, SHAPE)?;
        self.labels.extend((0..SHAPE.slots).map(|slot| store.label(slot)));
        self.files.push(Rc::new(store));
        Ok(())
    }

    /// The slot with this label, or a free one, which has it from now on.
    pub(super) fn take(&mut self, label: &str) -> Result<Slot> {
        let place = |wanted: Option<&str>, labels: &[Option<String>]| {
            labels.iter().position(|label| label.as_deref() == wanted)
        };
        let found = place(Some(label), &self.labels).or_else(|| place(None, &self.labels));
        let index = match found {
            Some(index) => index,
            None => {
                self.add(OFlags::CREATE)?;
                self.labels.len() - SHAPE.slots
            }
        };
        self.labels[index] = Some(label.to_owned());
        Ok(Slot { file: index / SHAPE.slots, number: index % SHAPE.slots })
    }

    /// The labels that are not among `known`: of services that have gone.
    pub(super) fn others(&self, known: impl Fn(&str) -> bool) -> Vec<String> {
        self.labels.iter().flatten().filter(|label| !known(label)).cloned().collect()
    }

    /// The file that a slot is in.
    pub(super) fn file(&self, slot: Slot) -> Result<Rc<Store>> {
        self.files.get(slot.file).cloned().ok_or(Errno::RANGE)
    }

    /// A slot that is not needed any more.
    pub(super) fn free(&mut self, slot: Slot) {
        if let Some(store) = self.files.get(slot.file) {
            store.clear(slot.number);
            self.labels[slot.file * SHAPE.slots + slot.number] = None;
        }
    }
}

/// Opens a directory that there must be.
#[cfg(test)]
fn directory(path: &std::path::Path) -> Result<OwnedFd> {
    openat(rustix::fs::CWD, path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_found_again_and_there_are_always_more() {
        let path = std::env::temp_dir().join(format!("svc-logd-stores.{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        let mut stores = Stores::open(directory(&path).unwrap()).unwrap();
        let slots: Vec<Slot> = (0..40).map(|n| stores.take(&format!("s{n}")).unwrap()).collect();
        assert_eq!(slots[39], Slot { file: 1, number: 7 });
        assert_eq!(stores.take("s7").unwrap(), slots[7]);
        stores.free(slots[7]);
        assert_eq!(stores.others(|label| label != "s7" && label != "s8"), ["s8"]);
        assert_eq!(stores.take("new").unwrap(), slots[7]);
        std::fs::remove_dir_all(&path).unwrap();
    }
}
