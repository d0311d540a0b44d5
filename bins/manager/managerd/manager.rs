//! The manager: what it holds, and its main loop.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{Display, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use common::base::error::reason;
use common::base::signal::Signal;
use common::base::stamp::{Boot, Wall};
use common::base::text::Text;
use common::format::event::MAX;
use common::os::fifodir::Quiet;
use common::os::process::BootId;
use common::os::siblings::Siblings;
use common::os::signals::Signals;
use common::os::{clock, fifodir};
use common::program::warn;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Resource, Rlimit};

use super::Options;
use super::answers::Waiting;
use super::definitions::Definitions;
use super::recorder::Recorder;
use super::requests::Inbox;
use super::test_run::Tests;
use crate::manager::announcement::Announcement;
use crate::manager::engine::{Action, Engine, Event, State};
use crate::manager::graph::{Graph, Id};
use crate::manager::policy::Policy;
use crate::manager::table::{Doing, Header, Row, Table};
use crate::tree::controls::{Control, leaves_out};
use crate::tree::listener::Listener;

/// What a fifo takes as a whole: pipe(7).
const PIPE_BUF: usize = 4096;

/// What is known of a service besides what the engine remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// As in the table; see [`Row`].
    pub(super) seq: u64,
    pub(super) doing: Doing,
    pub(super) request: u64,
    pub(super) gone: Option<u64>,
    pub(super) since: Wall,
    /// The state that it is in since then.
    pub(super) state: State,
    /// It was told to start, and nothing shows yet that it has heard.
    pub(super) awaited: bool,
    /// A supervisor was written to that it is to start, or starts it by itself.
    pub(super) told: bool,
    /// It has no file `down`, or nobody knows: its supervisor starts it by itself.
    pub(super) unheld: bool,
}

/// The manager.
pub(super) struct Manager {
    pub(super) options: Options,
    pub(super) siblings: Siblings,
    pub(super) signals: Signals,
    /// `manager/`.
    pub(super) dir: OwnedFd,
    /// Held as long as we live.
    pub(super) _lock: OwnedFd,
    /// `manager/event/`, and whether anybody listens there.
    pub(super) events: OwnedFd,
    pub(super) quiet: Quiet,
    /// Lines that are to be told there.
    pub(super) unsaid: Vec<u8>,
    /// What the tree announces.
    pub(super) tree: Listener,
    pub(super) definitions: Definitions,
    /// Held so that no generation in use is removed.
    pub(super) generations: BTreeMap<u64, OwnedFd>,
    pub(super) boot: BootId,
    pub(super) graph: Rc<Graph>,
    /// Who is enabled, as long as not all of them have been ready at the same time.
    pub(super) goal: Vec<Id>,
    pub(super) engine: Engine,
    pub(super) table: Table,
    pub(super) header: Header,
    pub(super) known: Vec<Known>,
    /// Names that services had before, by which their supervisors may still call them.
    pub(super) aliases: HashMap<String, Id>,
    /// Oneshots under way.
    pub(super) children: HashMap<Pid, Id>,
    /// Commands under way that have services reload.
    pub(super) reloads: HashMap<Pid, Id>,
    /// Oneshots that are to be tried again.
    pub(super) retries: BTreeSet<(Boot, Id)>,
    pub(super) inbox: Inbox,
    pub(super) policy: Policy,
    pub(super) waiting: Vec<Waiting>,
    /// Requests of which nothing is done before tests are passed, by their order.
    pub(super) held: BTreeMap<u64, Waiting>,
    pub(super) recorder: Recorder,
    /// svc-scan is to look for new entries, and is to end what is gone.
    pub(super) rescan: bool,
    pub(super) prune: bool,
    /// How many entries were made since it was told last at the end of a step.
    pub(super) made: u32,
    /// When to look whether directories out of sight are nobody's any more.
    pub(super) sweep_due: Option<Boot>,
    /// What children get back, because we raised our own.
    pub(super) open_files: Rlimit,
    pub(super) complaints: BTreeMap<&'static str, String>,
    pub(super) woken: Woken,
    pub(super) over: bool,
}

/// Where there is something to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Woken {
    pub(super) signals: bool,
    pub(super) tree: bool,
    pub(super) requests: bool,
}

impl Woken {
    /// Perhaps anywhere: it is looked for.
    pub(super) const ANYWHERE: Woken = Woken { signals: true, tree: true, requests: true };
}

impl Manager {
    /// Manages until told to leave; returns the exit code.
    pub(super) fn run(&mut self) -> u8 {
        while !self.over {
            let mut events = Vec::new();
            if self.woken.signals {
                self.take_signals(&mut events);
            }
            if self.woken.tree {
                self.hear_the_tree(&mut events);
            }
            self.retry_oneshots();
            self.sweep();
            self.step(events);
            if self.woken.requests || self.inbox.has_more() {
                self.read_requests();
            }
            self.attend_tests();
            self.go_back_when_due();
            self.tell();
            if !self.over {
                self.woken = self.wait();
            }
        }
        0
    }

    /// Sleeps until something happens or is due; says where.
    fn wait(&self) -> Woken {
        let own = [self.signals.as_fd(), self.tree.as_fd()];
        let tests = self.held.values().map(|held| &held.tests);
        let outputs = tests.clone().flat_map(Tests::fds);
        let all = own.into_iter().chain(self.inbox.fds()).chain(outputs);
        let mut fds: Vec<PollFd<'_>> =
            all.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        let dues = [
            self.engine.next_due().map(Boot),
            self.retries.first().map(|(due, _)| *due),
            self.header.back.map(|(_, due)| Boot(due)),
            self.sweep_due,
            tests.filter_map(Tests::due).min(),
            self.inbox.has_more().then_some(Boot(0)),
        ];
        let due = dues.into_iter().flatten().min();
        // EINTR or ENOMEM: what there is to do is looked for again all the same.
        if poll(&mut fds, clock::until(due).as_ref()).is_err() {
            return Woken::ANYWHERE;
        }
        let mut woken = fds.iter().map(|fd| !fd.revents().is_empty());
        let (signals, tree) = (woken.next() == Some(true), woken.next() == Some(true));
        Woken { signals, tree, requests: woken.take(self.inbox.len()).any(|is| is) }
    }

