//! svc-announce: say that a service is ready, as the last thing before its program.

use std::os::fd::{AsFd, RawFd};

use common::base::future::Future;
use common::os::exec;
use common::prelude::*;
use common::program::cannot_run;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::fcntl_setpipe_size;

use super::LINKS;
use super::beside::{notification, notify};
use super::link::{Change, Link};
use super::word::descriptor;

pub(super) const LINK: Link = Link {
    name: "svc-announce",
    help: "FD PROG...
Writes a newline to FD and closes it, then becomes PROG. If PROG can't be run, nothing is written.
",
    read,
};

struct Announce(RawFd);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    Ok(Box::new(Announce(descriptor(&args.operand("descriptor")?)?)))
}

impl Change for Announce {
    fn apply(&self, future: &mut Future) -> Result<()> {
        let is_link = |name| LINKS.iter().any(|link| name == link.name);
        if future.argv.first().is_some_and(|name| !is_link(name)) {
            exec::look(future).map_err(|e| cannot_run(future, e))?;
        }
        let fd = notification(self.0)?;
        // As small as it can be, a fifo is full until the newline was read: a supervisor that is killed
        // before it has read it leaves it to its successor. What is no fifo has nobody who reads.
        let is_fifo = fcntl_setpipe_size(&fd, 1).is_ok();
        notify(&fd)?;
        if is_fifo {
            let mut room = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::OUT)];
            rustix::io::retry_on_intr(|| poll(&mut room, None)).unable("wait until it is read")?;
        }
        Ok(())
    }

    /// What is behind it runs when that is known: a link there may fail, or change where PROG is.
    fn changes_words(&self) -> bool {
        true
    }
}
