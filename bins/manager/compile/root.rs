//! The file system that is looked at: our own, or an image in a directory.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use common::os::file::read_up_to;
use rustix::fs::{CWD, FileType, Stat, stat};
use rustix::io::{Errno, Result};

use super::stamps::{Look, Seen, presence};

/// As many as the kernel follows.
const MAX_LINKS: usize = 40;

/// What is to be taken for there, in the place of what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Instead {
    /// A file with this text.
    Text(String),
    /// A link to /dev/null.
    Null,
    Nothing,
}

/// Files that are not yet as they are taken to be, by their paths.
pub(crate) type Changes = BTreeMap<PathBuf, Instead>;

/// Where `/` is, and what was looked at there.
pub(super) struct Root {
    image: Option<PathBuf>,
    changes: Changes,
    pub(super) seen: Seen,
}

impl Root {
    /// An image in a directory; none: our own file system.
    pub(super) fn new(dir: Option<PathBuf>) -> Root {
        let image = dir.filter(|dir| dir != Path::new("/"));
        Root { image, changes: Changes::new(), seen: Seen::default() }
    }

    /// The same after changes that are not made yet.
    pub(super) fn with(self, changes: Changes) -> Root {
        Root { changes, ..self }
    }

    /// Whether it is an image.
    pub(super) fn is_image(&self) -> bool {
        self.image.is_some()
    }

    /// Where a path of the image is, for us. Links on the way are not looked at.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        match &self.image {
            Some(dir) => dir.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }

    /// The same with links followed as if the image were our own: none leads out of it.
    pub(super) fn resolve(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = path.as_ref();
        let Some(root) = &self.image else { return Ok(path.to_owned()) };
        let mut left: Vec<OsString> = parts(path).rev().collect();
        let mut at = PathBuf::new();
        let mut links = 0;
        while let Some(part) = left.pop() {
            if part == ".." {
                at.pop();
                continue;
            }
            match std::fs::read_link(root.join(&at).join(&part)) {
                Ok(_) if links == MAX_LINKS => return Err(Errno::LOOP),
                Ok(target) => {
                    links += 1;
                    if target.has_root() {
                        at = PathBuf::new();
                    }
                    left.extend(parts(&target).rev());
                }
                Err(_) => at.push(part),
            }
        }
        Ok(root.join(at))
    }

    /// Reads a regular file, of which at most `limit` bytes.
    pub(super) fn read(&self, path: impl AsRef<Path>, limit: usize) -> Result<Vec<u8>> {
        let path = path.as_ref();
        match self.changes.get(path) {
            Some(Instead::Text(text)) => return Ok(text.clone().into_bytes()),
            Some(Instead::Null | Instead::Nothing) => return Err(Errno::NOENT),
            None => {}
        }
        let read = self.resolve(path).and_then(|path| read_up_to(CWD, path, limit));
        self.seen.note(Look::Text, path, presence(read.is_ok()));
        read
    }

    /// What is at a path; none: nothing.
    pub(super) fn kind(&self, path: impl AsRef<Path>) -> Option<FileType> {
        let kind = self.look_kind(path.as_ref());
        self.seen.note(Look::Kind, path.as_ref(), format!("{kind:?}"));
        kind
    }

    /// Whether it is a file that somebody may execute.
    pub(super) fn is_program(&self, path: impl AsRef<Path>) -> bool {
        let is_program = self.look_program(path.as_ref());
        self.seen.note(Look::Program, path.as_ref(), is_program.to_string());
        is_program
    }

    /// The names in a directory, sorted; none if it is not there.
    pub(super) fn names(&self, dir: impl AsRef<Path>) -> Result<Vec<OsString>> {
        let dir = dir.as_ref();
        let entries = match std::fs::read_dir(self.resolve(dir)?) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                self.seen.note(Look::Text, dir, presence(false));
                return Ok(self.changed(dir, Vec::new()));
            }
            entries => entries.map_err(errno)?,
        };
        self.seen.note(Look::Text, dir, presence(true));
        let names: std::io::Result<Vec<_>> =
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
        Ok(self.changed(dir, names.map_err(errno)?))
    }

    /// The names in a directory after the changes, sorted.
    fn changed(&self, dir: &Path, mut names: Vec<OsString>) -> Vec<OsString> {
        for (path, instead) in &self.changes {
            let Some(name) = path.strip_prefix(dir).ok().and_then(|rest| rest.iter().next()) else {
                continue;
            };
            let is_own = path.parent() == Some(dir);
            if is_own || *instead != Instead::Nothing {
                names.retain(|known| known != name);
            }
            if *instead != Instead::Nothing {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names
    }

    /// What the kernel knows of a path; none: nothing is there. Not noted, as what follows.
    pub(super) fn stat(&self, path: &Path) -> Option<Stat> {
        stat(self.resolve(path).ok()?).ok()
    }

    /// See `kind`.
    pub(super) fn look_kind(&self, path: &Path) -> Option<FileType> {
        self.stat(path).map(|stat| FileType::from_raw_mode(stat.st_mode))
    }

    /// See `is_program`.
    pub(super) fn look_program(&self, path: &Path) -> bool {
        self.stat(path).is_some_and(|stat| {
            let kind = FileType::from_raw_mode(stat.st_mode);
            kind == FileType::RegularFile && stat.st_mode & 0o111 != 0
        })
    }

    /// Whether a link leads to /dev/null.
    pub(super) fn is_null(&self, path: impl AsRef<Path>) -> bool {
        if let Some(instead) = self.changes.get(path.as_ref()) {
            return *instead == Instead::Null;
        }
        std::fs::read_link(self.path(path)).is_ok_and(|target| target == Path::new("/dev/null"))
    }
}

fn errno(e: std::io::Error) -> Errno {
    Errno::from_io_error(&e).unwrap_or(Errno::INVAL)
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    let names: Vec<OsString> = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| OsStr::from_bytes(part.as_os_str().as_bytes()).to_owned())
        .collect();
    names.into_iter()
}
