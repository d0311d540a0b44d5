//! Upgrade in place: becoming the svc-scan now installed, as the same process. It finds its
//! supervisors, still its children, in the same way in which the successor of a killed one does.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd};

use common::base::error::reason;
use common::sys::exec::{Argv, exec};
use common::sys::fd::{cloexec, dup2};
use rustix::process::{Resource, getrlimit, setrlimit};

use super::root::Root;
use super::slots::{Goal, Slot};

impl Root {
    /// Returns only if that fails: then nothing has changed. Not while something is being stopped,
    /// or was removed and still runs: a new image would not know of it.
    pub(super) fn reexec(&mut self) {
        if self.ending.is_some() {
            return self.warn(&"not replaced: the tree is ending");
        }
        let lost = |slot: &&Slot| !slot.active || slot.goal != Goal::Run;
        if let Some(slot) = self.slots.all.values().find(lost) {
            let name = &slot.name;
            let why = format!("{name} was removed and has not ended: prune, then try again");
            return self.warn(&format_args!("not replaced: {why}"));
        }
        let path = self.siblings.path("svc-scan");
        let Ok(argv) = Argv::new(self.arguments()) else { return };
        let raised = getrlimit(Resource::Nofile);
        // Lowering never fails, and a failure to raise it again only means fewer.
        let _ = setrlimit(Resource::Nofile, self.childrens_open_files());
        // They are open: nothing can fail. What is in the fifo stays there while somebody holds it.
        let before = self.catch_all.iter().flat_map(|it| it.before.iter());
        let kept: Vec<_> =
            [&self.lock, &self.control].into_iter().chain(before).map(AsFd::as_fd).collect();
        for fd in &kept {
            let _ = dup2(*fd, fd.as_raw_fd());
        }
        let e = exec(&path, &argv);
        for fd in &kept {
            let _ = cloexec(fd.as_raw_fd());
        }
        let _ = setrlimit(Resource::Nofile, raised);
        let path = path.to_string_lossy();
        self.warn(&format_args!("unable to run {path}: {} (going on as before)", reason(e)));
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["svc-scan".into()];
        let mut kept = format!("{},{}", self.lock.as_raw_fd(), self.control.as_raw_fd());
        for fd in self.catch_all.iter().flat_map(|it| it.before.iter()) {
            kept.push_str(&format!(",{}", fd.as_raw_fd()));
        }
        words.push(format!("--reexec={kept}").into());
        for name in &self.options.last {
            words.push(format!("--last={name}").into());
        }
        if let Some(name) = &self.options.catch_all {
            words.push(format!("--catch-all={name}").into());
        }
        if self.options.watch {
            words.push("--watch".into());
        }
        if let Some(dir) = &self.options.log_fifos {
            words.extend(["--log-fifos".into(), dir.clone()]);
        }
        words.push(format!("--timeout-eof={}", self.options.timeout_eof).into());
        words
    }
}
