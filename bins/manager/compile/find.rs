//! Which service files there are, and what is enabled.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::prelude::*;
use rustix::fs::FileType;

use super::root::{Entry, Root};
use crate::manager::graph_file::is_fit;
use crate::manager::service_file::diagnostic::{Code, Diagnostic};
use crate::manager::service_file::source::{Place, Sources};

/// The files of a name.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Where its own file is, and whether that is a link to /dev/null.
    pub(super) main: Option<(PathBuf, Main)>,
    /// Those in NAME.d, by their names.
    pub(super) drop_ins: BTreeMap<String, PathBuf>,
}

/// What the file of a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Main {
    There,
    Masked,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By the name of the service or template.
    pub(super) files: BTreeMap<String, Files>,
    /// The names in the directory of what is enabled, each with its place.
    pub(super) enabled: Vec<(String, Place)>,
}

/// Services of these names stand beside those that are compiled: the manager and the loggers.
const OWN: &str = "svc-";
/// As many as anybody has, ten times.
const MOST_FILES: usize = 200_000;

/// Looks through the directories; in each, a file overrides that of the same name in those before.
pub(super) fn find(
    root: &Root,
    dirs: &[PathBuf],
    enabled: &Path,
    sources: &mut Sources,
    complaints: &mut Vec<Diagnostic>,
) -> Result<Found> {
    let mut found = Found::default();
    for dir in dirs {
        let reading = format!("read {}", root.path(dir).display());
        for Entry { name: entry, is_link } in root.entries(dir).unable(&reading)? {
            let path = dir.join(&entry);
            let name = entry.to_string_lossy().into_owned();
            let is_null = || is_link && root.is_null(&path);
            if let Some(name) = name.strip_suffix(".toml") {
                if name.starts_with(OWN) {
                    let what = format!("names that begin with {OWN} are the tree's own");
                    complaints.push(wrong(root, &path, sources, what));
                } else if is_fit(name) && entry.to_str().is_some() {
                    let main = if is_null() { Main::Masked } else { Main::There };
                    found.files.entry(name.to_owned()).or_default().main = Some((path, main));
                } else {
                    complaints.push(unfit(root, &path, sources));
                }
            } else if let Some(name) = name.strip_suffix(".d").filter(|name| is_fit(name)) {
                let files = found.files.entry(name.to_owned()).or_default();
                drop_ins(root, &path, files, sources, complaints)?;
            } else {
                complaints.extend(stray(root, &path, sources));
            }
        }
        if found.files.len() > MOST_FILES {
            return Err(Error::user(format_args!("more than {MOST_FILES} service files")));
        }
    }
    let reading = format!("read {}", root.path(enabled).display());
    for Entry { name: entry, .. } in root.entries(enabled).unable(&reading)? {
        let path = enabled.join(&entry);
        match entry.to_str().filter(|name| is_fit(name)) {
            Some(name) => {
                let file = sources.add(root.path(&path).display().to_string(), String::new());
                found.enabled.push((name.to_owned(), Place::top(file)));
            }
            None if entry.as_bytes().starts_with(b".") => {}
            None => complaints.push(unfit(root, &path, sources)),
        }
    }
    Ok(found)
}

fn drop_ins(
    root: &Root,
    dir: &Path,
    files: &mut Files,
    sources: &mut Sources,
    complaints: &mut Vec<Diagnostic>,
) -> Result<()> {
    let reading = format!("read {}", root.path(dir).display());
    for Entry { name: entry, is_link } in root.entries(dir).unable(reading)? {
        let path = dir.join(&entry);
        let Some(name) = entry.to_str().filter(|name| name.ends_with(".toml")) else {
            complaints.extend(stray(root, &path, sources));
            continue;
        };
        if is_link && root.is_null(&path) {
            files.drop_ins.remove(name);
        } else if !name.starts_with('.') {
            files.drop_ins.insert(name.to_owned(), path);
        }
    }
    Ok(())
}

/// A file that is none of a service, by its name: not one that an editor or a package has put beside
/// one that is.
fn stray(root: &Root, path: &Path, sources: &mut Sources) -> Option<Diagnostic> {
    let name = path.file_name()?.to_string_lossy();
    let is_beside = name.starts_with('.') || name.ends_with('~') || name.contains(".toml.");
    if is_beside || root.kind(path) != Some(FileType::RegularFile) {
        return None;
    }
    let file = sources.add(root.path(path).display().to_string(), String::new());
    let what = "it is ignored: its name does not end in .toml";
    Some(Diagnostic::new(Code::NoServiceFile, Place::top(file), what))
}

fn unfit(root: &Root, path: &Path, sources: &mut Sources) -> Diagnostic {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let what = format!("\"{}\" can't be the name of a service", name.escape_debug());
    wrong(root, path, sources, what)
}

fn wrong(root: &Root, path: &Path, sources: &mut Sources, what: String) -> Diagnostic {
    let file = sources.add(root.path(path).display().to_string(), String::new());
    Diagnostic::new(Code::BadName, Place::top(file), what)
}
