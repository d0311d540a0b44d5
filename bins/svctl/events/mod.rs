//! `svctl events`: what happens, as it happens.

mod said;
mod watched;

use std::collections::BTreeMap;
use std::fs;

use common::base::error::exit;
use common::base::signal::Signal;
use common::base::sort::Gather;
use common::base::stamp::Wall;
use common::os::fifodir::Subscription;
use common::os::signals::Signals;
use common::os::{clock, file};
use common::prelude::*;
use common::program::warn;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::stdio::stdout;

use super::call::{ANY, Call, Operand, Verb};
use super::known::{Known, nothing};
use super::moves::voice::nobody;
use super::names::meant;
use crate::json::Value;
use crate::manager::announcement::Announcement;
use crate::manager::engine::State;
use crate::manager::graph::Id;
use crate::manager::graph_file::is_fit;
use crate::manager::places::{EVENT, MANAGER, REQUESTS};
use crate::manager::request::{Answer, Progress, RequestId};
use crate::manager::view::View;
use crate::tree::listener::{Listener, News};
use said::{Said, WIDEST, Why};
use watched::{Watched, ready};

pub(super) const VERB: Verb = Verb {
    word: "events",
    arguments: "[NAME...]",
    count: 0..=ANY,
    operand: Operand::Service,
    summary: "print what happens, as it happens, until Ctrl-C",
    options: &[],
    run,
};

/// The longest answer of the manager that is looked at.
const LONGEST: usize = 1 << 20;

fn run(call: &Call) -> Result<Next> {
    call.lives()?;
    let signals = Signals::take_at_terminal(&[Signal::INT, Signal::TERM]).unable("read signals")?;
    let mut events = Events::begin(call)?;
    loop {
        events.sleep(&signals)?;
        if let Some(signal) = signals.next() {
            // As a shell says it of whom a signal has killed; whoever sent it knows.
            return Err(Error::silent(signal.0.saturating_add(128)));
        }
        let news = events.listener.read().unable("read manager/event")?;
        let lines = events.heard(&news);
        match file::write_all(stdout(), lines.as_bytes()) {
            Ok(()) if !events.is_unread()? => {}
            // Nobody reads any more.
            Ok(()) | Err(Errno::PIPE) => return Ok(Next::Exit(exit::OK)),
            Err(e) => return Err(e).unable("write to standard output"),
        }
    }
}

struct Events<'a> {
    call: &'a Call,
    names: Vec<String>,
    /// How wide names are shown.
    width: usize,
    listener: Listener,
    watched: [Watched; 2],
    /// The states that were told, or that there were at the beginning.
    states: BTreeMap<String, State>,
}

impl<'a> Events<'a> {
    /// Listens, and only then looks where all stand: nothing that comes afterwards is missed.
    fn begin(call: &'a Call) -> Result<Events<'a>> {
        let places = call.site.places();
        let path = places.manager.join(EVENT);
        let dir = match file::open_dir(CWD, &path) {
            Err(Errno::NOENT) => return Err(nobody(&call.site)),
            result => result.unable(format_args!("open {}", path.display()))?,
        };
        let subscription =
            Subscription::new(dir).unable(format_args!("subscribe to {}", path.display()))?;
        let listener = Listener::large(subscription);
        let view = View::live(&call.site.sources()).map_err(|e| nothing(&call.site, e))?;
        view.warning.iter().for_each(|what| warn(&"svctl", what));
        let names = match call.operands.is_empty() {
            true => Vec::new(),
            false => {
                let known = Known::read(call)?;
                let name = |found: Result<Id>| found.map(|id| known.name(id).to_owned());
                meant(call, &known)?.into_iter().map(name).collect::<Result<Vec<String>>>()?
            }
        };
        let width = match names.is_empty() {
            true => view.graph.ids().map(|id| view.name(id).len()).max(),
            false => names.iter().map(String::len).max(),
        };
        Ok(Events {
            call,
            names,
            width: width.unwrap_or(0).clamp("svc-managerd".len(), WIDEST),
            listener,
            watched: [
                Watched::new("svc-managerd", places.manager.join(MANAGER)),
                Watched::new("svc-scan", places.scan.join(".svc-scan/scan")),
            ],
            states: states(&view),
        })
    }

    /// Sleeps until something is announced, somebody dies, or a signal comes.
    fn sleep(&self, signals: &Signals) -> Result<()> {
        let out = stdout();
        let mut fds = vec![
            PollFd::new(signals, PollFlags::IN),
            PollFd::new(&self.listener, PollFlags::IN),
            // Of a pipe that nobody reads any more poll says so unasked.
            PollFd::new(&out, PollFlags::empty()),
        ];
        let pidfds = self.watched.iter().filter_map(|watched| watched.pidfd.as_ref());
        fds.extend(pidfds.map(|pidfd| PollFd::new(pidfd, PollFlags::IN)));
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(e) => Err(e).unable("wait for events"),
        }
    }

    /// Whether nobody reads what we write any more.
    fn is_unread(&self) -> Result<bool> {
        let out = stdout();
        let flags = ready(&out, PollFlags::empty())?;
        Ok(flags.contains(PollFlags::ERR))
    }

