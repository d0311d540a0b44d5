//! What the status file of a service says that is news to the engine.

use common::base::sort;
use common::format::event::Line;
use common::format::letters::{Command, Event as Letter};
use common::format::status::{self, Status};
use common::os::file;

use super::manager::Manager;
use super::news::{News, news};
use super::perform::is_told_to_end;
use crate::manager::engine::{Event, State};
use crate::manager::graph::{Id, Kind};

/// How often a status is read again that was being replaced: each time the window is microseconds.
const TRIES: u32 = 1000;

/// What the tree said of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heard {
    /// A supervisor has begun, which may not have got what was last written, or has yet to read it.
    Anew,
    /// Nothing of it runs, and no start is awaited.
    Over,
    /// Something else.
    News,
}

impl Manager {
    /// Takes what the tree has announced. It says whom to look at; what is so, the files say.
    pub(super) fn hear_the_tree(&mut self, events: &mut Vec<Event>) {
        let news = match self.tree.read() {
            Ok(news) => news,
            Err(e) => {
                let why = common::base::error::reason(e);
                self.complain("tree", &format_args!("unable to read the tree's events: {why}"));
                return;
            }
        };
        let mut heard = Vec::new();
        for Line { event, seq, name } in news.lines() {
            let name = std::str::from_utf8(name).unwrap_or_default();
            let what = match event {
                Letter::Supervised => Heard::Anew,
                Letter::Finished | Letter::Left => Heard::Over,
                Letter::Up | Letter::Ready | Letter::Unready | Letter::Down | Letter::Failed => {
                    Heard::News
                }
            };
            let id = self.find(name).filter(|id| !self.is_known(*id, event, seq));
            heard.extend(id.map(|id| (id, what)));
        }
        if news.lost {
            heard = self.graph.ids().map(|id| (id, Heard::Anew)).collect();
        }
        // Of several events of one service only the last look counts.
        sort::sort(&mut heard);
        heard.dedup_by_key(|(id, _)| *id);
        for (id, what) in heard {
            self.look(id, what, events);
        }
    }

    /// Whether the status would say no more than is known: that a oneshot has begun, or that what was
    /// never supervised, and is not to start, now is.
    fn is_known(&self, id: Id, event: Letter, seq: u64) -> bool {
        match self.graph.service(id).kind {
            Kind::Daemon => {
                let rests =
                    self.engine.state(id) == State::Down && !self.known[id as usize].awaited;
                rests && event == Letter::Supervised && seq == 1
            }
            Kind::Oneshot => event == Letter::Up,
            Kind::Group => true,
        }
    }

    /// Looks at a service of which this was heard.
    pub(super) fn look(&mut self, id: Id, heard: Heard, events: &mut Vec<Event>) {
        match self.graph.service(id).kind {
            Kind::Daemon => {
                match self.engine.state(id) {
                    State::Stopping => self.await_end(id, heard),
                    State::Starting => {}
                    State::Down | State::Up | State::Ready | State::Failed => {
                        self.known[id as usize].awaited &= heard != Heard::Anew;
                    }
                }
                let Some(status) = self.status(id) else { return };
                // Whether there is a file down its supervisor has seen: the next one is to see it.
                self.hold(id);
                self.take_status(id, &status, events);
                if heard == Heard::Anew && self.engine.state(id) == State::Starting {
                    self.tell_again(id, &status);
                }
            }
            Kind::Oneshot => self.look_at_oneshot(id, events),
            Kind::Group => {}
        }
    }

    /// What is to stop may not even have read that it was to start: that it is down says nothing until
    /// it has answered.
    fn await_end(&mut self, id: Id, heard: Heard) {
        let awaited = match heard {
            // Without a supervisor nobody has letters to read.
            Heard::Anew => {
                let is_told = self.status(id).is_some_and(|status| is_told_to_end(&status));
                self.is_ours(id) && (is_told || self.write_letter(id, Command::Down))
            }
            Heard::Over => false,
            Heard::News => return,
        };
        self.known[id as usize].awaited = awaited;
    }

    /// The status of a service's process, if it is of this boot.
    pub(super) fn status(&self, id: Id) -> Option<Status> {
        if !self.is_ours(id) {
            return None;
        }
        let service = self.graph.service(id);
        let dir = self.definitions.dir(service.kind);
        let path = format!("{}/supervise/status", service.name);
        let mut buffer = [0; status::SIZE];
        for _ in 0..TRIES {
            match file::read_once(dir, path.as_str(), &mut buffer) {
                // Not there yet, or not written yet; what can't be read tells nothing either.
                Err(_) => return None,
                Ok(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => return None,
                Ok(bytes) => {
                    if let Some(status) = Status::unpack(bytes) {
                        return Some(status)
                            .filter(|s| s.boot.is_none_or(|boot| boot == self.boot));
                    }
                }
            }
        }
        None
    }

    /// What somebody else has in its place is none of ours.
    pub(super) fn is_ours(&self, id: Id) -> bool {
        let service = self.graph.service(id);
        self.definitions.is_there(&service.name, service.kind)
    }

    fn take_status(&mut self, id: Id, status: &Status, events: &mut Vec<Event>) {
        let has_readiness = self.graph.service(id).has_readiness;
        let known = &mut self.known[id as usize];
        let news = news(self.engine.state(id), has_readiness, known, status);
        for news in news.into_iter().flatten() {
            events.push(match news {
                News::Started => Event::Started(id),
                News::Ready => Event::Ready(id),
                News::NotReady => Event::NotReady(id),
                News::Died(death) => Event::Died(id, death),
                News::Ended(death) => Event::Ended(id, death),
                News::Anew(death) => {
                    self.tell_to_start(id);
                    Event::Died(id, death)
                }
            });
        }
    }
}
