//! What an operator's letters do to the machine.

use common::base::signal::Signal;
use common::format::letters::{Command, Event};
use common::format::records::Kind;
use common::format::status::{Phase, Wanted};

use super::super::action::{Action, Actions, Now, Target};
use super::Machine;

impl Machine {
    pub(super) fn command(&mut self, now: Now, command: Command, todo: &mut Actions) {
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
        self.tell_to_end(command, todo);
    }

    /// Says so to run.
    pub(super) fn tell_to_end(&self, command: Command, todo: &mut Actions) {
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
}
