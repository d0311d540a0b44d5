//! `svctl generations`: which there are, how old they are, and what is different in each.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::base::sort::Gather;
use common::base::stamp::Wall;
use common::os::clock::wall;
use common::prelude::*;
use common::program::print;

use super::ages::clock;
use super::call::{Call, Operand, Verb};
use super::cut::cut;
use super::site::Kind;
use crate::json::{Object, Value};
use crate::manager::generations::{self, BOOT, GOOD, linked};
use crate::manager::live::{self, Generation};
use crate::manager::table;

pub(super) const VERB: Verb = Verb {
    word: "generations",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "list what was compiled: which is live, how old, what changed",
    options: &[],
    run,
};

/// What one is.
struct Line {
    number: u64,
    made: Option<Wall>,
    /// None: it can't be read.
    services: Option<usize>,
    marks: Vec<&'static str>,
    /// What is different from the one before.
    changes: Vec<String>,
}

fn run(call: &Call) -> Result<Next> {
    let dir = &call.site.generations;
    let all = generations::all(dir);
    let numbers = match generations::numbers(dir) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        numbers => numbers.unable(format_args!("read {}", all.display()))?,
    };
    if numbers.is_empty() && !call.json {
        let (dir, command) = (all.display(), call.site.command());
        return Ok(Next::Exit(print(&format!("none in {dir}: {command} apply makes one\n"))));
    }
    let live = match call.site.kind {
        Kind::Image => None,
        Kind::System | Kind::User | Kind::Prefix => {
            table::header(&call.site.places().manager).map(|header| header.generation)
        }
    };
    let marks = [("live", live), (BOOT, linked(dir, BOOT)), (GOOD, linked(dir, GOOD))];
    let mut lines = Vec::new();
    let mut before: Option<Generation> = None;
    for number in numbers {
        let this = live::generation(dir, number).ok();
        let changes = match (&before, &this) {
            (Some(before), Some(this)) => changes(before, this),
            (_, _) => Vec::new(),
        };
        let of = marks.iter().filter(|(_, of)| *of == Some(number));
        lines.push(Line {
            number,
            made: made(&generations::path(dir, number)),
            services: this.as_ref().map(|this| this.graph.ids().count()),
            marks: of.map(|(mark, _)| *mark).collect(),
            changes,
        });
        before = this.or(before);
    }
    let text = if call.json { objects(&lines) } else { table(call, &lines) };
    Ok(Next::Exit(print(&text)))
}

/// When its last file was written.
fn made(path: &Path) -> Option<Wall> {
    let file = std::fs::metadata(path.join("contents")).ok()?;
    Some(Wall::new(file.mtime(), u32::try_from(file.mtime_nsec()).unwrap_or(0)))
}

/// `+new -gone ~another`, and whether more is different than what services are.
fn changes(old: &Generation, new: &Generation) -> Vec<String> {
    let names = |generation: &Generation| -> BTreeSet<String> {
        let graph = &generation.graph;
        graph.ids().map(|id| graph.service(id).name.clone()).gather()
    };
    let (was, is) = (names(old), names(new));
    let mut changes = Vec::new();
    changes.extend(is.difference(&was).map(|name| format!("+{name}")));
    changes.extend(was.difference(&is).map(|name| format!("-{name}")));
    let other = |name: &&String| old.contents.get(*name) != new.contents.get(*name);
    changes.extend(is.intersection(&was).filter(other).map(|name| format!("~{name}")));
    let enabled = |generation: &Generation| -> BTreeSet<String> {
        let name = |id: &_| generation.graph.service(*id).name.clone();
        generation.boot.iter().map(name).gather()
    };
    if enabled(old) != enabled(new) {
        changes.push("enabled".to_owned());
    } else if changes.is_empty() && old.graph != new.graph {
        changes.push("dependencies".to_owned());
    }
    changes
}

fn table(call: &Call, lines: &[Line]) -> String {
    let now = wall();
    let mut rows = vec![["", "made", "", "services", "", "changes"].map(str::to_owned)];
    for line in lines.iter().rev() {
        rows.push([
            line.number.to_string(),
            line.made.map_or_else(|| "-".to_owned(), clock),
            line.made.map_or_else(String::new, |made| format!("{} ago", age(made, now))),
            line.services.map_or_else(|| "damaged".to_owned(), |many| many.to_string()),
            line.marks.join(" "),
            line.changes.join(" "),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut text = String::new();
    for [number, made, age, services, marks, changes] in &rows {
        let line = format!(
            "{number:>0$}  {made:<1$}  {age:<2$}  {services:<3$}  {marks:<4$}",
            widths[0], widths[1], widths[2], widths[3], widths[4]
        );
        // Where what has changed has no room beside the rest, it is a line of its own.
        const LEAST: usize = 20;
        let used = widths.iter().map(|width| width + 2).sum::<usize>();
        let columns = call.terminal.width.unwrap_or(usize::MAX);
        let lines = match columns.saturating_sub(used) < LEAST {
            true if number.is_empty() || changes.is_empty() => line,
            true => format!("{line}\n  {changes}"),
            false => format!("{line}  {changes}"),
        };
        lines.lines().for_each(|line| text += &(cut(line.trim_end(), columns) + "\n"));
    }
    text
}

/// In the largest unit of which there are two.
fn age(made: Wall, now: Wall) -> String {
    let seconds = now.seconds().saturating_sub(made.seconds());
    let units = [(86400, "days"), (3600, "h"), (60, "min")];
    let unit = units.iter().find(|(unit, _)| seconds >= 2 * unit);
    unit.map_or_else(|| format!("{seconds} s"), |(unit, word)| format!("{} {word}", seconds / unit))
}

fn objects(lines: &[Line]) -> String {
    let object = |line: &Line| {
        let mut object = Object::of("generations");
        object.put("generation", &Value::number(line.number));
        object.put("made", &Value::Text(line.made.map(Wall::iso)));
        let services = line.services.and_then(|many| i64::try_from(many).ok());
        object.put("services", &Value::Number(services));
        for mark in ["live", BOOT, GOOD] {
            object.put(mark, &Value::Bool(line.marks.contains(&mark)));
        }
        object.put_texts("changes", &line.changes);
        object.line()
    };
    lines.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_said_in_the_largest_unit_of_which_there_are_two() {
        let of = |seconds: u64| age(Wall(0), Wall(seconds * 1_000_000_000));
        assert_eq!(
            [0, 119, 120, 7199, 7200, 172_799, 172_800].map(of),
            ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]
        );
    }
}
