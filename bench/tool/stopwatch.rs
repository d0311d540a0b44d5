//! Commands, timed from right before the process that runs them to right after its end.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use common::os::exec;
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::fork::vfork;
use common::sys::wait::{Ended, wait_for};

use super::stamp::{now, write};

/// Writes a stamp and becomes the command.
pub(super) fn stamped(mut args: Args) -> Result<Next> {
    let (fifo, name) = (args.operand("fifo")?, args.operand("name")?);
    let command = args.operands("command")?;
    write(Path::new(&fifo), &name.to_string_lossy(), now()).unable("write a stamp")?;
    Ok(Next::Exec(command.into()))
}

/// Runs the command once, between two stamps.
pub(super) fn timed(mut args: Args) -> Result<Next> {
    let (fifo, name) = (args.operand("fifo")?, args.operand("name")?);
    let command = Command::of(args.operands("command")?)?;
    let (began, ended) = (now(), command.run()?);
    let done = now();
    for (what, at) in [("begin", began), ("end", done)] {
        let name = format!("{}.{what}", name.display());
        write(Path::new(&fifo), &name, at).unable("write a stamp")?;
    }
    Ok(Next::Exit(if ended == Ended::Exited(0) { 0 } else { 1 }))
}

/// Runs the command many times, and prints how long one run takes.
pub(super) fn repeated(mut args: Args) -> Result<Next> {
    let number: usize = common::base::args::parse(args.operand("number")?, "number")?;
    let command = Command::of(args.operands("command")?)?;
    let mut times = Vec::with_capacity(number);
    for _ in 0..number {
        let began = now();
        command.run()?;
        times.push(now() - began);
    }
    times.sort_unstable();
    let median = times.get(number / 2).copied().unwrap_or_default();
    Ok(Next::Exit(common::program::print(&format!("{median}\n"))))
}

/// A command that was found in PATH, ready to be executed.
struct Command {
    path: CString,
    argv: Argv,
}

impl Command {
    fn of(words: Vec<OsString>) -> Result<Command> {
        let name = words.first().cloned().unwrap_or_default();
        let path = exec::find(&name)
            .ok_or_else(|| Error::system(format_args!("{} is not found", name.display())))?;
        let path = CString::new(path.into_os_string().into_vec()).unwrap_or_default();
        Ok(Command { path, argv: Argv::new(words).unable("keep the command")? })
    }

    fn run(&self) -> Result<Ended> {
        let mut child = || {
            common::sys::exec::exec(&self.path, &self.argv);
            127
        };
        let pid = vfork(&mut child).unable("start a process")?;
        wait_for(pid).unable("wait")
    }
}
