//! What svc-supervise does about an event. Pure: it starts nothing, signals nothing and reads no
//! clock; it says what to do, and the shell around it does it.
//!
//! All that it remembers is the [`Status`], which the shell writes to a file at each `Record`: a
//! successor that reads it back goes on where this one stopped. The table of every state and every
//! event is in the page svc-supervise, and a test drives this file with it.

use common::base::death::Death;
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::format::letters::{Command, Event};
use common::format::records::Kind;
use common::format::servicedir::Settings;
use common::format::status::{Ended, Phase, Status, Wanted};
use rustix::process::Pid;

use super::action::{Action, Actions, Input, Now, Target};
use super::throttle;

/// Between two KILLs to a process that does not die, as in s6.
const KILL_AGAIN: u64 = 5000;
/// How long finish may take unless `timeout-finish` says otherwise, as in s6.
const TIMEOUT_FINISH: u64 = 5000;
/// The exit code by which finish says that the service failed for good, as in s6.
const FAILED_FOR_GOOD: Death = Death::Exit(125);

/// What has just died, as far as `settle` must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dead {
    Run(Death),
    Finish,
    Nothing,
}

/// The supervisor's whole state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Machine {
    /// What is on file, or will be at the next `Record`.
    pub(super) status: Status,
    /// What the service directory says. The shell refreshes it.
    pub(super) settings: Settings,
    /// Whether finish has a time limit if no file sets one (not in a directory of runit's).
    pub(super) finish_limited: bool,
}

impl Machine {
    /// Takes one event; returns what to do, in order.
    pub(super) fn step(&mut self, now: Now, input: Input) -> Actions {
        let mut todo = Actions::new();
        match input {
            Input::Command(command) => self.command(now, command, &mut todo),
            Input::Started { pid, start } => self.started(now, pid, start, &mut todo),
            Input::NotStarted(error) => self.not_started(now, error, &mut todo),
            Input::Died { death, finish } => self.died(now, death, finish, &mut todo),
            Input::Due => self.due(now, &mut todo),
        }
        todo
    }

    /// When to come back with `Due`, if nothing else happens.
    pub(super) fn next_due(&self) -> Option<Boot> {
        match self.status.phase {
            Phase::Down => self.status.start_due,
            Phase::Running(_) => self.status.kill_due,
            Phase::Starting(_) => None,
        }
    }

    fn command(&mut self, now: Now, command: Command, todo: &mut Actions) {
        match command {
            Command::Up => self.up(now, Wanted::Up, todo),
            Command::Once => self.up(now, Wanted::Once, todo),
            Command::Down => self.down(now, command, todo),
            Command::AtMostOnce => self.at_most_once(todo),
            Command::UpPersist => {
                todo.push(Action::RemoveDown);
                self.up(now, Wanted::Up, todo);
            }
            Command::DownPersist => {
                todo.push(Action::MakeDown);
                self.down(now, command, todo);
            }
            Command::OncePersist => {
                todo.push(Action::MakeDown);
                self.at_most_once(todo);
            }
            Command::Restart => self.restart(now, todo),
            Command::Exit => self.exit(todo),
            Command::Reload => {
                self.signal(command, Target::Process, self.settings.reload_signal, todo);
            }
            Command::Signal(signal) => self.signal(command, Target::Process, signal, todo),
            Command::KillGroup => self.signal(command, Target::Group, Signal::KILL, todo),
            Command::Pause => self.pause(command, Target::Process, true, todo),
            Command::Continue => self.pause(command, Target::Process, false, todo),
            Command::PauseGroup => self.pause(command, Target::Group, true, todo),
            Command::ContinueGroup => self.pause(command, Target::Group, false, todo),
            Command::Ready => self.ready(now, todo),
            Command::Unready => self.unready(todo),
            Command::Reexec => todo.push(Action::Reexec),
            Command::Vanish => {
                self.record_and_announce(&[Event::Left], todo);
                todo.push(Action::Leave);
            }
        }
    }

