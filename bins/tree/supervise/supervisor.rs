//! The supervisor: the machine, and the hands that do what it says.

use std::os::fd::{AsFd, OwnedFd};

use common::base::error::reason;
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::format::letters::{Command, Event};
use common::format::records::Kind;
use common::format::servicedir::Settings;
use common::format::status::{Phase, Status};
use common::format::tally;
use common::os::fifodir::Quiet;
use common::os::process::{BootId, Watched};
use common::os::siblings::Siblings;
use common::os::signals::Signals;
use common::os::{clock, file};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::CWD;
use rustix::io::Errno;

use super::action::{Action, Input, Now};
use super::control::{self, Said};
use super::files::{Files, is_name};
use super::listing::Listing;
use super::log::Input as LoggerInput;
use super::machine::Machine;
use super::oneshot::Oneshot;
use super::options::Options;

/// How long an adopted process is left alone between two looks when nobody can tell us of its end:
/// there is no pidfd, or its parent has not reaped it.
pub(super) const LOOK_AGAIN: u64 = 1000;

/// One service's supervisor.
pub(super) struct Supervisor {
    pub(super) who: String,
    pub(super) options: Options,
    pub(super) siblings: Siblings,
    pub(super) signals: Signals,
    pub(super) files: Files,
    pub(super) listing: Listing,
    /// The settings have been read since it last slept.
    pub(super) is_fresh: bool,
    /// Whether anybody listens: to the service's events, to the tree's.
    pub(super) quiet: [Quiet; 2],
    pub(super) machine: Machine,
    /// What there is to do once only, if that is all.
    pub(super) oneshot: Option<Oneshot>,
    pub(super) boot: BootId,
    /// An event and its number, to be announced together with the next.
    pub(super) unsaid: Option<(Event, u64)>,
    /// The process, while there is one.
    pub(super) watch: Option<Watched>,
    /// Since when an adopted process is a zombie whose parent has not spoken yet.
    pub(super) zombie: Option<Boot>,
    /// Our end of the readiness fifo.
    pub(super) ready: Option<OwnedFd>,
    /// The log fifo, held.
    pub(super) output: Option<OwnedFd>,
    /// A logger's input, held.
    pub(super) input: Option<LoggerInput>,
    /// A logger was told to end: it is killed in the end, whatever its settings.
    pub(super) hurry: bool,
    control: control::Reader,
    /// Its program was no short chain.
    pub(super) is_long: bool,
    /// The status is on file.
    pub(super) is_recorded: bool,
    pub(super) complaints: Vec<(&'static str, String)>,
    /// To become the program now installed.
    renew: bool,
    pub(super) over: bool,
}

impl Supervisor {
    pub(super) fn new(
        who: String,
        options: Options,
        siblings: Siblings,
        signals: Signals,
        files: Files,
        boot: BootId,
    ) -> Supervisor {
        Supervisor {
            who,
            options,
            siblings,
            signals,
            files,
            listing: Listing::default(),
            is_fresh: false,
            quiet: Default::default(),
            machine: Machine {
                status: Status::default(),
                settings: Settings::default(),
                finish_limited: true,
            },
            oneshot: None,
            boot,
            unsaid: None,
            watch: None,
            zombie: None,
            ready: None,
            output: None,
            input: None,
            hurry: false,
            control: control::Reader::default(),
            is_long: false,
            is_recorded: false,
            complaints: Vec::new(),
            renew: false,
            over: false,
        }
    }

    /// Supervises until told to leave.
    pub(super) fn run(&mut self) {
        while !self.over {
            self.take_signals();
            self.read_ready();
            self.notice_death();
            self.notice_end_of_input();
            self.read_control();
            if self.machine.next_due().is_some_and(|due| due <= clock::boot()) {
                self.refresh_settings();
                self.feed(Input::Due);
            }
            // Whatever came instead of the start that it was to be announced with is on file.
            self.announce_rest();
            self.follow_order();
            if std::mem::take(&mut self.renew) && !self.over {
                self.reexec();
            }
            if !self.over {
                self.wait();
            }
        }
    }

