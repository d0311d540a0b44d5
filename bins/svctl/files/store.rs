//! Changes to service files that are there as a whole after a power cut, or not at all.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::os::file::write_all;
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, fchmod, fsync, openat};
use rustix::io::Errno;

use crate::svctl::call::Call;
use crate::svctl::moves::voice;

/// Writes a file, in the place of the one that is there.
pub(super) fn put(call: &Call, path: &Path, text: &str) -> Result<()> {
    let write = || -> io::Result<()> {
        parent(path, |dir| fs::create_dir_all(dir))?;
        // Neither is taken for a service file.
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        gone(&new)?;
        let mode = Mode::from_raw_mode(0o644);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let fd = openat(CWD, &new, flags, mode)?;
        fchmod(&fd, mode)?;
        write_all(&fd, text.as_bytes())?;
        fsync(&fd)?;
        fs::rename(&new, path)?;
        sync(path)
    };
    told(call, write(), "write", path)
}

/// Makes a link where there is nothing.
pub(super) fn link(call: &Call, target: &Path, path: &Path) -> Result<()> {
    let make = || -> io::Result<()> {
        parent(path, |dir| fs::create_dir_all(dir))?;
        symlink(target, path)?;
        sync(path)
    };
    told(call, make(), "make", path)
}

/// Removes a file or a link; it may be gone already.
pub(super) fn remove(call: &Call, path: &Path) -> Result<()> {
    told(call, gone(path).and_then(|()| sync(path)), "remove", path)
}

fn gone(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Brings the names in a file's directory to the disk.
fn sync(path: &Path) -> io::Result<()> {
    parent(path, |dir| {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(fsync(openat(CWD, dir, flags, Mode::empty())?)?)
    })
}

fn parent(path: &Path, work: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    path.parent().map_or(Ok(()), work)
}

/// The failure as people read it, with who may do it.
fn told(call: &Call, done: io::Result<()>, verb: &str, path: &Path) -> Result<()> {
    done.map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::INVAL)).map_err(|e| {
        let failed: Result<()> = Err(e).unable(format_args!("{verb} {}", path.display()));
        let error = failed.err().unwrap_or_else(|| Error::silent(0));
        match e {
            Errno::ACCESS | Errno::PERM => voice::as_root(call, error),
            _ => error,
        }
    })
}
