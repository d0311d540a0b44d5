//! The helper that listens to what a program says, as long as it lives.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use common::base::error::reason;
use common::base::signal::Signal;
use common::format::letters::Command;
use common::os::fds::above_stdio;
use common::os::fifo::{self, Ends};
use common::os::file::{open_dir, replace, unlink_if_there};
use common::prelude::*;
use common::program::warn;
use common::sys::datagram::receive;
use common::sys::group::session;
use common::sys::signal::pidfd_kill;
use rustix::event::PollFlags;
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::process::{Pid, chdir};

use super::LINK;
use super::message::{self, Message};
use super::state::{Late, Readiness, State};
use crate::beside::{Helper, Woken, notify};
use crate::kin::descends;
use crate::moment::Moment;
use crate::word::invalid;

pub(super) struct Listener {
    pub(super) helper: Helper,
    pub(super) socket: OwnedFd,
    pub(super) ready: OwnedFd,
    /// The supervisor's fifo, where there is one that we may write to.
    pub(super) control: Option<OwnedFd>,
    pub(super) status: Option<StatusFile>,
    pub(super) descendants: bool,
    pub(super) state: State,
}

/// The supervisor's fifo, if we are in a service directory.
pub(super) fn control() -> Option<OwnedFd> {
    fifo::open(CWD, c"supervise/control", Ends::Write).and_then(above_stdio).ok()
}

/// Where the status is kept: what a predecessor said is gone.
pub(super) struct StatusFile {
    pub(super) dir: OwnedFd,
    name: String,
}

impl StatusFile {
    pub(super) fn new(path: &OsStr) -> Result<StatusFile> {
        let name = Path::new(path).file_name().and_then(OsStr::to_str);
        let name = name.ok_or_else(|| invalid("file", path))?.to_owned();
        let parent = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let dir = open_dir(CWD, parent).and_then(above_stdio);
        let dir = dir.unable(format_args!("open {}", parent.display()))?;
        unlink_if_there(&dir, &name).unable(format_args!("remove {}", path.display()))?;
        Ok(StatusFile { dir, name })
    }
}

impl Listener {
    pub(super) fn listen(&mut self) {
        // No mount is held.
        let _ = chdir("/");
        loop {
            let source = (self.socket.as_fd(), PollFlags::IN);
            match self.helper.wait(Some(source), self.state.due()) {
                Woken::Ended => return,
                Woken::Told => self.receive(),
                Woken::Due => {}
            }
            if let Some(late) = self.state.late(Moment::now()) {
                self.punish(late);
            }
        }
    }

    /// Not inlined: the buffer is on the stack only meanwhile.
    #[inline(never)]
    fn receive(&mut self) {
        let mut buffer = [0; message::MAX];
        let Ok(datagram) = receive(&self.socket, &mut buffer) else { return };
        let speaks = datagram.sender.is_some_and(|sender| self.may_speak(sender));
        if speaks && !datagram.is_cut {
            self.hear(&message::parse(&buffer[..datagram.length]));
        }
    }

    fn may_speak(&self, sender: Pid) -> bool {
        let program = self.helper.pid;
        let in_session = || session(program) == Some(program) && session(sender) == Some(program);
        sender == program || self.descendants && (in_session() || descends(sender, program))
    }

    fn hear(&mut self, message: &Message) {
        // First, so that who sees it ready sees what it says of itself.
        if let (Some(text), Some(file)) = (&message.status, &self.status) {
            let line = format!("{text}\n");
            self.report(replace(&file.dir, &file.name, line.as_bytes()), "write its status");
        }
        match self.state.hear(message, Moment::now()) {
            Some(Readiness::Ready) => {
                if let Err(e) = notify(&self.ready) {
                    warn(&LINK.name, &e.message);
                }
            }
            Some(Readiness::Unready) => {
                if let Some(control) = &self.control {
                    let told = rustix::io::write(control, &[Command::Unready.letter()]);
                    self.report(told.map(|_| ()), "tell that it is not ready");
                }
            }
            None => {}
        }
    }

    fn punish(&self, late: Late) {
        let (what, signal) = match late {
            Late::NotReady => ("it is not ready in time", Signal::TERM),
            Late::NoSign => ("it gives no sign of life", Signal::ABRT),
            Late::NotEnded => ("it does not end", Signal::KILL),
        };
        let pid = self.helper.pid;
        warn(&LINK.name, &format_args!("process {pid}: {what}: sending it {signal}"));
        // It may be stopped.
        for signal in [signal, Signal::CONT] {
            self.report(
                pidfd_kill(self.helper.program.as_fd(), signal.number()),
                "send it a signal",
            );
        }
    }

    fn report(&self, done: rustix::io::Result<()>, what: &str) {
        match done {
            // It has ended, which is what comes next.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(e) => warn(&LINK.name, &format_args!("unable to {what}: {}", reason(e))),
        }
    }
}
