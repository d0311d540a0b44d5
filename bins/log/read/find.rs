//! Where the logs are that somebody asks for.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::base::near::nearest;
use common::base::sort;
use common::prelude::*;
use common::program::warn;
use rustix::io::Errno;
use rustix::process::geteuid;

use super::PROGRAM;
use super::dir::{Dir, is_log, path_of};
use super::rights::unreadable;

/// A log directory, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Where the loggers of the system write, and where they do before the disk can be written.
const ROOT: &str = "/var/log/coppice";
const EARLY: &str = "coppice/log/early";

/// The directories that have a log, or a directory of logs, for each service.
pub(super) fn roots(given: Vec<PathBuf>) -> Vec<PathBuf> {
    if !given.is_empty() {
        return given;
    }
    if let Some(root) = variable("COPPICE_LOG_ROOT") {
        return vec![root];
    }
    let state = variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("coppice/log"))
        .filter(|own| !geteuid().is_root() && own.is_dir());
    let run = match state {
        Some(_) => variable("XDG_RUNTIME_DIR"),
        None => Some("/run".into()),
    };
    let early = run.map(|run| run.join(EARLY)).filter(|early| early.is_dir());
    [Some(state.unwrap_or_else(|| ROOT.into())), early].into_iter().flatten().collect()
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) places: Vec<Place>,
    /// What could not be read is left out: what is to be told of each.
    pub(super) unread: Vec<Error>,
}

impl Found {
    /// Takes what was found of one of several.
    fn add(&mut self, found: Result<Vec<Place>>) {
        match found {
            Ok(found) => self.places.extend(found),
            Err(e) => self.unread.push(e),
        }
    }

    /// Tells what could not be read. Where one log may not be read others may not: one line is enough.
    pub(super) fn tell(&self) {
        match self.unread.as_slice() {
            [] => {}
            [e] => warn(&PROGRAM.name, &e.message),
            [first, others @ ..] => {
                let (count, message) = (others.len() + 1, &first.message);
                warn(
                    &PROGRAM.name,
                    &format_args!("{count} logs are left out: {message}; and others"),
                );
            }
        }
    }
}

/// The logs that `operands` mean: all of the roots if there are none. Whether one that is not there
/// is waited for, `follow` tells. A name that is none is an error; what can't be read is left out.
pub(super) fn places(operands: &[OsString], roots: &[PathBuf], follow: bool) -> Result<Found> {
    let mut all_found = Found::default();
    if operands.is_empty() {
        for root in roots {
            // An early root that has gone, or one of several.
            if root.is_dir() || roots.len() == 1 {
                match all(root, &mut all_found) {
                    Err(e) if roots.len() == 1 => return Err(e),
                    result => all_found.add(result.map(|()| Vec::new())),
                }
            }
        }
        if all_found.places.is_empty() && all_found.unread.is_empty() && !follow {
            return Err(none(format_args!("there are no logs in {}", list(roots))));
        }
    }
    for operand in operands {
        let found = if is_path(operand) {
            below(Path::new(operand), &path_name(operand), follow, &mut all_found)
        } else {
            named(operand, roots, &mut all_found)
        };
        match found {
            Err(e) if e.code == exit::NO || operands.len() == 1 => return Err(e),
            found => all_found.add(found),
        }
    }
    Ok(all_found)
}

/// Whether an operand is a directory rather than a name.
fn is_path(operand: &OsStr) -> bool {
    operand.as_bytes().contains(&b'/') || operand == "." || operand == ".."
}

fn path_name(operand: &OsStr) -> String {
    let name = operand.to_string_lossy();
    let short = name.trim_end_matches('/');
    if short.is_empty() { name.into_owned() } else { short.to_owned() }
}

fn none(message: impl std::fmt::Display) -> Error {
    Error::new(exit::NO, message)
}

fn list(roots: &[PathBuf]) -> String {
    let names: Vec<_> = roots.iter().map(|root| root.display().to_string()).collect();
    names.join(" or ")
}

/// All logs of a root. One that may not be read is left out.
pub(super) fn all(root: &Path, all_found: &mut Found) -> Result<()> {
    for name in subdirectories(root)? {
        let found = below(&root.join(&name), &name.to_string_lossy(), true, all_found);
        all_found.add(found);
    }
    Ok(())
}

