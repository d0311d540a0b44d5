//! svc-scan: the root of the supervision tree.

mod catch_all;
mod control;
mod end;
mod entries;
mod hooks;
mod reap;
mod reexec;
mod root;
mod slots;
mod start;
mod update;
mod wards;

use common::base::args::unknown;
use common::os::fds::adopt;
use common::prelude::*;
use std::ffi::OsString;
use std::os::fd::OwnedFd;

pub(super) const PROGRAM: Program = Program {
    name: "svc-scan",
    help: "[OPTION...] [DIR]
Keeps a svc-supervise running for every service directory in DIR (default: the working directory),
and one for each log/ in them. It may be process 1. Kill it: its successor takes the tree over.
  -d, --notification-fd FD   write a newline to FD when all supervisors have been started
  --watch                    notice new and removed entries at once, not only when told to
  --log-fifos DIR2           services without a log/ write to the fifo DIR2/NAME
  --catch-all NAME           the service NAME is the tree's own logger: it reads what svc-scan, the
                             supervisors and services without a logger say, and ends last
  --last NAME                the service NAME is stopped when all others have ended, but for the
                             catch-all logger: what logs for others; may be repeated
  --timeout-eof MS           how long a logger may wait for the end of its input after its service
                             has ended (5000)
",
    main,
};

/// What the command line says.
pub(super) struct Options {
    dir: Option<OsString>,
    notify: Option<OwnedFd>,
    watch: bool,
    log_fifos: Option<OsString>,
    catch_all: Option<String>,
    last: Vec<String>,
    timeout_eof: u64,
    /// The lock and the control fifo, from before a reexec.
    held: Option<(OwnedFd, OwnedFd)>,
    /// Standard output and standard error from before there was a catch-all logger.
    before: Option<[OwnedFd; 2]>,
}

fn main(args: Args) -> Result<Next> {
    let siblings = common::os::siblings::Siblings::at_start();
    let mut root = root::Root::begin(read(args)?, siblings)?;
    root.run()
}

fn read(mut args: Args) -> Result<Options> {
    let mut options = Options {
        dir: None,
        notify: None,
        watch: false,
        log_fifos: None,
        catch_all: None,
        last: Vec::new(),
        timeout_eof: 5000,
        held: None,
        before: None,
    };
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-d" | "--notification-fd" => {
                options.notify = Some(adopt(args.value("file descriptor")?)?);
            }
            "--watch" => options.watch = true,
            "--log-fifos" => {
                let dir = args.raw_value()?;
                // Each supervisor works in another directory.
                let path = std::path::absolute(&dir);
                let path = path.unable(format_args!("find {}", dir.display()))?;
                options.log_fifos = Some(path.into_os_string());
            }
            "--catch-all" => options.catch_all = Some(args.value("name of a service")?),
            "--last" => options.last.push(args.value("name of a service")?),
            "--timeout-eof" => options.timeout_eof = args.value("number of milliseconds")?,
            // Not for people: how a reexec hands on what must stay open.
            "--reexec" => {
                let bad = || Error::user("invalid list");
                let list: String = args.value("list")?;
                let open = |word: &str| adopt(word.parse().map_err(|_| bad())?);
                let mut kept = list.split(',').map(open);
                let mut next = || kept.next().ok_or_else(bad)?;
                options.held = Some((next()?, next()?));
                options.before = next().and_then(|out| Ok([out, next()?])).ok();
            }
            _ => return Err(unknown(&option)),
        }
    }
    options.dir = args.next_operand();
    args.end()?;
    Ok(options)
}
