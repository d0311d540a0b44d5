//! The processes of a service, as a tree.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;

use common::base::sort::sort_by;
use common::os::file::read_up_to;
use common::os::process::Processes;
use rustix::fs::CWD;
use rustix::process::Pid;

use super::usage;

/// The longest command that is shown, bytes.
const LONGEST: usize = 4096;

/// A process and how deep it stands below the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) depth: usize,
    pub(super) command: String,
}

/// The processes that come from this one, it first; then others in its cgroup, if that is its own.
pub(super) fn of(main: Pid, own_cgroup: Option<&OwnedFd>) -> Vec<Process> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    let names = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = Processes::open();
    for pid in names.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        let Some(found) = Pid::from_raw(pid).filter(|_| pid > 0) else { continue };
        if let Ok(stat) = processes.stat(found) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    let mut left = members(main, own_cgroup);
    left.push(main.as_raw_pid());
    let mut left: Vec<(i32, usize)> = left.into_iter().map(|pid| (pid, 0)).collect();
    while let Some((pid, depth)) = left.pop() {
        if !seen.insert(pid) {
            continue;
        }
        if let Some(command) = command(pid) {
            all.push(Process { pid, depth, command });
        }
        let mut below = children.remove(&pid).unwrap_or_default();
        sort_by(&mut below, |a, b| b.cmp(a));
        left.extend(below.into_iter().map(|pid| (pid, depth + 1)));
    }
    all
}

fn members(main: Pid, root: Option<&OwnedFd>) -> Vec<i32> {
    let read = || {
        let path = format!("{}/cgroup.procs", usage::path(main)?);
        let bytes = read_up_to(root?, path.as_str(), 1 << 20).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        Some(
            text.lines()
                .rev()
                .filter_map(|line| line.parse().ok())
                .filter(|pid| *pid > 0)
                .collect(),
        )
    };
    read().unwrap_or_default()
}

/// The command line of a process, or its name in brackets; none: it has gone.
pub(super) fn command(pid: i32) -> Option<String> {
    let bytes = read_up_to(CWD, format!("/proc/{pid}/cmdline").as_str(), LONGEST).ok()?;
    let words = bytes.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let line = words.collect::<Vec<_>>().join(" ");
    if !line.trim().is_empty() {
        return Some(line.trim_end().to_owned());
    }
    let name = read_up_to(CWD, format!("/proc/{pid}/comm").as_str(), 64).ok()?;
    Some(format!("[{}]", String::from_utf8_lossy(name.trim_ascii())))
}
