//! A service: its fifo, and its logger.

use std::os::fd::{AsFd, OwnedFd};

use common::base::stamp::Boot;
use common::os::clock;
use common::os::file::Inode;
use rustix::io::Errno;

use super::stores::Slot;
use crate::log::engine::logger::{Filled, Kind, Logger, Work};

/// After the journal had no room for input, it is tried again, ms.
const RETRY: u64 = 1000;
/// At the end so many pieces of input are taken of each service: no more than a pipe has.
const LAST: usize = 32;

pub(super) struct Service {
    pub(super) name: String,
    /// None: it has been removed, and what was in it is being written.
    pub(super) fifo: Option<OwnedFd>,
    pub(super) inode: Option<Inode>,
    pub(super) slot: Slot,
    pub(super) logger: Logger,
    /// It logs to where its lines are kept until there is a disk.
    pub(super) is_early: bool,
    /// When its logger wants a turn though nothing comes in.
    pub(super) due: Option<Boot>,
    /// Its disk can't be written to: no input is taken.
    pub(super) is_blocked: bool,
    /// When it last had input; none since its memory was given back.
    pub(super) active: Option<Boot>,
}

/// What a turn brought.
pub(super) struct Turn {
    /// Bytes of input.
    pub(super) taken: usize,
}

impl Service {
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
                self.active = Some(clock::boot());
                length
            }
            Ok(Filled::Nothing | Filled::End) => 0,
            Err(e) => {
                self.logger.warn(&format_args!("no room for its input: {} (input waits)", why(e)));
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

    /// Writes all that is there, the last line too, if it can be written. Whether it was.
    pub(super) fn finish(&mut self) -> bool {
        for _ in 0..LAST {
            if self.work() != Work::Done || self.fill() == 0 {
                break;
            }
        }
        self.logger.flush();
        let done = self.work() == Work::Done;
        if done {
            self.logger.end();
        }
        done
    }
}

fn why(e: Errno) -> String {
    common::base::error::reason(e)
}
