//! The way to a manager that is ready to manage: directories, the lock, what a predecessor left.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use common::base::error::{exit, reason};
use common::base::signal::Signal;
use common::base::sort::Gather;
use common::base::stamp::Wall;
use common::format::records::Holder;
use common::os::fifodir::{Quiet, Subscription};
use common::os::lock::Patience;
use common::os::process::{BootId, Identity};
use common::os::siblings::Siblings;
use common::os::signals::Signals;
use common::os::{clock, fds, file, lock};
use common::prelude::*;
use rustix::event::poll;
use rustix::fs::{AtFlags, CWD, Mode, chmodat, mkdirat};
use rustix::io::Errno;

use super::Options;
use super::definitions::{Begins, Definitions};
use super::left::Left;
use super::look::Heard;
use super::manager::{Known, Manager, Woken};
use super::recorder::Recorder;
use super::requests::Inbox;
use crate::manager::announcement::Announcement;
use crate::manager::engine::record::{self, Head};
use crate::manager::engine::{Action, Engine, Memory, State};
use crate::manager::generations::{BOOTED, LIVE};
use crate::manager::graph::{Graph, Id, Kind};
use crate::manager::live;
use crate::manager::places::{COMMAND, EVENT, MANAGER, ONESHOT, Places, REQUESTS};
use crate::manager::policy::{LONGEST, Policy};
use crate::manager::table::{Row, Table};
use crate::tree::listener::Listener;

/// How long a person who starts a second manager waits for an answer.
const LOCK_SECONDS: u32 = 5;
/// Between two looks for a svc-scan that is being started, ms.
const LOOK: u64 = 50;

impl Manager {
    /// Opens everything, and goes on where a predecessor stopped, or begins.
    pub(super) fn begin(options: Options, siblings: Siblings) -> Result<Manager> {
        fds::fill_stdio();
        let wanted = [Signal::CHLD, Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP];
        let signals = Signals::take(&wanted).unable("read signals")?;
        Signals::reset();
        fds::close_on_exec();
        let open_files = Manager::limit_of_open_files();
        let Places { scan, manager } = Places::below(&options.dir);
        fs::create_dir_all(&manager).unable(format_args!("make {}", manager.display()))?;
        let dir = open(&manager)?;
        let lock = take_lock(&dir)?;
        let scan_fd = open(&scan)?;
        // Before anything is looked at: what changes from now on is heard of.
        let tree = listen(&scan_fd)?;
        for (name, mode) in [(COMMAND, 0o755), (REQUESTS, 0o755), (ONESHOT, 0o755), (EVENT, 0o1733)]
        {
            make_dir(&dir, name, mode)?;
        }
        let events = open(&manager.join(EVENT))?;
        let boot = BootId::now();
        write_holder(&dir, boot)?;
        let oneshots = manager.join(ONESHOT);
        let definitions = Definitions {
            open: [scan_fd, open(&oneshots)?],
            scan,
            oneshots,
            generations: options.generations.join("generations"),
        };
        let Left { mut live, damaged, unknown, is_first } = Left::read(&dir, &options.generations)?;
        for row in live.rows.iter_mut().filter(|row| row.since == Wall::default()) {
            // Nobody has touched it since the boot: that is as good as now.
            row.since = clock::wall();
        }
        let mut manager = Manager {
            table: Table::create(&dir, &live.header, &live.rows).unable("write manager/state")?,
            known: live.rows.iter().map(Known::of).collect(),
            engine: Engine::new(Rc::new(Graph::default()), None),
            graph: Rc::new(live.graph),
            goal: live.boot,
            header: live.header,
            recorder: Recorder::default(),
            options,
            siblings,
            signals,
            boot,
            dir,
            _lock: lock,
            events,
            quiet: Quiet::default(),
            unsaid: Vec::new(),
            tree,
            definitions,
            generations: BTreeMap::new(),
            aliases: HashMap::new(),
            children: HashMap::new(),
            reloads: HashMap::new(),
            retries: BTreeSet::new(),
            inbox: Inbox::default(),
            policy: Policy::default(),
            waiting: Vec::new(),
            held: BTreeMap::new(),
            rescan: true,
            made: 0,
            prune: false,
            sweep_due: Some(clock::boot()),
            open_files,
            complaints: BTreeMap::new(),
            woken: Woken::ANYWHERE,
            over: false,
        };
        manager.begin_boot_record(is_first);
        if is_first {
            // What the record of the boot is about stays as long as that does.
            manager.mark_generation(BOOTED, manager.header.generation);
        }
        manager.read_policy();
        live.rows.iter().for_each(|row| manager.rename(row.was.as_deref(), &row.name));
        if !damaged.is_empty() {
            let names = damaged.join(" ");
            manager.say(&format_args!("manager/state is damaged: as after a boot: {names}"));
        }
        let mut memories: Vec<Memory> = live.rows.into_iter().map(|row| row.memory).collect();
        for id in &unknown {
            memories[*id as usize].state = manager.found(*id);
        }
        let is_there = |id: &Id| memories[*id as usize].state != State::Down;
        let found: Vec<Id> = unknown.into_iter().filter(is_there).collect();
        manager.go_on(memories);
        // That is no change of a state, so nobody else has written it.
        found.into_iter().for_each(|id| manager.write_row(id));
        Ok(manager)
    }

