//! The tests of a request: what of `before-start` is to be run, runs, and has come of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{CString, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::file;
use common::os::spawn::{Blocked, Child, Group, Hooks, Sharing};
use common::sys::exec::Argv;
use common::sys::signal::kill;
use rustix::fs::{CWD, Mode, fchmod};
use rustix::io::{Errno, Result, ioctl_fionbio};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Rlimit, getpid, getppid, set_parent_process_death_signal};

use crate::manager::config_test::{self, Tail};

/// So much is read of a test's output before it is another's turn: more than there is in a pipe.
const READS: usize = 32;

/// A service with what it says in a generation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) generation: u64,
}

/// What is to be tested.
pub(super) struct Test {
    pub(super) subject: Subject,
    /// The service directory in the generation, and the live one.
    pub(super) definition: PathBuf,
    pub(super) live: PathBuf,
    /// Which of its commands is next.
    pub(super) number: usize,
    /// How long all of them may take, ms; once it has begun, when that is over.
    pub(super) limit: u32,
    pub(super) due: Option<Boot>,
}

/// A command that runs.
pub(super) struct Running {
    pub(super) test: Test,
    pub(super) pid: Pid,
    /// None: nobody has the other end any more.
    pub(super) output: Option<OwnedFd>,
    pub(super) tail: Tail,
}

/// A test that was not passed.
pub(super) struct Failure {
    /// Which command, and how it ended.
    pub(super) what: String,
    /// What it wrote last.
    pub(super) lines: Vec<String>,
}

/// The tests of a request.
#[derive(Default)]
pub(super) struct Tests {
    pub(super) passed: BTreeSet<Subject>,
    /// By the service's name.
    pub(super) failed: BTreeMap<String, Failure>,
    pub(super) queue: VecDeque<Test>,
    pub(super) running: Vec<Running>,
}

impl Tests {
    pub(super) fn is_over(&self) -> bool {
        self.queue.is_empty() && self.running.is_empty()
    }

    /// What to wait for.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.running.iter().filter_map(|running| running.output.as_ref()).map(AsFd::as_fd)
    }

    /// When the first of them has had its time.
    pub(super) fn due(&self) -> Option<Boot> {
        self.running.iter().filter_map(|running| running.test.due).min()
    }

    pub(super) fn fail(&mut self, test: &Test, how: &str, tail: &Tail) {
        let chain = std::fs::read(test.path()).unwrap_or_default();
        let what = format!("before-start failed: {}: {how}", config_test::command(&chain));
        let failure = Failure { what, lines: tail.lines() };
        self.failed.insert(test.subject.name.clone(), failure);
    }
}

impl Test {
    pub(super) fn path(&self) -> PathBuf {
        self.definition.join(config_test::file(self.number))
    }
}

impl Running {
    /// Reads what there is.
    pub(super) fn read(&mut self) {
        let mut chunk = [0; 4096];
        for _ in 0..READS {
            let Some(output) = &self.output else { return };
            match rustix::io::read(output, &mut chunk) {
                Ok(0) => self.output = None,
                Ok(length) => self.tail.push(&chunk[..length]),
                Err(_) => return,
            }
        }
    }
}

/// In the child: it ends when we do, for nobody would learn what comes of it.
struct DieWith(Pid);

impl Hooks for DieWith {
    fn started(&mut self) -> Result<()> {
        set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // We may be dead already.
        if getppid() == Some(self.0) { Ok(()) } else { Err(Errno::SRCH) }
    }
    fn not_executed(&mut self, _: Errno, _: Option<BorrowedFd<'_>>) {}
}

/// Starts a command, and returns where its output comes from.
pub(super) fn spawn(test: &Test, open_files: Rlimit) -> Result<(Pid, OwnedFd)> {
    let path = test.path();
    let words: [OsString; 1] = [path.clone().into_os_string()];
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::INVAL)?;
    let directory = file::open_dir(CWD, &test.live)?;
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    ioctl_fionbio(&reader, true)?;
    // Who has become another user must be able to open /dev/stderr.
    fchmod(&writer, Mode::from_raw_mode(0o622))?;
    let child = Child {
        path: &path,
        argv: &Argv::new(words).map_err(|_| Errno::NOMEM)?,
        directory: Some(directory.as_fd()),
        fds: &[(1, writer.as_fd()), (2, writer.as_fd())],
        kept: None,
        open_files: Some(open_files),
        group: Group::Session,
        blocked: Blocked::None,
        sharing: Sharing::Vfork,
    };
    let spawned = child.spawn(&mut DieWith(getpid()))?;
    // One that could not be executed waits to be reaped, as one that has ended.
    spawned.failed.map_or(Ok((spawned.pid, reader)), Err)
}

/// Ends a test, with all that it has started and that has not gone elsewhere.
pub(super) fn end(pid: Pid) {
    // Whoever is another user's, where we are not root, ends by himself or not at all.
    let _ = kill(pid, true, Signal::KILL.number());
}
