//! The file system that is looked at: our own, or an image in a directory.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use common::os::file::read_up_to;
use rustix::fs::{CWD, FileType, stat};
use rustix::io::{Errno, Result};

/// As many as the kernel follows.
const MAX_LINKS: usize = 40;

/// Where `/` is.
pub(super) struct Root(Option<PathBuf>);

impl Root {
    /// An image in a directory; none: our own file system.
    pub(super) fn new(dir: Option<PathBuf>) -> Root {
        Root(dir.filter(|dir| dir != Path::new("/")))
    }

    /// Whether it is an image.
    pub(super) fn is_image(&self) -> bool {
        self.0.is_some()
    }

    /// Where a path of the image is, for us. Links on the way are not looked at.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        match &self.0 {
            Some(dir) => dir.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }

    /// The same with links followed as if the image were our own: none leads out of it.
    pub(super) fn resolve(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = path.as_ref();
        let Some(root) = &self.0 else { return Ok(path.to_owned()) };
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
        read_up_to(CWD, self.resolve(path)?, limit)
    }

    /// What is at a path; none: nothing.
    pub(super) fn kind(&self, path: impl AsRef<Path>) -> Option<FileType> {
        let stat = stat(self.resolve(path).ok()?).ok()?;
        Some(FileType::from_raw_mode(stat.st_mode))
    }

    /// Whether it is a file that somebody may execute.
    pub(super) fn is_program(&self, path: impl AsRef<Path>) -> bool {
        let Some(stat) = self.resolve(path).ok().and_then(|path| stat(path).ok()) else {
            return false;
        };
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_mode & 0o111 != 0
    }

    /// The names in a directory, sorted; none if it is not there.
    pub(super) fn names(&self, dir: impl AsRef<Path>) -> Result<Vec<OsString>> {
        let entries = match std::fs::read_dir(self.resolve(dir)?) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(errno)?,
        };
        let names: std::io::Result<Vec<_>> =
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
        let mut names = names.map_err(errno)?;
        names.sort();
        Ok(names)
    }

    /// Whether a link leads to /dev/null.
    pub(super) fn is_null(&self, path: impl AsRef<Path>) -> bool {
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