    fn take_signals(&mut self, events: &mut Vec<Event>) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::TERM | Signal::INT | Signal::QUIT => self.over = true,
                Signal::HUP => {
                    self.read_policy();
                    events.extend(self.facts());
                }
                // CHLD.
                _ => self.reap(events),
            }
        }
    }

    /// Tells the engine, remembers what it then remembers, and only then does what it says; what
    /// that answers at once is told in its turn.
    pub(super) fn step(&mut self, events: Vec<Event>) {
        let mut events = events;
        loop {
            if self.header.ends {
                events.extend(self.wish_nothing());
            }
            let now = clock::boot().0;
            let is_due = self.engine.next_due().is_some_and(|due| due <= now);
            if events.is_empty() && !is_due {
                break;
            }
            self.record(now, &events);
            let actions = self.engine.step(now, events);
            events = self.carry_out(&actions);
        }
        let (rescan, prune) = (self.rescan, self.prune);
        (self.rescan, self.prune, self.made) = (false, false, 0);
        if rescan || prune {
            self.tell_svc_scan(if prune { b"h" } else { b"a" });
        }
        self.notice_goal();
        self.notice_boot();
        self.notice_end();
        self.settle_requests();
    }

    /// Does what the engine says; returns what is known of the outcome already.
    pub(super) fn carry_out(&mut self, actions: &[Action]) -> Vec<Event> {
        actions.iter().for_each(|action| self.prepare(*action));
        self.write_rows();
        let mut answers = Vec::new();
        for action in actions {
            self.perform(*action, &mut answers);
        }
        answers
    }

    /// Writes the lines of all services about which something has changed.
    pub(super) fn write_rows(&mut self) {
        let changed: Vec<Id> = self.engine.take_changed().collect();
        let mut rest = changed.as_slice();
        while let Some(together) =
            rest.chunk_by(|one, other| self.table.are_together(*one, *other)).next()
        {
            self.write_together(together);
            rest = &rest[together.len()..];
        }
    }

    pub(super) fn write_row(&mut self, id: Id) {
        self.write_together(&[id]);
    }

    fn write_together(&mut self, ids: &[Id]) {
        if leaves_out(Control::NoTable) {
            return;
        }
        let Some(first) = ids.first() else { return };
        let rows: Vec<Row> = ids.iter().map(|id| self.row(*id)).collect();
        if let Err(e) = self.table.put(*first, &rows) {
            // Its space is there since it was made: a disk error, or somebody is at it.
            self.complain("state", &format_args!("unable to write manager/state: {}", reason(e)));
        }
    }

    pub(super) fn row(&self, id: Id) -> Row {
        let Known { seq, doing, request, gone, since, .. } = self.known[id as usize];
        let name = self.graph.service(id).name.clone();
        let was = self.aliases.iter().find(|(_, now)| **now == id).map(|(was, _)| was.clone());
        Row { name, memory: self.engine.memory(id), seq, doing, request, gone, since, was }
    }

    pub(super) fn write_header(&mut self) {
        if let Err(e) = self.table.put_header(&self.header) {
            self.complain("state", &format_args!("unable to write manager/state: {}", reason(e)));
        }
    }

    /// Has whoever listens told, when there is nothing more to say for now.
    pub(super) fn announce(&mut self, announcement: Announcement<'_>) {
        let mut line = Text::<{ MAX }>::new();
        // Text remembers by itself what does not fit; a name that was checked does.
        let _ = writeln!(line, "{announcement}");
        if self.unsaid.len() + line.bytes().len() > PIPE_BUF {
            self.tell();
        }
        self.unsaid.extend_from_slice(line.bytes());
    }

    /// Tells what there is to say: one write, all of which arrives, or nothing.
    fn tell(&mut self) {
        let lines = std::mem::take(&mut self.unsaid);
        if lines.is_empty() {
            return;
        }
        let told = fifodir::notify_unless_quiet(&self.events, || &lines, &mut self.quiet);
        if let Err(e) = told {
            self.complain("event", &format_args!("unable to read manager/event: {}", reason(e)));
        }
    }

    /// Says what is wrong, once for each matter until it is something else.
    pub(super) fn complain(&mut self, about: &'static str, message: &dyn Display) {
        let message = message.to_string();
        if self.complaints.get(about) != Some(&message) {
            self.say(&message);
            self.complaints.insert(about, message);
        }
    }

    /// A matter is well again.
    pub(super) fn content(&mut self, about: &'static str) {
        self.complaints.remove(about);
    }

    pub(super) fn say(&self, message: &dyn Display) {
        warn(&"svc-managerd", message);
    }

    /// The service of a name, also of one that it had.
    pub(super) fn find(&self, name: &str) -> Option<Id> {
        self.graph.find(name).or_else(|| self.aliases.get(name).copied())
    }

    pub(super) fn limit_of_open_files() -> Rlimit {
        let limit = rustix::process::getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, ..limit };
        // Without it there are fewer principals and children at the same time.
        let _ = rustix::process::setrlimit(Resource::Nofile, raised);
        limit
    }
}
