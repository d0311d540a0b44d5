//! What the machine is told, and what it says is to be done.

use common::base::death::Death;
use common::base::signal::Signal;
use common::base::stamp::{Boot, Wall};
use common::format::letters::{Command, Event};
use common::format::records::Kind;
use rustix::process::Pid;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Input {
    /// A command arrived.
    Command(Command),
    /// The process that was to be started is there.
    Started { pid: Pid, start: u64 },
    /// It could not be started: the error number.
    NotStarted(i32),
    /// The process died. `finish`: there is a `./finish` to run.
    Died { death: Death, finish: bool },
    /// The process that a killed predecessor had started was taken over.
    Adopted,
    /// The time that `next_due` named has come.
    Due,
}

/// Now, on both clocks, and a random byte for the back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Now {
    pub(super) wall: Wall,
    pub(super) boot: Boot,
    pub(super) chance: u8,
}

/// To whom a signal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    Process,
    Group,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// Write the status file. Comes before the act that it records.
    Record,
    /// Start `./run` or `./finish`; then say `Started` or `NotStarted`.
    Start(Kind),
    /// Tell the user that `./run` or `./finish` could not be started.
    Complain(Kind, i32),
    /// Send a signal on behalf of this command.
    Signal(Command, Target, Signal),
    /// Send KILL, then CONT, to all of the kill scope.
    Kill,
    /// After a death, before the reaping: KILL what the kill scope still holds.
    KillRest,
    /// Take the death from the kernel: it is on file.
    Reap,
    /// Append to the death tally.
    Tally(Death),
    /// Notify the subscribers; the status, with this number, is on file.
    Announce(Event, u64),
    /// Make the file `down`.
    MakeDown,
    /// Remove the file `down`.
    RemoveDown,
    /// Become the program now installed.
    Reexec,
    /// End the supervisor.
    Leave,
}

/// Up to twelve actions, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Actions {
    list: [Action; 12],
    len: usize,
}

impl Actions {
    pub(super) fn new() -> Self {
        Actions { list: [Action::Record; 12], len: 0 }
    }

    /// Adds one.
    pub(super) fn push(&mut self, action: Action) {
        // The longest list has ten; a test over all reachable states would find a longer one.
        self.list[self.len] = action;
        self.len += 1;
    }

    /// In order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Action> + '_ {
        self.list[..self.len].iter().copied()
    }
}
