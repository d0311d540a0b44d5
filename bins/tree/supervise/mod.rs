//! svc-supervise: keep one service running, and know all about it.

mod action;
mod adopt;
mod cgroup;
mod child;
mod control;
mod files;
mod listing;
mod log;
mod machine;
pub(super) mod oneshot;
mod options;
mod reexec;
mod report;
mod scope;
mod setup;
mod short;
mod supervisor;
mod throttle;
mod turn;

use common::base::error::exit;
use common::prelude::*;

pub(super) const PROGRAM: Program = Program {
    name: "svc-supervise",
    help: "DIR
Keeps the service of the service directory DIR running as it is asked to: starts ./run, and again
whenever it dies, and runs ./finish after each death. Kill it: its successor goes on.
  --log-fifos DIR2   without a log/, the output goes to the fifo DIR2/NAME
For svc-scan:
  --under FD         the working directory is the service directory and DIR its name; events also go
                     to the directory FD; what is missing or locked is waited for
  --boot ID          the id of this boot
  --input FD/PATH    a logger: its input is the fifo PATH in the directory FD
  --reexec LIST      go on as the same process, with these descriptors: lock,control,log,ready
",
    main,
};

fn main(args: Args) -> Result<Next> {
    let siblings = common::os::siblings::Siblings::at_start();
    let options = options::Options::read(args)?;
    // Looked at where it is: each move would leave a copy in a frame that lives on.
    match &mut setup::supervisor(options, siblings) {
        Ok(Some(supervisor)) => {
            supervisor.run();
            Ok(Next::Exit(exit::OK))
        }
        Ok(None) => Ok(Next::Exit(exit::USAGE)),
        Err(e) => Err(e.clone()),
    }
}
