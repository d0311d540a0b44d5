//! Upgrade in place: every process of a running tree becomes the program now installed, and no
//! service notices. It is done from outside, step by step, so that process 1 need not know how.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use common::base::death::Death;
use common::base::error::{exit, reason};
use common::base::stamp::Boot;
use common::format::letters::{Command, Event, ScanCommand};
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::os::{clock, exec};
use common::prelude::*;
use common::program::{print, warn};
use common::sys::exec::Argv;
use common::sys::wait::wait_for;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, Mode, OFlags, fstat, inotify, openat};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::client::alive;
use super::listener::Listener;
use super::scandir::ScanDir;

/// How many supervisors are replaced at the same time: enough to keep a machine busy, few enough to
/// leave the services their turn.
const AT_ONCE: usize = 16;

/// The supervisors that have been told, and what their status said before: name and last event.
type Told = BTreeMap<Vec<u8>, u64>;

/// Replaces supervisors, then svc-scan. The result is the exit code; what happened has been printed.
pub(super) fn upgrade(program: &Program, scan: &ScanDir, step_ms: u64) -> Result<u8> {
    let root = scan.root()?;
    alive(&root.identity).ok_or_else(|| scan.not_running())?;
    for name in ["svc-supervise", "svc-scan"] {
        try_out(&root.programs, name, step_ms)?;
    }
    let mut listener = Listener::large(scan.subscribe()?);
    let mut first = supervised(program, scan)?;
    let count = first.len();
    // One first: if the new program is no good, one service has lost its supervisor, not all.
    let rest = first.split_off(count.min(1));
    let mut done = 0;
    for group in [first, rest] {
        let outcome = replace(program, scan, &mut listener, group, step_ms)?;
        done += outcome.done;
        if !outcome.late.is_empty() {
            return Err(Error::system(format_args!(
                "no answer from {}: {done} of {count} supervisors were replaced, svc-scan was left \
                 as it was",
                outcome.late.join(", ")
            )));
        }
    }
    replace_root(scan, step_ms)?;
    let s = if done == 1 { "" } else { "s" };
    Ok(print(&format!("replaced {done} supervisor{s} and svc-scan\n")))
}

/// Runs `NAME --version` of the new program: what can't do that can't do anything.
fn try_out(programs: &str, name: &str, step_ms: u64) -> Result<()> {
    let path = match programs {
        "" => exec::find(OsStr::new(name)).unwrap_or_else(|| name.into()),
        dir => Path::new(dir).join(name),
    };
    let shown = path.display().to_string();
    // Neither a record nor PATH has a NUL in it.
    let path = CString::new(path.into_os_string().into_vec()).unwrap_or_default();
    match version(&path, step_ms).unable(format_args!("try {shown} --version"))? {
        Ok(()) => Ok(()),
        Err(why) => {
            Err(Error::system(format_args!("{shown} --version: {why}: nothing was replaced")))
        }
    }
}

