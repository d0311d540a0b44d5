//! svc-fifodir: make an event directory, or clean one up.

use std::ffi::OsString;

use common::base::args::unknown;
use common::base::error::exit;
use common::os::{fifodir, file};
use common::prelude::*;
use rustix::fs::{AtFlags, CWD, Gid, Mode, chmodat, chownat, mkdirat};
use rustix::io::Errno;

pub(super) const PROGRAM: Program = Program {
    name: "svc-fifodir",
    help: "make [-f] [-g GID] DIR
       svc-fifodir clean DIR
Makes the event directory DIR, or removes the fifos in it that nobody reads any more.
Everybody may subscribe (mode 1733), or with -g only the members of one group (mode 3730).
  -g GID   only members of the group GID, a number, may subscribe
  -f       set owner and mode also if DIR is there already
",
    main,
};

fn main(mut args: Args) -> Result<Next> {
    common::os::fds::fill_stdio();
    args.no_options()?;
    let verb = args.operand("verb: make or clean")?;
    match verb.to_str() {
        Some("make") => make(args)?,
        Some("clean") => clean(args)?,
        Some(_) | None => {
            return Err(Error::user(format_args!("unknown verb {}", verb.display())));
        }
    }
    Ok(Next::Exit(exit::OK))
}

fn make(mut args: Args) -> Result<()> {
    let (mut force, mut group) = (false, None);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-f" => force = true,
            "-g" => group = Some(Gid::from_raw(args.value("group number")?)),
            _ => return Err(unknown(&option)),
        }
    }
    let dir = directory(args)?;
    match mkdirat(CWD, &dir, Mode::RWXU) {
        Err(Errno::EXIST) => {
            file::open_dir(CWD, &dir).unable(format_args!("make {}", dir.display()))?;
            if !force {
                return Ok(());
            }
        }
        result => result.unable(format_args!("make {}", dir.display()))?,
    }
    // Sticky, so that subscribers can't remove each other's fifos; with a group, setgid as well, so
    // that a fifo belongs to it whoever makes it.
    let bits = if group.is_some() { 0o3730 } else { 0o1733 };
    if group.is_some() {
        chownat(CWD, &dir, None, group, AtFlags::empty())
            .unable(format_args!("change the group of {}", dir.display()))?;
    }
    chmodat(CWD, &dir, Mode::from_raw_mode(bits), AtFlags::empty())
        .unable(format_args!("change the mode of {}", dir.display()))
}

fn clean(args: Args) -> Result<()> {
    let dir = directory(args)?;
    let fd = file::open_dir(CWD, &dir).unable(format_args!("open {}", dir.display()))?;
    fifodir::clean(&fd).map(|_| ()).unable(format_args!("clean {}", dir.display()))
}

fn directory(mut args: Args) -> Result<OsString> {
    let dir = args.operand("event directory")?;
    args.end()?;
    Ok(dir)
}
