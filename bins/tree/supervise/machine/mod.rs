//! What svc-supervise does about an event. Pure: it starts nothing, signals nothing and reads no
//! clock; it says what to do, and the shell around it does it.
//!
//! All that it remembers is the [`Status`], which the shell writes to a file at each `Record`: a
//! successor that reads it back goes on where this one stopped. The table of every state and every
//! event is in the page svc-supervise, and a test drives this module with it.

mod commands;
#[cfg(test)]
mod histories;
mod processes;
#[cfg(test)]
mod tests;

use common::base::death::Death;
use common::base::stamp::Boot;
use common::format::letters::Event;
use common::format::records::Kind;
use common::format::servicedir::Settings;
use common::format::status::{Phase, Status};

use super::action::{Action, Actions, Input, Now};

/// Between two KILLs to a process that does not die, as in s6.
const KILL_AGAIN: u64 = 5000;

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
            Input::Adopted => self.adopted(&mut todo),
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
        // What is on file as dead nobody looks at again: what it left goes first.
        if dead != Dead::Nothing {
            todo.push(Action::KillRest);
        }
        todo.push(Action::Record);
        if dead != Dead::Nothing {
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
