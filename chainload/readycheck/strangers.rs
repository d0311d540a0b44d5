//! Who had a port before the program was started: that it accepts connections there says nothing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;

use common::base::sort::Gather;

/// Sockets, by their inodes, that listened at a port.
#[derive(Default)]
pub(super) struct Strangers {
    port: u16,
    sockets: BTreeSet<u64>,
}

impl Strangers {
    pub(super) fn at(address: &SocketAddr) -> Strangers {
        let port = address.port();
        let mut sockets = listeners(port);
        // What we were given is the program's.
        if !sockets.is_empty() {
            let own = own();
            sockets.retain(|inode| !own.contains(inode));
        }
        Strangers { port, sockets }
    }

    /// The port, if there is one.
    pub(super) fn port(&self) -> Option<u16> {
        (!self.sockets.is_empty()).then_some(self.port)
    }

    /// Whoever accepts connections is one of them, for all that can be known.
    pub(super) fn are_alone(&self) -> bool {
        self.port()
            .map(listeners)
            .is_some_and(|now| !now.is_empty() && now.is_subset(&self.sockets))
    }
}

fn listeners(port: u16) -> BTreeSet<u64> {
    let files = ["/proc/net/tcp", "/proc/net/tcp6"].map(File::open);
    // There may be very many of them.
    let lines = files.into_iter().flatten().flat_map(|file| BufReader::new(file).lines());
    lines.map_while(|line| line.ok()).filter_map(|line| listener(&line, port)).gather()
}

/// The inode of a socket that listens at this port, on whatever address, from a line of proc(5).
fn listener(line: &str, port: u16) -> Option<u64> {
    const LISTEN: &str = "0A";
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (_, local) = fields.next()?.rsplit_once(':')?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?.parse().ok()?;
    (u16::from_str_radix(local, 16) == Ok(port) && state == LISTEN).then_some(inode)
}

fn own() -> BTreeSet<u64> {
    let fds = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let inode = |fd: fs::DirEntry| {
        let target = fs::read_link(fd.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
    };
    fds.filter_map(inode).gather()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_at_a_port_is_found() {
        let line = "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 ffff 100 0 0 10 0";
        assert_eq!(listener(line, 80), Some(4711));
        assert_eq!(listener(line, 81), None);
        assert_eq!(listener(&line.replace(" 0A ", " 01 "), 80), None);
        assert_eq!(listener("  sl  local_address rem_address   st tx_queue", 80), None);
    }

    #[test]
    fn a_socket_of_somebody_else_is_seen_until_another_one_listens() {
        let line = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = line.local_addr().unwrap();
        // It is ours.
        assert_eq!(Strangers::at(&address).port(), None);
        let sockets = listeners(address.port());
        assert_eq!(sockets.len(), 1);
        let strangers = Strangers { port: address.port(), sockets };
        assert!(strangers.are_alone());
        drop(line);
        assert!(!strangers.are_alone());
    }
}
