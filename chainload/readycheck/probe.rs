//! The ways to find out whether a program is ready.

use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;

use common::base::error::exit;
use common::base::future::Future;
use common::prelude::*;
use common::sys::wait::{Ended, Which, peek, wait_for};
use rustix::event::PollFlags;
use rustix::fs::{AtFlags, CWD, statat};
use rustix::io::Errno;
use rustix::net::addr::SocketAddrArg;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with, sockopt,
};
use rustix::process::{
    Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, set_parent_process_death_signal,
    setpgid,
};

use super::LINK;
use super::strangers::Strangers;
use crate::beside::{Helper, Woken};
use crate::child::start_after;
use crate::moment::Moment;
use crate::word::invalid;

/// What to look at.
pub(super) enum Probe {
    Command(Vec<OsString>),
    Tcp(SocketAddr),
    Socket(OsString),
    File(OsString),
}

/// What a look has shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Ready,
    NotYet,
    /// The program has ended meanwhile.
    Ended,
}

impl From<bool> for Answer {
    fn from(is_ready: bool) -> Answer {
        if is_ready { Answer::Ready } else { Answer::NotYet }
    }
}

impl Probe {
    /// From `ADDRESS:PORT`, `[ADDRESS]:PORT` or `PORT`: no name is looked up.
    pub(super) fn tcp(word: &OsStr) -> Result<Probe> {
        let text = word.to_str().unwrap_or_default();
        let local = || text.parse().ok().map(|port| (Ipv4Addr::LOCALHOST, port).into());
        let address: Option<SocketAddr> = text.parse().ok().or_else(local);
        let address = address.filter(|address| address.port() != 0);
        address.map(Probe::Tcp).ok_or_else(|| invalid("address and port", word))
    }

    /// Who is there before the program.
    pub(super) fn strangers(&self) -> Strangers {
        match self {
            Probe::Tcp(address) => Strangers::at(address),
            Probe::Command(_) | Probe::Socket(_) | Probe::File(_) => Strangers::default(),
        }
    }

    /// Looks once, until `due` at most.
    pub(super) fn look(
        &self,
        helper: &Helper,
        due: Option<Moment>,
        future: &Future,
    ) -> Result<Answer> {
        match self {
            Probe::Command(block) => run(block, helper, due, future),
            Probe::Tcp(address) => {
                let family = AddressFamily::INET;
                let family = if address.is_ipv4() { family } else { AddressFamily::INET6 };
                Ok(accepts(family, SocketType::STREAM, address, helper, due)
                    .unwrap_or(Answer::NotYet))
            }
            Probe::Socket(path) => Ok(accepts_at(path, helper, due)),
            Probe::File(path) => Ok(statat(CWD, path, AtFlags::empty()).is_ok().into()),
        }
    }
}

/// A socket at a path can be of any type, which shows when it is the wrong one.
fn accepts_at(path: &OsStr, helper: &Helper, due: Option<Moment>) -> Answer {
    let Ok(address) = SocketAddrUnix::new(path) else { return Answer::NotYet };
    for kind in [SocketType::STREAM, SocketType::SEQPACKET, SocketType::DGRAM] {
        match accepts(AddressFamily::UNIX, kind, &address, helper, due) {
            Err(Errno::PROTOTYPE) => {}
            result => return result.unwrap_or(Answer::NotYet),
        }
    }
    Answer::NotYet
}

fn accepts(
    family: AddressFamily,
    kind: SocketType,
    address: &impl SocketAddrArg,
    helper: &Helper,
    due: Option<Moment>,
) -> rustix::io::Result<Answer> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, kind, flags, None)?;
    match connect(&socket, address) {
        Err(Errno::INPROGRESS) => {}
        result => return result.map(|()| Answer::Ready),
    }
    Ok(match helper.wait(Some((socket.as_fd(), PollFlags::OUT)), due) {
        Woken::Ended => Answer::Ended,
        Woken::Told => sockopt::socket_error(&socket)?.is_ok().into(),
        Woken::Due => Answer::NotYet,
    })
}

/// Runs a check; it is over before the next look, and with the program.
fn run(
    block: &[OsString],
    helper: &Helper,
    due: Option<Moment>,
    future: &Future,
) -> Result<Answer> {
    let child = start_after(LINK.name, block, future, || {
        // A group of its own, to be ended as one; without us it has no purpose.
        let _ = setpgid(None, None);
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        helper.restore_signals();
        Ok(())
    });
    let child = match child {
        Ok(child) => child,
        // No memory now may be memory later; in the child, its end.
        Err(e) if e.message.is_empty() => return Err(e),
        Err(_) => return Ok(Answer::NotYet),
    };
    let woken = watch(child, helper, due);
    if woken != Woken::Told {
        // Gone already, or the group is not made yet.
        let _ = kill_process_group(child, Signal::KILL);
        let _ = rustix::process::kill_process(child, Signal::KILL);
    }
    let ended = wait_for(child).unwrap_or(Ended::Exited(exit::SYSTEM));
    Ok(match woken {
        Woken::Ended => Answer::Ended,
        Woken::Told => (ended == Ended::Exited(exit::OK)).into(),
        Woken::Due => Answer::NotYet,
    })
}

/// Until the child, or the program, has ended, or it is time.
fn watch(child: Pid, helper: &Helper, due: Option<Moment>) -> Woken {
    let Ok(pidfd) = pidfd_open(child, PidfdFlags::empty()) else { return Woken::Due };
    loop {
        let woken = helper.wait(Some((pidfd.as_fd(), PollFlags::IN)), due);
        if woken != Woken::Told || !matches!(peek(Which::Pid(child)), Ok(None)) {
            return woken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_numbers() {
        let tcp = |word: &str| match Probe::tcp(word.as_ref()) {
            Ok(Probe::Tcp(address)) => Some(address.to_string()),
            Ok(_) | Err(_) => None,
        };
        assert_eq!(tcp("80").as_deref(), Some("127.0.0.1:80"));
        assert_eq!(tcp("10.0.0.1:80").as_deref(), Some("10.0.0.1:80"));
        assert_eq!(tcp("[::1]:80").as_deref(), Some("[::1]:80"));
        for bad in ["", "0", "65536", "::1:80", "localhost:80", "10.0.0.1", "80:", ":80", "-1"] {
            assert_eq!(tcp(bad), None, "{bad}");
        }
    }
}