    /// An operator's wish to run it: at once, whatever the back-off.
    fn up(&mut self, now: Now, wanted: Wanted, todo: &mut Actions) {
        self.status.wanted = wanted;
        self.status.ended = None;
        self.status.quick = 0;
        match self.status.phase {
            Phase::Down => return self.start(now, todo),
            // The instance that is being stopped is not the one that was asked for.
            Phase::Running(Kind::Run) => self.status.restarting |= self.status.stopping,
            Phase::Running(Kind::Finish) => self.status.start_due = Some(now.boot),
            Phase::Starting(_) => {}
        }
        todo.push(Action::Record);
    }

    fn down(&mut self, now: Now, command: Command, todo: &mut Actions) {
        self.status.wanted = Wanted::Down;
        self.status.ended = None;
        self.status.restarting = false;
        if self.status.phase == Phase::Running(Kind::Run) {
            self.status.start_due = None;
            return self.stop(now, command, todo);
        }
        self.status.start_due = None;
        // The answer, also where nothing ran: who wrote this letter knows that those before it are read.
        let is_over = self.status.phase == Phase::Down;
        self.record_and_announce(if is_over { &[Event::Finished] } else { &[] }, todo);
    }

    /// Run out, and then stay down.
    fn at_most_once(&mut self, todo: &mut Actions) {
        self.status.ended = None;
        self.status.restarting = false;
        self.status.wanted = match (self.status.phase, self.status.wanted) {
            (Phase::Running(Kind::Run), Wanted::Up | Wanted::Once) => Wanted::Once,
            (Phase::Down | Phase::Starting(_) | Phase::Running(_), _) => Wanted::Down,
        };
        // Whoever waits for the end of what is not started is told of it, as nothing else will come.
        let waited = self.status.start_due.take().is_some() && self.status.phase == Phase::Down;
        self.record_and_announce(if waited { &[Event::Finished] } else { &[] }, todo);
    }

    fn restart(&mut self, now: Now, todo: &mut Actions) {
        match (self.status.phase, self.status.wanted) {
            (Phase::Running(Kind::Run), wanted) => {
                self.status.restarting = wanted != Wanted::Down;
                self.status.quick = 0;
                self.stop(now, Command::Restart, todo);
            }
            (Phase::Down, Wanted::Up | Wanted::Once) => self.up(now, self.status.wanted, todo),
            (Phase::Down | Phase::Starting(_) | Phase::Running(Kind::Finish), _) => {}
        }
    }

    /// Tells run, which runs, to end; the record comes first, so that a successor knows.
    fn stop(&mut self, now: Now, command: Command, todo: &mut Actions) {
        self.status.stopping = true;
        self.status.paused = false;
        if self.settings.timeout_kill > 0 && self.status.kill_due.is_none() {
            self.status.kill_due = Some(now.boot.after(self.settings.timeout_kill));
        }
        todo.push(Action::Record);
        todo.push(Action::Signal(command, Target::Process, self.settings.down_signal));
        // What is stopped must wake up to die.
        todo.push(Action::Signal(command, Target::Process, Signal::CONT));
    }

    fn exit(&mut self, todo: &mut Actions) {
        self.status.leaving = true;
        match self.status.phase {
            Phase::Down => self.leave(todo),
            Phase::Running(_) | Phase::Starting(_) => todo.push(Action::Record),
        }
    }

    fn signal(&self, command: Command, target: Target, signal: Signal, todo: &mut Actions) {
        if self.status.phase == Phase::Running(Kind::Run) {
            todo.push(Action::Signal(command, target, signal));
        }
    }

    fn pause(&mut self, command: Command, target: Target, pause: bool, todo: &mut Actions) {
        if self.status.phase == Phase::Running(Kind::Run) {
            self.status.paused = pause;
            todo.push(Action::Record);
            let signal = if pause { Signal::STOP } else { Signal::CONT };
            todo.push(Action::Signal(command, target, signal));
        }
    }

