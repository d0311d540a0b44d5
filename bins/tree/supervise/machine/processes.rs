//! What becomes of the machine when a process came to be, could not, or has died.

use common::base::death::Death;
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::format::letters::{Command, Event};
use common::format::records::Kind;
use common::format::status::{Ended, Phase, Wanted};
use rustix::process::Pid;

use super::super::action::{Action, Actions, Now, Target};
use super::super::throttle;
use super::{Dead, Machine};

/// How long finish may take unless `timeout-finish` says otherwise, as in s6.
const TIMEOUT_FINISH: u64 = 5000;
/// The exit code by which finish says that the service failed for good, as in s6.
const FAILED_FOR_GOOD: Death = Death::Exit(125);

impl Machine {
    pub(super) fn started(&mut self, now: Now, pid: Pid, start: u64, todo: &mut Actions) {
        let Phase::Starting(kind) = self.status.phase else { return };
        self.status.phase = Phase::Running(kind);
        self.status.pid = Some(pid);
        self.status.start = start;
        let event = match kind {
            Kind::Run => {
                (self.status.changed, self.status.since) = (now.wall, now.boot);
                self.status.start_error = None;
                self.status.starts += 1;
                Event::Up
            }
            Kind::Finish => {
                let default = if self.finish_limited { TIMEOUT_FINISH } else { 0 };
                let limit = self.settings.timeout_finish.unwrap_or(default);
                self.status.kill_due = (limit > 0).then(|| now.boot.after(limit));
                Event::Down
            }
        };
        self.record_and_announce(&[event], todo);
    }

    /// The predecessor may have been killed between a record and its signal: what is on file is done
    /// again rather than never.
    pub(super) fn adopted(&self, todo: &mut Actions) {
        if self.status.phase != Phase::Running(Kind::Run) {
            return;
        }
        if self.status.stopping {
            let is_over = self.status.wanted == Wanted::Down;
            self.tell_to_end(if is_over { Command::Down } else { Command::Restart }, todo);
        }
        if self.status.paused {
            todo.push(Action::Signal(Command::Pause, Target::Process, Signal::STOP));
        }
    }

    pub(super) fn not_started(&mut self, now: Now, error: i32, todo: &mut Actions) {
        match self.status.phase {
            Phase::Starting(Kind::Run) => {
                self.status.phase = Phase::Down;
                self.status.pid = None;
                if self.status.start_error != Some(error) {
                    todo.push(Action::Complain(Kind::Run, error));
                }
                self.status.start_error = Some(error);
                let again = self.status.wanted == Wanted::Up;
                if again {
                    self.status.quick = self.status.quick.saturating_add(1);
                    let delay = throttle::retry(self.status.quick, &self.settings, now.chance);
                    self.status.start_due = Some(self.status.started.after(delay));
                } else {
                    // Asked for once, it was tried once.
                    self.status.wanted = Wanted::Down;
                }
                match self.status.leaving {
                    true => self.leave(todo),
                    false if again => todo.push(Action::Record),
                    false => self.record_and_announce(&[Event::Finished], todo),
                }
            }
            Phase::Starting(Kind::Finish) => {
                todo.push(Action::Complain(Kind::Finish, error));
                self.status.last_finish = None;
                self.settle(now, &[Event::Down, Event::Finished], Dead::Nothing, todo);
            }
            Phase::Down | Phase::Running(_) => {}
        }
    }

    pub(super) fn died(&mut self, now: Now, death: Death, finish: bool, todo: &mut Actions) {
        match self.status.phase {
            Phase::Running(Kind::Run) => self.run_died(now, death, finish, todo),
            Phase::Running(Kind::Finish) => {
                self.status.last_finish = Some(death);
                let failed = death == FAILED_FOR_GOOD;
                if failed {
                    self.status.wanted = Wanted::Down;
                    self.status.ended = Some(Ended::Failed);
                    self.status.start_due = None;
                }
                let all = [Event::Failed, Event::Finished];
                self.settle(now, if failed { &all } else { &all[1..] }, Dead::Finish, todo);
            }
            Phase::Down | Phase::Starting(_) => {}
        }
    }

    fn run_died(&mut self, now: Now, death: Death, finish: bool, todo: &mut Actions) {
        self.plan_after(now, death);
        self.status.last_run = Some(death);
        (self.status.changed, self.status.since) = (now.wall, now.boot);
        self.status.ready = None;
        self.status.paused = false;
        self.status.stopping = false;
        self.status.restarting = false;
        if !finish {
            self.status.last_finish = None;
            return self.settle(now, &[Event::Down, Event::Finished], Dead::Run(death), todo);
        }
        self.status.pid = None;
        self.status.kill_due = None;
        todo.push(Action::KillRest);
        // One write says that run is dead and that finish is about to be.
        self.intend(now, Kind::Finish);
        todo.push(Action::Record);
        todo.push(Action::Reap);
        // Before finish: s6-permafailon in there counts this death too.
        todo.push(Action::Tally(death));
        todo.push(Action::Start(Kind::Finish));
    }

    /// Decides whether and when run is started again.
    fn plan_after(&mut self, now: Now, death: Death) {
        let asked = self.status.restarting;
        let uptime = now.boot.since(self.status.started);
        self.status.quick = if asked { 0 } else { throttle::quick(self.status.quick, uptime) };
        self.status.start_due = match self.status.wanted {
            Wanted::Up | Wanted::Once if asked => Some(now.boot),
            Wanted::Up if self.settings.restart.after(death) => Some(self.next_start(now)),
            Wanted::Up => {
                self.status.ended = Some(Ended::Policy);
                None
            }
            Wanted::Once | Wanted::Down => None,
        };
        if self.status.start_due.is_none() {
            self.status.wanted = Wanted::Down;
        }
    }

    fn next_start(&self, now: Now) -> Boot {
        let delay = throttle::delay(self.status.quick, &self.settings, now.chance);
        self.status.started.after(delay)
    }
}
