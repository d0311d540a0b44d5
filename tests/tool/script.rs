//! What a tree goes through while its victim is killed at one system call: start, reexec, crash,
//! finish, adoption and stop, each of which has to come about whoever dies.

use common::base::signal::Signal;
use common::os::file;
use common::prelude::*;
use common::sys::signal::kill;
use rustix::fs::CWD;

use super::drill::{Drill, tell};
use super::files::TRUTH;
use super::tree;

/// What happens, besides start and stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// The supervisor execs its successor; the service ends.
    Supervise,
    /// The supervisor is killed; the one that adopts the service is the victim; the service ends.
    Adopt,
    /// A supervisor is killed, svc-scan execs its successor, an orphaned service ends.
    Scan,
}

impl Script {
    pub(crate) fn parse(word: &str) -> Option<Script> {
        match word {
            "supervise" => Some(Script::Supervise),
            "adopt" => Some(Script::Adopt),
            "scan" => Some(Script::Scan),
            _ => None,
        }
    }
}

impl Drill {
    /// Goes through it with the first service.
    pub(crate) fn play(&mut self, script: Script) -> Result<()> {
        if script != Script::Adopt {
            self.arm()?;
        }
        self.start_scan()?;
        self.started(1)?;
        match script {
            Script::Supervise => self.ask_to_reexec("s1/supervise/control")?,
            Script::Adopt => {
                self.arm()?;
                self.kill_supervisor()?;
            }
            Script::Scan => {
                self.kill_supervisor()?;
                self.ask_to_reexec(".svc-scan/control")?;
            }
        }
        self.end_service();
        self.started(2)?;
        if script == Script::Scan {
            self.kill_supervisor()?;
            self.end_service();
            self.started(3)?;
        }
        Ok(())
    }

    /// The next victim to start is one.
    fn arm(&self) -> Result<()> {
        tree::write(&self.tree.dir.join(".armed"), "", 0o644)
    }

    /// Waits until the service has been started for the `n`th time, and all else is there.
    fn started(&mut self, n: usize) -> Result<()> {
        let truth = self.tree.dir.join("s1").join(TRUTH);
        let starts = move || {
            let mut buffer = [0; 4096];
            let text = file::read_small(CWD, truth.as_path(), &mut buffer).unwrap_or_default();
            text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"start")).count()
        };
        self.until(&format!("start {n}"), |_| starts() >= n)?;
        self.settle()
    }

    fn ask_to_reexec(&mut self, control: &str) -> Result<()> {
        let control = self.tree.dir.join(control);
        self.until("somebody listens", |_| tell(&control, b"E"))
    }

    fn kill_supervisor(&mut self) -> Result<()> {
        let dir = self.tree.dir.join("s1");
        let killed = |_: &Drill| {
            tree::supervisor(&dir).is_some_and(|found| kill(found.pid, false, 9).is_ok())
        };
        self.until("there is a supervisor", killed)
    }

    /// The service ends, with a code that it knows of.
    fn end_service(&self) {
        if let Some(found) = tree::process(&self.tree.dir.join("s1")) {
            // It was there a moment ago; that it ends is seen by its next start.
            let _ = kill(found.pid, false, Signal::USR1.number());
        }
    }
}
