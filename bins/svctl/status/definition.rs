//! Where a service is defined, and whether what is live is that still.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use common::base::sort::sort;

use crate::manager::compile::installed::{Now, Since};
use crate::svctl::known::Known;
use crate::svctl::site::Site;

/// Its files.
#[derive(Debug)]
pub(super) struct Definition {
    /// Its own file, or its template's; none: there is none any more.
    pub(super) path: Option<PathBuf>,
    pub(super) drop_ins: Vec<PathBuf>,
    pub(super) since: Since,
}

/// The definition of a service that is live. The files are read only if one of them was touched since
/// its generation was made.
pub(super) fn of(site: &Site, known: &Known, name: &str) -> Definition {
    let template = name.split_once('@').map(|(base, _)| format!("{base}@"));
    let names: Vec<&str> = [Some(name), template.as_deref()].into_iter().flatten().collect();
    let dirs = [&site.services, &site.packages];
    let own = names.iter().flat_map(|name| dirs.map(|dir| dir.join(format!("{name}.toml"))));
    let path = own.into_iter().find(|path| path.symlink_metadata().is_ok());
    let mut drop_ins = Vec::new();
    let mut looked: Vec<PathBuf> = path.iter().cloned().collect();
    for dir in names.iter().rev().flat_map(|name| dirs.map(|dir| dir.join(format!("{name}.d")))) {
        let mut found: Vec<PathBuf> = std::fs::read_dir(&dir)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| is_drop_in(path))
            .collect();
        sort(&mut found);
        drop_ins.extend(found.iter().cloned());
        looked.extend(found.into_iter().chain([dir]));
    }
    let made = ctime(&known.view.path.join("contents"));
    let is_touched = path.is_none() || looked.iter().any(|path| ctime(path) >= made);
    let since = match is_touched {
        true => Now::read(&site.directories())
            .and_then(|now| now.since(name, (&known.view.graph, &known.view.path))),
        false => Ok(Since::Same),
    };
    let since = since.unwrap_or_else(|e| Since::Broken(e.message));
    Definition { path: path.filter(|_| since != Since::Gone), drop_ins, since }
}

/// What begins with a dot is somebody's draft.
fn is_drop_in(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".toml") && !name.starts_with('.')
}

/// When a file was changed or put in its place; a missing one never was.
fn ctime(path: &Path) -> Option<(i64, i64)> {
    let about = path.symlink_metadata().ok()?;
    Some((about.ctime(), about.ctime_nsec()))
}
