//! svc-oneshot: run a program once, whatever is killed meanwhile.
//!
//! It is svc-supervise with another policy: one start, no finish, no readiness, and it leaves when the
//! program has ended. A starter that numbers its orders may give the same order as often as it likes:
//! the status tells whether it is done, under way, or to be begun.

use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use common::base::args::unknown;
use common::base::death::Death;
use common::base::error::{exit, reason};
use common::base::signal::Signal;
use common::format::letters::{Command, Event};
use common::format::status::{Phase, Status, Wanted};
use common::os::process::{BootId, Identity, Watched};
use common::os::siblings::Siblings;
use common::os::{clock, fifodir, file};
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::CWD;
use rustix::io::{Errno, ioctl_fionread};
use rustix::process::Pid;

use super::super::wards::Wards;
use super::action::Input;
use super::adopt::continued;
use super::files::{Files, is_name};
use super::options;
use super::setup::{clean_up, listen};
use super::supervisor::Supervisor;
use super::turn::For;

pub(in super::super) const PROGRAM: Program = Program {
    name: "svc-oneshot",
    help: "[OPTION...] DIR
Runs the program run of the directory DIR once, as svc-supervise would, and leaves when it has ended;
how, is in DIR/supervise/status. Kill it and start it again: it goes on.
  --run NAME         the program is DIR/NAME instead
  --seq N            the number of this order, from 1 up: what is done already is not done again
  --name NAME        the oneshot's name (the last part of DIR)
  --log-fifos DIR2   its output goes to the fifo DIR2/NAME
  --events DIR3      events go to this event directory, as NAME's
  --wards DIR4       svc-scan's directory of wards: there it learns whose process has died
  --boot ID          the id of this boot, from who hands down no open file and no ignored signal
",
    main,
};

/// What there is to do once only.
pub(super) struct Oneshot {
    /// The program to run, from the directory.
    pub(super) program: CString,
    pub(super) wards: Option<Wards>,
    /// The number of the order; 0: it has none.
    order: u64,
    /// The order is on file, or about to be.
    begun: bool,
    /// It is not to be started any more.
    stopped: bool,
}

struct Options {
    program: CString,
    order: u64,
    name: Option<String>,
    log_fifos: Option<OsString>,
    events: Option<OsString>,
    wards: Option<OsString>,
    boot: Option<BootId>,
    dir: OsString,
}

fn main(args: Args) -> Result<Next> {
    let options = read(args)?;
    // As in svc-supervise.
    match prepare(options)? {
        Some(mut supervisor) => {
            supervisor.run();
            let code = match supervisor.is_settled() {
                true => exit::OK,
                false if supervisor.is_recorded => exit::NO,
                // The intent: nothing was started.
                false => exit::SYSTEM,
            };
            supervisor.leave_lines();
            Ok(Next::Exit(code))
        }
        None => Err(Error::new(exit::NO, "told to end before its turn came")),
    }
}

fn read(mut args: Args) -> Result<Options> {
    let (mut program, mut order, mut name) = (c"./run".to_owned(), 0, None);
    let (mut log_fifos, mut events, mut wards, mut boot) = (None, None, None, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "--run" => program = path(&args.raw_value()?)?,
            "--seq" => order = args.value::<std::num::NonZeroU64>("number")?.get(),
            "--name" => name = Some(args.value("name")?),
            "--log-fifos" => log_fifos = Some(args.raw_value()?),
            "--events" => events = Some(args.raw_value()?),
            "--wards" => wards = Some(args.raw_value()?),
            "--boot" => boot = BootId::parse(args.raw_value()?.as_bytes()),
            _ => return Err(unknown(&option)),
        }
    }
    let dir = args.operand("directory")?;
    args.end()?;
    let is_bad = |name: &&String| !is_segment(name.as_bytes()) || !is_name(name.as_bytes());
    if let Some(name) = name.as_ref().filter(is_bad) {
        return Err(Error::user(format_args!("invalid name: {name}")));
    }
    Ok(Options { program, order, name, log_fifos, events, wards, boot, dir })
}

/// How long lines stay with us that no logger takes, ms: one that was killed is back within seconds.
const UNTAKEN: u64 = 30_000;
/// Between two looks whether they were taken, at most, ms.
const LOOK: u64 = 250;

