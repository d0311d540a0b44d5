//! Reading the configuration again: by the signal, or by a command of the service's own.

use std::os::fd::AsFd;
use std::path::Path;

use common::base::death::Death;
use common::base::error::reason;
use common::format::letters::Command;
use common::os::fifo::{self, Ends};
use common::os::file;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::sys::exec::Argv;
use rustix::fs::CWD;
use rustix::io::{Errno, Result};
use rustix::process::Pid;

use super::answers::Waiting;
use super::manager::Manager;
use crate::manager::engine::State;
use crate::manager::graph::{Id, Kind};
use crate::manager::reasons;
use crate::manager::request::{NO_WAY, Verb};

/// What became of it.
pub(super) enum Reload {
    /// Its command runs.
    Runs,
    /// It was sent the signal.
    Told,
    /// Its definition names neither.
    NoWay,
}

impl Manager {
    pub(super) fn reload_on_demand(&mut self, id: Id, waiting: &mut Waiting) {
        let name = self.graph.service(id).name.clone();
        if self.graph.service(id).kind == Kind::Group {
            waiting.failed = true;
            return waiting.lines.push(format!("{name}: a group has nothing to reload"));
        }
        if !matches!(self.engine.state(id), State::Up | State::Ready) {
            waiting.failed = true;
            return waiting.lines.push(format!("{name}: not up"));
        }
        match self.reload(id) {
            Ok(Reload::Runs) => drop(waiting.targets.insert(id)),
            Ok(Reload::Told) => waiting.lines.push(format!("{name}: told to reload")),
            Ok(Reload::NoWay) => {
                waiting.failed = true;
                waiting.lines.push(format!("{name}{NO_WAY}"));
            }
            Err(e) => {
                waiting.failed = true;
                waiting.lines.push(format!("{name}: unable to run reload: {}", reason(e)));
            }
        }
    }

    /// Has a service read its configuration again: by its own command, else by the signal. Nothing is
    /// guessed: HUP ends a program that does not know it.
    pub(super) fn reload(&mut self, id: Id) -> Result<Reload> {
        let service = self.graph.service(id);
        let live = self.definitions.path(&service.name, service.kind);
        if live.join("reload").exists() {
            let pid = self.run_reload(&live, &service.name)?;
            self.reloads.insert(pid, id);
            return Ok(Reload::Runs);
        }
        if service.kind == Kind::Daemon && live.join("reload-signal").exists() {
            self.write_letter(id, Command::Reload);
            return Ok(Reload::Told);
        }
        Ok(Reload::NoWay)
    }

    fn run_reload(&self, live: &Path, name: &str) -> Result<Pid> {
        let no_memory = |_| Errno::NOMEM;
        let directory = file::open_dir(CWD, live)?;
        let own = live.join("supervise/log");
        let shared = self.options.log_fifos.as_ref().map(|fifos| Path::new(fifos).join(name));
        let log = fifo::open(CWD, &own, Ends::Both)
            .or_else(|e| shared.map_or(Err(e), |path| fifo::open(CWD, path, Ends::Both)));
        // Without a fifo its output goes where ours does.
        let log = log.ok().filter(|log| fifo::set_blocking(log).is_ok());
        let fds: Vec<_> = log.iter().map(|log| (1, log.as_fd())).collect();
        let child = Child {
            path: &c"./reload".to_owned(),
            argv: &Argv::new(["./reload".into()]).map_err(no_memory)?,
            directory: Some(directory.as_fd()),
            fds: &fds,
            kept: None,
            open_files: Some(self.open_files),
            group: Group::Session,
            blocked: Blocked::None,
            sharing: Sharing::Vfork,
        };
        let spawned = child.spawn(&mut NoHooks)?;
        // One that could not be executed waits to be reaped, as one that has ended.
        spawned.failed.map_or(Ok(spawned.pid), Err)
    }

    /// A command has ended: who asked for it learns how.
    pub(super) fn reloaded(&mut self, id: Id, death: Death) {
        let name = &self.graph.service(id).name;
        let how = reasons::of_death(death);
        if !death.is_success() {
            self.say(&format_args!("reload of {name} failed: {how}"));
        }
        let is_reload = |waiting: &&mut Waiting| waiting.request.verb == Verb::Reload;
        for waiting in self.waiting.iter_mut().filter(is_reload) {
            if waiting.targets.remove(&id) {
                waiting.failed |= !death.is_success();
                waiting.lines.push(match death.is_success() {
                    true => format!("{name}: reloaded"),
                    false => format!("{name}: its reload failed: {how}"),
                });
            }
        }
    }
}
