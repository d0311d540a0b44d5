//! One service on sv's command line: what was found out about it, said of it and sent to it.

use std::ffi::OsStr;
use std::fmt::Display;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::format::letters::Event;
use common::format::status::Status;
use common::os::fifodir::Subscription;
use common::os::{clock, file};
use common::program::print;
use common::sys::signal::{Mask, set_mask};
use rustix::fs::{AtFlags, CWD, statat};
use rustix::io::Errno;

use super::super::client::Service;
use super::verbs::{Patience, Verb, Verdict};
use super::{check, report};

/// A service on the command line.
pub(super) struct Target {
    /// As it was typed.
    name: String,
    /// The service, until it is done with or given up.
    service: Option<Service>,
    /// How often something was wrong with it.
    failures: usize,
    /// What its state was when the command was sent.
    before: Status,
    /// Its control fifo: held open, it keeps the letters even if the supervisor is killed before it
    /// has read them.
    control: Option<OwnedFd>,
    /// Its changes since then.
    events: Option<Subscription>,
    /// Its supervisor was heard leaving.
    left: bool,
    /// Its `./check` said no: it may say yes the next time although nothing is announced.
    unchecked: bool,
}

/// What `status` found, as far as exit codes tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A process runs.
    Up,
    /// None does.
    Down,
    /// Nobody supervises it.
    Gone,
    /// It could not be found out.
    Unknown,
}

/// What a look at a service found.
enum Look {
    Status(Box<Status>),
    /// No supervisor is running.
    Gone,
    /// What is wrong, in words.
    Broken(String),
}

impl Target {
    /// Opens the service directory; says so if that fails.
    pub(super) fn open(name: &OsStr, path: &Path) -> Target {
        let mut target = Target {
            name: name.display().to_string(),
            service: None,
            failures: 0,
            before: Status::default(),
            control: None,
            events: None,
            left: false,
            unchecked: false,
        };
        match file::open_dir(CWD, path) {
            Ok(dir) => target.service = Some(Service::at(dir, path.as_os_str())),
            Err(e) => {
                let why = report::reason(e);
                target.fail(format_args!("unable to change to service directory: {why}"));
            }
        }
        target
    }

    /// How often something was wrong with it.
    pub(super) fn failures(&self) -> usize {
        self.failures
    }

    /// Whether it is still being waited for.
    pub(super) fn is_pending(&self) -> bool {
        self.service.is_some()
    }

