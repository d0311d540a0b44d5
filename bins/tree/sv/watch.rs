//! Waiting until commands have taken effect.

use common::base::stamp::Boot;
use common::os::clock;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::target::Target;
use super::verbs::Verb;

/// How soon to look again, in ms, where no event will tell: while `./check` says no, for a pause
/// or a "once", and for whoever may not subscribe. It is the pace at which runit's sv looks always.
const LOOK: u64 = 420;
/// How much longer than the time given a last `./check` may take, in ms.
const LAST_CHECK: u64 = 1000;

/// Waits until `verb` has taken effect for all targets, at most `seconds`; says of each what became
/// of it.
pub(super) fn until_done(targets: &mut [Target], verb: &Verb, seconds: u64) -> Result<()> {
    let deadline = clock::boot().after(seconds.saturating_mul(1000).max(LOOK));
    loop {
        for target in &mut *targets {
            target.look(verb, deadline.after(LAST_CHECK));
        }
        if !targets.iter().any(Target::is_pending) {
            return Ok(());
        }
        if clock::boot() >= deadline {
            targets.iter_mut().for_each(|target| target.time_out(verb));
            return Ok(());
        }
        wait(targets, verb, deadline)?;
        targets.iter_mut().for_each(Target::drain);
    }
}

/// Waits for an event of a pending target, or until it is time to look again.
fn wait(targets: &[Target], verb: &Verb, deadline: Boot) -> Result<()> {
    let pending = || targets.iter().filter(|target| target.is_pending());
    let silent = verb.may_be_silent() || pending().any(Target::may_change_silently);
    let due = if silent { deadline.min(clock::boot().after(LOOK)) } else { deadline };
    let events = pending().filter_map(Target::events);
    let mut fds: Vec<_> = events.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    match poll(&mut fds, clock::until(Some(due)).as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(e) => Err(e).unable("wait for events"),
    }
}
