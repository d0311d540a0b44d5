//! svc-scan away from the terminal, and the wait for the manager.

use std::ffi::{CString, OsString};
use std::fs::{self, File};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::base::error::reason;
use common::base::stamp::Boot;
use common::os::fifodir::Subscription;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::os::{clock, fds, file};
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::wait::wait_for;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::super::root::Root;
use crate::manager::announcement::Announcement;
use crate::manager::places::EVENT;
use crate::manager::view::is_managed;
use crate::svctl::site::Site;
use crate::tree::listener::Listener;

/// How long a person waits for a manager that does not come, ms. One that does takes milliseconds.
const LIMIT: u64 = 30_000;
/// Where svc-scan finds the pipe that it says so on.
const READY_FD: i32 = 3;

/// Starts it; returns what has come of it.
pub(super) fn start(site: &Site, mut words: Vec<OsString>) -> Result<&'static str> {
    let listener = listen(&site.places().manager.join(EVENT))?;
    let adopted = is_managed(&site.sources());
    let console = site.dir.join("log/console");
    let (ready, told) = pipe_with(PipeFlags::CLOEXEC).unable("make a pipe")?;
    words.insert(1, format!("--notification-fd={READY_FD}").into());
    let pid = spawn(words, &console, told)?;
    let wait = Wait {
        listener,
        ready: Some(ready),
        // Without one its early end is seen by the pipe alone.
        pidfd: pidfd_open(pid, PidfdFlags::empty()).ok(),
        due: clock::boot().after(LIMIT),
        is_managed: adopted,
    };
    match wait.run() {
        Ok(true) => Ok("booted"),
        // Another was faster: what is there is as good.
        Ok(false) if Root::find(site)?.is_some() => Ok("already"),
        Ok(false) => {
            // Who it was that ended is known by now; nobody else reaps it.
            let _ = wait_for(pid);
            let said = fs::read_to_string(&console).unwrap_or_default();
            let last = said.lines().last().unwrap_or("svc-scan has ended").to_owned();
            Err(Error::system(last))
        }
        Err(Errno::TIMEDOUT) => {
            let command = site.command();
            let logs = format!("{command} logs svc-managerd svc-scan");
            let text = format!("svc-managerd does not take requests: {logs}; {command} halt");
            Err(Error::system(text))
        }
        Err(e) => Err(e).unable("wait for svc-managerd"),
    }
}

/// Hears of all managers from now on.
fn listen(path: &Path) -> Result<Listener> {
    let unable = || format!("subscribe to {}", path.display());
    fs::create_dir_all(path).unable(unable())?;
    // As the manager makes it: whoever likes may listen.
    fs::set_permissions(path, fs::Permissions::from_mode(0o1733)).unable(unable())?;
    let dir = file::open_dir(CWD, path).unable(unable())?;
    Subscription::new(dir).map(Listener::new).unable(unable())
}

fn spawn(words: Vec<OsString>, console: &PathBuf, told: OwnedFd) -> Result<Pid> {
    let null = File::open("/dev/null").unable("open /dev/null")?;
    let console = File::create(console).unable(format_args!("write {}", console.display()))?;
    // Nothing of whoever called us stays open in the tree.
    fds::close_on_exec();
    let path = words.first().map(|word| word.clone().into_vec()).unwrap_or_default();
    let path = CString::new(path).map_err(|_| Error::user("a path with a NUL"))?;
    let child = Child {
        path: &path,
        argv: &Argv::new(words).unable("start svc-scan")?,
        directory: None,
        fds: &[
            (0, null.as_fd()),
            (1, console.as_fd()),
            (2, console.as_fd()),
            (READY_FD, told.as_fd()),
        ],
        kept: None,
        open_files: None,
        // When we end it is process 1's, and no terminal's.
        group: Group::Session,
        blocked: Blocked::All,
        sharing: Sharing::Vfork,
    };
    let spawned = child.spawn(&mut NoHooks).unable("start svc-scan")?;
    match spawned.failed {
        None => Ok(spawned.pid),
        Some(e) => {
            let path = path.to_string_lossy();
            Err(Error::system(format_args!("unable to run {path}: {}", reason(e))))
        }
    }
}

struct Wait {
    listener: Listener,
    /// Until svc-scan has started all supervisors.
    ready: Option<OwnedFd>,
    pidfd: Option<OwnedFd>,
    due: Boot,
    is_managed: bool,
}

impl Wait {
    /// Until there are svc-scan and a manager: true; false: svc-scan has ended.
    fn run(mut self) -> rustix::io::Result<bool> {
        while self.ready.is_some() || !self.is_managed {
            let mut fds = vec![PollFd::new(&self.listener, PollFlags::IN)];
            fds.extend(self.ready.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
            let ours = fds.len();
            fds.extend(self.pidfd.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
            match poll(&mut fds, clock::until(Some(self.due)).as_ref()) {
                Ok(0) => return Err(Errno::TIMEDOUT),
                Ok(_) | Err(Errno::INTR) => {}
                Err(e) => return Err(e),
            }
            let is_set = |fd: &PollFd<'_>| !fd.revents().is_empty();
            let has_ended = fds[ours..].iter().any(is_set);
            let is_told = self.ready.is_some() && fds[..ours].last().is_some_and(is_set);
            if has_ended || is_told && !self.is_ready()? {
                return Ok(false);
            }
            self.hear()?;
        }
        Ok(true)
    }

    /// What svc-scan says, or that it says nothing more.
    fn is_ready(&mut self) -> rustix::io::Result<bool> {
        let Some(ready) = self.ready.take() else { return Ok(true) };
        Ok(file::fill(ready, &mut [0])? == 1)
    }

    fn hear(&mut self) -> rustix::io::Result<()> {
        let news = self.listener.read()?;
        let is_start = |text: &[u8]| Announcement::unpack(text) == Some(Announcement::Started);
        self.is_managed |= news.texts().any(is_start);
        Ok(())
    }
}