fn version(path: &CString, step_ms: u64) -> rustix::io::Result<std::result::Result<(), String>> {
    let words = [OsString::from(path.to_string_lossy().into_owned()), "--version".into()];
    let argv = Argv::new(words).map_err(|_| Errno::INVAL)?;
    let null = openat(CWD, c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    let child = Child {
        path,
        argv: &argv,
        directory: None,
        fds: &[(0, null.as_fd()), (1, null.as_fd())],
        kept: None,
        open_files: None,
        group: Group::Parents,
        blocked: Blocked::None,
        sharing: Sharing::Vfork,
    };
    let spawned = child.spawn(&mut NoHooks)?;
    if !ends_in_time(spawned.pid, clock::boot().after(step_ms)) {
        // It is our child and not reaped: the pid is still its own.
        kill_process(spawned.pid, Signal::KILL)?;
        wait_for(spawned.pid)?;
        return Ok(Err("does not end".to_owned()));
    }
    let death = Death::from(wait_for(spawned.pid)?);
    Ok(match spawned.failed {
        Some(why) => Err(reason(why)),
        None if death.is_success() => Ok(()),
        None => Err(death.to_string()),
    })
}

fn ends_in_time(child: Pid, due: Boot) -> bool {
    // Where pidfd_open is refused we wait as long as it takes.
    let Ok(pidfd) = pidfd_open(child, PidfdFlags::empty()) else { return true };
    sleep(&pidfd, due).is_ok_and(|woken| woken)
}

/// Sleeps until something can be read; false when it is too late.
fn sleep(fd: impl AsFd, due: Boot) -> Result<bool> {
    loop {
        let mut fds = [PollFd::new(&fd, PollFlags::IN)];
        match poll(&mut fds, clock::until(Some(due)).as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(e) => return Err(e).unable("wait for events"),
        }
    }
}

/// The names of all supervisors that run, as they know them: a service with two links has one.
fn supervised(program: &Program, scan: &ScanDir) -> Result<Vec<OsString>> {
    let mut seen = BTreeSet::new();
    let mut names = scan.names()?;
    names.retain(|name| {
        let mut ask = || -> Result<bool> {
            let service = scan.service(name)?;
            let stat = fstat(service.dir()).unable(format_args!("look at {}", service.path()))?;
            Ok(service.is_supervised()? && seen.insert((stat.st_dev, stat.st_ino)))
        };
        ask().unwrap_or_else(|e| {
            warn(&program.name, &e.message);
            false
        })
    });
    Ok(names)
}

/// What became of a group of supervisors.
#[derive(Default)]
struct Outcome {
    /// How many were replaced.
    done: usize,
    /// The names of those that did not answer in time.
    late: Vec<String>,
}

/// Tells the supervisors to become the new program, some at a time.
fn replace(
    program: &Program,
    scan: &ScanDir,
    listener: &mut Listener,
    names: Vec<OsString>,
    step_ms: u64,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut told = Told::new();
    let mut names = names.into_iter();
    let mut due = clock::boot().after(step_ms);
    loop {
        while told.len() < AT_ONCE
            && let Some(name) = names.next()
        {
            if let Err(e) = tell(scan, &name, &mut told) {
                warn(&program.name, &e.message);
                // One that has left meanwhile is none to replace.
                if e.code != exit::NOT_SUPERVISED {
                    outcome.late.push(name.display().to_string());
                }
            }
        }
        if told.is_empty() {
            return Ok(outcome);
        }
        if !sleep(&*listener, due)? {
            outcome.late.extend(told.keys().map(|name| String::from_utf8_lossy(name).into_owned()));
            return Ok(outcome);
        }
        let before = told.len();
        for line in listener.read().unable("read events")?.lines() {
            if line.event == Event::Supervised && told.get(line.name).is_some_and(|e| *e < line.seq)
            {
                told.remove(line.name);
            }
        }
        if told.len() < before {
            outcome.done += before - told.len();
            due = clock::boot().after(step_ms);
        }
    }
}

/// Tells one, and notes the name that it announces itself by and its last event until now.
fn tell(scan: &ScanDir, name: &OsString, told: &mut Told) -> Result<()> {
    let service = scan.service(name)?;
    let status = service.status()?.unwrap_or_default();
    service.send(&service.open_control()?, &[Command::Reexec.letter()])?;
    let known_as = if status.name.is_empty() { name.as_bytes() } else { status.name.as_bytes() };
    told.insert(known_as.to_vec(), status.event);
    Ok(())
}

/// Tells svc-scan, and waits until it has written its record anew and listens.
fn replace_root(scan: &ScanDir, step_ms: u64) -> Result<()> {
    let due = clock::boot().after(step_ms);
    let changes = watch(scan)?;
    scan.send(&[ScanCommand::Reexec.letter()])?;
    let mut rewritten = false;
    while !(rewritten && scan.listens()) {
        if !sleep(&changes, due)? {
            let text = "svc-scan was not replaced, its supervisors were; its log says why \
                        (a service that was removed and still runs has to be pruned first)";
            return Err(Error::system(text));
        }
        rewritten |= names_scan(&changes).unable("watch .svc-scan")?;
    }
    Ok(())
}

fn watch(scan: &ScanDir) -> Result<OwnedFd> {
    use inotify::WatchFlags as Watch;
    let fail = || format!("watch {}/.svc-scan", scan.path());
    let fd = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK);
    let fd = fd.unable(fail())?;
    // That its control fifo is opened is seen as well: it wakes us when the record came first.
    let changes = Watch::CLOSE_WRITE | Watch::MODIFY | Watch::MOVED_TO | Watch::OPEN;
    inotify::add_watch(&fd, scan.own_dir(), changes).unable(fail())?;
    Ok(fd)
}

/// Whether the record was among what changed.
fn names_scan(changes: &OwnedFd) -> rustix::io::Result<bool> {
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(changes, &mut buffer);
    let mut found = false;
    loop {
        match reader.next() {
            Ok(event) => {
                let written = !event.events().contains(inotify::ReadFlags::OPEN);
                found |= written && event.file_name() == Some(c"scan");
            }
            Err(Errno::AGAIN) => return Ok(found),
            Err(e) => return Err(e),
        }
    }
}
