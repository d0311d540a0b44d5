//! `svctl stale`: what runs as it would not be started today: with an old definition, an executable
//! or library that was replaced, or a file of variables that has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::base::error::exit;
use common::base::sort::Gather;
use common::base::stamp::Wall;
use common::format::status::{Phase, Status};
use common::os::clock;
use common::os::process::BootId;
use common::prelude::*;
use common::program::{print, say};
use rustix::process::Pid;

use super::call::{Call, Operand, Verb};
use super::moves::changed::Since;
use super::moves::voice;
use crate::json::{Object, Value};
use crate::manager::change_set::{Change, ChangeSet};
use crate::manager::config_test;
use crate::manager::engine::State;
use crate::manager::generations;
use crate::manager::live::{self, Live};
use crate::tree::client::Service;

pub(super) const VERB: Verb = Verb {
    word: "stale",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "list what runs with an old definition, program or library",
    options: &[],
    run,
};

/// What helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Remedy {
    /// None that svctl has: its program is missing.
    Install,
    Restart,
    Apply,
    /// Nothing can be applied before.
    Mend,
}

/// What is found out about one service.
#[derive(Default)]
struct Finding {
    pid: Option<Pid>,
    reasons: BTreeSet<(Remedy, String)>,
    /// Its state or its process is not for us to look at.
    is_closed: bool,
}

impl Finding {
    /// Whether this helps: no restart does where there is nothing to start.
    fn needs(&self, remedy: Remedy) -> bool {
        let has = |remedy| self.reasons.iter().any(|(of, _)| *of == remedy);
        has(remedy) && (remedy == Remedy::Apply || !has(Remedy::Install))
    }
}

fn run(call: &Call) -> Result<Next> {
    call.lives()?;
    let site = &call.site;
    let live = live::read(&site.places().manager, &site.generations);
    let Some(live) = live.map_err(Error::system)? else { return Err(voice::nobody(site)) };
    let mut findings: BTreeMap<String, Finding> = BTreeMap::new();
    let is_active = |state: State| !matches!(state, State::Down | State::Failed | State::Stopping);
    for row in live.rows.iter().filter(|row| is_active(row.memory.state)) {
        findings.insert(row.name.clone(), process(call, &live, &row.name));
    }
    definitions(call, &live, &mut findings);
    let closed: Vec<&str> = findings
        .iter()
        .filter(|(_, finding)| finding.is_closed)
        .map(|(name, _)| name.as_str())
        .gather();
    if !closed.is_empty() && !call.json {
        let text = format_args!("not looked at, as you may not: {}", closed.join(" "));
        say(&"svctl", "note", &text);
    }
    let is_stale = findings.values().any(|finding| !finding.reasons.is_empty());
    let text = if call.json { objects(&findings) } else { lines(call, &findings) };
    Ok(Next::Exit(print(&text).max(if is_stale { exit::NO } else { exit::OK })))
}

/// Definitions that are not what is live any more.
fn definitions(call: &Call, live: &Live, findings: &mut BTreeMap<String, Finding>) {
    let site = &call.site;
    if let Ok(number) = live::meant(&site.generations, &live.header)
        && number != live.header.generation
        && let Ok(set) = ChangeSet::new(&site.generations, live, number)
    {
        for (name, change) in &set.changes {
            let what = match change {
                Change::Restart(_) | Change::Refresh(_) | Change::RestartLogger | Change::Log => {
                    format!("generation {number} defines it otherwise")
                }
                Change::Rename(_) | Change::Gone(_) => {
                    format!("generation {number} has no service of that name")
                }
                Change::New | Change::Enable(_) | Change::Disable => continue,
            };
            if let Some(finding) = findings.get_mut(name) {
                finding.reasons.insert((Remedy::Apply, what));
            }
        }
    }
    let Some(since) = Since::of(site) else { return };
    for (name, finding) in findings {
        if let Some((file, has_mistake)) = since.newer(site, name) {
            let (file, number) = (file.display(), since.generation);
            let (remedy, and) = match has_mistake {
                true => (Remedy::Mend, ", and has a mistake"),
                false => (Remedy::Apply, ""),
            };
            let what = format!("{file} has changed since generation {number}{and}");
            finding.reasons.insert((remedy, what));
        }
    }
}

/// What its process has of old files.
fn process(call: &Call, live: &Live, name: &str) -> Finding {
    let mut finding = Finding::default();
    let scan = call.site.places().scan.join(name);
    // What is no daemon has nothing there.
    let Ok(service) = Service::open(scan.as_os_str()) else { return finding };
    let status = service.status();
    finding.is_closed = status.is_err();
    let boot = BootId::now();
    let status = status.ok().flatten().filter(|status| status.boot.is_none_or(|of| of == boot));
    let Some((status, pid)) = status.and_then(|status| status.pid.map(|pid| (status, pid))) else {
        return finding;
    };
    if !matches!(status.phase, Phase::Running(_)) {
        return finding;
    }
    finding.pid = Some(pid);
    match replaced(pid) {
        Ok(files) => {
            let how = |file: &str| if Path::new(file).exists() { "replaced" } else { "removed" };
            let what = |file: &String| (Remedy::Restart, format!("{file} was {}", how(file)));
            finding.reasons.extend(files.iter().map(what));
        }
        Err(e) => finding.is_closed = e.kind() == io::ErrorKind::PermissionDenied,
    }
    let generation = generations::path(&call.site.generations, live.header.generation);
    let definition = generation.join("services").join(name);
    if let Some(what) = config_test::unable(&definition) {
        finding.reasons.insert((Remedy::Install, format!("{what}: a restart would fail")));
    }
    for file in env_files(&definition) {
        if is_newer(&file, &status) {
            let what = format!("{file} has changed since its start");
            finding.reasons.insert((Remedy::Restart, what));
        }
    }
    finding
}

