//! Oneshots: each of their commands is run by a svc-oneshot of its own, which outlives us and may be
//! started again for the same order as often as we like.

use common::base::death::Death;
use common::base::error::reason;
use common::format::letters::Command;
use common::os::clock;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::wait::{Which, peek, reap};
use rustix::process::Pid;

use super::definitions::Begins;
use super::manager::Manager;
use super::news::{Outcome, outcome};
use crate::manager::engine::{Event, State};
use crate::manager::graph::{Id, Kind};
use crate::manager::table::Doing;

/// Between two attempts to run a command, if svc-oneshot was killed or could not begin, ms.
const RETRY: u64 = 1000;

impl Manager {
    /// Stops a oneshot: what runs of its start command is ended first, then its stop command is run.
    pub(super) fn stop_oneshot(&mut self, id: Id, events: &mut Vec<Event>) {
        if self.is_order_done(id).is_none() && self.known[id as usize].doing == Doing::Start {
            // Its end is heard of.
            self.write_letter(id, Command::Down);
        } else {
            self.begin_to_stop(id, events);
        }
    }

    fn begin_to_stop(&mut self, id: Id, events: &mut Vec<Event>) {
        let service = self.graph.service(id);
        let live = self.definitions.path(&service.name, service.kind);
        if !live.join("stop").exists() {
            return events.push(Event::Ended(id, Death::Exit(0)));
        }
        let known = &mut self.known[id as usize];
        known.seq += 1;
        known.doing = Doing::Stop;
        self.write_row(id);
        self.order(id);
    }

    /// Has a svc-oneshot carry out the last order, or see that it has been. It queues behind one that
    /// is at it.
    pub(super) fn order(&mut self, id: Id) {
        if self.known[id as usize].doing == Doing::Start && !self.define(id, Begins::Down) {
            self.retries.insert((clock::boot().after(RETRY), id));
            return;
        }
        match self.spawn_oneshot(id) {
            Ok(pid) => {
                self.children.insert(pid, id);
                self.content("oneshot");
            }
            Err(e) => {
                self.retries.insert((clock::boot().after(RETRY), id));
                self.complain("oneshot", &format_args!("{} (trying again)", e.message));
            }
        }
    }

    fn spawn_oneshot(&self, id: Id) -> Result<Pid> {
        let service = self.graph.service(id);
        let known = self.known[id as usize];
        let program = match known.doing {
            Doing::Start => "run",
            Doing::Stop => "stop",
        };
        let mut words: Vec<std::ffi::OsString> = vec!["svc-oneshot".into()];
        words.push(format!("--seq={}", known.seq).into());
        words.push(format!("--run={program}").into());
        words.push(format!("--name={}", service.name).into());
        words.push(format!("--boot={}", self.boot.as_str()).into());
        for (option, dir) in [("--events", ".svc-scan/event"), ("--wards", ".svc-scan/wards")] {
            words.push(option.into());
            words.push(self.definitions.scan.join(dir).into());
        }
        if let Some(fifos) = &self.options.log_fifos {
            words.push("--log-fifos".into());
            words.push(fifos.clone());
        }
        words.push(self.definitions.path(&service.name, service.kind).into());
        let path = self.siblings.path("svc-oneshot");
        let child = Child {
            path: &path,
            argv: &Argv::new(words).unable("start svc-oneshot")?,
            directory: None,
            fds: &[],
            kept: None,
            open_files: Some(self.open_files),
            // What ends us ends none of them; who runs them is in a session of his own.
            group: Group::Own,
            blocked: Blocked::All,
            sharing: Sharing::Vfork,
        };
        let unable = || format!("start {}", path.to_string_lossy());
        let spawned = child.spawn(&mut NoHooks).unable(unable())?;
        match spawned.failed {
            // It waits to be reaped, as one that has ended.
            Some(e) => Err(Error::system(format_args!("unable to {}: {}", unable(), reason(e)))),
            None => Ok(spawned.pid),
        }
    }

    /// Children that have ended.
    pub(super) fn reap(&mut self, events: &mut Vec<Event>) {
        while let Ok(Some((pid, ended))) = peek(Which::Any) {
            self.test_ended(pid, ended.into());
            // There it is: nobody else waits for our children.
            let _ = reap(pid);
            if let Some(id) = self.reloads.remove(&pid) {
                self.reloaded(id, ended.into());
            }
            let Some(id) = self.children.remove(&pid) else { continue };
            self.look_at_oneshot(id, events);
            if self.is_at_work(id) && self.is_order_done(id).is_none() {
                self.retries.insert((clock::boot().after(RETRY), id));
            }
        }
    }

    pub(super) fn retry_oneshots(&mut self) {
        while let Some((due, id)) = self.retries.first().copied()
            && due <= clock::boot()
        {
            self.retries.remove(&(due, id));
            let is_there = self.children.values().any(|child| *child == id);
            if !is_there && self.is_at_work(id) && self.is_order_done(id).is_none() {
                self.order(id);
            }
        }
    }

    /// Whether a command of a oneshot is to run or to end.
    pub(super) fn is_at_work(&self, id: Id) -> bool {
        let state = self.engine.state(id);
        self.graph.service(id).kind == Kind::Oneshot
            && matches!(state, State::Starting | State::Stopping)
    }

    /// How the last order ended, if it has.
    fn is_order_done(&self, id: Id) -> Option<Outcome> {
        let status = self.status(id)?;
        outcome(&status, self.known[id as usize].seq)
    }

    /// What there is to say of the last order. After a start that was ended the stop command is next,
    /// unless it never began.
    pub(super) fn look_at_oneshot(&mut self, id: Id, events: &mut Vec<Event>) {
        if !self.is_at_work(id)
            || events.iter().any(|event| matches!(event, Event::Ended(of, _) if *of == id))
        {
            return;
        }
        let Some(outcome) = self.is_order_done(id) else { return };
        match (self.engine.state(id), self.known[id as usize].doing, outcome) {
            (State::Stopping, Doing::Start, Outcome::Ended(_)) => self.begin_to_stop(id, events),
            (_, doing, Outcome::Ended(death)) => {
                if doing == Doing::Stop && !death.is_success() {
                    self.stop_failed(id, death);
                }
                events.push(Event::Ended(id, death));
            }
            (State::Stopping, Doing::Start, Outcome::CalledOff) => {
                events.push(Event::Ended(id, Death::Exit(0)));
            }
            // Somebody else has done that.
            (_, _, Outcome::CalledOff) => events.push(Event::Ended(id, Death::Unknown)),
        }
    }
}
