//! A datagram together with who sent it. (rustix takes the sender's pid for one that can't be 0, as
//! that of a sender outside of our pid namespace is.)

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::Result;
use rustix::process::Pid;

/// What has come with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// How many bytes of the buffer are its.
    pub length: usize,
    /// Whether there were more.
    pub is_cut: bool,
    /// Who sent it, if the socket has SO_PASSCRED and the sender is in our pid namespace.
    pub sender: Option<Pid>,
}

// SAFETY: CMSG_SPACE only computes.
const CONTROL: usize = unsafe { libc::CMSG_SPACE(size_of::<libc::ucred>() as _) } as usize;

#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// Receives a datagram; never waits: EAGAIN. Descriptors that were sent along are closed: there is
/// room for the sender and nothing else.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Result<Datagram> {
    let mut control = Control([0; CONTROL]);
    let mut piece = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: all zero is a valid msghdr.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut piece;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = CONTROL as _;
    let fd = socket.as_fd().as_raw_fd();
    let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: the buffer and the control buffer live through the call, with these lengths.
    let received = unsafe { libc::recvmsg(fd, &raw mut message, flags) };
    let length = usize::try_from(received).map_err(|_| super::last_errno())?;
    let is_cut = message.msg_flags & libc::MSG_TRUNC != 0;
    Ok(Datagram { length, is_cut, sender: sender(&message) })
}

fn sender(message: &libc::msghdr) -> Option<Pid> {
    // SAFETY: the control buffer still lives, and the kernel has set its length.
    let first = unsafe { libc::CMSG_FIRSTHDR(message) };
    // SAFETY: null, or a whole header in that buffer, which is aligned for it.
    let header = unsafe { first.as_ref() }?;
    if (header.cmsg_level, header.cmsg_type) != (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) {
        return None;
    }
    // SAFETY: the header is one of the kernel's.
    let data = unsafe { libc::CMSG_DATA(first) }.cast::<libc::ucred>();
    // SAFETY: that is what the kernel puts behind a header of this type.
    Pid::from_raw(unsafe { data.read_unaligned() }.pid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair, sockopt};

    #[test]
    fn a_datagram_has_a_sender() {
        let flags = SocketFlags::CLOEXEC;
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::DGRAM, flags, None).unwrap();
        let mut buffer = [0; 4];
        assert_eq!(receive(&ours, &mut buffer), Err(Errno::AGAIN));
        sockopt::set_socket_passcred(&ours, true).unwrap();
        rustix::io::write(&theirs, b"hello").unwrap();
        let sender = Some(rustix::process::getpid());
        assert_eq!(receive(&ours, &mut buffer), Ok(Datagram { length: 4, is_cut: true, sender }));
        assert_eq!(&buffer, b"hell");
    }
}
