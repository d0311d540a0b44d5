//! Which of the files that it knows a service directory has: read at once, and again only when an
//! entry was added or removed.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use common::format::servicedir::FILES;
use common::os::stamp::Stamp;
use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir, openat};
use rustix::io::Result;

/// What is looked for besides the settings.
const OTHERS: [&str; 5] = ["control", ".meta", "log", "finish", "down"];

/// Which of them are directories.
const DIRECTORIES: [&str; 3] = ["control", ".meta", "log"];

/// The last look at the directory.
#[derive(Default)]
pub(super) struct Listing {
    there: [bool; FILES.len() + OTHERS.len()],
    stamp: Option<Stamp>,
}

impl Listing {
    /// Whether the directory has an entry of this name, one of those that are looked for.
    pub(super) fn has(&self, name: &str) -> bool {
        index(name).is_some_and(|i| self.there[i])
    }

    /// Looks again, if anything may have changed. If that fails everything may be there.
    pub(super) fn refresh(&mut self) {
        if self.try_refresh().is_err() {
            self.there.fill(true);
            self.stamp = None;
        }
    }

    fn try_refresh(&mut self) -> Result<()> {
        // The working directory can't become another one.
        let stamp = Stamp::at(CWD, c".")?;
        if self.stamp != Some(stamp) {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            self.read(&openat(CWD, c".", flags, Mode::empty())?)?;
            self.stamp = stamp.is_old().then_some(stamp);
        }
        Ok(())
    }

    #[inline(never)] // The buffer is not to be in the frame of whoever refreshes.
    fn read(&mut self, dir: &OwnedFd) -> Result<()> {
        self.there.fill(false);
        let mut buffer = [const { MaybeUninit::uninit() }; 512];
        let mut entries = RawDir::new(dir, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_str().unwrap_or_default();
            if let Some(i) = index(name) {
                // A file of a directory's name is not what it says.
                let is_file = entry.file_type() == FileType::RegularFile;
                self.there[i] = !(is_file && DIRECTORIES.contains(&name));
            }
        }
        Ok(())
    }
}

fn index(name: &str) -> Option<usize> {
    FILES.iter().chain(&OTHERS).position(|known| *known == name)
}