    fn ready(&mut self, now: Now, todo: &mut Actions) {
        if self.status.phase == Phase::Running(Kind::Run) && self.status.ready.is_none() {
            self.status.ready = Some(now.wall);
            self.record_and_announce(&[Event::Ready], todo);
        }
    }

    fn unready(&mut self, todo: &mut Actions) {
        if self.status.ready.take().is_some() {
            self.record_and_announce(&[Event::Unready], todo);
        }
    }

    /// The intent goes on file, then the process is made.
    fn start(&mut self, now: Now, todo: &mut Actions) {
        self.intend(now, Kind::Run);
        todo.push(Action::Record);
        todo.push(Action::Start(Kind::Run));
    }

    fn intend(&mut self, now: Now, kind: Kind) {
        self.status.phase = Phase::Starting(kind);
        self.status.seq += 1;
        if kind == Kind::Run {
            self.status.started = now.boot;
            self.status.start_due = None;
            self.status.restarting = false;
        }
    }

    fn started(&mut self, now: Now, pid: Pid, start: u64, todo: &mut Actions) {
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

    fn not_started(&mut self, now: Now, error: i32, todo: &mut Actions) {
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

    fn died(&mut self, now: Now, death: Death, finish: bool, todo: &mut Actions) {
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
        // One write says that run is dead and that finish is about to be.
        self.intend(now, Kind::Finish);
        todo.push(Action::Record);
        todo.push(Action::KillRest);
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

    /// Run is over, and finish as well. If the next start is due already, one write records both.
    fn settle(&mut self, now: Now, events: &[Event], dead: Dead, todo: &mut Actions) {
        self.status.phase = Phase::Down;
        self.status.pid = None;
        self.status.kill_due = None;
        if self.status.leaving {
            self.status.left = true;
            self.status.start_due = None;
        }
        let again = self.status.start_due.is_some_and(|due| due <= now.boot);
        if again {
            self.intend(now, Kind::Run);
        }
        let first = self.status.event + 1;
        self.status.event += events.len() as u64 + u64::from(self.status.left);
        todo.push(Action::Record);
        if dead != Dead::Nothing {
            todo.push(Action::KillRest);
            todo.push(Action::Reap);
        }
        if again {
            todo.push(Action::Start(Kind::Run));
        }
        for (event, seq) in events.iter().zip(first..) {
            todo.push(Action::Announce(*event, seq));
        }
        if let Dead::Run(death) = dead {
            todo.push(Action::Tally(death));
        }
        if self.status.left {
            todo.push(Action::Announce(Event::Left, self.status.event));
            todo.push(Action::Leave);
        }
    }

    fn leave(&mut self, todo: &mut Actions) {
        self.status.left = true;
        self.status.start_due = None;
        self.record_and_announce(&[Event::Left], todo);
        todo.push(Action::Leave);
    }

    fn due(&mut self, now: Now, todo: &mut Actions) {
        let come = |due: Option<Boot>| due.is_some_and(|due| due <= now.boot);
        match self.status.phase {
            Phase::Down if come(self.status.start_due) => self.start(now, todo),
            Phase::Running(_) if come(self.status.kill_due) => {
                self.status.kill_due = Some(now.boot.after(KILL_AGAIN));
                todo.push(Action::Record);
                todo.push(Action::Kill);
            }
            Phase::Down | Phase::Running(_) | Phase::Starting(_) => {}
        }
    }

    fn record_and_announce(&mut self, events: &[Event], todo: &mut Actions) {
        let first = self.status.event + 1;
        self.status.event += events.len() as u64;
        todo.push(Action::Record);
        for (event, seq) in events.iter().zip(first..) {
            todo.push(Action::Announce(*event, seq));
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "machine_histories.rs"]
mod histories;
