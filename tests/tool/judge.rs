//! The judge: what the services said of themselves, against what was seen of them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use common::base::death::Death;
use common::base::signal::Signal;
use common::format::status::{Phase, Status};
use common::prelude::*;

use super::files::{FAULTS, LOG, SEEN, SHORT, TRUTH};
use super::service::ASKED;

pub(crate) const PROGRAM: Program = Program {
    name: "judge",
    help: "[--unknown] DIR...
Looks at the service directories of a drill that is over: prints a line for each fault, then what
there was; exits 1 if there was a fault.
  --unknown    svc-scan was killed: how a process ended may be unknown
",
    main,
};

/// What was found in all of them.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) faults: Vec<String>,
    pub(crate) instances: usize,
    pub(crate) deaths: usize,
    pub(crate) unknown: usize,
    pub(crate) lines: usize,
    pub(crate) archives: usize,
    /// svc-scan was killed when it was ending the tree, and its successor, who could not know, began
    /// it again.
    pub(crate) begun_again: bool,
}

fn main(mut args: Args) -> Result<Next> {
    let mut unknown = false;
    while let Some(option) = args.option()? {
        match option.as_str() {
            "--unknown" => unknown = true,
            _ => return Err(common::base::args::unknown(&option)),
        }
    }
    let mut verdict = Verdict::default();
    for dir in args.operands("directory")? {
        verdict.judge(Path::new(&dir), unknown);
    }
    let code = common::program::print(&verdict.text());
    Ok(Next::Exit(if verdict.faults.is_empty() { code } else { 1 }))
}

/// What an instance said of its end.
struct End {
    number: u64,
    pid: String,
    lines: u64,
    death: Death,
}

impl Verdict {
    pub(crate) fn fault(&mut self, where_from: &Path, what: impl Display) {
        self.faults.push(format!("{}: {what}", where_from.display()));
    }

    /// A line for each fault, then one that sums up.
    pub(crate) fn text(&self) -> String {
        let mut text: String =
            self.faults.iter().map(|fault| format!("fault: {fault}\n")).collect();
        text.push_str(&format!(
            "{} faults; {} instances, {} deaths seen ({} unknown), {} lines in {} archives\n",
            self.faults.len(),
            self.instances,
            self.deaths,
            self.unknown,
            self.lines,
            self.archives
        ));
        text
    }

    /// One service and its logger.
    pub(crate) fn judge(&mut self, dir: &Path, unknown_allowed: bool) {
        for place in [dir.to_owned(), dir.join("log")] {
            for line in lines_of(&place.join(FAULTS)) {
                self.fault(&place, line);
            }
        }
        let mut ends = self.instances(dir);
        self.deaths(dir, &mut ends, unknown_allowed);
        self.lines(dir, &ends);
        self.status(dir, &ends, unknown_allowed);
    }

