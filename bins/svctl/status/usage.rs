//! What a service takes, by the cgroup that it has to itself.

use std::os::fd::OwnedFd;

use common::os::cgroup::value;
use common::os::file::{read_proc, read_small};
use rustix::process::Pid;

/// What it takes; none: there is no controller that counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Bytes.
    pub(super) memory: Option<u64>,
    /// Microseconds.
    pub(super) cpu: Option<u64>,
    pub(super) tasks: Option<u64>,
}

/// Whether there is a controller of memory.
pub(super) fn counts_memory(root: &OwnedFd) -> bool {
    let mut buffer = [0; 256];
    let text = read_small(root, c"cgroup.controllers", &mut buffer).unwrap_or_default();
    text.split(u8::is_ascii_whitespace).any(|word| word == b"memory")
}

/// The memory of a process's cgroup, below the root of all.
pub(super) fn memory(root: &OwnedFd, pid: Pid) -> Option<u64> {
    number(root, &format!("{}/memory.current", path(pid)?))
}

/// All that is counted.
pub(super) fn usage(root: &OwnedFd, pid: Pid) -> Option<Usage> {
    let path = path(pid)?;
    let mut buffer = [0; 1024];
    let cpu = read_small(root, format!("{path}/cpu.stat").as_str(), &mut buffer);
    Some(Usage {
        memory: number(root, &format!("{path}/memory.current")),
        cpu: cpu.ok().and_then(|text| value(text, "usage_usec")),
        tasks: number(root, &format!("{path}/pids.current")),
    })
}

/// Where a process's cgroup is: the line `0::PATH` of cgroups(7).
pub(super) fn path(pid: Pid) -> Option<String> {
    let mut buffer = [0; 8192];
    let file = format!("/proc/{}/cgroup", pid.as_raw_pid());
    let text = std::str::from_utf8(read_proc(file.as_str(), &mut buffer).ok()?).ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(format!(".{}", path.trim_end_matches('/')))
}

fn number(root: &OwnedFd, path: &str) -> Option<u64> {
    let mut buffer = [0; 64];
    let text = read_small(root, path, &mut buffer).ok()?;
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}
