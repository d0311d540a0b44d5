//! svc-readycheck: looks again and again whether a program is ready, for one that can't say so.

mod probe;
mod strangers;

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd, RawFd};

use common::base::args::unknown;
use common::base::future::Future;
use common::os::fds::fill_stdio;
use common::prelude::*;
use common::program::warn;

use super::beside::{Helper, Woken, beside, notification, notify};
use super::block::block;
use super::link::{Change, Link};
use super::moment::Moment;
use super::word::{descriptor, milliseconds, milliseconds_at_most, named_file};
use probe::{Answer, Probe};
use strangers::Strangers;

pub(super) const LINK: Link = Link {
    name: "svc-readycheck",
    help: "[OPTION...] -c { CHECK... } | -i ADDRESS:PORT | -u SOCKET | -f FILE PROG...
Becomes PROG, and looks again and again whether it is ready: then FD gets a newline.
  -c { CHECK... }  ready when CHECK exits 0
  -i ADDRESS:PORT  ready when it accepts connections there (TCP); a PORT alone is of 127.0.0.1
  -u SOCKET        ready when it accepts connections on this socket
  -f FILE          ready when there is such a file
  -d FD            the notification descriptor (3); PROG does not get it
  -s MS            look for the first time after so many milliseconds (10)
  -w MS            and again after so many (1000)
  -n N             give up when N looks were in vain (7; 0: never)
  -t MS            a look that takes longer was in vain (0: no limit)
  -T MS            give up after so many milliseconds (0: never)
",
    read,
};

struct Readycheck {
    fd: RawFd,
    probe: Probe,
    first: u64,
    again: u64,
    looks: u32,
    per_look: Option<u64>,
    in_all: Option<u64>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let (mut fd, mut probe) = (3, None);
    let (mut first, mut again, mut looks) = (10, 1000, 7);
    let (mut per_look, mut in_all) = (None, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-c" => probe = Some(Probe::Command(block(args)?)),
            "-i" => probe = Some(Probe::tcp(&args.raw_value()?)?),
            "-u" => probe = Some(Probe::Socket(named_file(args.raw_value()?)?)),
            "-f" => probe = Some(Probe::File(named_file(args.raw_value()?)?)),
            "-d" | "-3" => fd = descriptor(&args.raw_value()?)?,
            "-s" => first = milliseconds(args)?,
            "-w" => again = milliseconds(args)?,
            "-n" => looks = args.value("number of looks")?,
            "-t" => per_look = milliseconds_at_most(args)?,
            "-T" => in_all = milliseconds_at_most(args)?,
            _ => return Err(unknown(&option)),
        }
    }
    let probe = probe.ok_or_else(|| Error::user("missing -c, -i, -u or -f"))?;
    Ok(Box::new(Readycheck { fd, probe, first, again, looks, per_look, in_all }))
}

impl Change for Readycheck {
    fn apply(&self, future: &mut Future) -> Result<()> {
        let ready = notification(self.fd)?;
        let strangers = self.probe.strangers();
        // What a check says goes where the program's words go.
        let kept = [ready.as_fd(), rustix::stdio::stdout(), rustix::stdio::stderr()];
        let Some(helper) = beside(c"svc-readycheck", &kept)? else { return Ok(()) };
        fill_stdio();
        self.watch(&helper, ready, &strangers, future)?;
        Err(Error::silent(0))
    }

    fn moves_look_ups(&self) -> bool {
        true
    }

    fn blocks(&self) -> Vec<&[OsString]> {
        match &self.probe {
            Probe::Command(words) => vec![words],
            Probe::Tcp(_) | Probe::Socket(_) | Probe::File(_) => Vec::new(),
        }
    }
}

impl Readycheck {
    /// In the helper: looks until it is ready, has ended, or it is enough.
    fn watch(
        &self,
        helper: &Helper,
        ready: OwnedFd,
        strangers: &Strangers,
        future: &Future,
    ) -> Result<()> {
        if let Some(port) = strangers.port() {
            let text = "another process listens there already";
            warn(&LINK.name, &format_args!("port {port}: {text}"));
        }
        let start = Moment::now();
        let end = self.in_all.map(|ms| start.after(ms));
        let mut next = start.after(self.first);
        let mut vain = 0;
        while self.looks == 0 || vain < self.looks {
            match helper.wait(None, earlier(Some(next), end)) {
                Woken::Ended => return Ok(()),
                Woken::Due | Woken::Told => {}
            }
            let limit = self.per_look.map(|ms| Moment::now().after(ms));
            match self.probe.look(helper, earlier(limit, end), future)? {
                Answer::Ready if strangers.are_alone() => {}
                Answer::Ready => return notify(&ready),
                Answer::Ended => return Ok(()),
                Answer::NotYet if end.is_some_and(|end| end <= Moment::now()) => break,
                Answer::NotYet => {}
            }
            vain += 1;
            next = Moment::now().after(self.again);
        }
        let pid = helper.pid;
        warn(&LINK.name, &format_args!("process {pid}: not known to be ready: gave up looking"));
        Ok(())
    }
}

fn earlier(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    [one, other].into_iter().flatten().min()
}
