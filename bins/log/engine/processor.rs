//! Processors: programs that archives go through, one at a time for each directory, beside the
//! logging. See doc/html/log-directory.html for the steps and what a crash leaves.

use std::ffi::{CString, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use common::base::death::Death;
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::file::unlink_if_there;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::os::{clock, exec};
use common::sys::exec::Argv;
use common::sys::signal::kill;
use common::sys::wait::{Ended, Which, peek, reap, wait_for};
use rustix::fs::{AtFlags, Mode, OFlags, fsync, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::Pid;

use super::archive::{Archive, FINISHED};
use super::directory::Directory;
use super::failure::{Failing, Failure};
use super::trim::archives;
use crate::log::script::Processor;

const PROCESSED: &str = "processed";
const STATE: &str = "state";
const NEW_STATE: &str = "newstate";
/// After so many failures in a row it is left alone until the next rotation.
const TRIES: u32 = 3;

/// A directory's processor.
#[derive(Default)]
pub(super) struct Work {
    running: Option<Running>,
    failures: u32,
    /// When it is tried again.
    due: Option<Boot>,
    /// That it fails was said.
    told: bool,
}

struct Running {
    pid: Pid,
    archive: Archive,
    processed: OwnedFd,
    new_state: OwnedFd,
}

impl Directory {
    fn is_processing(&self) -> bool {
        self.work.running.is_some()
    }

    /// When there is something to do about it.
    pub(super) fn process_at(&self) -> Option<Boot> {
        self.work.due.filter(|_| self.work.running.is_none())
    }

    /// There is another archive: a processor that failed gets another chance.
    pub(super) fn process_soon(&mut self) {
        self.work.failures = 0;
        self.work.due = self.settings.processor.as_ref().map(|_| Boot(0));
    }

    /// Takes what a processor has made, and starts the next.
    pub(super) fn process(&mut self, now: Boot) -> Result<(), Failure> {
        if let Some(running) =
            self.work.running.take_if(|r| !matches!(peek(Which::Pid(r.pid)), Ok(None)))
        {
            let ended = peek(Which::Pid(running.pid)).ok().flatten().map(|(_, ended)| ended);
            // It was peeked at.
            let _ = reap(running.pid);
            let result = if ended == Some(Ended::Exited(0)) {
                self.accept(&running)
            } else {
                let what = self.shown(&running.archive.name());
                Err(Failure::of_program("process", what, ended.map(Death::from)))
            };
            self.tried(result, now)?;
        }
        if self.work.running.is_none() && self.work.due.is_some_and(|due| due <= now) {
            self.work.due = None;
            let started = self.start_next();
            self.tried(started, now)?;
        }
        Ok(())
    }

    /// Counts failures: the last of a row is told, once until it works again.
    fn tried(&mut self, result: Result<(), Failure>, now: Boot) -> Result<(), Failure> {
        let Err(failure) = result else { return Ok(()) };
        self.work.failures += 1;
        if self.work.failures < TRIES {
            self.work.due = Some(now.after(self.settings.retry));
            return Ok(());
        }
        self.work.due = None;
        if std::mem::replace(&mut self.work.told, true) { Ok(()) } else { Err(failure) }
    }

    /// Starts the processor on the oldest archive that waits. One whose result is there already only
    /// has to go.
    fn start_next(&mut self) -> Result<(), Failure> {
        let found = self.handle().and_then(archives);
        let found = found.failing("read", self.settings.path.display())?;
        for archive in found.iter().filter(|archive| !archive.is_finished()) {
            let is_done = found.iter().any(|a| a.label == archive.label && a.is_finished());
            if is_done {
                self.clean_up(archive)?;
            } else {
                return self.start(archive.clone());
            }
        }
        Ok(())
    }

    fn start(&mut self, archive: Archive) -> Result<(), Failure> {
        let Some(processor) = &self.settings.processor else { return Ok(()) };
        let words = command(processor);
        let started = || {
            let dir = self.handle()?;
            let open = |name: &str, flags: OFlags| {
                let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
                let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
                openat(dir, name, flags, mode)
            };
            let input = open(&archive.name(), OFlags::RDONLY)?;
            let state = open(STATE, OFlags::RDONLY | OFlags::CREATE)?;
            // Not those of before: a processor that outlived the logger that started it may write there.
            unlink_if_there(dir, PROCESSED)?;
            unlink_if_there(dir, NEW_STATE)?;
            let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
            let (processed, new_state) = (open(PROCESSED, new)?, open(NEW_STATE, new)?);
            let fds = [
                (0, input.as_fd()),
                (1, processed.as_fd()),
                (4, state.as_fd()),
                (5, new_state.as_fd()),
            ];
            let path = words.first().and_then(|word| exec::find(word)).ok_or(Errno::NOENT)?;
            let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::INVAL)?;
            let argv = Argv::new(words.iter().cloned()).map_err(|_| Errno::INVAL)?;
            let child = Child {
                path: &path,
                argv: &argv,
                directory: None,
                fds: &fds,
                kept: None,
                open_files: None,
                group: Group::Own,
                blocked: Blocked::None,
                sharing: Sharing::Vfork,
            };
            let pid = child.spawn(&mut NoHooks)?.pid;
            Ok(Running { pid, archive: archive.clone(), processed, new_state })
        };
        let running: rustix::io::Result<Running> = started();
        let name = archive.name();
        self.work.running = Some(running.failing("process", self.shown(&name))?);
        Ok(())
    }

    /// What was made of an archive takes its place.
    fn accept(&mut self, running: &Running) -> Result<(), Failure> {
        let suffix = match &self.settings.processor {
            Some(Processor::Compress { suffix, .. }) => suffix,
            Some(Processor::Execline(_) | Processor::Shell(_)) | None => "",
        };
        let archive = &running.archive;
        let finished = Archive { label: archive.label, kind: format!("{FINISHED}{suffix}") };
        let put = || {
            fsync(&running.processed)?;
            fsync(&running.new_state)?;
            renameat(self.handle()?, PROCESSED, self.handle()?, finished.name())
        };
        put().failing("put away", self.shown(PROCESSED))?;
        self.clean_up(archive)?;
        (self.work.failures, self.work.told) = (0, false);
        self.work.due = Some(Boot(0));
        self.trim()
    }

    /// The second half, and again if it was broken off: the state that the processor left, then the
    /// archive as it was before.
    fn clean_up(&self, archive: &Archive) -> Result<(), Failure> {
        match self.handle().and_then(|dir| renameat(dir, NEW_STATE, dir, STATE)) {
            Err(Errno::NOENT) | Ok(()) => {}
            Err(e) => return Err(e).failing("rename", self.shown(NEW_STATE)),
        }
        match self.handle().and_then(|dir| unlinkat(dir, archive.name(), AtFlags::empty())) {
            Err(Errno::NOENT) | Ok(()) => Ok(()),
            Err(e) => Err(e).failing("remove", self.shown(&archive.name())),
        }
    }

    /// How many archives wait for the processor.
    fn unprocessed(&self) -> usize {
        let found = match self.settings.processor {
            Some(_) => self.handle().and_then(archives).unwrap_or_default(),
            None => Vec::new(),
        };
        found.iter().filter(|archive| !archive.is_finished()).count()
    }

    /// Ends a processor that takes too long; its archive waits for the next start.
    pub(super) fn end_processor(&mut self) {
        if let Some(running) = self.work.running.take() {
            end(running.pid);
        }
    }
}

/// Kills a child with all that it started.
fn end(pid: Pid) {
    // Either is gone, or it is not.
    let _ = kill(pid, true, Signal::KILL.number());
    let _ = wait_for(pid);
}

fn command(processor: &Processor) -> Vec<OsString> {
    let words: [&[u8]; 3] = match processor {
        Processor::Execline(text) => [b"execlineb", b"-Pc", text],
        Processor::Shell(text) => [b"/bin/sh", b"-c", text],
        Processor::Compress { program, .. } => {
            return vec![OsString::from(program), OsString::from("-c")];
        }
    };
    words.map(|word| OsString::from_vec(word.to_vec())).into()
}

impl super::logger::Logger {
    /// Sees to the processors; says what has failed.
    pub(crate) fn process(&mut self) {
        let now = clock::boot();
        for index in 0..self.directories.len() {
            if let Err(failure) = self.directories[index].process(now) {
                self.warn(&format_args!(
                    "{failure} (it stays as it is; tried again at each rotation)"
                ));
            }
        }
    }

    /// Whether a processor runs. When one ends there is a SIGCHLD.
    pub(crate) fn is_processing(&self) -> bool {
        self.directories.iter().any(Directory::is_processing)
    }

    /// Ends the processors that still run, and says what they have left.
    pub(crate) fn end_processors(&mut self) {
        self.directories.iter_mut().for_each(Directory::end_processor);
        for directory in &self.directories {
            let (count, shown) = (directory.unprocessed(), directory.path().display());
            if count > 0 {
                let text = "archives are left for the processor (at the next start)";
                self.warn(&format_args!("{shown}: {count} {text}"));
            }
        }
    }
}
