//! What the engine says is to be done: letters to supervisors, and words to whoever listens.

use std::rc::Rc;

use common::format::letters::Command;
use common::format::status::{Phase, Status, Wanted};
use common::os::clock;
use common::os::fifo::{self, Ends};
use rustix::io::Errno;

use super::definitions::{Begins, Led};
use super::manager::Manager;
use crate::manager::announcement::Announcement;
use crate::manager::engine::{Action, Cause, Event, State, Wish};
use crate::manager::graph::{Id, Kind};
use crate::manager::reasons;
use crate::manager::request::Verb;
use crate::manager::table::Doing;

/// So few entries svc-scan is not told of before all are made.
const FEW: u32 = 16;

/// On file, so done, or done by the supervisor who comes next. Many take a second TERM for an order to
/// drop everything.
pub(super) fn is_told_to_end(status: &Status) -> bool {
    status.stopping && status.wanted == Wanted::Down
}

impl Manager {
    /// What is to be on file before an action is taken.
    pub(super) fn prepare(&mut self, action: Action) {
        match action {
            Action::Note(id, state, _) => {
                let known = &mut self.known[id as usize];
                if known.state != state {
                    (known.state, known.since) = (state, clock::wall());
                }
            }
            Action::Start(id) => {
                let known = &mut self.known[id as usize];
                (known.awaited, known.told) = (true, false);
                if self.graph.service(id).kind == Kind::Oneshot {
                    known.seq += 1;
                    known.doing = Doing::Start;
                }
            }
            Action::Stop(_) | Action::Kill(_) | Action::Reload(_) => {}
        }
    }

    /// Does it; `events` gets what is known of the outcome at once.
    pub(super) fn perform(&mut self, action: Action, events: &mut Vec<Event>) {
        match action {
            Action::Note(id, state, cause) => self.note(id, state, cause),
            Action::Start(id) => match self.graph.service(id).kind {
                Kind::Daemon => self.start_daemon(id),
                Kind::Oneshot => self.order(id),
                Kind::Group => {}
            },
            Action::Stop(id) => match self.graph.service(id).kind {
                Kind::Daemon => self.stop_daemon(id, events),
                Kind::Oneshot => self.stop_oneshot(id, events),
                Kind::Group => {}
            },
            Action::Kill(id) => {
                self.write_letter(id, Command::Signal(common::base::signal::Signal::KILL));
            }
            Action::Reload(id) => {
                if let Err(e) = self.reload(id) {
                    let name = &self.graph.service(id).name;
                    let why = common::base::error::reason(e);
                    self.say(&format_args!("unable to run reload of {name}: {why}"));
                }
            }
        }
    }

    fn note(&mut self, id: Id, state: State, cause: Option<Cause>) {
        let graph = Rc::clone(&self.graph);
        let name = &graph.service(id).name;
        if let (State::Failed, Some(Cause::Failed(failure))) = (state, cause) {
            let why = reasons::of_failure(failure, false);
            self.say(&format_args!("{name} failed: {why}"));
            self.give_up(id);
            self.fail_once(id, &why);
        }
        self.announce(Announcement::Service(name, state));
        self.forget_when_gone(id, state);
    }

    /// Which letter starts a daemon.
    fn letter(&self, id: Id) -> Command {
        match self.engine.wish(id) {
            Wish::Once => Command::Once,
            Wish::None | Wish::Down | Wish::Up => Command::Up,
        }
    }

    fn start_daemon(&mut self, id: Id) {
        let begins = if self.letter(id) == Command::Up { Begins::Up } else { Begins::Down };
        if self.define(id, begins) && !self.known[id as usize].unheld {
            // Without a supervisor the letter waits until there is one: it announces itself.
            self.tell_to_start(id);
        }
    }

    /// From now on it starts only when it is told to, whoever supervises it. Before anything else is
    /// written to a supervisor: who does not read that has yet to look at the file `down`.
    pub(super) fn hold(&mut self, id: Id) {
        let service = self.graph.service(id);
        if !self.known[id as usize].unheld || service.kind != Kind::Daemon {
            return;
        }
        let name = &service.name;
        match self.definitions.hold(name) {
            Ok(()) => self.known[id as usize].unheld = false,
            Err(e) => {
                let text = format!("unable to make the file down of {name}: {e}");
                self.complain("down", &text);
            }
        }
    }

    pub(super) fn tell_to_start(&mut self, id: Id) {
        let letter = self.letter(id);
        self.known[id as usize].told = self.write_letter(id, letter);
    }

