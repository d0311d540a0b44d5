//! `./check`: a service's own word on whether it is available.

use std::ffi::CString;
use std::os::fd::AsFd;

use common::base::stamp::Boot;
use common::os::clock;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::program::say;
use common::sys::exec::Argv;
use common::sys::wait::{Ended, wait_for};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::super::client::Service;
use super::report;

/// Whether `./check` exits 0 before `deadline`, or is not there. One that can't be run counts as
/// satisfied, as in runit, and is reported.
pub(super) fn approves(service: &Service, name: &str, deadline: Boot) -> bool {
    let complain = |verb: &str, e: Errno| {
        say(&"warning", &format!("unable to {verb} {name}/check"), &report::reason(e));
    };
    match statat(service.dir(), c"check", AtFlags::empty()) {
        Ok(_) => {}
        Err(Errno::NOENT) => return true,
        Err(e) => {
            complain("stat", e);
            return false;
        }
    }
    match start(service) {
        Ok((pid, failed)) => {
            if let Some(e) = failed {
                complain("run", e);
            }
            let ended = wait(pid, deadline);
            failed.is_some() || ended == Some(Ended::Exited(0))
        }
        Err(e) => {
            complain("fork for", e);
            false
        }
    }
}

fn start(service: &Service) -> Result<(Pid, Option<Errno>), Errno> {
    let path = CString::from(c"./check");
    let argv = Argv::new(["./check".into()]).map_err(|_| Errno::NOMEM)?;
    let nowhere = openat(CWD, c"/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    let directory = openat(service.dir(), c".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let child = Child {
        path: &path,
        argv: &argv,
        directory: Some(directory.as_fd()),
        // Its answer is its exit code; what it prints is not ours to show.
        fds: &[(1, nowhere.as_fd())],
        kept: None,
        open_files: None,
        group: Group::Parents,
        blocked: Blocked::None,
        sharing: Sharing::Vfork,
    };
    child.spawn(&mut NoHooks).map(|spawned| (spawned.pid, spawned.failed))
}

/// Its end; one that takes longer than until `deadline` is killed.
fn wait(pid: Pid, deadline: Boot) -> Option<Ended> {
    // Without a pidfd there is no waiting with a deadline, and runit has none.
    if let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) {
        let over = clock::until(Some(deadline));
        let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
        if poll(&mut fds, over.as_ref()) != Ok(1) {
            // It may have ended this moment; it is a zombie then, and its pid still its own.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    wait_for(pid).ok()
}
