//! Becoming another program, with a search of PATH of our own: glibc's and musl's differ.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;

use crate::base::future::Future;
use crate::sys::exec::{Argv, Environment, exec_in};

/// Where PATH is searched when it is not set, as in s6.
const DEFAULT_PATH: &str = "/usr/bin:/bin";

/// Becomes the program of `future`, its first word sought in PATH, that of the environment it will
/// have, unless it has a slash; returns only to say why not. A file that is there but can't be run
/// counts for more than one that is nowhere.
pub fn search_and_exec(future: &Future) -> Errno {
    let name = future.argv.first().cloned().unwrap_or_default();
    let (Ok(argv), Ok(environment)) = (Argv::new(future.words()), future.environment()) else {
        return Errno::INVAL;
    };
    let environment = environment.map_or(Environment::ours(), Environment::of);
    let mut worst = Errno::NOENT;
    for candidate in candidates(&name, future.get(OsStr::new("PATH"))) {
        let Ok(path) = CString::new(candidate.into_os_string().into_vec()) else { continue };
        match exec_in(&path, &argv, &environment) {
            Errno::NOENT | Errno::NOTDIR => {}
            e => worst = e,
        }
    }
    worst
}

/// Whether there is a program of `future` that [`search_and_exec`] would become, or else what it would say.
/// What an interpreter of it needs is not looked at.
pub fn look(future: &Future) -> Result<(), Errno> {
    let name = future.argv.first().cloned().unwrap_or_default();
    let mut worst = Errno::NOENT;
    for path in candidates(&name, future.get(OsStr::new("PATH"))) {
        match accessat(CWD, &path, Access::EXEC_OK, AtFlags::EACCESS) {
            Ok(()) if path.is_dir() => worst = Errno::ACCESS,
            Ok(()) => return Ok(()),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(e) => worst = e,
        }
    }
    Err(worst)
}

/// The first executable of this name in our PATH.
pub fn find(name: &OsStr) -> Option<PathBuf> {
    find_in(name, std::env::var_os("PATH"))
}

/// The first executable of this name in a PATH; none: that of a program without one.
pub fn find_in(name: &OsStr, path: Option<OsString>) -> Option<PathBuf> {
    candidates(name, path)
        .into_iter()
        .find(|path| accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok())
}

fn candidates(name: &OsStr, path: Option<OsString>) -> Vec<PathBuf> {
    if name.is_empty() {
        return Vec::new();
    }
    if name.as_bytes().contains(&b'/') {
        return vec![PathBuf::from(name)];
    }
    let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
    std::env::split_paths(&path).map(|dir| dir.join(name)).collect()
}
