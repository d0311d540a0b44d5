//! svc-mkdir: make a directory with its owner and mode, then run a program.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;
use rustix::fs::{Gid, Mode, OFlags, Uid, fchmod, fchown, fstat, mkdirat, openat};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::link::{Change, Link};
use super::path::{Parents, Place, walk};
use super::{identity, word};

pub(super) const LINK: Link = Link {
    name: "svc-mkdir",
    help: "[-p] [-m MODE] [-o ACCOUNT] DIR PROG...
Sees to it that DIR is a directory of this mode and owner, then becomes PROG. No link that somebody else
could have put there is followed.
  -p          make its parents as well, mode 0755, if they are missing
  -m MODE     its mode, octal; a new one gets 0755 otherwise
  -o ACCOUNT  its owner and group: NAME, or USER:GROUP
",
    read,
};

struct Mkdir {
    parents: Parents,
    mode: Option<Mode>,
    account: Option<OsString>,
    owner: Option<(u32, u32)>,
    dir: OsString,
}

/// What a directory gets when nobody says otherwise.
const USUAL: Mode = Mode::from_bits_retain(0o755);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let (mut parents, mut mode, mut account) = (Parents::Exist, None, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-p" => parents = Parents::Made(USUAL),
            "-m" => mode = Some(word::mode(&args.raw_value()?, 0o7777, "mode")?),
            "-o" => account = Some(args.raw_value()?),
            _ => return Err(unknown(&option)),
        }
    }
    let dir = args.operand("directory")?;
    if dir.is_empty() {
        return Err(word::invalid("directory", &dir));
    }
    Ok(Box::new(Mkdir { parents, mode, account, owner: None, dir }))
}

impl Change for Mkdir {
    fn look_up(&mut self, _: &mut Future) -> Result<()> {
        if let Some(word) = &self.account {
            let account = identity::account(word)?;
            self.owner = Some((account.uid, account.gid));
        }
        Ok(())
    }

    fn apply(&self, _: &mut Future) -> Result<()> {
        let path = self.dir.display();
        let place = walk(&self.dir, self.parents)?;
        let Some(name) = &place.name else {
            // It is / or the like: it is there, and nobody's to change.
            return Ok(());
        };
        // Nobody else gets in before it has its owner.
        let private = Mode::from_bits_retain(0o700);
        let is_new = match mkdirat(&place.dir, name, private) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(e) => return Err(e).unable(format_args!("make {path}")),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = openat(&place.dir, name, flags, Mode::empty())
            .unable(format_args!("open the directory {path}"))?;
        self.check(&dir, &place, is_new)?;
        self.finish(&dir, is_new)
    }

    fn moves_look_ups(&self) -> bool {
        true
    }

    fn needs(&self, user: u32) -> Option<&'static str> {
        self.owner.filter(|(uid, _)| *uid != user).map(|_| "CAP_CHOWN")
    }
}

impl Mkdir {
    /// Whether it is one to change: we made it, or it is ours or the owner's already, or it is where
    /// nobody else can have put it.
    fn check(&self, dir: &OwnedFd, place: &Place, is_new: bool) -> Result<()> {
        let path = self.dir.display();
        let present = fstat(dir).unable(format_args!("look at {path}"))?.st_uid;
        let is_ours = present == geteuid().as_raw();
        let is_owners = self.owner.is_some_and(|(uid, _)| present == uid);
        if is_ours || !is_new && (is_owners || place.is_private) {
            return Ok(());
        }
        Err(Error::system(format_args!("refuse to change {path}: it belongs to uid {present}")))
    }

    fn finish(&self, dir: &OwnedFd, is_new: bool) -> Result<()> {
        let path = self.dir.display();
        if let Some((uid, gid)) = self.owner {
            let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
            fchown(dir, Some(uid), Some(gid)).unable(format_args!("change the owner of {path}"))?;
        }
        // After the owner: changing that takes set-id bits away.
        match (self.mode, is_new) {
            (None, false) => Ok(()),
            (mode, _) => fchmod(dir.as_fd(), mode.unwrap_or(USUAL))
                .unable(format_args!("change the mode of {path}")),
        }
    }
}
