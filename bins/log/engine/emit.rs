//! The outputs that are no log directories. They can't be made exact: after a crash in the middle of
//! a batch its lines are repeated there.

use std::ffi::OsString;
use std::path::Path;

use common::os::file::write_all;
use rustix::fs::{CWD, Mode, OFlags, openat, renameat};

use super::failure::{Failing, Failure};

/// Standard output and the status files of a logger.
pub(super) struct Outlets {
    /// Standard output is given up for good when it fails.
    stdout: bool,
    /// That a status file can't be written was said.
    told: bool,
}

impl Outlets {
    pub(super) fn new() -> Outlets {
        Outlets { stdout: true, told: false }
    }

    /// Lines to standard output; an error is told once.
    pub(super) fn print(&mut self, lines: &[u8]) -> Result<(), Failure> {
        if !self.stdout || lines.is_empty() {
            return Ok(());
        }
        let written = write_all(rustix::stdio::stdout(), lines);
        self.stdout = written.is_ok();
        written.failing("write to", "standard output (given up)")
    }

    /// Replaces a status file; an error is told until it works again only once.
    pub(super) fn status(
        &mut self,
        path: &Path,
        size: usize,
        line: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        if line.is_empty() {
            return Ok(());
        }
        if size > 0 {
            line.resize(size, b'\n');
        }
        let replaced = replace(path, line).failing("replace", path.display());
        let told = std::mem::replace(&mut self.told, replaced.is_err());
        if told { Ok(()) } else { replaced }
    }
}

/// Alerts to standard error: nobody is left to tell if that fails.
pub(super) fn alert(lines: &[u8]) {
    let _ = write_all(rustix::stdio::stderr(), lines);
}

/// A reader sees the old content or the new one.
fn replace(path: &Path, bytes: &[u8]) -> rustix::io::Result<()> {
    let mut hidden = OsString::from(".");
    hidden.push(path.file_name().unwrap_or_default());
    hidden.push(".new");
    let new = path.with_file_name(hidden);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let fd = openat(CWD, &new, flags | OFlags::CLOEXEC | OFlags::NONBLOCK, mode)?;
    write_all(fd, bytes)?;
    renameat(CWD, &new, CWD, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_file_has_its_size() {
        let dir = std::env::temp_dir().join(format!("svc-log-status.{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        let path = dir.join("status");
        let mut outlets = Outlets::new();
        for (size, content) in [(0, "line\n"), (8, "line\n\n\n\n"), (3, "lin")] {
            outlets.status(&path, size, &mut b"line\n".to_vec()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(outlets.status(&path, 0, &mut b"line\n".to_vec()).is_err());
        assert!(outlets.status(&path, 0, &mut b"line\n".to_vec()).is_ok());
    }
}
