//! The file system that is looked at: our own, or an image in a directory.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use common::base::sort;
use common::os::file::read_known;
use rustix::fs::{CWD, FileType, Stat, stat};
use rustix::io::{Errno, Result};

use super::stamps::{Found, Look, Seen};

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

/// What is in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) name: OsString,
    /// Where that is not known, it is taken for one.
    pub(super) is_link: bool,
}

impl Entry {
    fn of(entry: std::fs::DirEntry) -> Entry {
        let is_link = entry.file_type().map_or(true, |kind| kind.is_symlink());
        Entry { name: entry.file_name(), is_link }
    }
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
        let (read, found) = match self.resolve(path).and_then(|path| read_known(CWD, path, limit)) {
            Ok((bytes, stat)) => (Ok(bytes), Found::Text(Some(stat))),
            Err(Errno::NOENT) => (Err(Errno::NOENT), Found::Text(None)),
            Err(e) => (Err(e), Found::Unknown),
        };
        self.seen.note(Look::Text, path, found);
        read
    }

    /// What is at a path; none: nothing.
    pub(super) fn kind(&self, path: impl AsRef<Path>) -> Option<FileType> {
        let kind = self.look_kind(path.as_ref());
        self.seen.note(Look::Kind, path.as_ref(), Found::Word(format!("{kind:?}")));
        kind
    }

    /// Whether it is a file that somebody may execute.
    pub(super) fn is_program(&self, path: impl AsRef<Path>) -> bool {
        let is_program = self.look_program(path.as_ref());
        self.seen.note(Look::Program, path.as_ref(), Found::Word(is_program.to_string()));
        is_program
    }

    /// What is in a directory, by its names in order; nothing if it is not there.
    pub(super) fn entries(&self, dir: impl AsRef<Path>) -> Result<Vec<Entry>> {
        let dir = dir.as_ref();
        let before = self.stat(dir);
        let entries = match std::fs::read_dir(self.resolve(dir)?) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                self.seen.note(Look::Text, dir, Found::Text(before));
                return Ok(self.changed(dir, Vec::new()));
            }
            entries => entries.map_err(errno)?,
        };
        self.seen.note(Look::Text, dir, Found::Text(before));
        let entries: std::io::Result<Vec<_>> = entries.map(|entry| entry.map(Entry::of)).collect();
        Ok(self.changed(dir, entries.map_err(errno)?))
    }

    /// What is in a directory after the changes.
    fn changed(&self, dir: &Path, mut entries: Vec<Entry>) -> Vec<Entry> {
        for (path, instead) in &self.changes {
            let Some(name) = path.strip_prefix(dir).ok().and_then(|rest| rest.iter().next()) else {
                continue;
            };
            let is_own = path.parent() == Some(dir);
            if is_own || *instead != Instead::Nothing {
                entries.retain(|known| known.name != name);
            }
            if *instead != Instead::Nothing {
                entries.push(Entry { name: name.to_owned(), is_link: *instead == Instead::Null });
            }
        }
        sort::sort(&mut entries);
        entries
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
