//! The machine against all histories of up to six events: what must hold whatever happens.

use std::collections::HashSet;

use common::base::signal::Signal;
use common::base::stamp::Wall;
use common::format::letters::{COMMANDS, Command};
use common::format::servicedir::Restart;
use common::format::status::Wanted;
use rustix::process::Pid;

use super::super::throttle;
use super::*;

/// How many events a history has. Histories that lead to the same situation are followed once.
const DEPTH: usize = 6;

/// One thing that may happen, and whether a start that it leads to succeeds.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Command(Command),
    Died(Death, bool),
    /// The supervisor is killed, and another takes over.
    Succession,
    Due,
    TimePasses,
}

/// A supervisor in its world: the process beside it, the file behind it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    machine: Machine,
    on_file: Status,
    alive: bool,
    now: Boot,
    last_event: u64,
    /// The command that is being carried out, if one is.
    asked: Option<Command>,
}

impl World {
    fn new(settings: Settings) -> World {
        let status =
            Status { wanted: Wanted::Up, start_due: Some(Boot(60_000)), ..Status::default() };
        let on_file = status.clone();
        let machine = Machine { status, settings, finish_limited: true };
        World { machine, on_file, alive: false, now: Boot(60_000), last_event: 0, asked: None }
    }

    /// Lets one thing happen; `None` when it can't happen now.
    fn after(&self, happens: Happens, starts_succeed: bool) -> Option<World> {
        let mut next = self.clone();
        let input = match happens {
            Happens::Command(command) => Input::Command(command),
            Happens::Died(death, finish) if self.alive => {
                next.alive = false;
                Input::Died { death, finish }
            }
            Happens::Died(..) => return None,
            Happens::Succession if self.alive => Input::Adopted,
            Happens::Succession => return None,
            Happens::Due => {
                next.now = self.now.max(self.machine.next_due()?);
                Input::Due
            }
            Happens::TimePasses => {
                next.now = self.now.after(11_000);
                if next.machine.next_due().is_some_and(|due| due <= next.now) {
                    return None;
                }
                return Some(next);
            }
        };
        next.asked = if let Happens::Command(command) = happens { Some(command) } else { None };
        next.feed(input, starts_succeed).then_some(next)
    }

    /// Feeds the machine, does what it says, checks each act. False when the supervisor has left.
    fn feed(&mut self, input: Input, starts_succeed: bool) -> bool {
        let before = self.machine.status.clone();
        let now = Now { wall: Wall(self.now.0), boot: self.now, chance: 0 };
        let actions = self.machine.step(now, input);
        let finished = |action| matches!(action, Action::Announce(Event::Finished, _));
        let is_answered = actions.iter().any(finished);
        if let Input::Command(Command::Down | Command::DownPersist) = input {
            assert_ne!(is_answered, self.alive, "a stop is answered at once, or by the end");
        }
        if input == Input::Adopted && before.stopping {
            let tells = |action| matches!(action, Action::Signal(..));
            assert!(actions.iter().any(tells), "a stop on file is told by whoever comes next");
        }
        let mut answer = None;
        let mut recorded = false;
        for action in actions.iter() {
            match action {
                Action::Record => {
                    self.on_file = self.machine.status.clone();
                    recorded = true;
                }
                Action::Start(kind) => {
                    self.may_start(kind, &before, input);
                    self.alive = starts_succeed;
                    let (pid, start) = (Pid::from_raw(9).unwrap(), self.machine.status.seq);
                    let started = Input::Started { pid, start };
                    answer = Some(if self.alive { started } else { Input::NotStarted(2) });
                }
                Action::Signal(Command::Down | Command::DownPersist | Command::Restart, ..) => {
                    assert!(self.on_file.stopping, "a stop is on file before its signal");
                }
                Action::Reap => {
                    assert!(recorded && !self.alive);
                    assert_ne!(
                        self.on_file.phase, before.phase,
                        "a death is on file before it is reaped"
                    );
                }
                Action::Announce(_, seq) => {
                    assert_eq!(seq, self.last_event + 1, "events are numbered without a gap");
                    assert!(self.on_file.event >= seq, "the file is written before the event");
                    self.last_event = seq;
                }
                Action::Leave => {
                    assert!(
                        !self.alive || self.asked == Some(Command::Vanish),
                        "a process is left"
                    );
                    return false;
                }
                Action::Complain(..)
                | Action::Signal(..)
                | Action::Kill
                | Action::KillRest
                | Action::Tally(_)
                | Action::MakeDown
                | Action::RemoveDown
                | Action::Reexec => {}
            }
        }
        assert_eq!(self.on_file, self.machine.status, "all that it knows is on file");
        match answer {
            Some(answer) => self.feed(answer, starts_succeed),
            None => {
                self.check();
                true
            }
        }
    }

