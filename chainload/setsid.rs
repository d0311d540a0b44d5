//! svc-setsid: run a program in a session, or a process group, of its own.

use std::ffi::OsString;
use std::os::fd::RawFd;

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;
use common::program::warn;
use common::sys::signal::{block_all, set_mask};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{getpgrp, setpgid, setsid};
use rustix::termios::tcsetpgrp;

use super::link::{Change, Link};
use super::word::descriptor;

pub(super) const LINK: Link = Link {
    name: "svc-setsid",
    help: "[-s | -b | -f | -g] [-d FD] [-i | -I | -q] PROG...
Becomes PROG as the leader of a new session, away from any terminal, or of a new process group.
  -s     a session (this is the default)
  -b     a process group in the background of the session's terminal
  -f     a process group in its foreground; it may be stopped until the present one gives way
  -g     a process group in its foreground, at once
  -d FD  the terminal is open at FD; otherwise it is /dev/tty
  -i     if that fails, exit 111
  -I     if that fails, say so and become PROG (this is the default)
  -q     if that fails, become PROG
",
    read,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Session,
    Background,
    Foreground,
    Grab,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OnFailure {
    Exit,
    Warn,
    GoOn,
}

struct Setsid {
    what: What,
    terminal: Option<RawFd>,
    on_failure: OnFailure,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut it = Setsid { what: What::Session, terminal: None, on_failure: OnFailure::Warn };
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-s" => it.what = What::Session,
            "-b" => it.what = What::Background,
            "-f" => it.what = What::Foreground,
            "-g" => it.what = What::Grab,
            "-d" => it.terminal = Some(descriptor(&args.raw_value()?)?),
            "-i" => it.on_failure = OnFailure::Exit,
            "-I" => it.on_failure = OnFailure::Warn,
            "-q" => it.on_failure = OnFailure::GoOn,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(it))
}

impl Change for Setsid {
    fn apply(&self, _: &mut Future) -> Result<()> {
        match (self.lead(), self.on_failure) {
            (Err(e), OnFailure::Warn) => warn(&LINK.name, &e.message),
            (Err(e), OnFailure::Exit) => return Err(e),
            (Err(_), OnFailure::GoOn) | (Ok(()), _) => {}
        }
        Ok(())
    }
}

impl Setsid {
    fn lead(&self) -> Result<()> {
        if self.what == What::Session {
            return setsid().map(|_| ()).unable("make a session");
        }
        setpgid(None, None).unable("make a process group")?;
        match self.what {
            What::Session | What::Background => Ok(()),
            What::Foreground => self.take_terminal(),
            What::Grab => {
                // In the background the terminal would send us TTOU, and stop us.
                let before = block_all();
                let taken = self.take_terminal();
                set_mask(&before);
                taken
            }
        }
    }

    fn take_terminal(&self) -> Result<()> {
        let path: OsString = match self.terminal {
            Some(number) => format!("/proc/self/fd/{number}").into(),
            None => "/dev/tty".into(),
        };
        let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let terminal = openat(CWD, &path, flags, Mode::empty())
            .unable(format_args!("open {}", path.display()))?;
        tcsetpgrp(&terminal, getpgrp()).unable("take the foreground of the terminal")
    }
}
