//! The main loop of svc-log: input, signals, silence.

use std::os::fd::{BorrowedFd, OwnedFd};

use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::signals::Signals;
use common::os::{clock, fifo};
use common::prelude::*;
use common::sys::{input, stack};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
use rustix::stdio::stdin;

use super::super::engine::logger::{Filled, Kind, Logger, Work};
use super::super::engine::pace::{Pace, is_full, rest};
use super::super::script::command_line::CommandLine;

/// With a larger pipe nothing is gained; a smaller one stays as it is until it overflows.
const PIPE: usize = 256 * 1024;
/// What is no pipe is taken for one of this size.
const OTHER: usize = 32 * 1024;
/// After so long a silence memory is given back, ms.
const SILENCE: u64 = 1000;
/// A flood gets so many turns until signals are looked for.
const TURNS: u32 = 16;
/// How long an ending logger waits for its processors, ms.
const PATIENCE: u64 = 5000;
/// Told to end, we still take what was in the pipe: no more than the largest pipe that a user may have.
const LAST: usize = 1 << 20;

/// A logger at work.
pub(super) struct Session {
    logger: Logger,
    signals: Signals,
    kind: Kind,
    pipe_size: usize,
    /// Who has too many pipes may have no larger ones.
    may_grow: bool,
    /// The pipe can say by a signal that there is input, and has been asked to.
    can_tell: bool,
    tells: bool,
    ignore_term: bool,
    tail_ms: Option<u64>,
    notify: Option<OwnedFd>,
    stage: Stage,
    /// The size of the last piece of input.
    last: usize,
    pace: Pace,
    turns: u32,
    /// There was input since memory was given back.
    busy: bool,
    /// That input can't be taken was said.
    told: bool,
}

#[derive(Clone, Copy)]
enum Stage {
    Running,
    /// It is over as soon as there is no more input.
    Told {
        /// How long to wait for the end of a line.
        until: Option<Boot>,
        taken: usize,
    },
    /// What is left is written.
    Last,
    /// A line that goes on in the pipe stays in the journal, for a successor.
    Left,
}

/// Whether a signal ends the logger.
pub(super) fn ends(signal: Signal, ignore_term: bool) -> bool {
    match signal {
        Signal::TERM | Signal::INT => !ignore_term,
        other => other == Signal::HUP,
    }
}

impl Session {
    pub(super) fn new(
        logger: Logger,
        signals: Signals,
        notify: Option<OwnedFd>,
        line: &CommandLine,
    ) -> Session {
        let is_pipe = fstat(stdin()).is_ok_and(|stat| fifo::is_fifo(&stat));
        Session {
            logger,
            signals,
            kind: if is_pipe { Kind::Pipe } else { Kind::Other },
            pipe_size: fcntl_getpipe_size(stdin()).unwrap_or(OTHER),
            may_grow: is_pipe,
            can_tell: is_pipe && input::own(stdin()).is_ok(),
            tells: false,
            ignore_term: line.ignore_term,
            tail_ms: line.tail_ms,
            notify,
            stage: Stage::Running,
            last: 0,
            pace: Pace::new(),
            turns: 0,
            busy: true,
            told: false,
        }
    }

    pub(super) fn run(mut self) -> Result<()> {
        while self.turn()? {}
        self.logger.end();
        self.wait_for_processors()
    }

    /// Writes what there is and takes more; false when it is over.
    fn turn(&mut self) -> Result<bool> {
        if let Work::Blocked(due) = self.logger.work() {
            return self.blocked(due);
        }
        if let Some(fd) = self.notify.take() {
            // Whoever does not listen any more need not know.
            let _ = rustix::io::write(fd, b"\n");
        }
        match self.stage {
            Stage::Last | Stage::Left => return Ok(false),
            Stage::Running | Stage::Told { .. } => {}
        }
        self.pace.pause(self.last, self.pipe_size, &self.signals);
        self.turns += 1;
        if self.turns >= TURNS {
            self.listen();
        }
        if self.kind == Kind::Other && !self.has_input()? {
            self.silence()?;
            return Ok(true);
        }
        let filled = self.logger.fill(stdin(), self.kind);
        if filled != Ok(Filled::Nothing) && self.tells {
            self.end_telling();
            self.listen();
        }
        match filled {
            Ok(Filled::Some(length)) => self.took(length),
            Ok(Filled::Nothing) => self.silence()?,
            Ok(Filled::End) => self.finish(),
            Err(e) => self.refused(e)?,
        }
        Ok(true)
    }

    /// Processors that still run may come to their end; what they were at waits for the next start
    /// otherwise.
    fn wait_for_processors(&mut self) -> Result<()> {
        let due = clock::boot().after(PATIENCE);
        while self.logger.is_processing() && clock::boot() < due {
            self.sleep(None, Some(due))?;
            self.logger.process();
        }
        self.logger.end_processors();
        Ok(())
    }

