//! The floor beneath every supervisor: one process that starts, and starts again what dies. It keeps
//! no state, takes no command and tells nobody anything.

use std::collections::BTreeMap;
use std::ffi::CString;

use common::prelude::*;
use common::sys::exec::{Argv, exec};
use common::sys::fork::vfork;
use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use rustix::process::{Pid, WaitOptions, chdir, wait};

/// Runs DIR/*/run for ever.
pub(super) fn floor(mut args: Args) -> Result<Next> {
    let dir = args.operand("directory")?;
    args.end()?;
    chdir(dir.as_os_str()).unable(format_args!("enter {}", dir.display()))?;
    let argv = Argv::new(["./run".into()]).unable("keep an argument")?;
    let mut running = BTreeMap::new();
    for service in services().unable(format_args!("read {}", dir.display()))? {
        running.insert(start(&service, &argv)?.as_raw_pid(), service);
    }
    loop {
        let died = wait(WaitOptions::empty()).unable("wait")?;
        let service = died.and_then(|(pid, _)| running.remove(&pid.as_raw_pid()));
        if let Some(service) = service {
            running.insert(start(&service, &argv)?.as_raw_pid(), service);
        }
    }
}

fn services() -> rustix::io::Result<Vec<CString>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut names = Vec::new();
    for entry in Dir::read_from(openat(CWD, c".", flags, Mode::empty())?)? {
        let entry = entry?;
        if !entry.file_name().to_bytes().starts_with(b".") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

fn start(service: &CString, argv: &Argv) -> Result<Pid> {
    let mut child = || {
        if chdir(service).is_ok() {
            exec(argv.program(), argv);
        }
        111
    };
    vfork(&mut child).unable("start a process")
}
