//! Another program, run to its end.

use std::ffi::{CString, OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use common::os::exec::find;
use common::os::file::write_all;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::wait::{Ended, wait_for};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::pipe::{PipeFlags, pipe_with};

/// Runs a program to its end, silently, with a text as its standard input.
pub(crate) fn run(words: &[&OsStr], input: &str) -> Result<Ended> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unable("make a pipe")?;
    // It is short: there is room.
    write_all(&write, input.as_bytes()).unable("write to a pipe")?;
    drop(write);
    let null = openat(CWD, "/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty());
    let null = null.unable("open /dev/null")?;
    let name = words.first().copied().unwrap_or_default();
    let path = find(name).unwrap_or_else(|| name.into());
    let fds = [(0, read.as_fd()), (1, null.as_fd()), (2, null.as_fd())];
    let spawned = Child {
        path: &CString::new(path.as_os_str().as_bytes()).unwrap_or_default(),
        argv: &Argv::new(words.iter().map(OsString::from)).unable("start a program")?,
        directory: None,
        fds: &fds,
        kept: None,
        open_files: None,
        group: Group::Parents,
        blocked: Blocked::None,
        sharing: Sharing::Vfork,
    }
    .spawn(&mut NoHooks)
    .unable(format_args!("start {}", name.display()))?;
    wait_for(spawned.pid).unable(format_args!("wait for {}", name.display()))
}
