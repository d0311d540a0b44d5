//! svc-logd: logs every service of a tree that has no logger of its own.

mod daemon;
mod fifos;
mod places;
pub(crate) mod refusal;
mod scripts;
mod service;
mod status;
mod stores;

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use common::os::fds;
use common::prelude::*;

use super::script::settings::Settings;

pub(super) const PROGRAM: Program = Program {
    name: "svc-logd",
    help: "[OPTION...] FIFODIR LOGROOT [DIRECTIVE...]
Logs what is written to each fifo FIFODIR/NAME to the log directory LOGROOT/NAME.
A DIRECTIVE is one of svc-log's, and says how: n20 s1000000. Kill it: its successor goes on, and
no line is lost.
  -d FD             write a newline to FD when all fifos are open
  --config DIR      read directives for the service NAME from DIR/NAME, if there is such a file
  --early DIR       until LOGROOT is there and can be written to, keep the newest lines of each
                    service in DIR/NAME; then move them
  --make            with --early: make LOGROOT as soon as that is possible
  --stamp KIND, --rotate-size SIZE, --rotate-every TIME, --keep N, --max-total SIZE, --prefix TEXT,
  --compress[=PROGRAM], --when-full ACTION, --sync
                    as for svc-log
  --rate LINES      at most so many lines a second of each service; how many more there were is
                    logged in their place
  -l, --line-max N  split lines after N bytes: 8192, at least 48, at most 32768
",
    main,
};

/// What the command line says.
pub(super) struct Options {
    fifos: OsString,
    root: PathBuf,
    /// Where directives start from.
    settings: Settings,
    directives: Vec<Vec<u8>>,
    config: Option<PathBuf>,
    early: Option<PathBuf>,
    /// LOGROOT is made, though there may be something to be mounted below it.
    make: bool,
    notify: Option<OwnedFd>,
    line_max: usize,
}

/// The longest that a line may be, for a region of [`stores::SHAPE`].
const LINE_LIMIT: usize = 32 * 1024;

fn main(args: Args) -> Result<Next> {
    let options = read(args)?;
    // A mistake in the directives is the user's, and told at once.
    options.script("")?;
    common::os::clock::ask_often();
    daemon::Daemon::begin(options)?.run()
}

fn read(mut args: Args) -> Result<Options> {
    let mut settings = Settings::default();
    // Without a time a line is worth little, and nobody is there to ask for it.
    settings.option("stamp", Some(b"tai64n")).map_err(Error::user)?;
    let mut options = Options {
        fifos: OsString::new(),
        root: PathBuf::new(),
        settings,
        directives: Vec::new(),
        config: None,
        early: None,
        make: false,
        notify: None,
        line_max: 8192,
    };
    while let Some(option) = args.option()? {
        options.take(&option, &mut args)?;
    }
    options.fifos = args.operand("directory of fifos")?;
    options.root = absolute(args.operand("directory of logs")?.into())?;
    while let Some(word) = args.next_operand() {
        options.directives.push(word.into_vec());
    }
    Ok(options)
}

impl Options {
    fn take(&mut self, option: &str, args: &mut Args) -> Result<()> {
        match option {
            "-d" => {
                self.notify = Some(fds::adopt(args.value("file descriptor")?)?);
            }
            "--config" => self.config = Some(absolute(args.raw_value()?.into())?),
            "--early" => self.early = Some(absolute(args.raw_value()?.into())?),
            "--make" => self.make = true,
            "-l" | "--line-max" => {
                let max: usize = args.value("number of bytes")?;
                self.line_max = if max == 0 { LINE_LIMIT } else { max.clamp(48, LINE_LIMIT) };
            }
            option => self.settings.take(option, args)?,
        }
        Ok(())
    }
}

/// It is used long after the start, and the working directory is nobody's business.
fn absolute(path: PathBuf) -> Result<PathBuf> {
    let shown = path.display();
    std::path::absolute(&path).unable(format_args!("find {shown}"))
}
