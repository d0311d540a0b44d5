//! Paths through directories in which others may have put something: step by step, so that what was
//! looked at is what is used.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use common::os::file::open_dir;
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, fstat, mkdirat, openat, readlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

/// What becomes of parents that are missing.
#[derive(Clone, Copy)]
pub(crate) enum Parents {
    /// They exist, or it is an error.
    Exist,
    /// They are made with this mode.
    Made(Mode),
}

/// Where a path leads.
pub(crate) struct Place {
    /// The directory that its last name is in.
    pub(crate) dir: OwnedFd,
    /// Its last name; none if the path is `/`, `.` or ends in `..`.
    pub(crate) name: Option<OsString>,
    /// Nobody but we and root can put anything there.
    pub(crate) is_private: bool,
}

/// As many as the kernel follows.
pub(crate) const MAX_LINKS: usize = 40;

/// Goes to the directory of the last name. Every directory on the way must be one where others can't
/// replace what is ours; a symbolic link is followed only where others can't have put it.
pub(crate) fn walk(path: &OsStr, parents: Parents) -> Result<Place> {
    let mut dir = start(path)?;
    let mut names = names(path);
    let mut links = 0;
    loop {
        let is_private = is_private(&dir, path)?;
        if names.len() <= 1 {
            let name = names.pop().filter(|name| name != "..");
            return Ok(Place { dir, name, is_private });
        }
        let name = names.remove(0);
        match step(&dir, &name, parents) {
            Ok(next) => dir = next,
            Err(Errno::LOOP | Errno::NOTDIR) if is_private && links < MAX_LINKS => {
                links += 1;
                let opening = format_args!("open {} of {}", name.display(), path.display());
                let target = target(&dir, &name).unable(opening)?;
                if target.as_bytes().starts_with(b"/") {
                    dir = start(&target)?;
                }
                names.splice(0..0, self::names(&target));
            }
            Err(e) => {
                let opening = format_args!("open {} of {}", name.display(), path.display());
                return Err(e).unable(opening);
            }
        }
    }
}

/// Whether nobody but we and root can put anything into a directory. If others can even replace what
/// is not theirs there, that is an error.
fn is_private(dir: &OwnedFd, path: &OsStr) -> Result<bool> {
    const OTHERS_WRITE: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    let stat = fstat(dir).unable(format_args!("look at the parents of {}", path.display()))?;
    let is_ours = stat.st_uid == 0 || stat.st_uid == geteuid().as_raw();
    let others_write = stat.st_mode & OTHERS_WRITE != 0;
    if !is_ours || others_write && stat.st_mode & STICKY == 0 {
        let what = "others can replace what is in one of its parent directories";
        return Err(Error::system(format_args!("refuse to use {}: {what}", path.display())));
    }
    Ok(!others_write)
}

fn start(path: &OsStr) -> Result<OwnedFd> {
    let from = if path.as_bytes().starts_with(b"/") { c"/" } else { c"." };
    open_dir(CWD, from).unable(format_args!("open {}", from.to_string_lossy()))
}

/// The names between slashes.
pub(crate) fn names(path: &OsStr) -> Vec<OsString> {
    path.as_bytes()
        .split(|b| *b == b'/')
        .filter(|name| !name.is_empty() && *name != b".")
        .map(|name| OsStr::from_bytes(name).to_owned())
        .collect()
}

fn step(dir: &OwnedFd, name: &OsStr, parents: Parents) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || openat(dir, name, flags, Mode::empty());
    match (open(), parents) {
        (Err(Errno::NOENT), Parents::Made(mode)) => {
            match mkdirat(dir, name, mode) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(e),
            }
            open()
        }
        (opened, _) => opened,
    }
}

/// Where a symbolic link leads; ENOTDIR if it is none.
fn target(dir: &OwnedFd, name: &OsStr) -> rustix::io::Result<OsString> {
    match readlinkat(dir, name, Vec::new()) {
        Ok(target) => Ok(OsString::from_vec(target.into_bytes())),
        Err(Errno::INVAL) => Err(Errno::NOTDIR),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_its_names() {
        assert_eq!(names("/run//a/./b/".as_ref()), ["run", "a", "b"]);
        assert!(names("/".as_ref()).is_empty());
    }
}
