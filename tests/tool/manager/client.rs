//! Who asks the manager for something: svc-change, or somebody who writes to the fifo and looks for
//! the answer.

use std::ffi::{CString, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bins::manager::places::{COMMAND, OWNER, REQUESTS};
use bins::manager::request::{Answer, Progress, Request, RequestId};
use common::base::stamp::Boot;
use common::os::clock;
use common::os::fifo::{self, Ends};
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::wait::Ended;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::Pid;

/// When a request that has no answer is written again, ms: its manager may have died.
const AGAIN: u64 = 500;

/// How a client asks.
pub(super) enum Way {
    /// svc-change: how it ended, if it has, and whether we killed it.
    Change { pid: Pid, output: PathBuf, ended: Option<Ended>, killed: bool },
    /// By hand.
    Fifo { id: RequestId, again: Boot },
}

/// A request under way.
pub(super) struct Client {
    /// Its place among all.
    pub(super) number: u64,
    /// Nobody else has asked for anything meanwhile.
    pub(super) alone: bool,
    pub(super) request: Request,
    pub(super) way: Way,
}

/// What a client was told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing yet.
    Nothing,
    /// The answer, with its exit code, and by which request it was given, if that is known.
    Answer(u8, Option<RequestId>),
    /// That it is not known: why.
    Lost(String),
    /// We have killed it.
    Killed,
}

impl Client {
    /// Has svc-change ask. Patient, it waits for a manager.
    pub(super) fn change(
        dir: &Path,
        bin: &Path,
        number: u64,
        request: Request,
        patient: bool,
    ) -> Result<Client> {
        let output = dir.join(format!("clients/{number}"));
        let mut words: Vec<OsString> = vec!["svc-change".into(), "--json".into()];
        for (option, below) in [("--dir", "run"), ("--generations", "lib")] {
            words.extend([option.into(), dir.join(below).into_os_string()]);
        }
        if patient {
            words.extend(["--timeout".into(), "100s".into()]);
        }
        words.extend(request.pack().split(' ').map(OsString::from));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC;
        let file = openat(CWD, &output, flags, Mode::from_raw_mode(0o644)).unable("open a file")?;
        let pid = spawn(&bin.join("svc-change"), words, file.as_fd())?;
        let way = Way::Change { pid, output, ended: None, killed: false };
        Ok(Client { number, alone: false, request, way })
    }

    /// Asks by hand.
    pub(super) fn fifo(id: RequestId, number: u64, request: Request) -> Client {
        Client { number, alone: false, request, way: Way::Fifo { id, again: Boot(0) } }
    }

    /// A child has ended.
    pub(super) fn reaped(&mut self, child: Pid, how: Ended) {
        if let Way::Change { pid, ended, .. } = &mut self.way
            && *pid == child
        {
            *ended = Some(how);
        }
    }

    /// svc-change, if it lives and may be killed.
    pub(super) fn victim(&mut self) -> Option<(Pid, &mut bool)> {
        match &mut self.way {
            Way::Change { pid, ended: None, killed, .. } if !*killed => Some((*pid, killed)),
            Way::Change { .. } | Way::Fifo { .. } => None,
        }
    }

    /// Goes on with it; says what is known.
    pub(super) fn look(&mut self, dir: &Path) -> Told {
        match &mut self.way {
            Way::Change { ended: None, .. } => Told::Nothing,
            Way::Change { killed: true, .. } => Told::Killed,
            Way::Change { output, ended: Some(ended), .. } => told_by(output, *ended),
            Way::Fifo { id, again } => match answer(dir, id) {
                Some(Answer { progress: Progress::Done(code), .. }) => {
                    Told::Answer(code, Some(id.clone()))
                }
                Some(_) => Told::Nothing,
                None => {
                    if *again <= clock::boot() && write(dir, &self.request, id) {
                        *again = clock::boot().after(AGAIN);
                    }
                    Told::Nothing
                }
            },
        }
    }
}

/// What svc-change said, and how it ended: that must fit.
fn told_by(output: &Path, ended: Ended) -> Told {
    let text = std::fs::read_to_string(output).unwrap_or_default();
    let has =
        |event: &str| text.lines().find(|line| line.contains(&format!("\"event\":\"{event}\"")));
    let id = has("accepted").and_then(|line| line.split('"').find_map(RequestId::parse));
    let said = has("done").and_then(|line| {
        let (_, rest) = line.split_once("\"exit\":")?;
        rest.split([',', '}']).next()?.parse::<u8>().ok()
    });
    match (ended, said) {
        (Ended::Exited(code), Some(said)) if code == said => Told::Answer(code, id),
        // No manager was there: it was not asked for.
        (Ended::Exited(102), None) if id.is_none() => Told::Killed,
        _ => Told::Lost(format!("svc-change ended with {ended:?}: {}", text.replace('\n', " "))),
    }
}

/// The answer to a request.
pub(super) fn answer(dir: &Path, id: &RequestId) -> Option<Answer> {
    let path = dir.join("run/manager").join(REQUESTS).join(OWNER).join(id.as_str());
    Answer::unpack(&std::fs::read_to_string(path).ok()?)
}

/// All answers that there are.
pub(super) fn answers(dir: &Path) -> Vec<(RequestId, Answer)> {
    let entries = std::fs::read_dir(dir.join("run/manager").join(REQUESTS).join(OWNER));
    let ids = entries.into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| RequestId::parse(entry.file_name().to_str()?));
    ids.filter_map(|id| Some((id.clone(), answer(dir, &id)?))).collect()
}

/// Writes a request. False: nobody reads.
fn write(dir: &Path, request: &Request, id: &RequestId) -> bool {
    let path = dir.join("run/manager").join(COMMAND).join(OWNER);
    let Ok(fifo) = fifo::open(CWD, &path, Ends::Write) else { return false };
    request.lines(id).iter().all(|line| rustix::io::write(&fifo, line.as_bytes()).is_ok())
}

/// Starts a program, whose output goes to `output`.
pub(super) fn spawn(
    path: &Path,
    words: Vec<OsString>,
    output: std::os::fd::BorrowedFd<'_>,
) -> Result<Pid> {
    let unable = || format!("run {}", path.display());
    let file = CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    let spawned = Child {
        path: &file,
        argv: &Argv::new(words).unable(unable())?,
        directory: None,
        fds: &[(1, output), (2, output)],
        kept: None,
        open_files: None,
        group: Group::Session,
        blocked: Blocked::None,
        sharing: Sharing::Vfork,
    }
    .spawn(&mut NoHooks)
    .unable(unable())?;
    match spawned.failed {
        Some(e) => Err(e).unable(unable()),
        None => Ok(spawned.pid),
    }
}
