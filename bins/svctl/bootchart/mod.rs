//! `svctl bootchart`: what started when, what it waited for and when it was ready, as a picture or as a text.

mod boot;
mod draw;

use common::prelude::*;
use common::program::print;

use super::call::{Call, Operand, Verb, flag, option};
use super::cut::{padded, width};
use super::svg;
use super::terminal::Ink;
use crate::json::{Object, Value};
use crate::manager::graph::Kind;
use boot::{Boot, Mark, Row};

pub(super) const VERB: Verb = Verb {
    word: "bootchart",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "draw what started when in this boot and waited for what, as SVG",
    options: &[
        flag("--text", "as a text, and the chain that the boot took its time for"),
        option("--output", "FILE", "to this file"),
    ],
    run,
};

fn run(call: &Call) -> Result<Next> {
    call.lives()?;
    let is_text = call.has("--text");
    if !is_text && !call.json {
        svg::check_output(call, "--text, or ")?;
    }
    let boot = Boot::read(&call.site.sources())?;
    if call.json {
        let rows = (0..boot.rows.len()).map(|place| object(&boot, place));
        return Ok(Next::Exit(print(&rows.collect::<String>())));
    }
    svg::deliver(call, &if is_text { text(call, &boot) } else { draw::chart(&boot) })
}

/// Seconds since the boot began.
fn seconds(boot: &Boot, ms: u64) -> String {
    of_ms(ms.saturating_sub(boot.begin))
}

fn of_ms(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// How long a service took to be ready, once it was started. A group does nothing that takes time.
fn took(row: &Row) -> Option<u64> {
    if row.kind == Kind::Group {
        return None;
    }
    row.ready.zip(row.started).map(|(ready, started)| ready.saturating_sub(started))
}

/// How long it was wanted before it was started.
fn waited(row: &Row) -> Option<u64> {
    row.started.map(|started| started.saturating_sub(row.wanted))
}

/// What else there is to say of a row.
fn remarks(boot: &Boot, row: &Row) -> Vec<String> {
    let mut remarks = Vec::new();
    for mark in [Mark::Failed, Mark::StartedAgain] {
        let mut times = row.marks.iter().filter(|(_, of)| *of == mark).map(|(ms, _)| *ms);
        if let Some(first) = times.next() {
            let more = match times.count() {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            remarks.push(format!("{} at {}{more}", mark.word(), seconds(boot, first)));
        }
    }
    if row.is_late {
        remarks.push("ready later".to_owned());
    } else if row.started.is_none() {
        remarks.push("not started".to_owned());
    } else if row.ready.is_none() && remarks.is_empty() {
        remarks.push("not ready".to_owned());
    }
    remarks
}

fn text(call: &Call, boot: &Boot) -> String {
    let names = boot.rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let names = names.clamp("SERVICE".len(), 36);
    let none = || "-".to_owned();
    let terminal = call.terminal;
    let header = format!(
        "{:<names$} {:>9} {:>9} {:>9} {:>9}  {:<names$}",
        "SERVICE", "WAITED", "STARTED", "READY", "TOOK", "AFTER"
    );
    let mut text = terminal.paint(Ink::Strong, header.trim_end()) + "\n";
    for row in &boot.rows {
        let after = row.after.map_or_else(none, |after| boot.rows[after].name.clone());
        let [waited, took] = [waited(row), took(row)].map(|ms| ms.map_or_else(none, of_ms));
        let [started, ready] =
            [row.started, row.ready].map(|ms| ms.map_or_else(none, |ms| seconds(boot, ms)));
        let name = padded(&row.name, names);
        let line = format!("{name} {waited:>9} {started:>9} {ready:>9} {took:>9}  ");
        let remarks = remarks(boot, row).join(", ");
        let end = match remarks.as_str() {
            "" => after,
            _ => padded(&after, names) + "  " + &terminal.paint(Ink::Bad, &remarks),
        };
        text += &format!("{line}{end}\n");
    }
    if boot.rows.is_empty() {
        return "nothing was wanted\n".to_owned();
    }
    text += "\n";
    if !boot.critical.is_empty() {
        text += &(terminal.paint(Ink::Strong, "Critical path:") + "\n");
    }
    for row in boot.critical.iter().map(|place| &boot.rows[*place]) {
        let took = took(row).map_or_else(none, of_ms);
        text += &format!("{} {took:>9}\n", padded(&row.name, names));
    }
    text + &boot.summary() + "\n"
}

fn object(boot: &Boot, place: usize) -> String {
    let row = &boot.rows[place];
    let since = |ms: Option<u64>| {
        Value::Number(ms.and_then(|ms| i64::try_from(ms.saturating_sub(boot.begin)).ok()))
    };
    let count = |mark| row.marks.iter().filter(|(_, of)| *of == mark).count() as u64;
    let mut object = Object::of("bootchart");
    object.put("name", &Value::text(&row.name));
    object.put("begin-ms", &Value::number(boot.begin));
    object.put("wanted-ms", &since(Some(row.wanted)));
    object.put("started-ms", &since(row.started));
    object.put("up-ms", &since(row.up));
    object.put("ready-ms", &since(row.ready));
    object.put("after", &Value::Text(row.after.map(|after| boot.rows[after].name.clone())));
    object.put("critical", &Value::Bool(boot.critical.contains(&place)));
    object.put("failures", &Value::number(count(Mark::Failed)));
    object.put("restarts", &Value::number(count(Mark::StartedAgain)));
    object.put("ready-later", &Value::Bool(row.is_late));
    object.put("over", &Value::Bool(boot.is_over));
    object.line()
}