    /// Sleeps until something happens or is due.
    fn wait(&mut self) {
        let (pidfd, looks) = match &self.watch {
            Some(Watched::Adopted(_, Some(pidfd))) => (Some(pidfd.as_fd()), self.zombie.is_some()),
            Some(Watched::Adopted(_, None)) => (None, true),
            Some(Watched::Own(_)) | None => (None, false),
        };
        // A zombie's pidfd stays readable: then only POLLHUP tells more, and the next look.
        let events = if self.zombie.is_some() { PollFlags::empty() } else { PollFlags::IN };
        let draining = self.input.as_ref().filter(|input| input.draining);
        let sources = [
            Some((self.signals.as_fd(), PollFlags::IN)),
            Some((self.files.control.as_fd(), PollFlags::IN)),
            self.ready.as_ref().map(|fd| (fd.as_fd(), PollFlags::IN)),
            pidfd.map(|fd| (fd, events)),
            draining.map(|input| (input.as_fd(), PollFlags::empty())),
        ];
        let mut fds = sources.map(|source| {
            // What there is not is asked for nothing.
            let (fd, events) = source.unwrap_or((self.signals.as_fd(), PollFlags::empty()));
            PollFd::from_borrowed_fd(fd, events)
        });
        let look = looks.then(|| clock::boot().after(LOOK_AGAIN));
        let due = [self.machine.next_due(), look].into_iter().flatten().min();
        common::sys::stack::give_back();
        // A oneshot's are read again when somebody has written to it.
        self.is_fresh = self.oneshot.is_some();
        // EINTR or ENOMEM: what there is to do is looked for again all the same.
        let _ = poll(&mut fds, clock::until(due).as_ref());
    }

