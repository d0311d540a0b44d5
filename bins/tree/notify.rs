//! svc-notify: write a line to all subscribers of an event directory.

use std::os::unix::ffi::OsStrExt;

use common::base::error::exit;
use common::os::{fifodir, file};
use common::prelude::*;
use common::program;
use rustix::fs::CWD;

pub(super) const PROGRAM: Program = Program {
    name: "svc-notify",
    help: "DIR MESSAGE
Writes the line MESSAGE to every subscriber of the event directory DIR.
A subscriber whose fifo is full misses it, and can tell.
",
    main,
};

fn main(mut args: Args) -> Result<Next> {
    common::os::fds::fill_stdio();
    args.no_options()?;
    let dir = args.operand("event directory")?;
    let message = args.operand("message")?;
    args.end()?;
    let mut line = message.as_bytes().to_vec();
    if line.contains(&b'\n') || line.len() >= common::format::event::MAX {
        return Err(Error::user("the message must be one line of at most 511 bytes"));
    }
    line.push(b'\n');
    // A reader that closes meanwhile is no reason to die.
    common::sys::signal::block_all();
    let fd = file::open_dir(CWD, &dir).unable(format_args!("open {}", dir.display()))?;
    let notified = fifodir::notify(&fd, || &line).unable(format_args!("read {}", dir.display()))?;
    if notified.surplus > 0 {
        let dir = dir.display();
        let text = format_args!("{dir}: too many subscribers: {} left out", notified.surplus);
        program::warn(&PROGRAM.name, &text);
    }
    Ok(Next::Exit(exit::OK))
}
