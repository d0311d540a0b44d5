//! svc-ok: is a supervisor running on this service directory?

use common::base::error::exit;
use common::os::fifo::{self, Ends};
use common::prelude::*;
use rustix::fs::CWD;
use rustix::io::Errno;

pub(super) const PROGRAM: Program = Program {
    name: "svc-ok",
    help: "DIR
Tells by its exit code whether a supervisor is running on the service directory DIR.
Prints nothing. 0: yes. 1: no.
",
    main,
};

fn main(mut args: Args) -> Result<Next> {
    args.no_options()?;
    let dir = args.operand("service directory")?;
    args.end()?;
    let control = std::path::Path::new(&dir).join("supervise/control");
    // Its control fifo has a reader as long as a supervisor lives, and no longer.
    match fifo::open(CWD, &control, Ends::Write) {
        Ok(_) => Ok(Next::Exit(exit::OK)),
        Err(Errno::NXIO | Errno::NOENT) => Ok(Next::Exit(exit::NO)),
        Err(e) => Err(e).unable(format_args!("open {}", control.display())),
    }
}
