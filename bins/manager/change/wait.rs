//! Waiting without asking for anything: what the state table says, and what is announced.

use std::os::fd::OwnedFd;
use std::rc::Rc;

use common::base::error::exit;
use common::base::stamp::Boot;
use common::os::clock;
use common::os::signals::Signals;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::contact::{self, Contact, interrupted};
use super::hints;
use super::options::{Goal, Options};
use super::output::Output;
use crate::manager::announcement::Announcement;
use crate::manager::engine::{Engine, State};
use crate::manager::graph::Id;
use crate::manager::live::{self, Live};
use crate::manager::places::Places;
use crate::manager::reasons;

/// How soon to look again, in ms, even if nothing was heard: a condition may say no, and nobody moves.
const LOOK: u64 = 5000;

/// How a service stands to what it is to be.
enum Verdict {
    Reached(State),
    Waiting(State),
    /// It will not get there unless something else happens.
    Never(String),
}

/// Waits; returns the exit code.
pub(crate) fn wait(
    options: &Options,
    goal: Goal,
    names: &[String],
    signals: &Signals,
    output: &mut Output,
) -> Result<u8> {
    let due = options.timeout.map(|ms| clock::boot().after(ms));
    let contact = contact::reach(options, due, signals, contact::living)?;
    let mut wait = Wait { options, goal, names, signals, output, due, contact };
    loop {
        let is_late = wait.due.is_some_and(|due| due <= clock::boot());
        let (code, lines) = wait.look()?;
        if let Some(code) = code {
            if let Some(e) = hints::unknown(options, &lines) {
                return Err(wait.output.refused(e, &lines)?);
            }
            wait.output.done(code, &lines)?;
            hints::hints(options, &lines).iter().for_each(|hint| wait.output.hint(hint));
            return Ok(code);
        }
        if is_late {
            let text = format!("timed out: {}", lines.join(", "));
            return Err(Error::new(exit::TIMED_OUT, text));
        }
        while !wait.hear()? {}
    }
}

struct Wait<'a> {
    options: &'a Options,
    goal: Goal,
    names: &'a [String],
    signals: &'a Signals,
    output: &'a mut Output,
    due: Option<Boot>,
    /// The manager, and a descriptor that tells of its death if there can be one.
    contact: Contact<Option<OwnedFd>>,
}

