//! The floor beneath every manager: one process that starts what a file names, each as soon as what it
//! needs is ready. It keeps no state, takes no command, starts nothing again and tells nobody anything.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use common::prelude::*;
use common::sys::exec::{Argv, exec};
use common::sys::fork::vfork;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, FdFlags, Result as Io, fcntl_setfd};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, wait};

/// How it is known that a service is ready.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It has been executed.
    Plain,
    /// It writes a newline.
    Notify,
    /// It has ended.
    Once,
}

struct Service {
    name: String,
    kind: Kind,
    /// How many that it needs are not ready.
    missing: usize,
    users: Vec<usize>,
}

struct Floor {
    fifo: OsString,
    services: Vec<Service>,
    startable: Vec<usize>,
    notified: Vec<(OwnedFd, usize)>,
    ending: HashMap<Pid, usize>,
}

/// Starts the services in FILE, whose stamps go to FIFO, and sleeps.
pub(super) fn floor(mut args: Args) -> Result<Next> {
    let (fifo, file) = (args.operand("fifo")?, args.operand("file")?);
    args.end()?;
    let text = fs::read_to_string(&file).unable(format_args!("read {}", file.display()))?;
    let services = parse(&text)?;
    let all = 0..services.len();
    let startable = all.rev().filter(|id| services[*id].missing == 0).collect();
    let (notified, ending) = (Vec::new(), HashMap::new());
    Floor { fifo, services, startable, notified, ending }.run().unable("start services")?;
    loop {
        rustix::event::pause();
    }
}

/// A line is KIND NAME NEEDED..., after the lines of those that it needs.
fn parse(text: &str) -> Result<Vec<Service>> {
    let mut services: Vec<Service> = Vec::new();
    let mut ids = HashMap::new();
    for line in text.lines() {
        let wrong = || Error::user(format_args!("not a service: {line}"));
        let mut words = line.split(' ');
        let kind = match words.next() {
            Some("plain") => Kind::Plain,
            Some("notify") => Kind::Notify,
            Some("once") => Kind::Once,
            Some(_) | None => return Err(wrong()),
        };
        let name = words.next().ok_or_else(wrong)?;
        let needed: Option<Vec<usize>> = words.map(|word| ids.get(word).copied()).collect();
        let needed = needed.ok_or_else(wrong)?;
        let id = services.len();
        needed.iter().for_each(|other| services[*other].users.push(id));
        ids.insert(name, id);
        let (name, missing) = (name.to_owned(), needed.len());
        services.push(Service { name, kind, missing, users: Vec::new() });
    }
    Ok(services)
}

impl Floor {
    fn run(&mut self) -> Io<()> {
        loop {
            while let Some(id) = self.startable.pop() {
                self.start(id)?;
            }
            if !self.notified.is_empty() {
                self.wait_for_newlines()?;
            } else if !self.ending.is_empty() {
                self.wait_for_ends()?;
            } else {
                return Ok(());
            }
        }
    }

    fn start(&mut self, id: usize) -> Io<()> {
        let Service { name, kind, .. } = &self.services[id];
        let kind = *kind;
        let verb = if kind == Kind::Once { "once" } else { "service" };
        let mut words: Vec<OsString> =
            vec!["/proc/self/exe".into(), verb.into(), self.fifo.clone(), name.into()];
        let mut pipe = None;
        if kind == Kind::Notify {
            let (reading, writing) = pipe_with(PipeFlags::CLOEXEC)?;
            // Ours is closed before the next one starts.
            fcntl_setfd(&writing, FdFlags::empty())?;
            words.push(writing.as_raw_fd().to_string().into());
            pipe = Some((reading, writing));
        }
        let argv = Argv::new(words).map_err(|_| Errno::NOMEM)?;
        let pid = vfork(&mut || {
            exec(argv.program(), &argv);
            111
        })?;
        match kind {
            Kind::Plain => self.ready(id),
            Kind::Notify => self.notified.extend(pipe.map(|(reading, _)| (reading, id))),
            Kind::Once => drop(self.ending.insert(pid, id)),
        }
        Ok(())
    }

    fn ready(&mut self, id: usize) {
        for user in std::mem::take(&mut self.services[id].users) {
            self.services[user].missing -= 1;
            if self.services[user].missing == 0 {
                self.startable.push(user);
            }
        }
    }

    fn wait_for_newlines(&mut self) -> Io<()> {
        let mut fds: Vec<PollFd<'_>> = self
            .notified
            .iter()
            .map(|(fd, _)| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN))
            .collect();
        poll(&mut fds, None)?;
        let said: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        let mut said = said.into_iter();
        let all = std::mem::take(&mut self.notified).into_iter();
        let (ready, rest): (Vec<_>, Vec<_>) = all.partition(|_| said.next() == Some(true));
        self.notified = rest;
        ready.iter().for_each(|(_, id)| self.ready(*id));
        Ok(())
    }

    fn wait_for_ends(&mut self) -> Io<()> {
        let mut options = WaitOptions::empty();
        while let Some((pid, _)) = wait(options)? {
            if let Some(id) = self.ending.remove(&pid) {
                self.ready(id);
            }
            if self.ending.is_empty() {
                break;
            }
            // All that have ended by now.
            options = WaitOptions::NOHANG;
        }
        Ok(())
    }
}