/// Of what a process executes: the files that are not at their paths any more.
fn replaced(pid: Pid) -> io::Result<BTreeSet<String>> {
    let dir = format!("/proc/{}", pid.as_raw_pid());
    let exe = fs::read_link(format!("{dir}/exe"))?;
    let exe = exe.to_string_lossy();
    let maps = fs::read(format!("{dir}/maps"))?;
    let maps = String::from_utf8_lossy(&maps);
    let mapped = maps.lines().filter_map(executed);
    Ok(mapped.chain([exe.as_ref()]).filter_map(deleted).map(str::to_owned).gather())
}

/// The path in a line of proc_pid_maps(5), if what is mapped there is executed.
fn executed(line: &str) -> Option<&str> {
    let mut fields = line.splitn(6, ' ');
    let modes = fields.nth(1)?;
    let path = fields.nth(3)?.trim_start();
    modes.contains('x').then_some(path)
}

/// The path of a file that was deleted, if it ever was one that people could see.
fn deleted(path: &str) -> Option<&str> {
    let path = path.strip_suffix(" (deleted)")?;
    let is_file = path.starts_with('/');
    let is_memory = ["/memfd:", "/dev/", "/SYSV", "/["].iter().any(|way| path.starts_with(way));
    (is_file && !is_memory).then_some(path)
}

/// The files of variables that its run script reads.
fn env_files(definition: &Path) -> Vec<String> {
    let run = fs::read_to_string(definition.join("run")).unwrap_or_default();
    let files = run.lines().filter_map(|line| line.trim_start().strip_prefix("svc-envfile "));
    let file = |word: &str| {
        let word = word.trim().trim_matches(['\'', '"']);
        word.strip_prefix('-').unwrap_or(word).to_owned()
    };
    files.map(file).collect()
}

fn is_newer(file: &str, status: &Status) -> bool {
    let ago = clock::boot().since(status.started);
    let started = Wall(clock::wall().0.saturating_sub(ago.saturating_mul(1_000_000)));
    fs::metadata(Path::new(file)).is_ok_and(|found| {
        Wall::new(found.mtime(), u32::try_from(found.mtime_nsec()).unwrap_or(0)) > started
    })
}

fn lines(call: &Call, findings: &BTreeMap<String, Finding>) -> String {
    let mut text = String::new();
    for (name, finding) in findings {
        for (_, what) in &finding.reasons {
            let what: String = what.chars().flat_map(visible).collect();
            text += &format!("{name}: {what}\n");
        }
    }
    let of = |remedy: Remedy| -> Vec<&str> {
        let stale = findings.iter().filter(|(_, finding)| finding.needs(remedy));
        stale.map(|(name, _)| name.as_str()).collect()
    };
    let command = call.site.command();
    if !of(Remedy::Mend).is_empty() {
        text += &format!("try: {command} check\n");
    } else if !of(Remedy::Apply).is_empty() {
        text += &format!("try: {command} apply\n");
    }
    if !of(Remedy::Restart).is_empty() {
        text += &format!("try: {command} restart {}\n", of(Remedy::Restart).join(" "));
    }
    if text.is_empty() { "nothing is stale\n".to_owned() } else { text }
}

/// A letter as it is shown: paths may have anything in them.
fn visible(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

fn objects(findings: &BTreeMap<String, Finding>) -> String {
    let told = findings.iter().filter(|(_, one)| one.is_closed || !one.reasons.is_empty());
    let object = |(name, finding): (&String, &Finding)| {
        let mut object = Object::of("stale");
        object.put("name", &Value::text(name));
        object.put("pid", &Value::Number(finding.pid.map(|pid| pid.as_raw_pid().into())));
        let reasons: Vec<String> = finding.reasons.iter().map(|(_, what)| what.clone()).collect();
        object.put_texts("reasons", &reasons);
        object.put("restart", &Value::Bool(finding.needs(Remedy::Restart)));
        let applies = finding.needs(Remedy::Apply) || finding.needs(Remedy::Mend);
        object.put("apply", &Value::Bool(applies));
        object.put("looked", &Value::Bool(!finding.is_closed));
        object.line()
    };
    told.map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_executed_and_deleted_is_found() {
        let found = |path: &str| {
            let line = format!("7f0-7f1 r-xp 00000000 fe:01 1234                       {path}");
            executed(&line).and_then(deleted).map(str::to_owned)
        };
        assert_eq!(found("/lib/libz.so (deleted)").as_deref(), Some("/lib/libz.so"));
        assert_eq!(found("/a b.so (deleted)").as_deref(), Some("/a b.so"));
        assert_eq!(found("/lib/libz.so"), None);
        assert_eq!(found("/memfd:jit (deleted)"), None);
        assert_eq!(executed("7f0-7f1 rw-p 00000000 fe:01 1234 /lib/libz.so (deleted)"), None);
        assert_eq!(executed("7f0-7f1 r-xp 00000000 00:00 0"), None);
    }
}
