//! The command line of svc-supervise, and the one that a reexec makes of it.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use common::base::args::unknown;
use common::os::fds::adopt;
use common::os::process::BootId;
use common::prelude::*;

/// Where the process's standard input comes from, for a logger.
pub(super) struct Feed {
    /// The directory that `path` begins in, handed down by svc-scan.
    pub(super) dir: OwnedFd,
    /// The fifo; its directory is made when it is missing.
    pub(super) path: OsString,
}

/// Descriptors that a predecessor of the same process left open.
pub(super) struct Inherited {
    pub(super) lock: OwnedFd,
    pub(super) control: OwnedFd,
    pub(super) log: Option<OwnedFd>,
    pub(super) ready: Option<OwnedFd>,
}

/// What the command line says.
pub(super) struct Options {
    /// The tree's event directory: svc-scan started us, in the service directory.
    pub(super) under: Option<OwnedFd>,
    pub(super) input: Option<Feed>,
    pub(super) log_fifos: Option<OsString>,
    pub(super) inherited: Option<Inherited>,
    /// This boot, which svc-scan knows already.
    pub(super) boot: Option<BootId>,
    /// The service directory; under svc-scan only its name.
    pub(super) dir: OsString,
}

impl Options {
    pub(super) fn read(mut args: Args) -> Result<Options> {
        let (mut under, mut input, mut log_fifos, mut inherited) = (None, None, None, None);
        let mut boot = None;
        while let Some(option) = args.option()? {
            match option.as_str() {
                "--under" => under = Some(adopt(args.value("file descriptor")?)?),
                "--input" => input = Some(Feed::parse(&args.raw_value()?)?),
                "--log-fifos" => log_fifos = Some(args.raw_value()?),
                "--boot" => boot = BootId::parse(args.raw_value()?.as_bytes()),
                "--reexec" => inherited = Some(Inherited::parse(&args.value::<String>("list")?)?),
                _ => return Err(unknown(&option)),
            }
        }
        let dir = args.operand("service directory")?;
        args.end()?;
        Ok(Options { under, input, log_fifos, inherited, boot, dir })
    }

    /// The service's name: that which svc-scan gave, or the last part of the path.
    pub(super) fn name(&self) -> String {
        if self.under.is_some() {
            return self.dir.to_string_lossy().into_owned();
        }
        name_of(&self.dir)
    }
}

/// The last part of a path, as a name.
pub(super) fn name_of(dir: &OsStr) -> String {
    let path = std::path::absolute(dir).unwrap_or_else(|_| dir.into());
    let name = path.file_name().unwrap_or(OsStr::new("/")).to_string_lossy();
    // It is a line in files and messages.
    name.replace(|c: char| c.is_control(), "?")
}

impl Feed {
    fn parse(word: &OsStr) -> Result<Feed> {
        let bad = || Error::user(format_args!("invalid input: {}", word.display()));
        let slash = word.as_bytes().iter().position(|b| *b == b'/').ok_or_else(bad)?;
        let (number, path) = word.as_bytes().split_at(slash);
        let number = std::str::from_utf8(number).ok().and_then(|n| n.parse().ok());
        let path = OsStr::from_bytes(&path[1..]).to_owned();
        Ok(Feed { dir: adopt(number.ok_or_else(bad)?)?, path })
    }

    /// As the option's value.
    pub(super) fn word(&self) -> OsString {
        let mut word = OsString::from(format!("{}/", self.dir.as_raw_fd()));
        word.push(&self.path);
        word
    }
}

impl Inherited {
    fn parse(word: &str) -> Result<Inherited> {
        let mut parts = word.split(',');
        let mut next = || match parts.next() {
            Some("-") | None => Ok(None),
            Some(number) => {
                let number = number.parse().map_err(|_| Error::user("invalid list"))?;
                adopt(number).map(Some)
            }
        };
        let mut must = || next()?.ok_or_else(|| Error::user("invalid list"));
        let (lock, control) = (must()?, must()?);
        Ok(Inherited { lock, control, log: next()?, ready: next()? })
    }
}
