//! A logger: input, journal, script and log directories. It has no loop of its own, so that one
//! process can drive thousands.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::rc::Rc;

use common::base::stamp::{Boot, Wall};
use common::os::clock;
use common::sys::shared::Region;
use rustix::fs::fstat;
use rustix::io::{Errno, Result};

use super::directory::Directory;
use super::emit::Outlets;
use super::failure::Failure;
use super::limit::Limit;
use super::lines;
use super::plan::Plan;
use super::record::{Record, State};
use super::store::Store;
use crate::log::script::{Full, Script, Target};

/// A logger.
pub(crate) struct Logger {
    /// Begins its messages: the program's name, and the service's where there are several.
    pub(super) name: String,
    /// Only what is fatal is said.
    pub(super) quiet: bool,
    pub(super) store: Rc<Store>,
    pub(super) slot: usize,
    pub(super) region: Region,
    /// As in the journal, or about to be.
    pub(super) record: Record,
    pub(super) plan: Plan,
    pub(super) directories: Vec<Directory>,
    pub(super) outlets: Outlets,
    /// One for each action, or one for all if the script is simple. Empty in silence.
    pub(super) outputs: Vec<Vec<u8>>,
    /// What a predecessor left has been taken care of.
    pub(super) recovered: bool,
    /// What has no end is written as well.
    pub(super) flush: bool,
    pub(super) limit: Limit,
    /// The time for the lines of this turn's input was taken.
    pub(super) timed: bool,
    /// Something can't be written: when it is tried again.
    retry_at: Option<Boot>,
    /// What was said about it, and of which directory.
    told: Option<(usize, Failure)>,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// All whole lines are written.
    Done,
    /// Something can't be written; no use before then.
    Blocked(Boot),
}

/// What came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// So many bytes.
    Some(usize),
    /// Nothing yet.
    Nothing,
    /// Nobody will write any more.
    End,
}

/// What the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A pipe or fifo, from which the kernel itself moves bytes into the store.
    Pipe,
    /// Anything else. What is read is lost if we are killed just then.
    Other,
}

/// What could not be done, and in which directory.
pub(super) struct Stuck {
    pub(super) directory: usize,
    pub(super) failure: Failure,
}

/// `result.stuck(directory)?`
pub(super) trait At<T> {
    fn at(self, directory: usize) -> std::result::Result<T, Stuck>;
}

impl<T> At<T> for std::result::Result<T, Failure> {
    fn at(self, directory: usize) -> std::result::Result<T, Stuck> {
        self.map_err(|failure| Stuck { directory, failure })
    }
}

/// The log directories of a script.
pub(crate) fn directories(script: &Script) -> Vec<Directory> {
    let directory = |(index, action): (usize, &crate::log::script::Action)| match &action.to {
        Target::Dir(settings) => Some(Directory::new(settings.clone(), index)),
        Target::Stdout | Target::Alert(_) | Target::Status(..) => None,
    };
    script.actions.iter().enumerate().filter_map(directory).collect()
}

impl Logger {
    /// A logger that goes on in slot `slot`. The directories, those of the script, are opened at the
    /// first turn if they aren't open.
    pub(crate) fn new(
        name: String,
        mut plan: Plan,
        mut directories: Vec<Directory>,
        store: Rc<Store>,
        slot: usize,
    ) -> Result<Logger> {
        // There must be room for the log directories' places, and for the end of each line.
        if directories.len() > store.most_outputs() || plan.longest > store.region_size() / 2 {
            return Err(Errno::TOOBIG);
        }
        let region = store.region(slot)?;
        // There may be thousands of us, and most have one directory: a vector begins with four.
        directories.shrink_to_fit();
        plan.script.actions.shrink_to_fit();
        let limit = Limit::new(plan.script.rate);
        Ok(Logger {
            name,
            quiet: false,
            store,
            slot,
            region,
            record: Record::new(),
            plan,
            directories,
            outlets: Outlets::new(),
            outputs: Vec::new(),
            recovered: false,
            flush: false,
            limit,
            timed: false,
            retry_at: None,
            told: None,
        })
    }

    pub(crate) fn be_quiet(&mut self) {
        self.quiet = true;
    }

    /// Where in the region the input ends.
    pub(super) fn input_end(&self) -> usize {
        let end = self.store.input_end(self.slot, self.record.active);
        end.min(self.store.region_size())
    }

    /// How much input is not written.
    pub(crate) fn pending(&self) -> usize {
        if !self.recovered {
            // What a predecessor left was not looked at yet.
            return 0;
        }
        self.input_end().saturating_sub(self.record.start)
    }

    /// Takes input, without waiting. After a turn that was [`Work::Done`] there is room.
    pub(crate) fn fill(&mut self, input: BorrowedFd<'_>, kind: Kind) -> Result<Filled> {
        let (end, active) = (self.input_end(), self.record.active);
        let room = self.store.region_size() - end;
        let moved = match kind {
            Kind::Pipe => self.store.splice(self.slot, active, &mut self.region, input, room),
            Kind::Other => rustix::io::read(input, &mut self.region.bytes_mut()[end..end + room])
                .inspect(|length| self.store.set_input_end(self.slot, active, end + length)),
        };
        self.timed = false;
        match moved {
            Ok(0) => Ok(Filled::End),
            Ok(length) => Ok(Filled::Some(length)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Filled::Nothing),
            Err(Errno::NOSPC) if self.make_room_for_input() => self.fill(input, kind),
            Err(e) => Err(e),
        }
    }

