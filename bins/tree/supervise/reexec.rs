//! Upgrade in place: becoming the program now installed, as the same process.
//!
//! It is the way of a successor after a kill, except that lock, control, log and readiness fifo stay
//! open and the service's process stays our child. Signals stay blocked: none is lost in between.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use common::base::error::reason;
use common::sys::exec::{Argv, exec};
use common::sys::fd::{cloexec, dup2};

use super::supervisor::Supervisor;

impl Supervisor {
    /// Returns only if that fails: then nothing has changed.
    pub(super) fn reexec(&mut self) {
        let path = self.siblings.path("svc-supervise");
        let kept = self.kept();
        let Ok(argv) = Argv::new(self.arguments()) else { return };
        for fd in &kept {
            // They are open: nothing can fail.
            let _ = dup2(*fd, fd.as_raw_fd());
        }
        let e = exec(&path, &argv);
        for fd in &kept {
            let _ = cloexec(fd.as_raw_fd());
        }
        let path = path.to_string_lossy();
        self.warn(&format_args!("unable to run {path}: {} (going on as before)", reason(e)));
    }

    /// The descriptors that the next image needs.
    fn kept(&self) -> Vec<BorrowedFd<'_>> {
        // What is in the control fifo stays there as long as somebody holds it.
        let mut kept = vec![self.files.lock.as_fd(), self.files.control.as_fd()];
        kept.extend(self.output.iter().map(AsFd::as_fd));
        kept.extend(self.ready.iter().map(AsFd::as_fd));
        kept.extend(self.options.under.iter().map(AsFd::as_fd));
        kept.extend(self.options.input.iter().map(|feed| feed.dir.as_fd()));
        kept
    }

    fn arguments(&self) -> Vec<OsString> {
        let number = |fd: Option<&std::os::fd::OwnedFd>| {
            fd.map_or_else(|| "-".to_owned(), |fd| fd.as_raw_fd().to_string())
        };
        let (lock, control) = (self.files.lock.as_raw_fd(), self.files.control.as_raw_fd());
        let (log, ready) = (number(self.output.as_ref()), number(self.ready.as_ref()));
        let mut words: Vec<OsString> = vec!["svc-supervise".into()];
        words.push(format!("--reexec={lock},{control},{log},{ready}").into());
        if let Some(under) = &self.options.under {
            words.push(format!("--under={}", under.as_raw_fd()).into());
        }
        if let Some(feed) = &self.options.input {
            words.extend(["--input".into(), feed.word()]);
        }
        if let Some(dir) = &self.options.log_fifos {
            words.extend(["--log-fifos".into(), dir.clone()]);
        }
        words.extend(["--".into(), self.options.dir.clone()]);
        words
    }
}