/// The path of a program in the directory.
fn path(word: &OsStr) -> Result<CString> {
    let path = [b"./", word.as_bytes()].concat();
    match CString::new(path) {
        Ok(path) if is_segment(word.as_bytes()) => Ok(path),
        Ok(_) | Err(_) => {
            Err(Error::user(format_args!("invalid name of a program: {}", word.display())))
        }
    }
}

/// Whether a word can be the name of a file in a directory.
fn is_segment(word: &[u8]) -> bool {
    !matches!(word, b"" | b"." | b"..") && !word.contains(&b'/')
}

/// Prepares everything, and finds out what is to be done. `None`: told to end.
#[inline(never)] // What it needs on the stack is given back before the supervisor runs.
fn prepare(options: Options) -> Result<Option<Supervisor>> {
    let siblings = Siblings::at_start();
    let Options { program, order, name, log_fifos, events, wards, boot, dir } = options;
    // svc-managerd has cleaned up.
    let signals = if boot.is_none() { clean_up()? } else { listen()? };
    let name = name.unwrap_or_else(|| options::name_of(&dir));
    let who = format!("svc-oneshot {name}");
    type Opened = rustix::io::Result<OwnedFd>;
    let open = |what: &str, dir: Option<OsString>, open: fn(BorrowedFd<'_>, &OsStr) -> Opened| {
        let dir = dir?;
        // The program does not depend on who hears of it.
        let warn = |e| {
            let why = format_args!("unable to open the {what} {}: {}", dir.display(), reason(e));
            common::program::warn(&who, &why);
        };
        open(CWD, dir.as_os_str()).map_err(warn).ok()
    };
    let under = open("event directory", events, |at, path| fifodir::open(at, path));
    let wards = open("directory of wards", wards, |at, path| file::open_dir(at, path));
    let log_fifos = log_fifos.map(|dir| std::path::absolute(&dir).map_or(dir, Into::into));
    rustix::process::chdir(dir.as_os_str()).unable(format_args!("enter {}", dir.display()))?;
    let wards = wards.map(Wards::new).transpose().unable("find the working directory")?;
    let me = Identity::of_self(boot.unwrap_or_else(BootId::now));
    let Some(files) = Files::open(None, For::Oneshot(&signals), me)? else { return Ok(None) };
    let options = options::Options {
        under,
        input: None,
        log_fifos,
        inherited: None,
        boot: None,
        dir: name.clone().into(),
    };
    let mut supervisor = Supervisor::new(who, options, siblings, signals, files, me.boot);
    supervisor.oneshot = Some(Oneshot { program, wards, order, begun: false, stopped: false });
    supervisor.take_order(name);
    Ok(Some(supervisor))
}

impl Supervisor {
    /// Finds out what has become of the order, and goes on with it, or begins.
    fn take_order(&mut self, name: String) {
        self.refresh_settings();
        let previous = if self.files.is_new { None } else { self.files.status() };
        let damaged = previous.is_none() && !self.files.is_new;
        let status = match previous {
            // However the last one left: what it did is done.
            Some(status) if status.boot == Some(self.boot) => status,
            previous => continued(previous, self.boot).0,
        };
        let wanted = if status.wanted == Wanted::Up { Wanted::Once } else { status.wanted };
        let fresh = Status { boot: Some(self.boot), name, wanted, ..status };
        self.machine.status = Status { left: false, leaving: false, restarting: false, ..fresh };
        let Some(oneshot) = &self.oneshot else { return };
        let order = oneshot.order;
        if damaged {
            self.warn(&"supervise/status is damaged: beginning anew");
            self.take_over_unknown();
            self.machine.status.order = if self.watch.is_some() { order } else { 0 };
        }
        if self.is_settled() {
            // Who missed it hears it now.
            self.tell(None, (Event::Finished, self.machine.status.event));
            self.over = true;
            return;
        }
        self.go_on(order);
        self.follow_order();
    }

    /// Adopts what an earlier svc-oneshot started. What it was about to start is started now, unless
    /// that was another order: which program that would have been only it knew.
    fn go_on(&mut self, order: u64) {
        let status = &mut self.machine.status;
        let same = status.order == order;
        let recorded = self.files.process().is_some_and(|process| process.seq == status.seq);
        if !same {
            status.start_due = None;
            if matches!(status.phase, Phase::Starting(_)) && !recorded {
                status.phase = Phase::Down;
            }
        }
        let goes_on = status.phase != Phase::Down || status.start_due.is_some();
        if let Some(oneshot) = &mut self.oneshot {
            oneshot.begun = goes_on && (same || order == 0);
        }
        self.adopt();
    }

