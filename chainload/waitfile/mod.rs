//! svc-waitfile: run a program when a file is there.

mod watch;

use std::ffi::OsString;

use common::base::args::unknown;
use common::base::error::{exit, reason};
use common::base::future::Future;
use common::os::clock;
use common::os::fifo::is_fifo;
use common::prelude::*;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::link::{Change, Link};
use super::word::{milliseconds_at_most, named_file};
use watch::{Told, Watch};

pub(super) const LINK: Link = Link {
    name: "svc-waitfile",
    help: "[-e | -s | -f | -d] [-t MS] FILE PROG...
Waits until FILE exists, then becomes PROG.
  -e     until FILE exists (this is the default)
  -s     until FILE is a socket that accepts a connection
  -f     until FILE is a fifo that somebody reads
  -d     until FILE is gone
  -t MS  not longer than MS milliseconds: then exit 99; 0 is no limit
",
    read,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Exists,
    Accepts,
    IsRead,
    IsGone,
}

struct WaitFile {
    until: Until,
    limit: Option<u64>,
    file: OsString,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let (mut until, mut time) = (Until::Exists, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-e" => until = Until::Exists,
            "-s" => until = Until::Accepts,
            "-f" => until = Until::IsRead,
            "-d" => until = Until::IsGone,
            "-t" => time = milliseconds_at_most(args)?,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(WaitFile { until, limit: time, file: named_file(args.operand("file")?)? }))
}

/// What can only be tried again is tried after these milliseconds, then after twice as many, up to the
/// most: soon enough for a start, too rarely to be noticed.
const FIRST_PAUSE: u64 = 10;
const LAST_PAUSE: u64 = 1000;

impl Change for WaitFile {
    fn apply(&self, _: &mut Future) -> Result<()> {
        if self.look()?.is_none() {
            return Ok(());
        }
        let due = self.limit.map(|ms| clock::boot().after(ms));
        let watch = Watch::new();
        let mut pause = FIRST_PAUSE;
        loop {
            // Before we look, so that nothing comes between.
            let told = watch.cover(&self.file);
            let Some(why) = self.look()? else { return Ok(()) };
            if due.is_some_and(|due| due <= clock::boot()) {
                return Err(self.timed_out(why));
            }
            let is_told = told == Told::Everything && self.until.is_of_names();
            let again = (!is_told).then(|| clock::boot().after(pause));
            let news = watch.wait(due.into_iter().chain(again).min())?;
            pause = if news { FIRST_PAUSE } else { LAST_PAUSE.min(pause * 2) };
        }
    }

    fn moves_look_ups(&self) -> bool {
        true
    }
}

impl WaitFile {
    /// Whether what is waited for has come: if not, why.
    fn look(&self) -> Result<Option<Errno>> {
        let stat = statat(CWD, &self.file, AtFlags::empty());
        let seen = match (self.until, stat) {
            (Until::IsGone, Err(Errno::NOENT | Errno::NOTDIR)) => Ok(()),
            (Until::IsGone, Ok(_)) => Err(Errno::EXIST),
            (_, Err(e)) => Err(e),
            (Until::Exists, Ok(_)) => Ok(()),
            (Until::Accepts, Ok(stat)) => self.connect(&stat)?,
            (Until::IsRead, Ok(stat)) => self.open(&stat)?,
        };
        match seen {
            Ok(()) => Ok(None),
            Err(
                e @ (Errno::NOENT
                | Errno::EXIST
                | Errno::CONNREFUSED
                | Errno::AGAIN
                | Errno::NXIO
                // Whoever made it may be about to give rights to others.
                | Errno::ACCESS),
            ) => Ok(Some(e)),
            Err(e) => Err(e).unable(format_args!("wait for {}", self.file.display())),
        }
    }

    fn connect(&self, stat: &Stat) -> Result<rustix::io::Result<()>> {
        if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
            return Err(self.is_no("socket"));
        }
        let mut result = Err(Errno::PROTOTYPE);
        for kind in [SocketType::STREAM, SocketType::SEQPACKET, SocketType::DGRAM] {
            if result == Err(Errno::PROTOTYPE) {
                let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
                result = SocketAddrUnix::new(&self.file).and_then(|address| {
                    connect(socket_with(AddressFamily::UNIX, kind, flags, None)?, &address)
                });
            }
        }
        Ok(result)
    }

    fn open(&self, stat: &Stat) -> Result<rustix::io::Result<()>> {
        if !is_fifo(stat) {
            return Err(self.is_no("fifo"));
        }
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(openat(CWD, &self.file, flags, Mode::empty()).map(|_| ()))
    }

    fn is_no(&self, what: &str) -> Error {
        Error::system(format_args!("{} is no {what}", self.file.display()))
    }

    fn timed_out(&self, why: Errno) -> Error {
        let file = self.file.display();
        let message = match (why, self.until) {
            (Errno::ACCESS, _) => format!("unable to look at {file}: {}", reason(why)),
            (Errno::NOENT, _) | (_, Until::Exists) => format!("{file} does not exist"),
            (_, Until::Accepts) => format!("{file} accepts no connections"),
            (_, Until::IsRead) => format!("nobody reads {file}"),
            (_, Until::IsGone) => format!("{file} still exists"),
        };
        Error::new(exit::TIMED_OUT, message)
    }
}

impl Until {
    /// Whether only names come and go, of which the kernel tells.
    fn is_of_names(self) -> bool {
        match self {
            Until::Exists | Until::IsGone => true,
            Until::Accepts | Until::IsRead => false,
        }
    }
}
