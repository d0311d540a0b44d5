//! svc-perms: who may read the state of a service, command it, and subscribe to its changes.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};

use common::base::args::unknown;
use common::base::error::exit;
use common::os::fifo::{self, Ends};
use common::os::{file, group};
use common::prelude::*;
use common::program::{print, warn};
use rustix::fs::{AtFlags, CWD, Gid, Mode, OFlags, Stat, fchmod, fchown, fstat, openat, statat};
use rustix::io::Errno;

pub(super) const PROGRAM: Program = Program {
    name: "svc-perms",
    help: "[-u | -g GROUP | -G GROUP | -o | -O GROUP] [-e | -E GROUP] DIR...
Changes, or without options shows, who may read the state of the service directories DIR, command
their supervisors and subscribe to their changes. GROUP is a name or, with a colon, a number.
  -u         only the owner may read the state and command
  -g GROUP   GROUP may read the state, only the owner may command
  -G GROUP   GROUP may read the state and command
  -o         everybody may read the state, only the owner may command
  -O GROUP   everybody may read the state, GROUP may command
  -e         everybody may subscribe
  -E GROUP   only GROUP may subscribe
",
    main,
};

/// Who has a right, besides the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    Group(Gid),
    Everybody,
}

/// A file whose mode is a right: its modes for each of [`Who`], and one that gives nobody anything.
struct Right {
    /// What the right is to, in the lines shown.
    word: &'static str,
    /// The file, in the service directory.
    file: &'static str,
    nobody: u32,
    group: u32,
    /// `None`: this right is never everybody's.
    everybody: Option<u32>,
}

// The modes are s6's. Whoever may search supervise/ may read what is in it.
const STATUS: Right = Right {
    word: "status",
    file: "supervise",
    nobody: 0o700,
    group: 0o710,
    everybody: Some(0o711),
};
const CONTROL: Right =
    Right { word: "control", file: "control", nobody: 0o600, group: 0o620, everybody: None };
// Sticky, so that subscribers can't remove each other's fifos; setgid, so that these belong to the
// group. Only its owner may list it.
const EVENTS: Right =
    Right { word: "events", file: "event", nobody: 0o1700, group: 0o3730, everybody: Some(0o1733) };

/// What was asked for; `None` is to stay as it is.
#[derive(Default)]
struct Change {
    status_and_control: Option<(Who, Who)>,
    events: Option<Who>,
}

fn main(mut args: Args) -> Result<Next> {
    let mut change = Change::default();
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-u" => change.status_and_control = Some((Who::Nobody, Who::Nobody)),
            "-o" => change.status_and_control = Some((Who::Everybody, Who::Nobody)),
            "-g" => change.status_and_control = Some((group_named(&mut args)?, Who::Nobody)),
            "-G" => {
                let group = group_named(&mut args)?;
                change.status_and_control = Some((group, group));
            }
            "-O" => {
                change.status_and_control = Some((Who::Everybody, group_named(&mut args)?));
            }
            "-e" => change.events = Some(Who::Everybody),
            "-E" => change.events = Some(group_named(&mut args)?),
            _ => return Err(unknown(&option)),
        }
    }
    let shows = change.status_and_control.is_none() && change.events.is_none();
    let mut code = exit::OK;
    for dir in args.operands("service directory")? {
        let result = if shows { show(&dir) } else { apply(&dir, &change).map(|()| exit::OK) };
        code = code.max(result.unwrap_or_else(|e| {
            warn(&PROGRAM.name, &e.message);
            e.code
        }));
    }
    Ok(Next::Exit(code))
}

fn group_named(args: &mut Args) -> Result<Who> {
    let word: OsString = args.raw_value()?;
    let found = match word.to_str() {
        Some(word) => group::find(word).unable("read /etc/group")?,
        None => None,
    };
    let missing = || Error::user(format_args!("unknown group {}", word.display()));
    found.map(Who::Group).ok_or_else(missing)
}

/// Where the three files are. Only `supervise` and `event` themselves may be symbolic links.
struct Files {
    path: String,
    supervise: OwnedFd,
    event: OwnedFd,
}

