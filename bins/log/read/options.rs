//! What the command line asks for.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use common::base::args::unknown;
use common::base::stamp::Wall;
use common::base::when::{self, Zone};
use common::prelude::*;
use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;

use super::filter::Filter;
use super::part::Span;
use super::show::Style;

pub(super) const HELP: &str = "[OPTION...] [SERVICE | DIR]...
Prints the logs of services, or of log directories (what has a slash in it), oldest line first; all
logs of the system, or of the user, if none is named. On a terminal the newest page.
  -n COUNT           the last COUNT lines only
  -f                 then what is added, as it comes, for ever (after 10 lines, or -n, or --since)
  --since TIME       not what is older
  --until TIME       not what is newer
  --grep PATTERN     lines only that match: a POSIX extended regular expression
  -i                 large and small letters match each other
  -v                 lines only that do not match
  --stamp HOW        local (time, the default), utc, tai64n, relative, none, or raw as in the file
  --json             an object a line
  --root DIR         where the logs of services are; may be repeated ($COPPICE_LOG_ROOT, or
                     /var/log/coppice, or ~/.local/state/coppice/log)
TIME is 10:00, yesterday, today 8:00, -1h, 2d ago, 2026-11-20 10:00, 2026-11-20T10:00:00Z,
@SECONDS or a TAI64N label.
";

/// As many lines are there before those that are followed, like those of tail.
const BEFORE: u64 = 10;
/// The height of a terminal that does not tell it.
const ROWS: u64 = 24;

/// The command line.
pub(super) struct Options {
    pub(super) operands: Vec<OsString>,
    pub(super) roots: Vec<PathBuf>,
    pub(super) follow: bool,
    pub(super) last: Option<u64>,
    pub(super) span: Span,
    pub(super) filter: Filter,
    pub(super) style: Style,
    pub(super) json: bool,
    pub(super) terminal: bool,
}

impl Options {
    /// Reads it.
    pub(super) fn read(mut args: Args, now: Wall) -> Result<Options> {
        let mut given = Given::default();
        // People write the name first and then what they want of it.
        loop {
            while let Some(option) = args.option()? {
                given.take(&option, &mut args, now)?;
            }
            match args.next_operand() {
                Some(operand) => given.operands.push(operand),
                None => return given.complete(),
            }
        }
    }
}

/// What was typed.
#[derive(Default)]
struct Given {
    operands: Vec<OsString>,
    roots: Vec<PathBuf>,
    follow: bool,
    last: Option<u64>,
    span: Span,
    pattern: Option<OsString>,
    ignoring_case: bool,
    inverted: bool,
    style: Option<Style>,
    json: bool,
}

impl Given {
    fn take(&mut self, option: &str, args: &mut Args, now: Wall) -> Result<()> {
        match option {
            "-n" => self.last = Some(args.value::<u64>("count")?),
            "-f" => self.follow = true,
            "--since" => self.span.since = Some(time(args, now)?),
            "--until" => self.span.until = Some(time(args, now)?),
            "--grep" => {
                if self.pattern.replace(args.raw_value()?).is_some() {
                    return Err(Error::user("--grep can be given once (a|b is either of two)"));
                }
            }
            "-i" => self.ignoring_case = true,
            "-v" => self.inverted = true,
            "--stamp" => self.style = Some(style(args)?),
            "--json" => self.json = true,
            "--root" => self.roots.push(args.raw_value()?.into()),
            _ => return Err(unknown(option)),
        }
        Ok(())
    }

    fn complete(self) -> Result<Options> {
        let Span { since, until } = self.span;
        if self.follow && until.is_some() {
            return Err(Error::user("-f has no end: it can't be with --until"));
        }
        if since.zip(until).is_some_and(|(since, until)| since > until) {
            return Err(Error::user("--until is before --since"));
        }
        if self.pattern.is_none() && (self.ignoring_case || self.inverted) {
            return Err(Error::user("-i and -v need --grep"));
        }
        if self.json && self.style.is_some() {
            return Err(Error::user("--stamp can't be with --json"));
        }
        let terminal = stdout().is_terminal();
        let last = self.last.or_else(|| {
            if since.is_some() {
                None
            } else if self.follow {
                Some(BEFORE)
            } else {
                terminal.then(page)
            }
        });
        Ok(Options {
            operands: self.operands,
            roots: self.roots,
            follow: self.follow,
            last,
            span: self.span,
            filter: Filter::new(self.pattern, self.ignoring_case, self.inverted)?,
            style: self.style.unwrap_or(Style::Local),
            json: self.json,
            terminal,
        })
    }
}

fn time(args: &mut Args, now: Wall) -> Result<Wall> {
    let text = args.raw_value()?;
    when::parse(&text.to_string_lossy(), now, Zone::HERE)
}

fn style(args: &mut Args) -> Result<Style> {
    let name = args.raw_value()?.to_string_lossy().into_owned();
    Style::named(&name).ok_or_else(|| {
        let names = "local, utc, tai64n, relative, none or raw";
        Error::user(format_args!("invalid stamp: {name} ({names})"))
    })
}

/// As many lines as fit on the terminal above the next prompt.
fn page() -> u64 {
    let rows = tcgetwinsize(stdout()).map_or(0, |size| u64::from(size.ws_row));
    if rows == 0 { ROWS - 1 } else { rows.saturating_sub(1).max(1) }
}