    /// From what is remembered, and what is there, to what is to be done first.
    fn go_on(&mut self, memories: Vec<Memory>) {
        let facts = live::facts(&self.options.facts, &self.graph);
        let actions = self.restore(memories, facts);
        for id in self.graph.ids() {
            if self.known[id as usize].unheld && self.is_ours(id) {
                self.hold(id);
            }
        }
        let mut events = self.carry_out(&actions);
        self.hold_generations();
        // A predecessor may not have come to it.
        self.tell_logger();
        self.remove_left();
        self.repair();
        for id in self.graph.ids() {
            self.look(id, Heard::Anew, &mut events);
            if self.is_at_work(id) {
                self.order(id);
            }
        }
        self.step(events);
        self.announce(Announcement::Started);
        for (principal, id, order, request) in self.take_over_requests() {
            self.header.requests = self.header.requests.max(order);
            self.begin_request(&principal, id, order, request);
        }
        self.write_header();
    }

    /// An engine made of memories, on the graph that is live, and what it does first.
    pub(super) fn restore(
        &mut self,
        memories: Vec<Memory>,
        facts: Vec<(String, String)>,
    ) -> Vec<Action> {
        let (now, limit) = (clock::boot().0, self.options.limit);
        let head = Head { graph: self.header.generation, limit, time: now };
        let said = facts.iter().map(|(fact, value)| (fact.as_str(), value.as_str()));
        let all = (0..).zip(memories.iter().cloned());
        let text = record::begin_with(&self.graph, head, said, all);
        self.begin_record(&text);
        let mut memories: Vec<Option<Memory>> = memories.into_iter().map(Some).collect();
        let memory = |id: Id| memories[id as usize].take().unwrap_or_default();
        let (engine, actions) = Engine::restore(Rc::clone(&self.graph), limit, now, facts, memory);
        self.engine = engine;
        actions
    }

    /// Each live directory leads to its definition; what is needed and not there is made, so that its
    /// supervisor is ready when it is its turn.
    pub(super) fn repair(&mut self) {
        for id in self.graph.ids() {
            let service = self.graph.service(id);
            let is_awaited = service.kind == Kind::Daemon && self.engine.is_needed(id);
            let is_to_lead = is_awaited
                || service.kind != Kind::Group
                    && self.definitions.is_there(&service.name, service.kind);
            // What goes down for a restart gets its new definition when it is down.
            if is_to_lead && !self.engine.is_restarting(id) {
                self.define(id, Begins::Down);
            }
        }
    }

    /// Takes away what is live of services that are gone: a predecessor may not have come to it.
    fn remove_left(&mut self) {
        for id in self.graph.ids() {
            self.forget_when_gone(id, self.engine.state(id));
        }
        for kind in [Kind::Daemon, Kind::Oneshot] {
            for name in self.definitions.names(kind) {
                let is_its = |id: Id| self.graph.service(id).kind == kind;
                if !self.find(&name).is_some_and(is_its) {
                    self.remove(&name, kind);
                }
            }
        }
    }

