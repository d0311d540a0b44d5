//! Signals, and the programs that may take their place.

use std::ffi::{CString, OsString};
use std::fmt::Display;
use std::os::unix::ffi::OsStringExt;

use common::base::error::{exit, reason};
use common::base::signal::Signal;
use common::os::exec::search_and_exec;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::signal::{Mask, forget_pending, set_mask};
use rustix::fs::{Access, AtFlags, accessat};
use rustix::process::{Resource, setrlimit};

use super::root::{Ending, HOOKED, OWN, Root};
use super::slots::Goal;

impl Root {
    /// What a signal does: the hook of its name, or what is built in. The page has the table.
    pub(super) fn signal(&mut self, signal: Signal) {
        if HOOKED.contains(&signal) {
            if let Some(path) = self.hook(&format!("SIG{signal}")) {
                return self.run_hook(path);
            }
        }
        match signal {
            Signal::TERM | Signal::INT => self.end(Ending::Terminate),
            Signal::QUIT => self.end(Ending::Quit),
            Signal::HUP => {
                self.scan();
                self.prune(Goal::Drain);
            }
            Signal::ALRM => self.scan(),
            Signal::ABRT => self.finish(),
            // CHLD: dead children are looked for in any case. The others do nothing unless hooked.
            _ => {}
        }
    }

    /// A program of this name in our own directory, if there is one to execute.
    pub(super) fn hook(&self, name: &str) -> Option<OsString> {
        accessat(&self.own, name, Access::EXEC_OK, AtFlags::EACCESS).ok()?;
        Some(format!("./{OWN}/{name}").into())
    }

    /// Runs a hook beside us; how it ends is its own affair.
    fn run_hook(&mut self, path: OsString) {
        let shown = path.display().to_string();
        let spawn = || -> std::io::Result<()> {
            let argv = Argv::new([path.clone()])?;
            let path = CString::new(path.into_vec())?;
            let outputs: Vec<_> = self.catch_all.iter().flat_map(|it| it.outputs(false)).collect();
            let child = Child {
                path: &path,
                argv: &argv,
                directory: None,
                fds: &outputs,
                kept: None,
                open_files: Some(self.childrens_open_files()),
                group: Group::Parents,
                blocked: Blocked::None,
                sharing: Sharing::Vfork,
            };
            let spawned = child.spawn(&mut NoHooks)?;
            spawned.failed.map_or(Ok(()), |e| Err(e.into()))
        };
        if let Err(e) = spawn().unable(format_args!("run {shown}")) {
            self.warn(&e.message);
        }
    }

    /// Something without which there is no going on: becomes `.svc-scan/crash`, if there is one.
    pub(super) fn crash(&mut self, why: &dyn Display) -> Result<Next> {
        self.close_catch_all();
        match self.hook("crash") {
            Some(path) => {
                self.warn(&format_args!("{why} (running {OWN}/crash)"));
                Ok(self.become_hook(path))
            }
            None => Err(Error::new(exit::SYSTEM, why)),
        }
    }

    /// To exec a hook in our place, it gets the signals and the limit that we would have found.
    pub(super) fn become_hook(&self, path: OsString) -> Next {
        unblock();
        // Lowering never fails.
        let _ = setrlimit(Resource::Nofile, self.childrens_open_files());
        Next::Exec(vec![path].into())
    }

    /// A bug of ours must not take the machine down when we are process 1.
    pub(super) fn catch_panics(&self) {
        std::panic::set_hook(Box::new(|info| {
            common::program::say(&"svc-scan", "fatal", &format_args!("bug: {info}"));
            unblock();
            let e = search_and_exec(&vec![format!("./{OWN}/crash").into()].into());
            common::program::say(
                &"svc-scan",
                "fatal",
                &format_args!("unable to run {OWN}/crash: {}", reason(e)),
            );
        }));
    }
}

/// What came while everything was blocked, as SIGPIPE for a warning that nobody reads, must not end
/// what we become.
fn unblock() {
    forget_pending();
    set_mask(&Mask::empty());
}