    /// Nothing can be written, so nothing is taken.
    fn blocked(&mut self, due: Boot) -> Result<bool> {
        match self.stage {
            Stage::Told { .. } | Stage::Left => {
                let bytes = self.logger.pending();
                self.logger.warn(&format_args!("ending: {bytes} bytes stay in the journal"));
                return Ok(false);
            }
            Stage::Running | Stage::Last => {}
        }
        self.sleep(None, Some(due))?;
        Ok(true)
    }

    fn took(&mut self, length: usize) {
        (self.last, self.busy, self.told) = (length, true, false);
        if self.may_grow && self.pipe_size < PIPE && length >= self.pipe_size / 8 * 7 {
            match fcntl_setpipe_size(stdin(), PIPE) {
                Ok(size) => self.pipe_size = size,
                Err(_) => self.may_grow = false,
            }
        }
        if let Stage::Told { taken, .. } = &mut self.stage {
            *taken += length;
            if *taken > LAST {
                self.stage = Stage::Left;
            }
        }
    }

    /// Nothing came: sleeps until something happens, or ends if that was asked for.
    fn silence(&mut self) -> Result<()> {
        if is_full(std::mem::replace(&mut self.last, 0), self.pipe_size) {
            // Whoever filled the pipe was just let go on.
            rest(&self.signals);
            return Ok(());
        }
        let until = match self.stage {
            Stage::Told { until, .. } => {
                let is_late = until.is_some_and(|until| until <= clock::boot());
                if !self.logger.is_in_line() || is_late {
                    self.finish();
                    return Ok(());
                }
                until
            }
            Stage::Running | Stage::Last | Stage::Left => None,
        };
        if self.begin_telling() {
            return Ok(());
        }
        let quiet = self.busy.then(|| clock::boot().after(SILENCE));
        let due = [until, self.logger.due(), quiet].into_iter().flatten().min();
        let woken = self.sleep((!self.tells).then(stdin), due)?;
        if !woken && quiet.is_some_and(|quiet| quiet <= clock::boot()) {
            self.busy = false;
            self.logger.rest();
            stack::give_back();
        }
        Ok(())
    }

    fn finish(&mut self) {
        self.logger.flush();
        self.stage = Stage::Last;
    }

    /// The journal has no room for input: it stays where it is.
    fn refused(&mut self, e: Errno) -> Result<()> {
        if e != Errno::NOSPC && e != Errno::NOMEM && e != Errno::FAULT {
            return Err(e).unable("read standard input");
        }
        if !std::mem::replace(&mut self.told, true) {
            self.logger.warn(&"no room for the journal's data (input waits)");
        }
        self.sleep(None, Some(clock::boot().after(SILENCE))).map(|_| ())
    }

    fn has_input(&self) -> Result<bool> {
        let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut fds, Some(&at_once)).unable("wait for input")?;
        Ok(!fds[0].revents().is_empty())
    }

    /// Sleeps until there is a signal or input, or it is time; true if it was not the time.
    fn sleep(&mut self, input: Option<BorrowedFd<'_>>, due: Option<Boot>) -> Result<bool> {
        let timeout = clock::until(due);
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN)];
        fds.extend(input.map(|input| PollFd::from_borrowed_fd(input, PollFlags::IN)));
        let polled = poll(&mut fds, timeout.as_ref());
        let is_signal = !fds[0].revents().is_empty();
        self.end_telling();
        match polled {
            Ok(0) => Ok(false),
            Ok(_) => {
                if is_signal {
                    self.listen();
                }
                Ok(true)
            }
            Err(Errno::INTR) => Ok(true),
            Err(e) => Err(e).unable("wait for input"),
        }
    }

    /// Asks for a signal when there is input; true: has just done so, and what came before is to be
    /// looked for. The pipe is not polled: see [`input`].
    fn begin_telling(&mut self) -> bool {
        let begins = self.can_tell && !self.tells;
        if begins {
            self.can_tell = input::tell(stdin(), true).is_ok();
            self.tells = self.can_tell;
        }
        begins
    }

    /// No more signals about input: they would end pauses.
    fn end_telling(&mut self) {
        if std::mem::take(&mut self.tells) {
            // It went on, so it goes off.
            let _ = input::tell(stdin(), false);
        }
    }

    fn told_to_end(&self) -> Stage {
        match self.stage {
            Stage::Running => {
                let until = self.tail_ms.map(|ms| clock::boot().after(ms));
                Stage::Told { until, taken: 0 }
            }
            told @ Stage::Told { .. } => told,
            // What can't be written by now stays in the journal.
            Stage::Last | Stage::Left => Stage::Left,
        }
    }

    fn listen(&mut self) {
        self.turns = 0;
        while let Some(signal) = self.signals.next() {
            if signal == Signal::ALRM {
                self.logger.rotate();
            } else if ends(signal, self.ignore_term) {
                self.stage = self.told_to_end();
            }
        }
    }
}
