//! What the kernel shows of a process: ourselves, as what executed us left us.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::prelude::*;
use common::program::print;
use common::sys::sched::io_priority;
use rustix::process::{dumpable_behavior, parent_process_death_signal};
use rustix::thread::{capabilities_secure_bits, current_timer_slack};

pub(crate) const PROGRAM: Program = Program {
    name: "process",
    help: "[WORD...]
Prints what the kernel shows of the process that this is, but for what differs each time: pids, times,
addresses, inodes.
",
    main,
};

/// How lines of /proc/self/status begin that differ from one process to the next.
const FLEETING: [&str; 12] = [
    "FDSize",
    "Pid",
    "PPid",
    "Tgid",
    "Ngid",
    "NS",
    "Vm",
    "Rss",
    "SigQ",
    "voluntary_",
    "nonvoluntary_",
    "Huge",
];

fn main(_: Args) -> Result<Next> {
    let mut text = String::new();
    for (name, lines) in [
        ("status", status()),
        ("stat", stat()),
        ("limits", file("limits")),
        ("oom", file("oom_score_adj")),
        ("cgroup", file("cgroup")),
        ("filter", file("coredump_filter")),
        ("words", file("cmdline").replace('\0', "\n")),
        ("environment", environment()),
        ("descriptors", descriptors()),
        ("places", places()),
        ("calls", calls()),
    ] {
        for line in lines.lines() {
            // To a string it never fails.
            let _ = writeln!(text, "{name}: {line}");
        }
    }
    Ok(Next::Exit(print(&text)))
}

fn file(name: &str) -> String {
    let bytes = fs::read(format!("/proc/self/{name}")).unwrap_or_else(|e| e.to_string().into());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn status() -> String {
    let is_fleeting = |line: &str| FLEETING.iter().any(|start| line.starts_with(start));
    file("status")
        .lines()
        .filter(|line| !is_fleeting(line))
        .fold(String::new(), |all, l| all + l + "\n")
}

/// Process group, session, terminal, priorities, policy: as words of proc(5)'s list.
fn stat() -> String {
    let text = file("stat");
    let words: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let pid = text.split(' ').next().unwrap_or_default();
    let word = |n: usize| words.get(n - 3).copied().unwrap_or_default();
    let own = |n: usize| if word(n) == pid { "own" } else { "another's" };
    let (group, session, terminal) = (own(5), own(6), word(7));
    let priorities: Vec<&str> = [18, 19, 40, 41].map(word).to_vec();
    format!("group {group}\nsession {session}\nterminal {terminal}\npriorities {priorities:?}\n")
}

/// A block's child is another each time.
fn environment() -> String {
    let is_pid = |entry: &&str| !entry.starts_with("!=");
    file("environ").split('\0').filter(is_pid).fold(String::new(), |all, e| all + e + "\n")
}

/// All that are open but the one that lists them, with their flags and places.
fn descriptors() -> String {
    let mut numbers: Vec<u32> = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    let mut text = String::new();
    for number in numbers {
        let Ok(target) = fs::read_link(format!("/proc/self/fd/{number}")) else { continue };
        let mode = fs::symlink_metadata(format!("/proc/self/fd/{number}"))
            .map(|data| data.permissions().mode());
        let info = file(&format!("fdinfo/{number}")).replace('\n', " ");
        let words = info.split_whitespace().collect::<Vec<_>>();
        // pos:, flags:, and a lock's kind: not the inode and the mount.
        let kept = words.get(..4).unwrap_or_default().join(" ");
        let locked = if info.contains("lock:") { " locked" } else { "" };
        // To a string it never fails.
        let _ = writeln!(text, "{number} {} {mode:?} {kept}{locked}", target.display());
    }
    text
}

fn places() -> String {
    let mut text = String::new();
    let spaces = fs::read_dir("/proc/self/ns").into_iter().flatten().flatten();
    let mut names: Vec<String> =
        spaces.map(|entry| format!("ns/{}", entry.file_name().display())).collect();
    names.sort();
    names.extend(["cwd", "root"].map(str::to_owned));
    for name in names {
        let target = fs::read_link(format!("/proc/self/{name}"));
        // To a string it never fails.
        let _ = writeln!(text, "{name} {target:?}");
    }
    text
}

/// What only system calls tell.
fn calls() -> String {
    let (bits, death) = (capabilities_secure_bits(), parent_process_death_signal());
    let (io, slack, dump) = (io_priority(), current_timer_slack(), dumpable_behavior());
    format!("securebits {bits:?}\ndeath {death:?}\nio {io:?}\nslack {slack:?}\ndumpable {dump:?}\n")
}
