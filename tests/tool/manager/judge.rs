//! The judge: whether what is wanted is what there is, by the processes themselves.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use bins::manager::engine::{Engine, Failure, Memory, State};
use bins::manager::graph::Id;
use bins::manager::live::{self, Live};
use bins::manager::request::{Request, Verb};
use common::base::death::Death;
use common::os::clock;
use common::os::lock::{self, Patience};
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::graph::{Kind, Service, Services};
use super::instance::{history, lock_of, ready_of};
use super::model::Model;
use super::victims::manager;
use crate::tree;

/// What is judged, and how strictly.
pub(super) struct Judge<'a> {
    pub(super) dir: &'a Path,
    pub(super) services: &'a Services,
    pub(super) model: &'a Model,
    /// How an orphan has ended may be unknown: a oneshot may have failed for it.
    pub(super) unknown_allowed: bool,
}

impl Judge<'_> {
    /// What is not as it should be when nothing is under way.
    pub(super) fn at_rest(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if manager(self.dir).is_none() {
            faults.push("there is no manager".to_owned());
        }
        for request in self.model.open() {
            faults.push(format!("accepted and not done: {request}"));
        }
        for request in self.model.doubled() {
            faults.push(format!("accepted twice: {request}"));
        }
        match live::read(&self.dir.join("run/manager"), &self.dir.join("lib")) {
            Ok(Some(live)) => self.live(live, &mut faults),
            Ok(None) => faults.push("there is no state table".to_owned()),
            Err(e) => faults.push(e),
        }
        faults
    }

    /// What of a good answer is not so, by the processes of the services that were named.
    pub(super) fn untrue(&self, request: &Request) -> Vec<String> {
        let should_run = match request.verb {
            Verb::Up | Verb::Restart => true,
            Verb::Down => false,
            Verb::Once
            | Verb::Reload
            | Verb::Reset
            | Verb::Apply
            | Verb::Confirm
            | Verb::Look
            | Verb::End => {
                return Vec::new();
            }
        };
        let log = self.dir.join("log");
        let named = self
            .services
            .all
            .iter()
            .filter(|service| service.is_steady && request.names.contains(&service.tag));
        let is_untrue = |service: &&Service| {
            let is_ready = ready_of(&log, &service.tag).exists();
            match service.kind {
                Kind::Daemon => {
                    (is_locked(&log, &service.tag), is_ready) != (should_run, should_run)
                }
                Kind::Oneshot => is_ready != should_run && !self.unknown_allowed,
                Kind::Lasting | Kind::Failing | Kind::Group => false,
            }
        };
        let untrue = named.filter(is_untrue);
        untrue.map(|service| format!("untrue: {}: {}", service.tag, request.pack())).collect()
    }

    fn live(&self, live: Live, faults: &mut Vec<String>) {
        let generation = (live.header.generation as usize).wrapping_sub(1);
        let named = self.services.named(generation);
        let memories: Vec<Memory> = live.rows.iter().map(|row| row.memory.clone()).collect();
        let memory = |id: Id| memories[id as usize].clone();
        let graph = Rc::new(live.graph);
        let (engine, actions) =
            Engine::restore(Rc::clone(&graph), None, clock::boot().0, [], memory);
        if engine.is_under_way() {
            faults.push("something is under way".to_owned());
        }
        if !actions.is_empty() {
            faults.push(format!("there is something to do: {actions:?}"));
        }
        let mut present = BTreeSet::new();
        for (id, row) in (0..).zip(&live.rows) {
            let Some(service) = named.get(row.name.as_str()).filter(|_| row.gone.is_none()) else {
                if row.gone.is_none() || !matches!(row.memory.state, State::Down | State::Failed) {
                    faults.push(format!("{} is not in the generation", row.name));
                }
                continue;
            };
            present.insert(service.tag.as_str());
            self.engine(&engine, id, row.name.as_str(), faults);
            let is_ready = engine.state(id) == State::Ready;
            self.processes(service, row.name.as_str(), is_ready, faults);
            let wishes = self.model.wishes(service);
            let wish = engine.wish(id);
            if service.is_steady && !wishes.contains(&wish) {
                faults.push(format!("wish: {}: {wish:?}, not {wishes:?}", row.name));
            }
        }
        let absent = |service: &&Service| !present.contains(service.tag.as_str());
        for service in self.services.all.iter().filter(absent) {
            self.processes(service, &service.tag, false, faults);
        }
    }

    /// By the rules of the engine the service is where it belongs.
    fn engine(&self, engine: &Engine, id: Id, name: &str, faults: &mut Vec<String>) {
        let (state, needed, stalled) =
            (engine.state(id), engine.is_needed(id), engine.is_stalled(id));
        let failed_unknown = matches!(engine.failure(id), Some(Failure::Ended(Death::Unknown)));
        let is_well = match state {
            State::Ready => needed,
            State::Down => !needed || stalled,
            State::Failed => !failed_unknown || self.unknown_allowed,
            State::Starting | State::Up | State::Stopping => false,
        };
        if !is_well || engine.is_restarting(id) {
            let row = engine.memory(id).pack();
            let why: Vec<_> = engine.why(id).into_iter().map(|(_, cause)| cause).collect();
            faults
                .push(format!("state: {name}: needed {needed}, stalled {stalled}: {row}; {why:?}"));
        }
    }

    /// The processes say the same.
    fn processes(&self, service: &Service, name: &str, is_ready: bool, faults: &mut Vec<String>) {
        let log = self.dir.join("log");
        let (runs, says) = (is_locked(&log, &service.tag), ready_of(&log, &service.tag).exists());
        let expected = match service.kind {
            Kind::Daemon => (is_ready, is_ready),
            Kind::Oneshot if !self.unknown_allowed => (false, is_ready),
            // Nothing takes it down, or nobody knows that it is up.
            Kind::Lasting | Kind::Oneshot => (false, is_ready || says),
            Kind::Failing | Kind::Group => (false, false),
        };
        if (runs, says) != expected {
            let last = history(&log, &service.tag);
            let last: Vec<String> = last.into_iter().rev().take(4).rev().collect();
            faults.push(format!(
                "processes: {name} ({}): runs {runs}, ready {says}, by the table {is_ready}; last: {}",
                service.tag,
                last.join(", ")
            ));
        }
        if service.kind == Kind::Daemon && is_ready {
            let pid = tree::process(&self.dir.join("run/scan").join(name));
            let pid = pid.map(|found| found.pid.as_raw_pid());
            let begun = pid.map(|pid| format!("begin {pid}"));
            if history(&log, &service.tag).last() != begun.as_ref() {
                faults.push(format!("processes: {name}: its supervisor knows of {pid:?}"));
            }
        }
    }
}

fn is_locked(log: &Path, tag: &str) -> bool {
    let lock = openat(CWD, lock_of(log, tag), OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    lock.is_ok_and(|lock| lock::take(&lock, Patience::Seconds(0)).is_err())
}
