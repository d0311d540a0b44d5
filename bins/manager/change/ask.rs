//! A request: it is written, and all that comes of it is told, whoever dies meanwhile.
//!
//! The request fifo tells that the manager has died: nobody reads it any more. As we hold it open,
//! what was written to it is still there for the next manager. A request whose answer is not there
//! when the next one has started is written again: of one that was accepted there is an answer, and
//! nothing is done twice.

use std::collections::BTreeSet;

use common::base::error::exit;
use common::base::stamp::Boot;
use common::os::clock;
use common::os::signals::Signals;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use super::concern::Concern;
use super::contact::{self, Contact, Door, interrupted};
use super::hints;
use super::killed::Killed;
use super::options::Options;
use super::output::Output;
use super::wait;
use crate::manager::announcement::Announcement;
use crate::manager::engine::State;
use crate::manager::live;
use crate::manager::places::Places;
use crate::manager::reasons;
use crate::manager::request::{Answer, Progress, Request, RequestId, Verb};

/// How soon to look for the answer, in ms, even if nothing was heard: a directory has so many
/// subscribers that it serves, and no more.
const LOOK: u64 = 5000;

/// Asks, and waits for the answer; returns its exit code.
pub(crate) fn ask(
    options: &Options,
    request: &Request,
    signals: &Signals,
    output: &mut Output,
) -> Result<u8> {
    let due = options.timeout.map(|ms| clock::boot().after(ms));
    let id = RequestId::new(random()?);
    let door = |dir: &_| contact::door(dir, options.principal.as_deref(), &*options.voice);
    Ask {
        options,
        request,
        signals,
        output,
        due,
        contact: contact::reach(options, due, signals, door)?,
        lines: request.lines(&id),
        id,
        written: 0,
        accepted: false,
        died: false,
        lost: None,
        look: false,
        concern: Concern::new(options, request),
        killed: Killed::default(),
    }
    .run()
}

fn random() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    let length = rustix::io::retry_on_intr(|| getrandom(&mut bytes, GetRandomFlags::empty()));
    match length.unable("get random numbers")? {
        16 => Ok(bytes),
        _ => Err(Error::system("unable to get random numbers")),
    }
}

struct Ask<'a> {
    options: &'a Options,
    request: &'a Request,
    signals: &'a Signals,
    output: &'a mut Output,
    due: Option<Boot>,
    contact: Contact<Door>,
    id: RequestId,
    lines: Vec<String>,
    /// How many of them were written.
    written: usize,
    /// It will be carried out.
    accepted: bool,
    /// There is no manager.
    died: bool,
    /// Why the answer could not be written.
    lost: Option<String>,
    /// It is time to look for the answer.
    look: bool,
    concern: Concern<'a>,
    killed: Killed,
}

