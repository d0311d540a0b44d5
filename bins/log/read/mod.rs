//! svc-logread: the logs of services, merged, searched, followed.

use std::ffi::OsString;

use common::base::error::exit;
use common::os::clock;
use common::os::fds::fill_stdio;
use common::prelude::*;
use common::program::warn;

mod dir;
mod events;
mod filter;
mod find;
mod follow;
mod input;
mod lines;
mod merge;
mod missing;
mod options;
mod part;
mod place;
mod rights;
mod rotation;
mod screen;
mod show;
mod source;
pub(crate) mod tail;

use dir::Dir;
use filter::Filter;
use find::Place;
use merge::Merge;
use missing::Missing;
use options::Options;
use rights::unreadable;
use show::{Look, Show, Style};
use source::Source;

pub(super) const PROGRAM: Program = Program { name: "svc-logread", help: options::HELP, main };

/// Names longer than this don't make the others' column wider.
const WIDEST: usize = 24;

fn main(args: Args) -> Result<Next> {
    fill_stdio();
    let now = clock::wall();
    let options = Options::read(args, now)?;
    let roots = find::roots(options.roots.clone());
    let mut found = find::places(&options.operands, &roots, options.follow)?;
    let places = std::mem::take(&mut found.places);
    // A file is open for each log.
    common::os::fds::raise_open_files();
    let mut print =
        Print { show: Show::new(look(&options, &places), now), filter: options.filter, skip: 0 };
    if options.follow {
        let roots = if options.operands.is_empty() { roots } else { Vec::new() };
        if roots.is_empty() {
            found.tell();
        }
        return follow::follow(places, &roots, options.last, options.span, &mut print);
    }
    let mut sources = Vec::new();
    let missing = Missing::default();
    for place in places {
        match open(&place, options.span, missing.clone()) {
            Ok(source) => sources.push(source),
            Err(e) => found.unread.push(e),
        }
    }
    found.tell();
    print.keep_last(&mut sources, options.last);
    match sources.as_mut_slice() {
        [source] if print.is_as_in_the_file() => print.copy(source)?,
        _ => print.lines(&mut sources, |_| true)?,
    }
    print.show.flush()?;
    let complete = found.unread.is_empty() && sources.iter().all(|source| !source.failed);
    Ok(Next::Exit(if complete { exit::OK } else { exit::SYSTEM }))
}

/// Whether these words make sense as a command line; for who calls svc-logread.
pub(crate) fn check(words: Vec<OsString>) -> Result<()> {
    Options::read(Args::new(words), clock::wall()).map(drop)
}

fn look(options: &Options, places: &[Place]) -> Look {
    let several = places.len() > 1 || (options.follow && options.operands.is_empty());
    let widest = places.iter().map(|p| p.name.len()).filter(|n| *n <= WIDEST).max();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Look {
        style: options.style,
        json: options.json,
        terminal: options.terminal,
        colour: options.terminal && !no_colour,
        names: several.then_some(widest.unwrap_or(0)),
    }
}

fn open(place: &Place, span: part::Span, missing: Missing) -> Result<Source> {
    let dir = Dir::open(&place.path).map_err(|e| unreadable(&place.path, e))?;
    let listing = dir.list().map_err(|e| unreadable(&place.path, e))?;
    if listing.is_empty() {
        warn(&PROGRAM.name, &format_args!("{}: nothing was logged yet", place.name));
    }
    let mut source = Source::new(place.name.clone(), span, missing);
    source.move_to(dir);
    source.take(listing, false);
    Ok(source)
}

/// Which lines are printed, and how.
struct Print {
    show: Show,
    filter: Filter,
    /// So many lines more are not shown: they are before the last ones that are.
    skip: u64,
}

impl Print {
    /// Leaves out all but the last lines of all logs together.
    fn keep_last(&mut self, sources: &mut [Source], last: Option<u64>) {
        let Some(last) = last else { return };
        let counts = sources.iter_mut().map(|source| source.keep_last(last, &mut self.filter));
        self.skip = counts.sum::<u64>().saturating_sub(last);
    }

    /// Whether the bytes of a log can be passed on as they are.
    fn is_as_in_the_file(&self) -> bool {
        let look = self.show.look();
        let plain = look.style == Style::Raw && !look.json && !look.terminal;
        plain && look.names.is_none() && self.filter.is_open() && self.skip == 0
    }

    /// Passes them on.
    #[inline(never)]
    fn copy(&mut self, source: &mut Source) -> Result<()> {
        let mut buffer = vec![0; 256 * 1024];
        let mut ended = true;
        while self.show.is_open() {
            let (n, begins) = source.read_plain(&mut buffer);
            // A file may end without its newline.
            if !ended && (begins || n == 0) {
                self.show.bytes(b"\n")?;
            }
            if n == 0 {
                break;
            }
            ended = buffer[n - 1] == b'\n';
            self.show.bytes(&buffer[..n])?;
        }
        Ok(())
    }

    /// Prints all lines that those logs have that are `asked` for, by their numbers.
    fn lines(&mut self, sources: &mut [Source], asked: impl Fn(usize) -> bool) -> Result<()> {
        let mut merge = Merge::default();
        for (number, source) in sources.iter_mut().enumerate().filter(|(n, _)| asked(*n)) {
            if source.advance() {
                merge.put(source.time(), number);
            }
        }
        while let Some(number) = merge.take() {
            let source = &mut sources[number];
            loop {
                self.line(source, number)?;
                if !self.show.is_open() {
                    return Ok(());
                }
                if !source.advance() {
                    break;
                }
                if !merge.is_next(source.time(), number) && !source.goes_on() {
                    merge.put(source.time(), number);
                    break;
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, source: &mut Source, number: usize) -> Result<()> {
        if !source.goes_on() {
            source.shown = self.filter.wants(source.message());
            if source.shown && self.skip > 0 {
                self.skip -= 1;
                source.shown = false;
            }
        }
        if source.shown { self.show.line(source, number) } else { Ok(()) }
    }
}