    /// Whose process is there already is started again after its death, or is not.
    pub(super) fn tell_how_often(&mut self, id: Id, verb: Verb) {
        let is_daemon = self.graph.service(id).kind == Kind::Daemon;
        let is_up = matches!(self.engine.state(id), State::Starting | State::Up | State::Ready);
        if !is_daemon || !is_up {
            return;
        }
        let letter = match (verb, self.engine.wish(id)) {
            (Verb::Once, _) => Command::Once,
            (Verb::Up, Wish::Once) => Command::Up,
            (_, _) => return,
        };
        self.write_letter(id, letter);
    }

    /// A new supervisor may not have got that it is to start, which was written to the one before.
    pub(super) fn tell_again(&mut self, id: Id, status: &Status) {
        if status.phase == Phase::Down && status.wanted == Wanted::Down {
            self.tell_to_start(id);
        }
    }

    fn stop_daemon(&mut self, id: Id, events: &mut Vec<Event>) {
        self.hold(id);
        let Some(status) = self.status(id) else {
            // Not ours, never supervised, or nobody can tell; who supervises it answers.
            if !self.is_ours(id) || !self.write_letter(id, Command::Down) {
                events.push(Event::Ended(id, common::base::death::Death::Exit(0)));
            }
            return;
        };
        if is_told_to_end(&status) {
            return;
        }
        let known = &mut self.known[id as usize];
        let is_down = status.phase == Phase::Down && status.wanted == Wanted::Down;
        if is_down && !(known.awaited && known.told) {
            // Nothing runs, and nothing will: who was not told to start does not answer.
            known.awaited = false;
            let death = status.last_run.unwrap_or(common::base::death::Death::Exit(0));
            return events.push(Event::Ended(id, death));
        }
        if self.write_letter(id, Command::Down) || !self.known[id as usize].awaited {
            return;
        }
        // Who was told is gone, perhaps just now; the next one looks at the file `down`.
        if self.status(id).is_none_or(|status| status.phase == Phase::Down) {
            self.known[id as usize].awaited = false;
            events.push(Event::Ended(id, common::base::death::Death::Exit(0)));
        }
    }

    /// Has the service's directory lead to the definition that is to run. False: it can't be, which
    /// was said; the service then does not start in time.
    pub(super) fn define(&mut self, id: Id, begins: Begins) -> bool {
        let service = self.graph.service(id);
        let kind = service.kind;
        let generation = self.known[id as usize].gone.unwrap_or(self.header.generation);
        match self.definitions.set(&service.name, service.kind, generation, begins) {
            Ok(led) => {
                self.content("define");
                if led == Led::New && begins == Begins::Up {
                    let known = &mut self.known[id as usize];
                    (known.unheld, known.told) = (true, true);
                }
                if led != Led::Same && kind == Kind::Daemon {
                    self.rescan = true;
                    self.tell_of_many();
                }
                true
            }
            Err(e) => {
                let text = format!("unable to make the directory of {}: {e}", service.name);
                self.complain("define", &text);
                false
            }
        }
    }

    /// Where many entries are made, supervisors begin to start meanwhile. svc-scan looks at all of them
    /// each time: it is told ever less often.
    fn tell_of_many(&mut self) {
        self.made += 1;
        if self.made >= FEW && self.made.is_power_of_two() {
            self.tell_svc_scan(b"a");
            self.rescan = false;
        }
    }

    /// Writes a letter to a service's supervisor. False: there is none now.
    pub(super) fn write_letter(&mut self, id: Id, command: Command) -> bool {
        if command != Command::Up {
            self.hold(id);
        }
        let service = self.graph.service(id);
        let dir = self.definitions.dir(service.kind);
        let path = format!("{}/supervise/control", service.name);
        let written = fifo::open(dir, path.as_str(), Ends::Write)
            .and_then(|control| rustix::io::write(control, &[command.letter()]));
        match written {
            Ok(_) => true,
            Err(Errno::NXIO | Errno::NOENT | Errno::NOTDIR | Errno::PIPE) => false,
            Err(e) => {
                // Full: its reader hangs. It is told again when it is replaced.
                let why = common::base::error::reason(e);
                let text = format!("unable to write to {path}: {why}");
                self.complain("letter", &text);
                false
            }
        }
    }

    /// Writes letters to svc-scan.
    pub(super) fn tell_svc_scan(&mut self, letters: &[u8]) {
        let written =
            fifo::open(self.definitions.dir(Kind::Daemon), ".svc-scan/control", Ends::Write)
                .and_then(|control| rustix::io::write(control, letters));
        match written {
            Ok(_) => self.content("scan"),
            Err(e) => {
                let why = common::base::error::reason(e);
                self.complain("scan", &format_args!("unable to tell svc-scan to look: {why}"));
            }
        }
    }
}