impl Wait<'_> {
    /// Looks how all stand: the exit code, if that is all, and the line for each.
    fn look(&self) -> Result<(Option<u8>, Vec<String>)> {
        let manager = Places::below(&self.options.dir).manager;
        let live = live::read(&manager, &self.options.generations).map_err(Error::system)?;
        let missing = || Error::system(format_args!("{}/state is gone", manager.display()));
        let live = live.ok_or_else(missing)?;
        let found: Vec<Option<Id>> = self.names.iter().map(|name| live.graph.find(name)).collect();
        if found.iter().any(Option::is_none) {
            let unknown = self.names.iter().zip(&found).filter(|(_, id)| id.is_none());
            let line = |(name, _): (&String, _)| format!("there is no service {name}");
            return Ok((Some(exit::NO), unknown.map(line).collect()));
        }
        let verdicts = self.verdicts(live, &found.into_iter().flatten().collect::<Vec<Id>>());
        let mut code = Some(exit::OK);
        let mut lines = Vec::new();
        for (name, verdict) in self.names.iter().zip(&verdicts) {
            match verdict {
                Verdict::Reached(state) => lines.push(format!("{name}: {}", state.word())),
                Verdict::Waiting(state) => {
                    lines.push(format!("{name}: {}", state.word()));
                    code = code.filter(|code| *code == exit::NO);
                }
                Verdict::Never(why) => {
                    lines.push(format!("{name}: not ready: {why}"));
                    code = Some(exit::NO);
                }
            }
        }
        // Who does not wait has the answer.
        Ok((code.or(self.options.no_wait.then_some(exit::NO)), lines))
    }

    fn verdicts(&self, live: Live, ids: &[Id]) -> Vec<Verdict> {
        let is_clear = |id: &Id| {
            let memory = &live.rows[*id as usize].memory;
            memory.state == State::Ready && !memory.restarting
        };
        if self.goal == Goal::Ready && ids.iter().all(is_clear) {
            return ids.iter().map(|_| Verdict::Reached(State::Ready)).collect();
        }
        let engine = engine(self.options, live);
        ids.iter().map(|id| self.verdict(&engine, *id)).collect()
    }

    fn verdict(&self, engine: &Engine, id: Id) -> Verdict {
        let state = engine.state(id);
        let is_needed = engine.is_needed(id);
        let is_down = matches!(state, State::Down | State::Failed);
        let is_reached = match self.goal {
            Goal::Ready => state == State::Ready,
            Goal::Down => is_down,
            Goal::Settled if is_needed => state == State::Ready || engine.is_stuck(id),
            Goal::Settled => is_down,
        };
        if engine.is_restarting(id) {
            Verdict::Waiting(state)
        } else if is_reached {
            Verdict::Reached(state)
        } else if self.goal == Goal::Ready && (engine.is_stuck(id) || is_down && !is_needed) {
            Verdict::Never(reasons::chain(engine, id))
        } else {
            Verdict::Waiting(state)
        }
    }

    /// Sleeps, and takes what was announced; true: it is time to look again.
    fn hear(&mut self) -> Result<bool> {
        let is_news = self.sleep()?;
        let news = self.contact.listener.read().unable("read manager/event")?;
        let mut look = news.lost || !is_news;
        for text in news.texts() {
            match Announcement::unpack(text) {
                Some(Announcement::Service(name, state)) => {
                    let is_ours = self.names.iter().any(|own| own == name);
                    if is_ours {
                        self.output.service(name, state.word())?;
                    }
                    // What others need is not there any more.
                    look |= is_ours || matches!(state, State::Down | State::Failed);
                }
                Some(Announcement::Started) => {
                    self.contact.way = contact::living(&self.contact.dir)?.flatten();
                    look = true;
                }
                Some(Announcement::Generation(_)) => look = true,
                Some(
                    Announcement::Accepted(_) | Announcement::Done(_) | Announcement::Lost(..),
                )
                | None => {}
            }
        }
        Ok(look)
    }

    /// Sleeps; false: nothing happened for as long as it does.
    fn sleep(&mut self) -> Result<bool> {
        let mut fds = vec![
            PollFd::new(self.signals, PollFlags::IN),
            PollFd::new(&self.contact.listener, PollFlags::IN),
        ];
        fds.extend(self.contact.way.as_ref().map(|pidfd| PollFd::new(pidfd, PollFlags::IN)));
        let soon = clock::boot().after(LOOK);
        let until = self.output.pause()?.into_iter().chain(self.due).fold(soon, Boot::min);
        match poll(&mut fds, clock::until(Some(until)).as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e).unable("wait for events"),
        }
        let is_news = fds.iter().any(|fd| !fd.revents().is_empty());
        if fds.get(2).is_some_and(|fd| !fd.revents().is_empty()) {
            self.contact.way = None;
            self.output.died()?;
        }
        match super::ending(self.signals, || self.output.comes_back()) {
            Some(signal) => Err(interrupted(signal, "nothing was asked for")),
            None => Ok(is_news),
        }
    }
}

/// The engine that the manager has.
pub(super) fn engine(options: &Options, live: Live) -> Engine {
    let facts = live::facts(&options.facts, &live.graph);
    let mut memories = live.rows.into_iter().map(|row| row.memory);
    // By their ids, in order.
    let memory = |_| memories.next().unwrap_or_default();
    let now = clock::boot().0;
    Engine::restore(Rc::new(live.graph), None, now, facts, memory).0
}