    fn may_start(&self, kind: Kind, before: &Status, input: Input) {
        assert!(!self.alive, "never two instances");
        assert_eq!(
            self.on_file.phase,
            Phase::Starting(kind),
            "the intent is on file before the start"
        );
        assert_eq!(self.on_file.seq, before.seq + 1);
        let bypass = matches!(
            self.asked,
            Some(Command::Up | Command::UpPersist | Command::Once | Command::Restart)
        );
        if kind == Kind::Run && !bypass && !before.restarting {
            // Asked for while it was being stopped, or during finish.
            let operators = before.phase != Phase::Down && before.quick == 0;
            let quick = if matches!(before.phase, Phase::Running(Kind::Run)) {
                throttle::quick(before.quick, self.now.since(before.started))
            } else {
                before.quick
            };
            let due = before.started.after(throttle::delay(quick, &self.machine.settings, 0));
            let first = before.starts == 0;
            assert!(self.now >= due || operators || first, "back-off lost: {input:?}");
        }
    }

    /// What holds whenever nothing is under way.
    fn check(&self) {
        let status = &self.machine.status;
        let running = matches!(status.phase, Phase::Running(_));
        assert_eq!(running, self.alive, "the state is that of the process");
        assert_eq!(status.pid.is_some(), running);
        if status.phase == Phase::Down {
            let wanted = status.wanted != Wanted::Down;
            assert_eq!(wanted, status.start_due.is_some(), "a wish is neither lost nor made up");
            assert!(!status.leaving, "a supervisor that is to leave leaves");
        }
        if status.ready.is_some() || status.stopping || status.paused {
            assert_eq!(status.phase, Phase::Running(Kind::Run));
        }
    }

    /// The same situation, whenever it happens and however often before.
    fn situation(&self) -> World {
        let mut same = self.clone();
        let now = self.now;
        let ahead = |due: Option<Boot>| due.map(|due| Boot(due.since(now)));
        let status = &mut same.machine.status;
        (status.seq, status.event, status.starts) = (0, 0, status.starts.min(1));
        (status.changed, status.since) = (Wall(0), Boot(0));
        status.ready = status.ready.map(|_| Wall(0));
        status.start = 0;
        status.started = Boot(now.since(status.started).min(70_000));
        status.start_due = ahead(status.start_due);
        status.kill_due = ahead(status.kill_due);
        (same.on_file, same.now, same.last_event, same.asked) =
            (Status::default(), Boot(0), 0, None);
        same
    }
}

fn all_that_happens() -> Vec<Happens> {
    let deaths = [Death::Exit(0), Death::Exit(125), Death::Signal(Signal::KILL), Death::Unknown];
    let mut all: Vec<_> = COMMANDS.iter().map(|row| Happens::Command(row.1)).collect();
    all.extend(deaths.iter().map(|death| Happens::Died(*death, false)));
    all.push(Happens::Died(Death::Exit(1), true));
    all.push(Happens::Succession);
    all.push(Happens::Due);
    all.push(Happens::TimePasses);
    all
}

fn follow_all(settings: Settings) -> usize {
    let mut edge = vec![World::new(settings)];
    let mut seen = HashSet::new();
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for world in &edge {
            for happens in all_that_happens() {
                for starts_succeed in [true, false] {
                    let Some(after) = world.after(happens, starts_succeed) else { continue };
                    if seen.insert(after.situation()) {
                        next.push(after);
                    }
                }
            }
        }
        edge = next;
    }
    seen.len()
}

#[test]
fn whatever_happens_in_six_events_the_invariants_hold() {
    for restart in [Restart::Always, Restart::OnFailure, Restart::No] {
        for timeout_kill in [0, 3000] {
            let settings = Settings { restart, timeout_kill, ..Settings::default() };
            assert!(follow_all(settings) > 100);
        }
    }
}