    /// Holds those generations that something leads to: svc-compile removes none of them.
    /// So does a link beside `boot`, also while there is no manager for a moment.
    pub(super) fn hold_generations(&mut self) {
        self.mark_generation(LIVE, self.header.generation);
        self.keep_trial_from_boot();
        let gone = self.known.iter().filter_map(|known| known.gone);
        let mut used: BTreeSet<u64> = gone.chain([self.header.generation]).gather();
        for id in self.graph.ids().filter(|id| self.engine.is_restarting(*id)) {
            let service = self.graph.service(id);
            used.extend(self.definitions.generation(&service.name, service.kind));
        }
        self.generations.retain(|number, _| used.contains(number));
        for number in used {
            if !self.generations.contains_key(&number) {
                let dir = self.definitions.generations.join(number.to_string());
                // Without it an old generation may be removed while it is used: as by hand.
                let held = live::hold(&dir).ok();
                self.generations.extend(held.map(|held| (number, held)));
            }
        }
    }

    /// Reads the policy file, if there is one, and makes the fifos that it asks for.
    pub(super) fn read_policy(&mut self) {
        let mut policy = Policy::default();
        let mut wrong = Vec::new();
        if let Some(path) = &self.options.policy {
            match file::read_up_to(CWD, path, LONGEST) {
                Ok(bytes) => (policy, wrong) = Policy::read(&String::from_utf8_lossy(&bytes)),
                Err(e) => wrong.push(format!("it can't be read: {}", reason(e))),
            }
            let path = path.display();
            wrong.iter_mut().for_each(|text| *text = format!("{path}: {text}"));
        }
        self.policy = policy;
        let set = self.inbox.set(&self.dir, &self.policy, |text| wrong.push(text));
        wrong.extend(set.err().map(|e| e.message));
        wrong.iter().for_each(|text| self.say(text));
    }
}

impl Known {
    /// What a line of the table says.
    pub(super) fn of(row: &Row) -> Known {
        let Row { seq, doing, request, gone, since, .. } = *row;
        // Perhaps the word to start was not written, or is not read.
        let awaited = row.memory.state == State::Starting && row.memory.failure.is_none();
        let state = row.memory.state;
        // What was told to start by its directory may still have no other.
        let unheld = row.memory.state == State::Starting;
        Known { seq, doing, request, gone, since, state, awaited, told: true, unheld }
    }
}

fn open(path: &std::path::Path) -> Result<OwnedFd> {
    file::open_dir(CWD, path).unable(format_args!("open {}", path.display()))
}

fn take_lock(dir: &OwnedFd) -> Result<OwnedFd> {
    let file = lock::open(dir, "lock").unable("open manager/lock")?;
    match lock::take(&file, Patience::Seconds(LOCK_SECONDS)) {
        Err(Errno::WOULDBLOCK) => {
            Err(Error::new(exit::USAGE, "another svc-managerd is at work there"))
        }
        result => result.unable("lock manager/lock").map(|()| file),
    }
}

fn listen(scan: &OwnedFd) -> Result<Listener> {
    let due = clock::boot().after(u64::from(LOCK_SECONDS) * 1000);
    let dir = loop {
        match file::open_dir(scan, ".svc-scan/event") {
            // It may have been started a moment ago, as we were.
            Err(Errno::NOENT) if clock::boot() < due => {
                let soon = clock::until(Some(clock::boot().after(LOOK)));
                let _ = poll(&mut [], soon.as_ref());
            }
            Err(Errno::NOENT) => {
                let text = "no svc-scan has been at work in scan/";
                return Err(Error::new(exit::NOT_SUPERVISED, text));
            }
            result => break result.unable("open .svc-scan/event")?,
        }
    };
    Subscription::new(dir).unable("subscribe to .svc-scan/event").map(Listener::large)
}

fn make_dir(dir: &OwnedFd, name: &str, mode: u32) -> Result<()> {
    match mkdirat(dir, name, Mode::from_raw_mode(mode)) {
        Err(Errno::EXIST) | Ok(()) => {}
        Err(e) => Err(e).unable(format_args!("make manager/{name}"))?,
    }
    // The umask may have taken away what subscribers need.
    chmodat(dir, name, Mode::from_raw_mode(mode), AtFlags::empty())
        .unable(format_args!("set the mode of manager/{name}"))
}

fn write_holder(dir: &OwnedFd, boot: BootId) -> Result<()> {
    let directory = file::Inode::at(dir, ".").unable("look at manager/")?;
    let holder = Holder { identity: Identity::of_self(boot), directory };
    let text =
        holder.pack().ok_or_else(|| Error::system("the record of the manager is too long"))?;
    file::replace(dir, MANAGER, text.bytes()).unable("write manager/managerd")
}
