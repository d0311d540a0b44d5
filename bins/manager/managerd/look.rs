//! What the status file of a service says that is news to the engine.

use common::format::event::Line;
use common::format::letters::Event as Letter;
use common::format::status::{self, Status};
use common::os::file;

use super::manager::Manager;
use super::news::{News, news};
use crate::manager::engine::{Event, State};
use crate::manager::graph::{Id, Kind};

/// How often a status is read again that was being replaced: each time the window is microseconds.
const TRIES: u32 = 1000;

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
        for Line { event, seq: _, name } in news.lines() {
            let name = std::str::from_utf8(name).unwrap_or_default();
            heard.extend(self.find(name).map(|id| (id, event == Letter::Supervised)));
        }
        if news.lost {
            heard = self.graph.ids().map(|id| (id, true)).collect();
        }
        // Of several events of one service only the last look counts.
        heard.sort_unstable_by_key(|(id, anew)| (*id, !anew));
        heard.dedup_by_key(|(id, _)| *id);
        for (id, anew) in heard {
            self.look(id, anew, events);
        }
    }

    /// Looks at a service. A supervisor that began `anew` may not have got what was last written.
    pub(super) fn look(&mut self, id: Id, anew: bool, events: &mut Vec<Event>) {
        match self.graph.service(id).kind {
            Kind::Daemon => {
                let Some(status) = self.status(id) else { return };
                let known = &mut self.known[id as usize];
                // What was to start and then to stop has heard neither.
                known.awaited &= !anew || self.engine.state(id) == State::Starting;
                self.take_status(id, &status, events);
                if anew {
                    self.tell_again(id, &status);
                }
            }
            Kind::Oneshot => self.look_at_oneshot(id, events),
            Kind::Group => {}
        }
    }

    /// The status of a service's process, if it is of this boot.
    pub(super) fn status(&self, id: Id) -> Option<Status> {
        let service = self.graph.service(id);
        if !self.definitions.is_there(&service.name, service.kind) {
            // What somebody else has there is none of ours.
            return None;
        }
        let dir = match service.kind {
            Kind::Daemon => &self.scan,
            Kind::Oneshot | Kind::Group => &self.oneshots,
        };
        let path = format!("{}/supervise/status", service.name);
        let mut buffer = [0; status::SIZE];
        for _ in 0..TRIES {
            match file::read_small(dir, path.as_str(), &mut buffer) {
                // Not there yet, or not written yet; what can't be read tells nothing either.
                Err(_) => return None,
                Ok(bytes) if bytes.trim_ascii().is_empty() => return None,
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