    /// The lines for what was announced, and for who died meanwhile.
    fn heard(&mut self, news: &News) -> String {
        let now = clock::wall();
        let mut lines = self.died(now);
        let announced: Vec<Announcement<'_>> =
            news.texts().filter_map(Announcement::unpack).collect();
        // One look for all: what the table says now is the reason of what it says.
        let is_state = |what: &Announcement<'_>| matches!(what, Announcement::Service(..));
        let view = (news.lost || announced.iter().any(is_state))
            .then(|| View::live(&self.call.site.sources()).ok())
            .flatten();
        let why = Why::new(self.call, view.as_ref());
        for what in announced {
            lines += &match what {
                Announcement::Service(name, state) => self.service(now, name, state, &why),
                Announcement::Accepted(id) => self.request(now, id, "accepted", None),
                Announcement::Done(id) => self.request(now, id, "done", None),
                Announcement::Lost(id, reason) => self.request(now, id, "lost", Some(reason)),
                Announcement::Generation(number) => self.line(
                    now,
                    &Said {
                        event: "generation",
                        name: "generation",
                        state: &number.to_string(),
                        reason: Some("is live".to_owned()),
                        values: vec![("generation", Value::number(number))],
                    },
                ),
                Announcement::Started => {
                    self.watched[0].find();
                    self.somebody(now, 0, "started")
                }
            };
        }
        if news.lost {
            lines += &self.catch_up(now, view.as_ref(), &why);
        }
        lines
    }

    /// Who has died, and who is there again.
    fn died(&mut self, now: Wall) -> String {
        let mut lines = String::new();
        for place in 0..self.watched.len() {
            let watched = &mut self.watched[place];
            let Some(pidfd) = &watched.pidfd else {
                watched.find();
                // The manager says so itself.
                if watched.pidfd.is_some() && place > 0 {
                    lines += &self.somebody(now, place, "started");
                }
                continue;
            };
            if ready(pidfd, PollFlags::IN).is_ok_and(|flags| !flags.is_empty()) {
                watched.pidfd = None;
                lines += &self.somebody(now, place, "died");
            }
        }
        lines
    }

    fn somebody(&self, now: Wall, place: usize, state: &str) -> String {
        let name = self.watched[place].name;
        self.line(now, &Said { event: name, name, state, reason: None, values: Vec::new() })
    }

    fn service(&mut self, now: Wall, name: &str, state: State, why: &Why) -> String {
        // Whoever may announce may announce anything.
        if !is_fit(name) {
            return String::new();
        }
        self.states.insert(name.to_owned(), state);
        if !self.names.is_empty() && !self.names.iter().any(|own| own == name) {
            return String::new();
        }
        let reason = why.reason(name, state);
        let values = vec![("name", Value::text(name))];
        self.line(now, &Said { event: "service", name, state: state.word(), reason, values })
    }

    /// Who is elsewhere than was told, because that was lost.
    fn catch_up(&mut self, now: Wall, view: Option<&View>, why: &Why) -> String {
        let lost = Said {
            event: "lost",
            name: "some events",
            state: "lost",
            reason: Some("what has changed is told from the state table".to_owned()),
            values: Vec::new(),
        };
        let mut lines = self.line(now, &lost);
        for (name, state) in view.map(states).unwrap_or_default() {
            if self.states.get(&name) != Some(&state) {
                lines += &self.service(now, &name, state, why);
            }
        }
        lines
    }

    /// What somebody has asked for, and what became of it.
    fn request(&self, now: Wall, id: &str, state: &str, reason: Option<&str>) -> String {
        let Some(id) = RequestId::parse(id) else { return String::new() };
        let answer = self.answer(&id);
        let request = answer.as_ref().map(|answer| answer.request.clone());
        let words = request.as_deref().unwrap_or_default();
        if !self.names.is_empty()
            && !words.split(' ').any(|word| self.names.iter().any(|n| n == word))
        {
            return String::new();
        }
        let mut values =
            vec![("id", Value::text(id.as_str())), ("request", Value::Text(request.clone()))];
        // Whoever may announce may write anything.
        let mut reason = reason.map(|reason| reason.replace(char::is_control, " "));
        let mut said = words.to_owned();
        if let Some(Answer { progress: Progress::Done(code), lines, .. }) = answer
            && state == "done"
        {
            values.push(("exit", Value::number(code.into())));
            said += if code == 0 { "" } else { ": not as asked for" };
            reason = (code != 0).then(|| lines.join("; "));
        }
        if !self.call.json {
            let parts = [said].into_iter().chain(reason).filter(|part| !part.is_empty());
            reason = Some(parts.collect::<Vec<_>>().join(": ")).filter(|text| !text.is_empty());
        }
        self.line(now, &Said { event: "request", name: "request", state, reason, values })
    }

    fn answer(&self, id: &RequestId) -> Option<Answer> {
        let dir = self.call.site.places().manager.join(REQUESTS);
        let principals = fs::read_dir(dir).ok()?.flatten();
        principals.into_iter().find_map(|principal| {
            let path = principal.path().join(id.as_str());
            let bytes = file::read_up_to(CWD, &path, LONGEST).ok()?;
            Answer::unpack(std::str::from_utf8(&bytes).ok()?)
        })
    }

    fn line(&self, now: Wall, said: &Said) -> String {
        said.line(self.call, self.width, now)
    }
}

fn states(view: &View) -> BTreeMap<String, State> {
    let rows = view.rows.iter().flatten();
    rows.map(|row| (row.name.clone(), row.memory.state)).gather()
}