    /// Where its changes are announced, if we may listen.
    pub(super) fn events(&self) -> Option<BorrowedFd<'_>> {
        self.events.as_ref().map(std::os::fd::AsFd::as_fd)
    }

    /// Whether it may come to be as wanted with nothing to tell us.
    pub(super) fn may_change_silently(&self) -> bool {
        self.events.is_none() || self.unchecked
    }

    /// Prints its state, and its logger's on the same line.
    pub(super) fn print_with_logger(&mut self) -> State {
        let Some(service) = &self.service else { return State::Gone };
        let (state, own) = match look(service) {
            Look::Gone => (State::Gone, None),
            Look::Broken(why) => (State::Unknown, Some(why)),
            Look::Status(status) => {
                let text = describe(service, &self.name, &status);
                let logger = self.describe_logger();
                say(format_args!("{text}{logger}"));
                return if status.pid.is_some() { State::Up } else { State::Down };
            }
        };
        match own {
            None => self.fail("runsv not running"),
            Some(why) => self.warn(why),
        }
        state
    }

    /// What to add to the line about its logger; nothing when it has none.
    fn describe_logger(&mut self) -> String {
        let Some(service) = &self.service else { return String::new() };
        let logger = match file::open_dir(service.dir(), c"log") {
            Err(Errno::NOENT) => return String::new(),
            Err(e) => Err(report::reason(e)),
            Ok(dir) => Ok(Service::at(dir, OsStr::new("log"))),
        };
        let wrong = match logger.map(|logger| (look(&logger), logger)) {
            Ok((Look::Status(status), logger)) => {
                return format!("; {}", describe(&logger, "log", &status));
            }
            Ok((Look::Gone, _)) => format!("; fail: {}/log: runsv not running", self.name),
            Ok((Look::Broken(why), _)) => format!("; warning: {}/log: {why}", self.name),
            Err(why) => format!("; warning: {}/log: unable to change directory: {why}", self.name),
        };
        self.failures += 1;
        wrong
    }

    /// Sends the letters of `verb`; gives the service up if it can't. Listens first, if it is to be
    /// waited for: what happens after the look is then never missed.
    pub(super) fn send(&mut self, verb: &Verb, waits: bool) {
        let Some(service) = &self.service else { return };
        self.events = if waits { service.subscribe().ok() } else { None };
        match look(service) {
            Look::Status(status) => self.before = *status,
            Look::Gone => return self.gone(verb),
            Look::Broken(why) => return self.give_up(why),
        }
        if verb.letters.is_empty() {
            return;
        }
        let control = match service.control() {
            Ok(control) => control,
            Err(Errno::NXIO) => return self.gone(verb),
            Err(e) => return self.give_up(broken("open supervise/control", e)),
        };
        match write(&control, verb.letters) {
            Ok(()) => self.control = Some(control),
            Err(Errno::PIPE) => self.gone(verb),
            Err(e) => self.give_up(broken("write to supervise/control", e)),
        }
    }

    /// Looks whether `verb` has taken effect, and says so; `./check` may take until `deadline`.
    pub(super) fn look(&mut self, verb: &Verb, deadline: Boot) {
        let Some(service) = &self.service else { return };
        if self.left && verb.is_to_leave() {
            return self.gone(verb);
        }
        let status = match look(service) {
            Look::Status(status) => status,
            Look::Gone => return self.gone(verb),
            Look::Broken(why) => return self.give_up(why),
        };
        let done = match verb.judge(&self.before, &status) {
            Verdict::No => false,
            Verdict::Yes => true,
            Verdict::IfChecked => {
                let approved = check::approves(service, &self.name, deadline);
                self.unchecked = !approved;
                approved
            }
        };
        if done {
            say(format_args!("ok: {}", describe(service, &self.name, &status)));
            self.service = None;
        }
    }

    /// Takes in what was announced since the last time.
    pub(super) fn drain(&mut self) {
        let Some(events) = &self.events else { return };
        let mut buffer = [0; 4096];
        let mut begins_line = true;
        while let Ok((length, _)) = events.read(&mut buffer)
            && length > 0
        {
            for byte in &buffer[..length] {
                self.left |= begins_line && *byte == Event::Left.letter();
                begins_line = *byte == b'\n';
            }
        }
    }

    /// The time is over: says so, and kills if the command is one that does.
    pub(super) fn time_out(&mut self, verb: &Verb) {
        let Some(service) = &self.service else { return };
        let kills = verb.patience == Patience::Kills;
        match look(service) {
            Look::Status(status) => {
                let word = if kills { "kill" } else { "timeout" };
                say(format_args!("{word}: {}", describe(service, &self.name, &status)));
                self.failures += 1;
                if let Some(control) = self.control.as_ref().filter(|_| kills) {
                    // If the supervisor has gone meanwhile, so has the need.
                    let _ = write(control, b"k");
                }
            }
            Look::Gone => return self.gone(verb),
            Look::Broken(why) => return self.give_up(why),
        }
        self.service = None;
    }

    /// No supervisor is running: what `exit` wants, and a failure for all others.
    fn gone(&mut self, verb: &Verb) {
        if verb.is_to_leave() {
            say(format_args!("ok: {}: runsv not running", self.name));
        } else {
            self.fail("runsv not running");
        }
        self.service = None;
    }

    fn give_up(&mut self, why: impl Display) {
        self.warn(why);
        self.service = None;
    }

    fn fail(&mut self, why: impl Display) {
        say(format_args!("fail: {}: {why}", self.name));
        self.failures += 1;
    }

    fn warn(&mut self, why: impl Display) {
        say(format_args!("warning: {}: {why}", self.name));
        self.failures += 1;
    }
}

fn look(service: &Service) -> Look {
    match service.control() {
        Ok(_) => {}
        Err(Errno::NXIO) => return Look::Gone,
        // Who may only look can't ask the fifo; the supervisor has left its name.
        Err(Errno::ACCESS) => match service.supervisor() {
            Ok(Some(_)) => {}
            Ok(None) => return Look::Gone,
            Err(_) => return Look::Broken(broken("open supervise/ok", Errno::ACCESS)),
        },
        Err(e) => return Look::Broken(broken("open supervise/ok", e)),
    }
    match service.status() {
        Ok(Some(status)) => Look::Status(Box::new(status)),
        Ok(None) => Look::Broken(broken("open supervise/status", Errno::NOENT)),
        Err(e) => Look::Broken(e.message),
    }
}

fn broken(verb: &str, e: Errno) -> String {
    format!("unable to {verb}: {}", report::reason(e))
}

fn describe(service: &Service, name: &str, status: &Status) -> String {
    let normally_up = statat(service.dir(), c"down", AtFlags::empty()).is_err();
    report::line(name, status, normally_up, clock::wall())
}

fn write(control: &OwnedFd, letters: &[u8]) -> Result<(), Errno> {
    // A reader that leaves meanwhile is no reason to die.
    set_mask(&Mask::of(&[Signal::PIPE.number()]));
    rustix::io::write(control, letters).map(|_| ())
}

/// One line to standard output.
fn say(line: impl Display) {
    // The exit code tells what became of the service; that nobody reads the line changes nothing.
    let _ = print(&format!("{line}\n"));
}
