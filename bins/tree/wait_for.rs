//! Waiting until services reach a state: subscribe, read the status, then wait for events. Nothing
//! is ever asked twice without a reason: who waits sleeps in poll.

use common::base::error::exit;
use common::base::sort;
use common::base::stamp::Boot;
use common::os::clock;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::appearances::Appearances;
use super::client::Service;
use super::goal::{Goal, Verdict};
use super::watched::Watched;

/// How many of the services have to get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HowMany {
    /// All, at the same time.
    All,
    /// All, each at its time: what comes of a command may pass before it has come of the next one.
    Each,
    /// One is enough.
    Any,
}

/// How many services a message names.
const MAX_NAMED: usize = 5;

/// The end of `-t MS` from now on; 0 is no end, as in s6.
pub(super) fn deadline(ms: u64) -> Option<Boot> {
    (ms > 0).then(|| clock::boot().after(ms))
}

/// The services that are waited for.
#[derive(Default)]
pub(super) struct Wait {
    services: Vec<Watched>,
    appearances: Appearances,
}

impl Wait {
    /// Begins to watch a service.
    pub(super) fn add(&mut self, service: Service, goal: Goal) -> Result<()> {
        self.services.push(Watched::new(service, goal, &mut self.appearances)?);
        Ok(())
    }

    /// The services, in the order they were added.
    pub(super) fn services(&mut self) -> &mut [Watched] {
        &mut self.services
    }

    /// Waits. Exit code 99: the deadline passed; 103: a service will not get there by itself; 102:
    /// one has lost its supervisor for good.
    pub(super) fn wait(&mut self, how_many: HowMany, deadline: Option<Boot>) -> Result<()> {
        self.services.iter_mut().for_each(Watched::note);
        loop {
            if let Some(result) = self.settle(how_many) {
                return result;
            }
            for i in self.sleep(deadline)? {
                for (event, seq) in self.services[i].news()? {
                    self.services[i].take_event(event, seq)?;
                    self.services[i].note();
                    // A state may be over before the next status can be read.
                    if let Some(result) = self.settle(how_many) {
                        return result;
                    }
                }
                self.services[i].look()?;
                self.services[i].note();
            }
            if deadline.is_some_and(|due| due <= clock::boot()) {
                return self.settle(how_many).unwrap_or_else(|| Err(self.timed_out(how_many)));
            }
        }
    }

    /// Sleeps until something may have changed; returns for which of the services.
    fn sleep(&mut self, deadline: Option<Boot>) -> Result<Vec<usize>> {
        let (mut fds, mut owners) = (Vec::new(), Vec::new());
        for (i, service) in self.services.iter().enumerate() {
            for fd in service.fds().into_iter().flatten() {
                fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
                owners.push(i);
            }
        }
        let appearances = self.appearances.fd();
        fds.extend(appearances.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let due = self.services.iter().filter_map(Watched::due).chain(deadline).min();
        match poll(&mut fds, clock::until(due).as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e).unable("wait for events"),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut news: Vec<usize> =
            owners.iter().zip(&ready).filter(|(_, ready)| **ready).map(|(i, _)| *i).collect();
        if ready.len() > owners.len() && ready.last() == Some(&true) {
            news.extend(self.appeared()?);
        }
        let now = clock::boot();
        let late = |one: &Watched| one.due().is_some_and(|due| due <= now);
        news.extend((0..self.services.len()).filter(|i| late(&self.services[*i])));
        sort::sort(&mut news);
        news.dedup();
        Ok(news)
    }

    /// Looks which event directories have appeared.
    fn appeared(&mut self) -> Result<Vec<usize>> {
        self.appearances.drain();
        let mut found = Vec::new();
        for (i, service) in self.services.iter_mut().enumerate() {
            if !service.listens() {
                service.expect_events(&mut self.appearances)?;
                found.push(i);
            }
        }
        Ok(found)
    }

    /// Whether the waiting is over.
    fn settle(&self, how_many: HowMany) -> Option<Result<()>> {
        let done = |one: &Watched| Self::is_done(one, how_many);
        let mut hopeless = self.services.iter().filter(|one| !done(one)).map(Watched::hopeless);
        match how_many {
            HowMany::All | HowMany::Each if self.services.iter().all(done) => Some(Ok(())),
            HowMany::All | HowMany::Each => hopeless.flatten().next().map(Err),
            HowMany::Any if self.services.iter().any(done) => Some(Ok(())),
            HowMany::Any => {
                let first = hopeless.next()??;
                hopeless.all(|why| why.is_some()).then_some(Err(first))
            }
        }
    }

    fn is_done(one: &Watched, how_many: HowMany) -> bool {
        match how_many {
            HowMany::All | HowMany::Any => one.verdict() == Verdict::Reached,
            HowMany::Each => one.was_there(),
        }
    }

    fn timed_out(&self, how_many: HowMany) -> Error {
        let late = || self.services.iter().filter(|one| !Self::is_done(one, how_many));
        let mut names: Vec<String> = late().take(MAX_NAMED).map(Watched::lack).collect();
        match late().count().saturating_sub(MAX_NAMED) {
            0 => {}
            more => names.push(format!("nor are {more} more")),
        }
        Error::new(exit::TIMED_OUT, format_args!("timed out: {}", names.join(", ")))
    }
}
