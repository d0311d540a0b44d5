//! Where the other programs of this installation are: beside the one that runs. Not what
//! /proc/self/exe names, which after an upgrade is a deleted file.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::exec;
use crate::sys::auxv::executed_path;

/// The directory that this program was executed from.
#[derive(Clone, Debug)]
pub struct Siblings(Option<PathBuf>);

impl Siblings {
    /// To be asked before the working directory changes.
    pub fn at_start() -> Siblings {
        let executed = executed_path().to_bytes();
        let Some(slash) = executed.iter().rposition(|b| *b == b'/') else { return Siblings(None) };
        let dir = Path::new(OsStr::from_bytes(&executed[..slash.max(1)]));
        // To make it absolute takes more code than all the rest, and is seldom needed.
        let dir = if executed[0] == b'/' { Ok(dir.to_owned()) } else { std::path::absolute(dir) };
        Siblings(dir.ok())
    }

    /// Those of a known directory.
    pub fn of(dir: impl Into<PathBuf>) -> Siblings {
        Siblings(Some(dir.into()))
    }

    /// Their directory, if it is known.
    pub fn dir(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// The path of one of them; from PATH when the directory is unknown.
    pub fn path(&self, name: &str) -> CString {
        let path: OsString = match &self.0 {
            Some(dir) => dir.join(name).into(),
            None => exec::find(OsStr::new(name)).map_or_else(|| name.into(), Into::into),
        };
        // Paths from the kernel and from PATH have no NUL.
        CString::new(path.into_vec()).unwrap_or_default()
    }
}
