//! svc-tty: run a program on a terminal of its own.

use std::ffi::OsString;
use std::os::fd::{AsRawFd, IntoRawFd};

use common::base::future::Future;
use common::os::fds::place;
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, fcntl_getfl, fcntl_setfl, openat};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{getpid, getsid, ioctl_tiocsctty, setsid};
use rustix::termios::isatty;

use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-tty",
    help: "TTY PROG...
Makes a session, unless it leads one already, with the terminal TTY, which is also standard input,
output and error; then becomes PROG, as a getty.
",
    read,
};

struct Tty(OsString);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    Ok(Box::new(Tty(args.operand("terminal")?)))
}

impl Change for Tty {
    fn apply(&self, _: &mut Future) -> Result<()> {
        let path = self.0.display();
        // A serial line would be waited for until somebody calls.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let tty = openat(CWD, &self.0, flags, Mode::empty()).unable(format_args!("open {path}"))?;
        if !isatty(&tty) {
            return Err(Error::system(format_args!("{path} is no terminal")));
        }
        fcntl_getfl(&tty)
            .and_then(|flags| fcntl_setfl(&tty, flags - OFlags::NONBLOCK))
            .unable(format_args!("change mode of {path}"))?;
        if getsid(None) != Ok(getpid()) {
            setsid().unable("make a session")?;
        }
        ioctl_tiocsctty(&tty).unable(format_args!("make {path} the controlling terminal"))?;
        for number in 0..3 {
            // Above 2, so that none of the three is in the way.
            let copy = fcntl_dupfd_cloexec(&tty, 3).and_then(|copy| place(copy, number));
            copy.unable(format_args!("open {path} at descriptor {number}"))?;
        }
        if tty.as_raw_fd() <= 2 {
            // It was opened where one of the three was closed, and is it.
            let _ = tty.into_raw_fd();
        }
        Ok(())
    }
}