    /// The journal is on the full disk, too: drops the oldest archive there, if that is wanted and
    /// there is one.
    fn make_room_for_input(&self) -> bool {
        let device = |fd: BorrowedFd<'_>| fstat(fd).map(|stat| stat.st_dev).ok();
        let disk = device(self.store.as_fd());
        let mut dropping = self.directories.iter().filter(|directory| {
            let is_there = directory.handle().is_ok_and(|dir| device(dir) == disk);
            is_there && directory.settings.full == Full::DropOldest
        });
        dropping.any(Directory::drop_oldest)
    }

    /// Writes what can be written.
    pub(crate) fn work(&mut self) -> Work {
        let now = clock::boot();
        self.process();
        if let Some(due) = self.retry_at.filter(|due| *due > now) {
            return Work::Blocked(due);
        }
        loop {
            let stuck = match self.proceed() {
                Ok(()) => return self.unstuck(),
                Err(stuck) => stuck,
            };
            let Some(directory) = self.directories.get(stuck.directory) else {
                return self.blocked(&stuck, 2000);
            };
            let is_full = matches!(stuck.failure.errno, Errno::NOSPC | Errno::DQUOT);
            let drops = directory.settings.full == Full::DropOldest;
            let retry = directory.settings.retry;
            if !(is_full && drops && directory.drop_oldest()) {
                return self.blocked(&stuck, retry);
            }
        }
    }

    fn unstuck(&mut self) -> Work {
        self.retry_at = None;
        if self.told.take().is_some() {
            self.warn(&"writing again");
        }
        Work::Done
    }

    fn blocked(&mut self, stuck: &Stuck, retry: u64) -> Work {
        // At once would be spinning.
        let due = clock::boot().after(retry.max(10));
        self.retry_at = Some(due);
        if self.told.as_ref().map(|(_, failure)| failure) != Some(&stuck.failure) {
            let failure = &stuck.failure;
            self.warn(&format_args!("{failure} (trying every {retry} ms, input waits)"));
            self.told = Some((stuck.directory, failure.clone()));
        }
        Work::Blocked(due)
    }

    /// The log directory that can't be written, if there is one, and why.
    pub(crate) fn refused(&self) -> Option<(&Path, Errno)> {
        let (directory, failure) = self.told.as_ref()?;
        let directory = self.directories.get(*directory)?;
        Some((&directory.settings.path, failure.errno))
    }

    /// A warning, unless nobody wants it.
    pub(crate) fn warn(&self, message: &dyn std::fmt::Display) {
        if !self.quiet {
            common::program::warn(&self.name, message);
        }
    }

    /// The time for stamps: one for all that came at once.
    pub(super) fn take_time(&mut self) {
        if !std::mem::replace(&mut self.timed, true) {
            self.plan.set_time(clock::wall());
        }
    }

    /// Asks for a rotation of all directories that have anything in `current`.
    pub(crate) fn rotate(&mut self) {
        for directory in &mut self.directories {
            directory.wanted = directory.place.end > 0;
        }
    }

    /// When there is something to do even if nothing comes in.
    pub(crate) fn due(&self) -> Option<Boot> {
        let of = |d: &Directory| [d.old_at(), d.process_at()].into_iter().flatten().min();
        let due = self.directories.iter().filter_map(of).chain(self.limit.due()).min();
        self.retry_at.or(due)
    }

    /// From now on a last line without an end is written too.
    pub(crate) fn flush(&mut self) {
        self.flush = true;
    }

    /// Whether the input so far ends in the middle of a line.
    pub(crate) fn is_in_line(&self) -> bool {
        self.pending() > 0
    }

    /// Gives back the memory that a silent logger does not need.
    pub(crate) fn rest(&mut self) {
        self.outputs = Vec::new();
        // Where a predecessor's input ends is not known before.
        if self.recovered {
            self.store.punch(self.slot, self.input_end());
        }
    }

    /// Lends or takes back the buffers for output, which the loggers of one process share.
    pub(crate) fn exchange(&mut self, buffers: &mut Vec<Vec<u8>>) {
        std::mem::swap(&mut self.outputs, buffers);
    }

    /// Lets go of the directories, until there is something to write.
    pub(crate) fn close_directories(&mut self) {
        self.directories.iter_mut().for_each(Directory::close);
    }

    /// Marks the directories as complete, unless a batch is half written, maybe by a predecessor.
    pub(crate) fn end(&mut self) {
        if !self.recovered || self.record.state == State::Open {
            return;
        }
        self.rest();
        for directory in &self.directories {
            if let Err(failure) = directory.end() {
                self.warn(&failure);
            }
        }
    }

    /// How much of the input is lines to be written now.
    pub(super) fn to_write(&self) -> usize {
        let input = self.input();
        if self.flush { input.len() } else { lines::whole(input, self.plan.longest) }
    }

    pub(super) fn input(&self) -> &[u8] {
        self.region.bytes().get(self.record.start..self.input_end()).unwrap_or_default()
    }

    /// The time that the lines of a replayed batch had.
    pub(super) fn set_time(&mut self, time: Wall) {
        self.plan.set_time(time);
        self.timed = false;
    }
}