    /// Begins the order of a oneshot as soon as nothing runs, and leaves when it is done.
    pub(super) fn follow_order(&mut self) {
        let Some(oneshot) = &mut self.oneshot else { return };
        let status = &mut self.machine.status;
        if status.phase != Phase::Down || status.start_due.is_some() {
            return;
        }
        if std::mem::replace(&mut oneshot.begun, true) {
            self.over = true;
            return;
        }
        status.order = status.order.max(oneshot.order);
        status.wanted = Wanted::Once;
        status.start_due = Some(clock::boot());
        (status.last_run, status.last_finish, status.start_error) = (None, None, None);
        status.oom = false;
        if oneshot.stopped {
            // Told while an earlier order was under way.
            self.feed(Input::Command(Command::Down));
            self.over = true;
        }
    }

    /// Holds the log fifo until the shared logger has taken what is in it: it may not have opened it
    /// yet, and what nobody holds is lost. All else is let go before: the next order can begin.
    fn leave_lines(self) {
        let Some(output) = self.output else { return };
        let signals = self.signals;
        drop(self.files);
        let due = clock::boot().after(UNTAKEN);
        let mut pause = 1;
        while ioctl_fionread(&output).is_ok_and(|left| left > 0) && clock::boot() < due {
            let soon = clock::until(Some(clock::boot().after(pause)));
            // Interrupted or not: it is looked again.
            let _ = poll(&mut [PollFd::new(&signals, PollFlags::IN)], soon.as_ref());
            if std::iter::from_fn(|| signals.next()).any(|signal| signal != Signal::CHLD) {
                break;
            }
            pause = LOOK.min(pause * 2);
        }
    }

    /// Whether the order is done, or another after it was begun.
    fn is_settled(&self) -> bool {
        let status = &self.machine.status;
        let rests = status.phase == Phase::Down && status.start_due.is_none();
        self.oneshot.as_ref().is_some_and(|oneshot| match oneshot.order {
            0 => oneshot.begun && rests,
            order => status.order > order || status.order == order && rests,
        })
    }

    /// What a command means to a oneshot; nothing, if it is about starting it or its readiness.
    pub(super) fn heeded(&mut self, command: Command) -> Option<Command> {
        let Some(oneshot) = &mut self.oneshot else { return Some(command) };
        match command {
            Command::Down | Command::DownPersist => {
                oneshot.stopped = true;
                Some(Command::Down)
            }
            Command::Signal(_)
            | Command::Reload
            | Command::Pause
            | Command::Continue
            | Command::PauseGroup
            | Command::ContinueGroup
            | Command::KillGroup
            | Command::Vanish => Some(command),
            Command::Up
            | Command::Once
            | Command::AtMostOnce
            | Command::UpPersist
            | Command::OncePersist
            | Command::Restart
            | Command::Exit
            | Command::Ready
            | Command::Unready
            | Command::Reexec => None,
        }
    }

    /// A oneshot that could not be started has failed for good, with the exit code of a shell.
    pub(super) fn note_failed_start(&mut self, input: Input) {
        if let (Input::NotStarted(error), Some(_)) = (input, &self.oneshot) {
            let is_missing = error == Errno::NOENT.raw_os_error();
            let code = if is_missing { exit::NOT_FOUND } else { exit::CANNOT_RUN };
            self.machine.status.last_run = Some(Death::Exit(code));
        }
    }

    /// The directory may have another name as well.
    pub(super) fn move_ward(&mut self) {
        let pid = self.watch.as_ref().map(Watched::pid);
        let wards = self.oneshot.as_mut().and_then(|oneshot| oneshot.wards.as_mut());
        if let Some(Err(e)) = wards.map(|wards| wards.follow(pid)) {
            self.complain("ward", format!("unable to make its ward: {}", reason(e)));
        }
    }

    /// Before a dead process of a oneshot is reaped: svc-scan need not find it any more.
    pub(super) fn leave_ward(&self, pid: Pid) {
        if let Some(wards) = self.oneshot.as_ref().and_then(|oneshot| oneshot.wards.as_ref()) {
            wards.leave(pid);
        }
    }
}