impl Files {
    fn open(dir: &OsStr) -> Result<Files> {
        let path = dir.display().to_string();
        let at = file::open_dir(CWD, dir).unable(format_args!("open {path}"))?;
        let open = |right: &Right, flags: OFlags| {
            openat(&at, right.file, flags | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        };
        let open = |right: &Right| {
            // Its mode can be changed only through a descriptor for reading, which whoever may do
            // that can have; to be looked at it need not be readable.
            open(right, OFlags::RDONLY)
                .or_else(|_| open(right, OFlags::PATH))
                .unable(format_args!("open {path}/{}", right.file))
        };
        let (supervise, event) = (open(&STATUS)?, open(&EVENTS)?);
        Ok(Files { path, supervise, event })
    }
}

fn apply(dir: &OsStr, change: &Change) -> Result<()> {
    let files = Files::open(dir)?;
    if let Some((status, control)) = change.status_and_control {
        // A writer harms nobody; where there is no supervisor there is no writing end to be had.
        let fifo = fifo::open(&files.supervise, CONTROL.file, Ends::Write)
            .or_else(|_| fifo::open(&files.supervise, CONTROL.file, Ends::Read))
            .unable(format_args!("open {}/supervise/control", files.path))?;
        CONTROL.give(&fifo, control).unable(change_mode(&files, "supervise/control"))?;
        STATUS.give(&files.supervise, status).unable(change_mode(&files, "supervise"))?;
    }
    if let Some(events) = change.events {
        EVENTS.give(&files.event, events).unable(change_mode(&files, "event"))?;
    }
    Ok(())
}

fn change_mode(files: &Files, file: &str) -> String {
    format!("change who may use {}/{file}", files.path)
}

/// Says who has which right; exit code 1 when a mode is none of ours.
fn show(dir: &OsStr) -> Result<u8> {
    let files = Files::open(dir)?;
    let stat = |fd: &OwnedFd, right: &Right| {
        fstat(fd).unable(format_args!("look at {}/{}", files.path, right.file))
    };
    let control = statat(&files.supervise, CONTROL.file, AtFlags::SYMLINK_NOFOLLOW)
        .unable(format_args!("look at {}/supervise/control", files.path))?;
    if !fifo::is_fifo(&control) {
        return Err(Error::system(format_args!("{}/supervise/control is no fifo", files.path)));
    }
    let rows = [
        (STATUS, stat(&files.supervise, &STATUS)?),
        (CONTROL, control),
        (EVENTS, stat(&files.event, &EVENTS)?),
    ];
    let mut code = exit::OK;
    for (right, stat) in rows {
        let what = format!("{} {}", files.path, right.word);
        match right.holder(&stat) {
            Ok(who) => code = code.max(print(&format!("{what}: {}\n", who.words()))),
            Err(mode) => {
                warn(&PROGRAM.name, &format_args!("{what}: unusual mode {mode:o}"));
                code = code.max(exit::NO);
            }
        }
    }
    Ok(code)
}

impl Right {
    /// Who has the right to a file that looks like this; its mode, if that is none of ours.
    fn holder(&self, stat: &Stat) -> std::result::Result<Who, u32> {
        match stat.st_mode & 0o7777 {
            mode if mode == self.nobody => Ok(Who::Nobody),
            mode if mode == self.group => Ok(Who::Group(Gid::from_raw(stat.st_gid))),
            mode if Some(mode) == self.everybody => Ok(Who::Everybody),
            mode => Err(mode),
        }
    }

    /// Gives the right to `who`. Nobody has it for a moment, so that neither the old group gets what
    /// is meant for the new one nor the new one what the old one had.
    fn give(&self, fd: impl AsFd, who: Who) -> rustix::io::Result<()> {
        let mode = match who {
            Who::Nobody => self.nobody,
            Who::Group(_) => self.group,
            Who::Everybody => self.everybody.ok_or(Errno::INVAL)?,
        };
        if let Who::Group(gid) = who {
            fchmod(&fd, Mode::from_raw_mode(self.nobody))?;
            fchown(&fd, None, Some(gid))?;
        }
        fchmod(&fd, Mode::from_raw_mode(mode))
    }
}

impl Who {
    fn words(self) -> String {
        match self {
            Who::Nobody => "owner".to_owned(),
            Who::Group(gid) => format!("group {}", group::name(gid)),
            Who::Everybody => "public".to_owned(),
        }
    }
}
