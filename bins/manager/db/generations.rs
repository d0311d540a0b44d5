//! Which generations there are.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::base::stamp::Wall;
use common::prelude::*;

use super::Query;
use crate::json::{Object, Value};
use crate::manager::generations::{self, BOOT, GOOD, linked};
use crate::manager::places::Places;
use crate::manager::table::Contents;

pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let all = &query.sources.generations;
    let numbers = generations::numbers(all)
        .unable(format_args!("read {}", generations::all(all).display()))?;
    // Without a table nothing is live.
    let table = Contents::below(&Places::below(&query.sources.dir).manager).ok().flatten();
    let live = table.map(|table| table.header.generation);
    let marks = [(BOOT, linked(all, BOOT)), ("live", live), (GOOD, linked(all, GOOD))];
    for number in numbers {
        let path = generations::path(all, number);
        *text += &match query.json {
            true => object(number, &path, &marks),
            false => line(number, &path, &marks),
        };
    }
    Ok(0)
}

type Marks = [(&'static str, Option<u64>); 3];

fn line(number: u64, path: &Path, marks: &Marks) -> String {
    let made = made(path).map_or_else(|| "-".to_owned(), Wall::iso);
    let services = services(path).map_or_else(
        || "damaged".to_owned(),
        |services| format!("{services} service{}", if services == 1 { "" } else { "s" }),
    );
    let mut line = format!("{number}  {made}  {services}");
    for (mark, _) in marks.iter().filter(|(_, of)| *of == Some(number)) {
        line += &format!("  {mark}");
    }
    line + "\n"
}

fn object(number: u64, path: &Path, marks: &Marks) -> String {
    let mut object = Object::default();
    object.put("generation", &Value::number(number));
    object.put("made", &Value::Text(made(path).map(Wall::iso)));
    object.put("services", &Value::Number(services(path)));
    for (mark, of) in marks {
        object.put(mark, &Value::Bool(*of == Some(number)));
    }
    object.line()
}

/// When its last file was written.
fn made(path: &Path) -> Option<Wall> {
    let file = std::fs::metadata(path.join("contents")).ok()?;
    Some(Wall::new(file.mtime(), u32::try_from(file.mtime_nsec()).unwrap_or(0)))
}

/// How many services it has; none: its graph can't be read.
fn services(path: &Path) -> Option<i64> {
    let graph = std::fs::read_to_string(path.join("graph")).ok()?;
    let services = graph.lines().filter(|line| line.starts_with("service ")).count();
    i64::try_from(services).ok()
}
