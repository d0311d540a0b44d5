//! Children of a link: a block that runs beside or before the next program.

use std::ffi::OsString;

use common::base::error::exit;
use common::base::future::Future;
use common::os::file::{fill, write_all};
use common::prelude::*;
use common::program::become_next;
use common::sys::fork::divide;
use common::sys::signal::{heed_children, restore_children};
use common::sys::wait::{Ended, wait_for};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};

/// Starts a block with the environment that the next program would have. In the child this returns an
/// error without a word, so that it ends: `name` has said why the block's program could not run.
pub(crate) fn start(name: &str, block: &[OsString], future: &Future) -> Result<Pid> {
    start_after(name, block, future, || Ok(()))
}

/// Makes the kernel send us, who are a child, a signal when our parent dies.
pub(crate) fn die_with(parent: Pid, signal: Signal) -> Result<()> {
    set_parent_process_death_signal(Some(signal)).unable("tie a process to its parent")?;
    // It may be dead already.
    if getppid() == Some(parent) { Ok(()) } else { Err(Error::silent(exit::SYSTEM)) }
}

/// Runs a block to its end. The next program finds SIGCHLD as it was, and so does the block. If we are
/// ended meanwhile, TERM ends the block: it is not to run beside the next that we would be started for.
pub(crate) fn run(name: &str, block: &[OsString], future: &Future) -> Result<Ended> {
    let (before, parent) = (heed_children(), getpid());
    let started = start_after(name, block, future, || {
        restore_children(&before);
        die_with(parent, Signal::TERM)
    });
    let ended = started.and_then(|pid| wait_for(pid).unable("wait for the block"));
    restore_children(&before);
    ended
}

/// Starts a block as a child of nobody's here: the subreaper's, or process 1's.
pub(crate) fn start_orphan(name: &str, block: &[OsString], future: &Future) -> Result<Pid> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unable("make a pipe")?;
    let before = heed_children();
    let between = divide();
    let mut writer = Some(writer);
    if between == Ok(None) {
        // Where standard error is closed, what is said must not get into the pipe.
        let started = start_after(name, block, future, || {
            restore_children(&before);
            writer = None;
            Ok(())
        });
        if let (Ok(pid), Some(pipe)) = (&started, writer) {
            // A reader that is gone needs no pid.
            let _ = write_all(&pipe, &pid.as_raw_pid().to_ne_bytes());
        }
        return Err(started.err().unwrap_or_else(|| Error::silent(exit::OK)));
    }
    drop(writer);
    let mut pid = [0; 4];
    let told = fill(&reader, &mut pid);
    let ended = between.and_then(|between| between.map_or(Err(Errno::CHILD), wait_for));
    restore_children(&before);
    ended.and(told).unable("make a process")?;
    // If there is none, the process between us has said why.
    Pid::from_raw(i32::from_ne_bytes(pid)).ok_or_else(|| Error::silent(exit::SYSTEM))
}

/// As `start`; `in_child` runs in the child first.
pub(crate) fn start_after(
    name: &str,
    block: &[OsString],
    future: &Future,
    in_child: impl FnOnce() -> Result<()>,
) -> Result<Pid> {
    if let Some(pid) = divide().unable("make a process")? {
        return Ok(pid);
    }
    in_child()?;
    Err(Error::silent(become_next(name, &future.beside(block.to_vec()))))
}