impl Ask<'_> {
    fn run(mut self) -> Result<u8> {
        loop {
            self.write()?;
            self.sleep()?;
            if let Some(code) = self.hear()? {
                return Ok(code);
            }
            if self.due.is_some_and(|due| due <= clock::boot()) {
                let text = format!("timed out: {}{}", self.standing(), self.missing());
                return Err(Error::new(exit::TIMED_OUT, text));
            }
        }
    }

    /// Writes what there is room for.
    fn write(&mut self) -> Result<()> {
        while !self.died
            && let Some(line) = self.lines.get(self.written)
        {
            match rustix::io::write(&self.contact.way.fifo, line.as_bytes()) {
                // A line goes whole or not at all.
                Ok(_) => self.written += 1,
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(Errno::PIPE) => self.bury()?,
                Err(e) => return Err(e).unable("write the request"),
            }
        }
        Ok(())
    }

    /// Sleeps until something has happened.
    fn sleep(&mut self) -> Result<()> {
        let mut fds = vec![
            PollFd::new(self.signals, PollFlags::IN),
            PollFd::new(&self.contact.listener, PollFlags::IN),
        ];
        if !self.died {
            let is_all = self.written == self.lines.len();
            let room = if is_all { PollFlags::empty() } else { PollFlags::OUT };
            fds.push(PollFd::new(&self.contact.way.fifo, room));
        }
        let soon = clock::boot().after(LOOK);
        let until = self.output.pause()?.into_iter().chain(self.due).fold(soon, Boot::min);
        match poll(&mut fds, clock::until(Some(until)).as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e).unable("wait for the answer"),
        }
        self.look = fds.iter().all(|fd| fd.revents().is_empty());
        let nobody_reads = fds.get(2).is_some_and(|fd| fd.revents().contains(PollFlags::ERR));
        match super::ending(self.signals, || self.output.comes_back()) {
            Some(signal) => Err(interrupted(signal, &self.alone())),
            None if nobody_reads => self.bury(),
            None => Ok(()),
        }
    }

    /// Nobody reads any more.
    fn bury(&mut self) -> Result<()> {
        let Contact { dir, way, .. } = &self.contact;
        if !contact::is_principal(dir, &way.principal) {
            return Err(self.dismissed());
        }
        self.died = true;
        let answer = contact::answer(dir, &way.principal, &self.id)?;
        if answer.is_some_and(|answer| matches!(answer.progress, Progress::Done(_))) {
            // Its last word was about us.
            self.look = true;
            return Ok(());
        }
        self.output.died()
    }

    /// Takes what was announced; returns the exit code if it is over.
    fn hear(&mut self) -> Result<Option<u8>> {
        let news = self.contact.listener.read().unable("read manager/event")?;
        let mut look = self.look || news.lost;
        let mut is_another = false;
        for text in news.texts() {
            match Announcement::unpack(text) {
                Some(Announcement::Service(name, state)) if self.concern.includes(name) => {
                    match self.killed.after(&self.options.dir, name, state) {
                        Some(ms) => self.output.killed(name, state.word(), ms)?,
                        None => self.output.service(name, state.word())?,
                    }
                }
                Some(Announcement::Accepted(id)) if id == self.id.as_str() => self.accept()?,
                Some(Announcement::Done(id)) if id == self.id.as_str() => look = true,
                Some(Announcement::Lost(id, why)) if id == self.id.as_str() => {
                    (self.lost, look) = (Some(why.to_owned()), true);
                }
                Some(Announcement::Generation(_)) => self.concern.forget(),
                Some(Announcement::Started) => (is_another, look) = (true, true),
                Some(
                    Announcement::Service(..)
                    | Announcement::Accepted(_)
                    | Announcement::Done(_)
                    | Announcement::Lost(..),
                )
                | None => {}
            }
        }
        if is_another {
            self.meet()?;
        }
        let code = if look { self.look(is_another)? } else { None };
        Ok(code.or((self.accepted && self.options.no_wait).then_some(exit::OK)))
    }

    fn accept(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.accepted, true) {
            return Ok(());
        }
        self.output.accepted(&self.id)
    }

    /// Another manager has started.
    fn meet(&mut self) -> Result<()> {
        let Contact { dir, way, .. } = &mut self.contact;
        match contact::door(dir, Some(&way.principal), &*self.options.voice)? {
            Some(door) => {
                *way = door;
                self.died = false;
            }
            None if contact::living(dir)?.is_some() => return Err(self.dismissed()),
            // It is gone again.
            None => self.died = true,
        }
        Ok(())
    }

    fn dismissed(&self) -> Error {
        let principal = &self.contact.way.principal;
        let standing = self.standing();
        Error::new(exit::NO, format_args!("{principal} may not command any more; {standing}"))
    }

    /// Looks for the answer. `is_another`: a manager that may never have heard of the request.
    fn look(&mut self, is_another: bool) -> Result<Option<u8>> {
        let Contact { dir, way, .. } = &self.contact;
        match contact::answer(dir, &way.principal, &self.id)? {
            Some(Answer { progress: Progress::Done(code), lines, .. }) => {
                if let Some(e) = hints::unknown(self.options, &lines) {
                    return Err(self.output.refused(e, &lines)?);
                }
                self.output.done(code, &lines)?;
                hints::hints(self.options, &lines).iter().for_each(|hint| self.output.hint(hint));
                return Ok(Some(code));
            }
            Some(Answer { progress: Progress::Accepted, .. }) => {
                self.accept()?;
                if let Some(why) = &self.lost {
                    let text = format_args!("it is done, but the answer was not written: {why}");
                    return Err(Error::system(text));
                }
            }
            None if self.accepted => return Err(Error::system("the answer was removed")),
            None => {
                if let Some(why) = &self.lost {
                    let text = format_args!("nothing is done: unable to put it on file: {why}");
                    return Err(Error::system(text));
                }
                if is_another {
                    self.written = 0;
                }
            }
        }
        Ok(None)
    }

    /// Who is not there yet, and why.
    fn missing(&self) -> String {
        if !self.accepted {
            return String::new();
        }
        let goal = match self.request.verb {
            Verb::Up | Verb::Once | Verb::Restart | Verb::Reload | Verb::Reset => State::Ready,
            Verb::Down => State::Down,
            Verb::Apply | Verb::Confirm | Verb::Look | Verb::End => return String::new(),
        };
        let manager = Places::below(&self.options.dir).manager;
        let Ok(Some(live)) = live::read(&manager, &self.options.generations) else {
            return String::new();
        };
        let engine = wait::engine(self.options, live);
        let ids = self.request.names.iter().filter_map(|name| engine.graph().find(name));
        let late: BTreeSet<String> = ids
            .filter(|id| engine.state(*id) != goal)
            .map(|id| reasons::chain(&engine, id))
            .filter(|why| !why.is_empty())
            .collect();
        late.iter().map(|why| format!("; {why}")).collect()
    }

    /// What becomes of the request without us, and how to hear of it.
    fn alone(&self) -> String {
        let goes_on = self.written == self.lines.len();
        let follow = self.options.voice.follow(self.request).filter(|_| goes_on);
        let follow = follow.map(|command| format!(" ({command} follows it)"));
        self.standing().to_owned() + &follow.unwrap_or_default()
    }

    /// What becomes of the request without us.
    fn standing(&self) -> &'static str {
        match (self.accepted, self.died) {
            (true, false) => "the request goes on",
            (true, true) => "the request goes on when there is a svc-managerd again",
            _ if self.written < self.lines.len() => "svc-managerd did not take it: nothing is done",
            (false, _) => "svc-managerd has not taken it yet: it may still be carried out",
        }
    }
}
