//! A service: its fifo, and its logger.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use common::base::error::reason;
use common::base::stamp::Boot;
use common::os::clock;
use common::os::file::Inode;
use rustix::io::Errno;

use super::refusal::Refusal;
use super::stores::Slot;
use crate::log::engine::logger::{Filled, Kind, Logger, Work};

/// After the journal had no room for input, it is tried again, ms.
const RETRY: u64 = 1000;
/// At the end so many pieces of input are taken of each service: no more than a pipe has.
const LAST: usize = 32;

pub(super) struct Service {
    pub(super) name: String,
    /// None: it was removed before we were there.
    pub(super) fifo: Option<OwnedFd>,
    /// The fifo has been removed; what is in it is still taken, and written.
    pub(super) is_gone: bool,
    pub(super) inode: Option<Inode>,
    pub(super) slot: Slot,
    pub(super) logger: Logger,
    /// It logs to where its lines are kept until there is a disk.
    pub(super) is_early: bool,
    /// When its logger wants a turn though nothing comes in.
    pub(super) due: Option<Boot>,
    /// Its disk can't be written to: no input is taken.
    pub(super) is_blocked: bool,
    /// Why its journal takes no input: it was said.
    pub(super) told: Option<Errno>,
    /// What it waits for, as it stands in the status file.
    refused: Option<Box<Refused>>,
    /// When it last had input; none since its memory was given back.
    pub(super) active: Option<Boot>,
}

/// Why nothing more of a service is logged.
struct Refused {
    since: Boot,
    /// The log directory; none: it is the journal.
    dir: Option<PathBuf>,
    errno: Errno,
}

/// What a turn brought.
pub(super) struct Turn {
    /// Bytes of input.
    pub(super) taken: usize,
}

impl Service {
    /// One of which nothing is known but how it is logged.
    pub(super) fn new(name: &str, slot: Slot, logger: Logger, is_early: bool) -> Service {
        Service {
            name: name.to_owned(),
            fifo: None,
            is_gone: true,
            inode: None,
            slot,
            logger,
            is_early,
            due: None,
            is_blocked: false,
            told: None,
            refused: None,
            active: None,
        }
    }

    /// Takes what has come, once, and writes it.
    pub(super) fn take_turn(&mut self) -> Turn {
        let mut taken = 0;
        if self.work() == Work::Done {
            taken = self.fill();
            if taken > 0 {
                self.work();
            }
        }
        Turn { taken }
    }

    fn fill(&mut self) -> usize {
        let Some(fifo) = &self.fifo else { return 0 };
        match self.logger.fill(fifo.as_fd(), Kind::Pipe) {
            Ok(Filled::Some(length)) => {
                (self.active, self.told) = (Some(clock::boot()), None);
                length
            }
            Ok(Filled::Nothing | Filled::End) => 0,
            Err(e) => {
                if self.told.replace(e).is_none() {
                    let why = reason(e);
                    self.logger.warn(&format_args!("no room for its input: {why} (input waits)"));
                }
                (self.is_blocked, self.due) = (true, Some(clock::boot().after(RETRY)));
                0
            }
        }
    }

    pub(super) fn work(&mut self) -> Work {
        let work = self.logger.work();
        (self.is_blocked, self.due) = match work {
            Work::Done => (false, self.logger.due()),
            Work::Blocked(due) => (true, Some(due)),
        };
        work
    }

    /// Notes what it waits for; whether that is news.
    pub(super) fn note_refusal(&mut self) -> bool {
        if !self.is_blocked {
            return self.refused.take().is_some();
        }
        let of_journal = || self.told.map(|errno| (None, errno));
        let of_directory = self.logger.refused().map(|(dir, errno)| (Some(dir), errno));
        let Some((dir, errno)) = of_directory.or_else(of_journal) else {
            return self.refused.take().is_some();
        };
        let was = self.refused.as_deref();
        if was.is_some_and(|was| was.dir.as_deref() == dir && was.errno == errno) {
            return false;
        }
        let since = was.map_or_else(clock::boot, |was| was.since);
        self.refused = Some(Box::new(Refused { since, dir: dir.map(Path::to_owned), errno }));
        true
    }

    /// The same for others; `journal` is where the journals are.
    pub(super) fn refusal(&self, journal: &Path) -> Option<Refusal> {
        let Refused { since, dir, errno } = self.refused.as_deref()?;
        let place = dir.clone().unwrap_or_else(|| journal.to_owned());
        let reason = reason(*errno).to_string();
        Some(Refusal { name: self.name.clone(), since: *since, place, reason })
    }

    /// Writes all that is there, the last line too, if it can be written. Whether it was.
    pub(super) fn finish(&mut self) -> bool {
        for _ in 0..LAST {
            if self.work() != Work::Done || self.fill() == 0 {
                break;
            }
        }
        if self.is_blocked {
            // The rest of the last line may be in the fifo.
            return false;
        }
        self.logger.flush();
        let done = self.work() == Work::Done;
        if done {
            self.logger.end();
        }
        done
    }
}
