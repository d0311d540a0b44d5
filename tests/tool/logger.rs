//! A logger that appends each line with one write, and says before which lines it is about to take:
//! what it took and could not write before it was killed is known.

use std::os::fd::OwnedFd;

use common::base::signal::Signal;
use common::os::signals::Signals;
use common::os::{clock, file};
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::CWD;
use rustix::io::{Errno, write};
use rustix::pipe::{SpliceFlags, pipe, tee};

use super::files::{self, FAULTS, LINES, TAKEN};

pub(crate) const PROGRAM: Program = Program {
    name: "logger",
    help: "SCRIPT NAME
A run script: appends each line of standard input to the file `lines`.
",
    main,
};

/// As much as a pipe holds.
const CAPACITY: usize = 65_536;

struct Logger {
    lines: OwnedFd,
    taken: OwnedFd,
    /// Our own pipe, for a look at what is in the input.
    look: (OwnedFd, OwnedFd),
    buffer: Vec<u8>,
}

fn main(mut args: Args) -> Result<Next> {
    let _script = args.operand("script")?;
    let signals = Signals::take(&[Signal::TERM]).unable("read signals")?;
    let _alone = files::alone("logger")?;
    let mut logger = Logger {
        lines: files::appender(CWD, LINES)?,
        taken: files::appender(CWD, TAKEN)?,
        look: pipe().unable("make a pipe")?,
        buffer: vec![0; CAPACITY],
    };
    loop {
        let told = signals.next().is_some();
        match logger.take()? {
            Some(0) => return Ok(Next::Exit(0)),
            None if told => return Ok(Next::Exit(0)),
            Some(_) => {}
            None => wait(&signals),
        }
    }
}

fn wait(signals: &Signals) {
    let stdin = rustix::stdio::stdin();
    let mut fds = [PollFd::new(signals, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
    // Interrupted or not: it is looked for again.
    let _ = poll(&mut fds, clock::until(None).as_ref());
}

impl Logger {
    /// Takes what there is; says how much. `Some(0)`: the end; `None`: nothing yet.
    fn take(&mut self) -> Result<Option<usize>> {
        let stdin = rustix::stdio::stdin();
        let seen = match tee(stdin, &self.look.1, CAPACITY, SpliceFlags::NONBLOCK) {
            Err(Errno::AGAIN) => return Ok(None),
            result => result.unable("look at the input")?,
        };
        let seen = &mut self.buffer[..seen];
        file::fill(&self.look.0, &mut *seen).unable("read what was seen")?;
        let whole = seen.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole == 0 {
            return if seen.is_empty() { Ok(Some(0)) } else { cut() };
        }
        let seen = &seen[..whole];
        file::write_all(&self.taken, seen).unable("write taken")?;
        let mut got = vec![0; whole];
        file::fill(stdin, &mut got).unable("read the input")?;
        if got != seen {
            files::append(FAULTS, "lost: somebody else read from the fifo")?;
        }
        for line in seen.split_inclusive(|byte| *byte == b'\n') {
            write(&self.lines, line).unable("write lines")?;
        }
        Ok(Some(whole))
    }
}

fn cut() -> Result<Option<usize>> {
    files::append(FAULTS, "lost: a line came in pieces")?;
    Err(Error::system("a line came in pieces"))
}
