//! svc-chroot: run a program with another root directory.

use std::ffi::OsString;

use common::base::future::Future;
use common::prelude::*;

use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-chroot",
    help: "DIR PROG...
Makes DIR the root directory and the working directory, then becomes PROG, which is sought there.
",
    read,
};

struct Chroot(OsString);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    Ok(Box::new(Chroot(args.operand("directory")?)))
}

impl Change for Chroot {
    fn apply(&self, _: &mut Future) -> Result<()> {
        let dir = self.0.display();
        // Into it first: a directory outside of the root would be a way out.
        rustix::process::chdir(&self.0).unable(format_args!("change directory to {dir}"))?;
        rustix::process::chroot(c".").unable(format_args!("change root to {dir}"))?;
        rustix::process::chdir(c"/").unable("change directory to the new root")
    }

    fn moves_look_ups(&self) -> bool {
        true
    }

    fn changes_root(&self) -> bool {
        true
    }

    fn needs(&self, _: u32) -> Option<&'static str> {
        Some("CAP_SYS_CHROOT")
    }
}
