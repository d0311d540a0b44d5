//! Who is killed. Never a child between fork and exec: its parent is svc-supervise or svc-oneshot.

use std::path::Path;

use common::format::records::{Holder, SIZE};
use common::os::file;
use common::os::process::{Found, Identity};
use common::sys::signal::kill;
use rustix::fs::CWD;
use rustix::process::Pid;

use crate::random::Random;
use crate::tree;

/// What may be killed, and how often of a hundred times.
pub(super) const TARGETS: [(Target, u64); 5] = [
    (Target::Manager, 40),
    (Target::Oneshot, 25),
    (Target::Supervisor, 15),
    (Target::Change, 15),
    (Target::Scan, 5),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Manager,
    Oneshot,
    Supervisor,
    Change,
    Scan,
}

impl Target {
    pub(super) fn name(self) -> &'static str {
        match self {
            Target::Manager => "svc-managerd",
            Target::Oneshot => "svc-oneshot",
            Target::Supervisor => "svc-supervise",
            Target::Change => "svc-change",
            Target::Scan => "svc-scan",
        }
    }
}

/// The living manager.
pub(super) fn manager(dir: &Path) -> Option<Pid> {
    let mut buffer = [0; SIZE];
    let bytes = file::read_small(CWD, dir.join("run/manager/managerd"), &mut buffer).ok()?;
    let identity: Identity = Holder::unpack(bytes)?.identity;
    (identity.look() == Found::Alive).then_some(identity.pid)
}

/// Kills one of the svc-oneshots: one that the manager has just started, or one that has the order.
pub(super) fn kill_oneshot(dir: &Path, random: &mut Random) -> bool {
    let mut found = below(&dir.join("run/manager/oneshot"));
    if let Some(manager) = manager(dir).map(Pid::as_raw_pid) {
        let children = format!("/proc/{manager}/task/{manager}/children");
        let children = std::fs::read_to_string(children).unwrap_or_default();
        let children = children.split(' ').filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
        found.extend(children.filter(|pid| is_called(*pid, "svc-oneshot")));
    }
    kill_one(found, random)
}

/// Kills one of the supervisors.
pub(super) fn kill_supervisor(dir: &Path, random: &mut Random) -> bool {
    kill_one(below(&dir.join("run/scan")), random)
}

fn kill_one(found: Vec<Pid>, random: &mut Random) -> bool {
    !found.is_empty() && kill(random.one_of(&found), false, 9).is_ok()
}

/// Who has the locks of the service directories in this one.
fn below(dir: &Path) -> Vec<Pid> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| tree::supervisor(&entry.path())).map(|found| found.pid).collect()
}

fn is_called(pid: Pid, name: &str) -> bool {
    let comm = std::fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_pid()));
    comm.is_ok_and(|comm| comm.trim_end() == name)
}
