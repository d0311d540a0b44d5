//! svc-follow: supervises a program that puts itself into the background.

mod end;
mod find;
mod keeper;

use std::ffi::OsString;
use std::os::fd::{OwnedFd, RawFd};

use common::base::args::unknown;
use common::base::future::Future;
use common::base::signal::Signal;
use common::os::fds::above_stdio;
use common::os::process::stat_self;
use common::os::signals::Signals;
use common::prelude::*;
use common::sys::fork::divide;
use common::sys::group::group;
use common::sys::signal::{
    Disposition, Mask, block_all, heed_children, restore_children, set_mask,
};
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open, set_child_subreaper, setpgid};

use super::beside::notification;
use super::link::{Change, Link};
use super::word::{descriptor, milliseconds, named_file};
use end::end_as;
use keeper::Keeper;

pub(super) const LINK: Link = Link {
    name: "svc-follow",
    help: "[-p FILE | -a] [-d FD] [-t MS] [-k MS] PROG...
Runs PROG, which leaves a daemon in the background; passes signals on to the daemon, ends what is left
when it has ended, and then ends as the daemon did.
  -p FILE  the daemon is the process whose pid is in FILE; otherwise it is the first that PROG leaves
  -a       all processes that PROG leaves are the daemon: as long as there is one, it runs
  -d FD    the notification descriptor: gets a newline when PROG has left its daemon
  -t MS    how long the daemon, and FILE, may take to be there after PROG has ended (10000)
  -k MS    how long those that are left have from TERM to KILL (5000)
",
    read,
};

/// The signals that are passed on: those that ask a process for something.
const PASSED: [Signal; 11] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::ABRT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALRM,
    Signal::TERM,
    Signal::CONT,
    Signal::WINCH,
    Signal::PWR,
];

/// Which of the processes that PROG leaves is the daemon.
enum Which {
    First,
    InFile(OsString),
    All,
}

struct Follow {
    which: Which,
    fd: Option<RawFd>,
    found_within: u64,
    kill_after: u64,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let (mut which, mut fd) = (Which::First, None);
    let (mut found_within, mut kill_after) = (10_000, 5000);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-p" => which = Which::InFile(named_file(args.raw_value()?)?),
            "-a" => which = Which::All,
            "-d" | "-3" => fd = Some(descriptor(&args.raw_value()?)?),
            "-t" => found_within = milliseconds(args)?,
            "-k" => kill_after = milliseconds(args)?,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(Follow { which, fd, found_within, kill_after }))
}

/// The signals as PROG is to find them.
struct Before {
    mask: Mask,
    children: Disposition,
}

impl Change for Follow {
    /// Two processes stay. The keeper is PROG's parent and does the work. The one that the supervisor
    /// knows waits for it: it does the rest of the work if the keeper is killed, and if it is killed
    /// itself, the keeper notices and ends all.
    fn apply(&self, _: &mut Future) -> Result<()> {
        stat_self().unable("read /proc")?;
        let ready = self.fd.map(notification).transpose()?;
        let supervised = pidfd_open(getpid(), PidfdFlags::empty()).and_then(above_stdio);
        let supervised = supervised.unable("watch itself")?;
        let before = Before { mask: block_all(), children: heed_children() };
        let group = group();
        if let Some(keeper) = self.divide()? {
            drop(ready);
            let mut last = Keeper::new(self, None)?;
            let ended = last.wait_for(keeper);
            last.end_rest();
            return Err(end_as(ended));
        }
        if group.is_some() {
            // A KILL for the group of the supervised process must leave one to end the rest.
            setpgid(None, None).unable("make a process group")?;
        }
        match self.divide()? {
            Some(program) => Err(self.keep(program, ready, supervised)?),
            None => {
                // Where it would be if it had been executed at once; the group may be gone.
                let _ = group.map(|group| setpgid(None, Some(group)));
                restore_children(&before.children);
                set_mask(&before.mask);
                Ok(())
            }
        }
    }

    fn moves_look_ups(&self) -> bool {
        true
    }
}

impl Follow {
    /// Divides us; whoever loses its parent below us becomes our child.
    fn divide(&self) -> Result<Option<Pid>> {
        set_child_subreaper(Some(getpid())).unable("become the parent of orphans")?;
        divide().unable("make a process")
    }

    fn keep(&self, program: Pid, ready: Option<OwnedFd>, supervised: OwnedFd) -> Result<Error> {
        let mut keeper = Keeper::new(self, Some(supervised))?;
        let ended = keeper.follow(program, ready);
        keeper.end_rest();
        Ok(ended.map_or_else(|e| e, end_as))
    }
}

fn signals() -> Result<Signals> {
    let mut all = PASSED.to_vec();
    all.push(Signal::CHLD);
    Signals::take(&all).unable("listen to signals")
}
