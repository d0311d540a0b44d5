//! svc-redirfd: run a program with a file open at a descriptor.

use std::ffi::OsString;
use std::os::fd::{OwnedFd, RawFd};

use common::base::args::unknown;
use common::base::future::Future;
use common::os::fds::place;
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, fcntl_getfl, fcntl_setfl, openat};
use rustix::io::Errno;

use super::link::{Change, Link};
use super::word::descriptor;

pub(super) const LINK: Link = Link {
    name: "svc-redirfd",
    help: "-r | -w | -u | -a | -x [-n] [-b] FD FILE PROG...
Opens FILE at the descriptor FD, then becomes PROG.
  -r  for reading
  -w  for writing; it is made if missing, else emptied
  -u  for reading and writing
  -a  for writing at its end; it is made if missing
  -x  for writing; it is made and must not exist yet
  -n  without waiting, as for the other end of a fifo, and non-blocking
  -b  blocking after -n, non-blocking without
",
    read,
};

struct Redirfd {
    flags: OFlags,
    changes_mode: bool,
    fd: RawFd,
    file: OsString,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let (mut how, mut nonblocking, mut changes_mode) = (None, OFlags::empty(), false);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-r" => how = Some(OFlags::RDONLY),
            "-w" => how = Some(OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC),
            "-u" => how = Some(OFlags::RDWR),
            "-a" => how = Some(OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND),
            "-x" => how = Some(OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL),
            "-n" => nonblocking = OFlags::NONBLOCK,
            "-b" => changes_mode = true,
            _ => return Err(unknown(&option)),
        }
    }
    let how = how.ok_or_else(|| Error::user("missing -r, -w, -u, -a or -x"))?;
    let fd = descriptor(&args.operand("descriptor")?)?;
    let flags = how | nonblocking | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(Box::new(Redirfd { flags, changes_mode, fd, file: args.operand("file")? }))
}

impl Change for Redirfd {
    fn apply(&self, _: &mut Future) -> Result<()> {
        let file = self.file.display();
        let opened = self.open().unable(format_args!("open {file}"))?;
        if self.changes_mode {
            let change = |flags| fcntl_setfl(&opened, flags ^ OFlags::NONBLOCK);
            fcntl_getfl(&opened).and_then(change).unable(format_args!("change mode of {file}"))?;
        }
        place(opened, self.fd).unable(format_args!("open {file} at descriptor {}", self.fd))
    }

    fn moves_look_ups(&self) -> bool {
        self.flags.contains(OFlags::CREATE)
    }
}

impl Redirfd {
    fn open(&self) -> rustix::io::Result<OwnedFd> {
        let mode = Mode::from_bits_retain(0o666);
        let open = |flags| openat(CWD, &self.file, flags, mode);
        match open(self.flags) {
            // A fifo that nobody reads yet: while we do, it can be opened for writing.
            Err(Errno::NXIO) if self.flags.contains(OFlags::WRONLY) => {
                let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
                let _reader = open(how)?;
                open(self.flags)
            }
            opened => opened,
        }
    }
}
