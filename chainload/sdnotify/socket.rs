//! The socket that NOTIFY_SOCKET names.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;

use common::os::fds::above_stdio;
use common::prelude::*;
use rustix::fs::{AtFlags, CWD, FileType, Mode, chmodat, statat, unlinkat};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt,
};

/// Makes it, at a path or under a name that the kernel gives: one that no chroot hides, no user is
/// denied, and nobody has to remove. Returns it and how the variable names it.
pub(super) fn make(path: Option<&OsStr>) -> Result<(OwnedFd, OsString)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)
        .and_then(above_stdio)
        .unable("make a socket")?;
    // Before it has a name: whatever arrives tells its sender.
    sockopt::set_socket_passcred(&socket, true).unable("ask for the senders of messages")?;
    let address = match path {
        Some(path) => {
            at_path(&socket, path).unable(format_args!("make the socket {}", path.display()))?;
            path.to_owned()
        }
        None => with_any_name(&socket).unable("give the socket a name")?,
    };
    Ok((socket, address))
}

fn at_path(socket: &OwnedFd, path: &OsStr) -> rustix::io::Result<()> {
    // A predecessor's. Who removed it at its end could remove its successor's.
    remove(path);
    bind(socket, &SocketAddrUnix::new(path)?)?;
    // Whoever may send, only PROG is listened to.
    chmodat(CWD, path, Mode::from_raw_mode(0o666), AtFlags::empty())
}

/// Removes a socket; nothing else.
fn remove(path: &OsStr) {
    let stat = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW);
    if stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket) {
        // If it can't be, a bind says so.
        let _ = unlinkat(CWD, path, AtFlags::empty());
    }
}

/// The kernel gives a free name to who binds without one (unix(7), autobind).
fn with_any_name(socket: &OwnedFd) -> rustix::io::Result<OsString> {
    bind(socket, &SocketAddrUnix::new_unnamed())?;
    let address = SocketAddrUnix::try_from(getsockname(socket)?)?;
    let name = address.abstract_name().unwrap_or_default();
    Ok(OsString::from_vec([b"@", name].concat()))
}
