//! svc-sdnotify: what a program says by sd_notify(3), for a supervisor that waits for a newline.

mod listener;
pub(crate) mod message;
mod socket;
mod state;

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, RawFd};
use std::os::unix::ffi::OsStrExt;

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;
use rustix::process::getpid;

use super::beside::{beside, notification};
use super::link::{Change, Link};
use super::word::{descriptor, invalid, milliseconds_at_most};
use listener::Listener;
use state::State;

pub(super) const LINK: Link = Link {
    name: "svc-sdnotify",
    help: "[-d FD] [-a] [-t MS] [-w MS] [-s FILE] [-p PATH] PROG...
Becomes PROG, which can say by sd_notify(3) that it is ready: FD then gets a newline.
  -d FD    the notification descriptor (3); PROG does not get it
  -a       its descendants and its session may speak for PROG; otherwise it must do so itself
  -t MS    if it is not ready within so many milliseconds, send it TERM
  -w MS    ask it for signs of life: if so many milliseconds bring none, send it ABRT
  -s FILE  keep what it says of its status in FILE
  -p PATH  listen at this path, for a PROG in another network namespace
",
    read,
};

struct Sdnotify {
    fd: RawFd,
    descendants: bool,
    ready_within: Option<u64>,
    watchdog: Option<u64>,
    status: Option<OsString>,
    path: Option<OsString>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut it = Sdnotify {
        fd: 3,
        descendants: false,
        ready_within: None,
        watchdog: None,
        status: None,
        path: None,
    };
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-d" | "-3" => it.fd = descriptor(&args.raw_value()?)?,
            "-a" => it.descendants = true,
            "-t" => it.ready_within = milliseconds_at_most(args)?,
            "-w" => it.watchdog = milliseconds_at_most(args)?,
            "-s" => it.status = Some(args.raw_value()?),
            "-p" => it.path = Some(absolute(args.raw_value()?)?),
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(it))
}

/// PROG may have another working directory.
fn absolute(path: OsString) -> Result<OsString> {
    if path.as_bytes().starts_with(b"/") { Ok(path) } else { Err(invalid("path", &path)) }
}

impl Change for Sdnotify {
    fn apply(&self, future: &mut Future) -> Result<()> {
        let ready = notification(self.fd)?;
        let (socket, address) = socket::make(self.path.as_deref())?;
        let status = self.status.as_deref().map(listener::StatusFile::new).transpose()?;
        let control = listener::control();
        let mut kept = vec![ready.as_fd(), socket.as_fd(), rustix::stdio::stderr()];
        kept.extend(control.iter().map(AsFd::as_fd));
        kept.extend(status.iter().map(|file| file.dir.as_fd()));
        if let Some(helper) = beside(c"svc-sdnotify", &kept)? {
            let state = State::new(self.ready_within, self.watchdog, super::moment::Moment::now());
            let descendants = self.descendants;
            Listener { helper, socket, ready, control, status, descendants, state }.listen();
            return Err(Error::silent(0));
        }
        future.set(OsStr::new("NOTIFY_SOCKET"), &address);
        if let Some(ms) = self.watchdog {
            future.set(OsStr::new("WATCHDOG_USEC"), OsStr::new(&(ms * 1000).to_string()));
            future.set(OsStr::new("WATCHDOG_PID"), OsStr::new(&getpid().to_string()));
        }
        Ok(())
    }

    fn moves_look_ups(&self) -> bool {
        true
    }
}
