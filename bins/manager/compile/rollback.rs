//! Back to another generation, which is looked at first: it must be there, and as it was written.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::base::error::exit;
use common::base::sort::Gather;
use common::prelude::*;

use super::contents::contents;
use super::generation::{Alone, switch};
use crate::manager::files::{File, Files};
use crate::manager::generations::{self, BOOT, linked, numbers, path};
use crate::manager::graph_file;

/// Makes `boot` lead to this generation, or to the one before that it leads to; says which.
pub(super) fn back(dir: &Path, wanted: Option<u64>, _alone: &Alone) -> Result<String> {
    let now = linked(dir, BOOT);
    let number = match wanted {
        Some(number) => number,
        None => before(dir, now)?,
    };
    check(&path(dir, number)).map_err(|what| {
        Error::new(exit::USAGE, format_args!("generation {number} {what}: nothing is changed"))
    })?;
    if now == Some(number) {
        return Ok(format!("boot leads to generation {number} already\n"));
    }
    switch(dir, number)?;
    let before = now.map(|now| format!(", no longer to generation {now}"));
    Ok(format!("boot leads to generation {number}{}\n", before.unwrap_or_default()))
}

fn before(dir: &Path, now: Option<u64>) -> Result<u64> {
    let all = numbers(dir).unable(format_args!("read {}", generations::all(dir).display()))?;
    let older = all.into_iter().rev().find(|number| now.is_some_and(|now| *number < now));
    older.ok_or_else(|| match now {
        Some(now) => Error::new(exit::USAGE, format_args!("there is none before generation {now}")),
        None => {
            let boot = dir.join(BOOT);
            let text = format!("{} leads to no generation: name one", boot.display());
            Error::new(exit::USAGE, text)
        }
    })
}

/// What is wrong with a generation, if anything is.
fn check(dir: &Path) -> std::result::Result<(), String> {
    if !dir.is_dir() {
        return Err("is not there".to_owned());
    }
    let Ok(written) = fs::read_to_string(dir.join("contents")) else {
        return Err("is not whole: it has no file contents".to_owned());
    };
    let unreadable = |e: io::Error| format!("can't be read: {e}");
    let mut files = Files::new();
    read(dir, "", &mut files).map_err(unreadable)?;
    files.remove("contents");
    let found = contents(&files);
    let lost = |a: &str, b: &str| -> Option<String> {
        let other: BTreeSet<&str> = b.lines().gather();
        let line = a.lines().find(|line| !other.contains(line))?;
        Some(line.split_once(' ').map_or(line, |(_, path)| path).to_owned())
    };
    if let Some(what) = lost(&written, &found).or_else(|| lost(&found, &written)) {
        return Err(format!("is not as it was written: {what}"));
    }
    let graph = files.get("graph").map_or("", |file| file.text.as_str());
    graph_file::unpack(graph).map_err(|what| format!("has a graph that can't be read: {what}"))?;
    Ok(())
}

/// All files below a directory. There are no links, and nothing is deep, in what was written here.
fn read(dir: &Path, prefix: &str, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            read(&entry.path(), &format!("{path}/"), files)?;
        } else {
            let text = String::from_utf8_lossy(&fs::read(entry.path())?).into_owned();
            let is_program = metadata.permissions().mode() & 0o111 != 0;
            files.insert(path, File { text, is_program });
        }
    }
    Ok(())
}
