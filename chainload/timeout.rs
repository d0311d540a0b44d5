//! svc-timeout: run a program for a limited time.

use std::ffi::OsStr;

use common::base::args::unknown;
use common::base::error::{exit, reason};
use common::base::future::Future;
use common::base::signal::Signal;
use common::os::clock;
use common::os::fds::close_all_but;
use common::os::signals::{Origin, Signals};
use common::prelude::*;
use common::program::warn;
use common::sys::fork::divide;
use common::sys::signal::{block_all, heed_children, kill, restore_children, set_mask};
use common::sys::wait::{Ended, Which, peek, reap};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, WaitId, WaitIdOptions, getpid, waitid};
use rustix::stdio::stderr;

use super::child::die_with;
use super::link::{Change, Link};
use super::word::{invalid, limit};

pub(super) const LINK: Link = Link {
    name: "svc-timeout",
    help: "[-s SIGNAL] [-k TIME] TIME PROG...
Runs PROG as a child, and exits as it did. If it still runs after TIME, sends it TERM, waits for its end
and exits 99. TIME is a number, perhaps with a fraction, and a unit: us ms s (the default) m h d; 0 is no
limit. Signals are passed on to PROG.
  -s SIGNAL  send SIGNAL instead of TERM
  -k TIME    if PROG still runs TIME after that, send it KILL
",
    read,
};

struct Timeout {
    signal: Signal,
    /// In milliseconds, as is the next.
    limit: Option<u64>,
    kill: Option<u64>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let (mut signal, mut kill) = (Signal::TERM, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-s" => signal = self::signal(&args.raw_value()?)?,
            "-k" => kill = limit(&args.raw_value()?)?,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(Timeout { signal, limit: limit(&args.operand("time")?)?, kill }))
}

fn signal(word: &OsStr) -> Result<Signal> {
    word.to_str().and_then(Signal::parse).ok_or_else(|| invalid("signal", word))
}

impl Change for Timeout {
    fn apply(&self, _: &mut Future) -> Result<()> {
        let parent = getpid();
        // What comes from here on is passed on.
        let mask = block_all();
        let children = heed_children();
        let divided = divide();
        if let Ok(Some(child)) = divided {
            close_all_but(&[stderr()]);
            return Err(self.attend(child).unwrap_or_else(|e| e));
        }
        restore_children(&children);
        set_mask(&mask);
        divided.unable("make a process")?;
        // KILL: only we could have ended it in time.
        die_with(parent, rustix::process::Signal::KILL)
    }

    fn moves_look_ups(&self) -> bool {
        // To look up takes time, which is limited as well.
        true
    }
}

impl Timeout {
    /// Stays until the child has ended; returns how to end ourselves.
    fn attend(&self, child: Pid) -> Result<Error> {
        let signals = Signals::all().unable("listen to signals")?;
        let mut next = self.limit.map(|ms| (clock::boot().after(ms), self.signal));
        let mut is_over = false;
        loop {
            let mut fds = [PollFd::new(&signals, PollFlags::IN)];
            // However it ends, we look again.
            let _ = poll(&mut fds, clock::until(next.map(|(due, _)| due)).as_ref());
            while let Some((signal, origin)) = signals.next_from() {
                if signal != Signal::CHLD {
                    pass_on(child, signal, origin);
                } else if let Some(ended) = look_at(child)? {
                    return Ok(Error::silent(if is_over { exit::TIMED_OUT } else { code(ended) }));
                }
            }
            if let Some((_, signal)) = next.filter(|(due, _)| *due <= clock::boot()) {
                end(child, signal);
                is_over = true;
                let kill = self.kill.filter(|_| signal != Signal::KILL);
                next = kill.map(|ms| (clock::boot().after(ms), Signal::KILL));
            }
        }
    }
}

fn end(child: Pid, signal: Signal) {
    warn(&LINK.name, &format_args!("PROG still runs after its time: sending {signal}"));
    // One that is stopped would not notice.
    let sent = [signal, Signal::CONT].map(|signal| kill(child, false, signal.number()));
    if let [Err(e), _] = sent {
        warn(&LINK.name, &format_args!("unable to send {signal}: {}", reason(e)));
    }
}

/// Sends a signal to the child, unless that has it already: a terminal sends what is typed to all of
/// a process group.
fn pass_on(child: Pid, signal: Signal, origin: Origin) {
    let typed = [Signal::INT, Signal::QUIT, Signal::TSTP, Signal::WINCH];
    if origin == Origin::Process || !typed.contains(&signal) {
        // It may be gone, or another user's by now.
        let _ = kill(child, false, signal.number());
    }
}

/// How the child ended, if it has. If its terminal has stopped it, we stop as well: a shell waits for
/// that. Whoever sends it STOP does not stop its time.
fn look_at(child: Pid) -> Result<Option<Ended>> {
    if let Some((_, ended)) = peek(Which::Pid(child)).unable("wait for PROG")? {
        reap(child).unable("wait for PROG")?;
        return Ok(Some(ended));
    }
    let stopped = waitid(WaitId::Pid(child), WaitIdOptions::STOPPED | WaitIdOptions::NOHANG);
    let by = stopped.ok().flatten().and_then(|status| status.stopping_signal());
    let terminals = [Signal::TSTP, Signal::TTIN, Signal::TTOU].map(Signal::number);
    if by.is_some_and(|by| terminals.contains(&by)) {
        // That can't fail.
        let _ = kill(getpid(), false, Signal::STOP.number());
    }
    Ok(None)
}

fn code(ended: Ended) -> u8 {
    match ended {
        Ended::Exited(code) => code,
        Ended::Killed(signal) => 128 + signal,
    }
}