    fn take_signals(&mut self) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::TERM => self.told_to_end(),
                Signal::HUP => self.command(Command::Exit),
                Signal::QUIT => self.command(Command::Vanish),
                Signal::INT => {
                    self.send(Command::Signal(Signal::INT), super::action::Target::Group, signal);
                    self.command(Command::Vanish);
                }
                // CHLD: the death is looked for in any case.
                _ => {}
            }
        }
    }

    /// TERM: stop the service, then leave.
    fn told_to_end(&mut self) {
        if self.input.as_ref().is_some_and(|input| !input.is_over()) {
            self.name_stray_writers();
        }
        self.hurry = self.options.input.is_some();
        self.is_fresh = false;
        self.command(Command::Down);
        // A logger now ends at once, whoever still writes to it.
        self.input = None;
        self.command(Command::Exit);
    }

    fn read_control(&mut self) {
        let mut buffer = [0; 64];
        match rustix::io::read(&self.files.control, &mut buffer) {
            Ok(n) => {
                // Who waited for what was just announced may have changed the settings before he wrote.
                self.is_fresh = false;
                for byte in &buffer[..n] {
                    match self.control.take(*byte) {
                        Some(Said::Command(command)) if !self.over => self.command(command),
                        Some(Said::Name(name)) if is_name(&name) => self.rename(&name),
                        Some(Said::Command(_) | Said::Name(_)) | None => {}
                    }
                }
            }
            // Nothing there, or a signal came: poll tells when to look again.
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(e) => self.complain("control", format!("unable to read control: {}", reason(e))),
        }
    }

    fn rename(&mut self, name: &[u8]) {
        self.machine.status.name = String::from_utf8_lossy(name).into_owned();
        self.options.dir = self.machine.status.name.clone().into();
        let program = if self.oneshot.is_some() { "svc-oneshot" } else { "svc-supervise" };
        self.who = format!("{program} {}", self.machine.status.name);
        self.move_ward();
        self.record();
    }

    /// Takes a command. A logger told to exit first gets all that its service says.
    pub(super) fn command(&mut self, command: Command) {
        let Some(command) = self.heeded(command) else { return };
        self.refresh_settings();
        if let (Command::Exit, Some(input), Some(feed)) =
            (command, &mut self.input, &self.options.input)
        {
            match input.drain(feed) {
                Ok(()) => return self.notice_end_of_input(),
                Err(e) => self.warn(&format_args!("unable to open its input: {}", reason(e))),
            }
        }
        if command == Command::Exit && self.watch.is_some() {
            self.custom(b'x');
        }
        self.feed(Input::Command(command));
    }

    /// A draining logger leaves when nobody writes to it any more and nothing is left.
    fn notice_end_of_input(&mut self) {
        if self.input.as_ref().is_some_and(|input| input.draining && input.is_over()) {
            self.input = None;
            self.feed(Input::Command(Command::Exit));
        }
    }

    fn read_ready(&mut self) {
        let Some(fd) = &self.ready else { return };
        let mut buffer = [0; 512];
        match rustix::io::read(fd, &mut buffer) {
            // All writers are gone: it says no more.
            Ok(0) => self.ready = None,
            Ok(n) if buffer[..n].contains(&b'\n') => {
                self.feed(Input::Command(Command::Ready));
                self.notice_silence();
            }
            Ok(_) | Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => self.ready = None,
        }
    }

    /// Most have nothing more to say when they are ready, and have closed it by now: to be woken for
    /// that would cost more. Another line says nothing new.
    fn notice_silence(&mut self) {
        let Some(fd) = &self.ready else { return };
        if rustix::io::read(fd, &mut [0; 64]) == Ok(0) {
            self.ready = None;
        }
    }

    fn notice_death(&mut self) {
        if let Some(death) = self.look() {
            // What it said of its readiness before it died counts.
            self.read_ready();
            self.notice_end_of_input();
            self.refresh_settings();
            let finish = self.has_finish();
            if self.machine.status.phase == Phase::Running(Kind::Run) {
                self.notice_oom();
            }
            self.feed(Input::Died { death, finish });
        }
    }

    /// Tells the machine, and does what it says, until it has nothing more to say.
    pub(super) fn feed(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            self.note_failed_start(input);
            let actions = self.machine.step(now(), input);
            for action in actions.iter() {
                if let Some(answer) = self.perform(action) {
                    next = Some(answer);
                }
            }
        }
    }

    /// Does one thing; a start has an answer for the machine.
    fn perform(&mut self, action: Action) -> Option<Input> {
        match action {
            // What is to run once only is not started where nobody will know of it.
            Action::Start(_) if self.oneshot.is_some() && !self.is_recorded => self.over = true,
            Action::Start(kind) => return Some(self.start(kind)),
            Action::Record => self.record(),
            Action::Complain(kind, error) => self.complain_of_start(kind, error),
            Action::Signal(command, target, signal) => self.send(command, target, signal),
            Action::Kill => self.kill_scope(),
            Action::KillRest => self.kill_rest(),
            Action::Reap => self.reap(),
            Action::Tally(_) if self.oneshot.is_some() => {}
            Action::Tally(death) => {
                let entry = tally::entry(clock::wall(), death);
                // Out of space: the tally is a convenience.
                let _ = self.files.tally(&entry, self.machine.settings.max_death_tally);
            }
            Action::Announce(event, seq) => self.announce(event, seq),
            Action::MakeDown => self.make_down(),
            Action::RemoveDown => {
                if let Err(e) = file::unlink_if_there(CWD, c"down") {
                    self.warn(&format_args!("unable to remove the file down: {}", reason(e)));
                }
            }
            // First what else was said.
            Action::Reexec => self.renew = true,
            Action::Leave => self.over = true,
        }
        None
    }
}

fn now() -> Now {
    let wall = clock::wall();
    // The low bits of a nanosecond clock are random enough to spread restarts.
    Now { wall, boot: clock::boot(), chance: (wall.0 >> 3) as u8 }
}