/// The log of a service, wherever it is. If it is in several roots, one that may not be read is left
/// out.
fn named(name: &OsStr, roots: &[PathBuf], all_found: &mut Found) -> Result<Vec<Place>> {
    // Whether it is in a root that may not be searched is not known: that is to be told.
    let may_be = |path: &PathBuf| path.try_exists().unwrap_or(true);
    let paths: Vec<PathBuf> = roots.iter().map(|root| root.join(name)).filter(may_be).collect();
    let shown = name.to_string_lossy();
    match paths.as_slice() {
        [] => Err(unknown(name, roots)?),
        [path] => below(path, &shown, true, all_found),
        several => {
            for path in several {
                let found = below(path, &shown, true, all_found);
                all_found.add(found);
            }
            Ok(Vec::new())
        }
    }
}

fn unknown(name: &OsStr, roots: &[PathBuf]) -> Result<Error> {
    let mut known = Vec::new();
    for root in roots {
        known.extend(subdirectories(root)?.iter().map(|n| n.to_string_lossy().into_owned()));
    }
    let name = name.to_string_lossy();
    let near = nearest(&name, known.iter().map(String::as_str));
    let hint =
        if near.is_empty() { String::new() } else { format!("; is it {}?", near.join(", or ")) };
    Ok(none(format_args!("there is no log of {name} in {}{hint}", list(roots))))
}

/// The log that a directory is, or those that it holds; itself if there is nothing yet. One in it that
/// may not be read is left out.
fn below(path: &Path, name: &str, follow: bool, all_found: &mut Found) -> Result<Vec<Place>> {
    let itself = || vec![Place { name: name.to_owned(), path: path.to_owned() }];
    match is_log(path) {
        Ok(true) => return Ok(itself()),
        Ok(false) => {}
        Err(Errno::NOENT) if follow => return Ok(itself()),
        Err(Errno::NOENT) => {
            return Err(none(format_args!("{}{}", no_directory(path), hint(name))));
        }
        Err(Errno::NOTDIR) if path.is_file() => {
            return Err(none(is_file(path)));
        }
        Err(e) => return Err(unreadable(path, e)),
    }
    let mut places = Vec::new();
    for below in subdirectories(path)? {
        let path = path.join(&below);
        match is_log(&path) {
            Ok(true) => {
                places.push(Place { name: format!("{name}/{}", below.to_string_lossy()), path });
            }
            // It went while we looked.
            Ok(false) | Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(e) => all_found.add(Err(unreadable(&path, e))),
        }
    }
    Ok(if places.is_empty() { itself() } else { places })
}

/// For who named one file of a log.
fn is_file(path: &Path) -> String {
    let dir = path.parent().unwrap_or(path);
    // A word without a slash would be a service.
    let dot = if is_path(dir.as_os_str()) { "" } else { "./" };
    format!("{} is a file: name its directory, {dot}{}", path.display(), dir.display())
}

fn no_directory(path: &Path) -> String {
    format!("there is no directory {}", path.display())
}

/// For who meant a service, and typed a slash.
fn hint(name: &str) -> String {
    if name.contains('/') {
        return String::new();
    }
    format!(" (if {name} is a service, leave the slash out)")
}

/// In the order of their names.
fn subdirectories(path: &Path) -> Result<Vec<OsString>> {
    let names = match Dir::open(path).and_then(|dir| dir.names()) {
        Err(Errno::NOENT) => {
            let text = no_directory(path);
            return Err(none(format_args!("{text} (see --root and COPPICE_LOG_ROOT)")));
        }
        result => result.map_err(|e| unreadable(path, e))?,
    };
    let names = names.iter().map(path_of);
    let mut names: Vec<OsString> =
        names.filter(|name| path.join(name).is_dir()).map(|n| n.as_os_str().to_owned()).collect();
    sort::sort(&mut names);
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_or_dots_make_a_path() {
        for path in ["./x", "/", "a/b", ".", ".."] {
            assert!(is_path(path.as_ref()), "{path}");
        }
        assert!(!is_path("nginx".as_ref()));
        assert_eq!(path_name("/var/log/x/".as_ref()), "/var/log/x");
        assert_eq!(path_name("/".as_ref()), "/");
    }

    #[test]
    fn a_file_is_answered_with_what_to_type() {
        let is = |path: &str| is_file(Path::new(path));
        assert_eq!(is("./web/current"), "./web/current is a file: name its directory, ./web");
        assert_eq!(is("web/current"), "web/current is a file: name its directory, ./web");
        assert_eq!(is("./current"), "./current is a file: name its directory, .");
    }
}
