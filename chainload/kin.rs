//! Who descends from whom, as /proc shows it.

use common::os::process::{Stat, stat};
use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use rustix::io::Result;
use rustix::process::Pid;

/// How far up a process is looked for: what is seen is not seen at one time, and could be a circle.
const GENERATIONS: usize = 1000;

/// A process and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) stat: Stat,
}

impl Process {
    pub(crate) fn is_zombie(&self) -> bool {
        matches!(self.stat.state, b'Z' | b'X')
    }
}

/// Whether a process descends from another.
pub(crate) fn descends(pid: Pid, ancestor: Pid) -> bool {
    let parent = |pid: &Pid| stat(*pid).ok().and_then(|stat| Pid::from_raw(stat.parent));
    std::iter::successors(parent(&pid), parent).take(GENERATIONS).any(|pid| pid == ancestor)
}

/// All descendants of a process, its children first.
pub(crate) fn descendants(of: Pid) -> Result<Vec<Process>> {
    let mut others = all()?;
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![of];
    while !parents.is_empty() {
        let is_child = |process: &Process| {
            parents.iter().any(|parent| parent.as_raw_pid() == process.stat.parent)
        };
        let (children, rest) = others.into_iter().partition(is_child);
        others = rest;
        parents = children.iter().map(|child: &Process| child.pid).collect();
        found.extend(children);
    }
    Ok(found)
}

fn all() -> Result<Vec<Process>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = Dir::new(openat(CWD, c"/proc", flags, Mode::empty())?)?;
    let pids = dir.filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse().ok());
    let pids = pids.filter(|raw| *raw > 0).filter_map(Pid::from_raw);
    // One that is gone meanwhile is nobody's child any more.
    Ok(pids.filter_map(|pid| Some(Process { pid, stat: stat(pid).ok()? })).collect())
}