    /// Each instance ended before the next began, and none began that was not to.
    fn instances(&mut self, dir: &Path) -> Vec<End> {
        let mut ends: Vec<End> = Vec::new();
        let mut started = 0;
        for line in lines_of(&dir.join(TRUTH)) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["start", number, _] if number.parse() == Ok(started + 1) => started += 1,
                ["end", number, pid, lines, death] => match (Death::parse(death), lines.parse()) {
                    (Some(death), Ok(lines)) if number.parse() == Ok(started) => {
                        ends.push(End { number: started, pid: pid.to_owned(), lines, death });
                    }
                    _ => self.fault(dir, format_args!("not expected: {line}")),
                },
                _ => self.fault(dir, format_args!("not expected: {line}")),
            }
        }
        if started == 0 {
            self.fault(dir, "missing: it was never started");
        }
        if ends.len() as u64 != started {
            let ended = ends.len();
            self.fault(dir, format_args!("{started} instances began and {ended} ended in order"));
        }
        let asked = ends.iter().filter(|end| end.death == ASKED).count() as u64;
        if started > 1 + asked && !dir.join(SHORT).exists() && !self.begun_again {
            self.fault(dir, format_args!("restarted: {asked} ends, but it began {started} times"));
        }
        self.instances += started as usize;
        ends
    }

    /// Each death was told to finish once, in order, as it was.
    fn deaths(&mut self, dir: &Path, ends: &mut Vec<End>, unknown_allowed: bool) {
        let seen = lines_of(&dir.join(SEEN));
        self.deaths += seen.len();
        if let Some(told) = seen.get(ends.len()) {
            let often = dir.join(SHORT).exists() || self.begun_again;
            ends.extend(told_too_early(told, ends.len()).filter(|_| often));
        }
        if seen.len() != ends.len() {
            let (deaths, told) = (ends.len(), seen.len());
            self.fault(dir, format_args!("{deaths} deaths, and finish was told of {told}"));
        }
        for (end, told) in ends.iter().zip(&seen) {
            let truth = format!("{} {}", end.pid, end.death);
            if *told == format!("{} {}", end.pid, Death::Unknown) {
                self.unknown += 1;
                if unknown_allowed {
                    continue;
                }
            }
            if *told != truth {
                let number = end.number;
                self.fault(dir, format_args!("death {number} was {truth}, and seen as {told}"));
            }
        }
    }

    /// Each line was logged once, whole and in order.
    fn lines(&mut self, dir: &Path, ends: &[End]) {
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        let mut missing = Vec::new();
        let written = self.logged(&dir.join("log").join(LOG));
        self.lines += written.len();
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        for line in &written {
            let Some((number, n)) = parse_line(line, &name) else {
                self.fault(dir, format_args!("not a line of its own: {line}"));
                continue;
            };
            if last.range(number + 1..).next().is_some() {
                self.fault(dir, format_args!("out of order: {line}"));
            }
            let before = last.entry(number).or_default();
            if n <= *before {
                self.fault(dir, format_args!("doubled or out of order: line {line}"));
            } else {
                missing.extend((*before + 1..n).map(|n| (number, n)));
                *before = n;
            }
        }
        for end in ends {
            let before = last.get(&end.number).copied().unwrap_or(0);
            missing.extend((before + 1..=end.lines).map(|n| (end.number, n)));
            if before > end.lines {
                self.fault(dir, format_args!("instance {} wrote after its end", end.number));
            }
        }
        if let Some((number, n)) = missing.first() {
            let all = missing.len();
            self.fault(dir, format_args!("lost: {all} lines, the first is {number} {n}"));
        }
    }

    /// What is in a log directory.
    fn logged(&mut self, dir: &Path) -> Vec<String> {
        let names = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut archives: Vec<String> = names.filter(|name| name.starts_with('@')).collect();
        archives.sort();
        self.archives += archives.len();
        if let Some(name) = archives.iter().find(|name| !name.ends_with(".s")) {
            self.fault(dir, format_args!("{name}: a current that no journal knew"));
        }
        archives.push("current".to_owned());
        archives.iter().flat_map(|name| lines_of(&dir.join(name))).collect()
    }

    /// The status tells of the last death, and of all starts.
    fn status(&mut self, dir: &Path, ends: &[End], unknown_allowed: bool) {
        let bytes = std::fs::read(dir.join("supervise/status")).unwrap_or_default();
        let Some(status) = Status::unpack(&bytes) else {
            return self.fault(dir, "no status");
        };
        if status.phase != Phase::Down || !status.left {
            self.fault(dir, "its supervisor did not leave in order");
        }
        let last = ends.last().map(|end| end.death);
        let unknown = unknown_allowed && status.last_run == Some(Death::Unknown);
        if status.last_run != last && !unknown {
            self.fault(dir, format_args!("the status says {:?}, not {last:?}", status.last_run));
        }
        if status.starts != ends.len() as u64 && !self.begun_again {
            let (starts, all) = (status.starts, ends.len());
            self.fault(dir, format_args!("the status counts {starts} starts of {all}"));
        }
    }
}

/// The last instance of a service that is started often: told to end before it could say anything.
fn told_too_early(told: &str, before: usize) -> Option<End> {
    let (pid, _) = told.split_once(' ')?;
    let number = before as u64 + 1;
    Some(End { number, pid: pid.to_owned(), lines: 0, death: Death::Signal(Signal::TERM) })
}

fn lines_of(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// `NAME INSTANCE NUMBER`, of this name.
fn parse_line(line: &str, name: &str) -> Option<(u64, u64)> {
    let rest = line.strip_prefix(name)?.strip_prefix(' ')?;
    let (number, n) = rest.split_once(' ')?;
    Some((number.parse().ok()?, n.parse().ok()?))
}
