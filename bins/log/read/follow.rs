//! Following logs: each line once, whatever is renamed, processed, removed and made anew meanwhile.
//!
//! `current` is held open and read to its end. When another file has its name, what it became is
//! known (rotation.rs), and not read again; archives between it and the new `current` are.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::prelude::*;
use common::program::warn;
use rustix::io::Errno;

use super::dir::{Dir, Listing, inode_of};
use super::events::{Event, Events, What};
use super::find::{self, Place};
use super::missing::Missing;
use super::part::Span;
use super::rights::unreadable;
use super::rotation::Seen;
use super::source::Source;
use super::{PROGRAM, Print};

/// Prints the last lines of logs, and then what is added to them, until nobody reads it. New logs
/// in the `roots` too.
pub(super) fn follow(
    places: Vec<Place>,
    roots: &[PathBuf],
    last: Option<u64>,
    span: Span,
    print: &mut Print,
) -> Result<Next> {
    let mut follower = Follower::new(span)?;
    for root in roots {
        follower.watch_root(root)?;
    }
    places.into_iter().for_each(|place| follower.add(place));
    // What came before it was watched is told by no event.
    follower.find_new()?;
    follower.take_all()?;
    print.keep_last(&mut follower.sources, last);
    loop {
        follower.print(print)?;
        print.show.flush()?;
        if !print.show.is_open() || !follower.events.wait()? {
            return Ok(Next::Exit(exit::OK));
        }
        follower.hear()?;
        follower.take_all()?;
    }
}

/// What is known of a log besides its lines.
struct Log {
    path: PathBuf,
    /// Its directory's, or that of the nearest one above it that there is.
    watch: Option<i32>,
    /// That of the directory above it.
    above: Option<i32>,
    /// Whether its directory is there.
    is_there: bool,
    seen: Seen,
    /// The number of the event that tells what `current` was renamed to.
    rename: Option<u32>,
    /// Whether its directory must be looked at.
    changed: bool,
    /// Whether there may be lines to read.
    written: bool,
}

struct Follower {
    events: Events,
    span: Span,
    missing: Missing,
    /// By the same numbers as `logs`.
    sources: Vec<Source>,
    logs: Vec<Log>,
    /// Which logs a watch is for.
    watches: HashMap<i32, BTreeSet<usize>>,
    /// Roots, in which new logs appear.
    roots: HashMap<i32, PathBuf>,
    /// How many logs in them could not be read, and were told of.
    unread: usize,
}

impl Follower {
    fn new(span: Span) -> Result<Follower> {
        Ok(Follower {
            events: Events::new()?,
            span,
            missing: Missing::default(),
            sources: Vec::new(),
            logs: Vec::new(),
            watches: HashMap::new(),
            roots: HashMap::new(),
            unread: 0,
        })
    }

    fn watch_root(&mut self, root: &Path) -> Result<()> {
        let watch = self.events.watch(root).map_err(|e| unreadable(root, e))?;
        self.roots.insert(watch, root.to_owned());
        Ok(())
    }

    fn add(&mut self, place: Place) {
        if self.logs.iter().any(|log| log.path == place.path) {
            return;
        }
        self.sources.push(Source::new(place.name, self.span, self.missing.clone()));
        self.logs.push(Log {
            path: place.path,
            watch: None,
            above: None,
            is_there: false,
            seen: Seen::default(),
            rename: None,
            changed: true,
            written: false,
        });
    }

    /// Looks at each directory that has changed.
    fn take_all(&mut self) -> Result<()> {
        for number in 0..self.logs.len() {
            if std::mem::take(&mut self.logs[number].changed) {
                self.take(number)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, number: usize) -> Result<()> {
        if !self.logs[number].is_there && !self.attach(number)? {
            // An open file would keep it from us when the directories above go, too.
            self.logs[number].written = true;
            self.sources[number].detach();
            return Ok(());
        }
        let (log, source) = (&mut self.logs[number], &mut self.sources[number]);
        let Some(dir) = source.dir() else { return Ok(()) };
        match dir.list() {
            Ok(listing) => take_news(log, source, listing),
            Err(e) => {
                source.failed = true;
                warn(&PROGRAM.name, &unreadable(&log.path, e).message);
            }
        }
        Ok(())
    }

    /// Watches the directory of a log and opens it; or, while there is none, watches what is above.
    fn attach(&mut self, number: usize) -> Result<bool> {
        let path = self.logs[number].path.clone();
        loop {
            // First what is above: what happens to the directory while it is opened is told then.
            let above = self.watch_above(number, &path)?;
            match self.events.watch_log(&path) {
                Ok(watch) => {
                    self.is_watched_by(number, watch);
                    break;
                }
                Err(Errno::NOENT | Errno::NOTDIR) if !is_nearer(&above, &path) => return Ok(false),
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(e) => return Err(unreadable(&path, e)),
            }
        }
        let dir = match Dir::open(&path) {
            Ok(dir) => dir,
            // Gone again: an event will tell, or has told.
            Err(Errno::NOENT) => return Ok(false),
            Err(e) => return Err(unreadable(&path, e)),
        };
        let (log, source) = (&mut self.logs[number], &mut self.sources[number]);
        log.is_there = true;
        // What was told may be how this one came, which is the one that is open.
        let is_open = source.dir().is_some_and(|open| inode_of(open).ok() == inode_of(&dir).ok());
        if !is_open {
            source.move_to(dir);
            (log.seen, log.rename) = (Seen::default(), None);
        }
        Ok(true)
    }

    /// Watches the nearest directory above that there is.
    fn watch_above(&mut self, number: usize, path: &Path) -> Result<PathBuf> {
        let mut place = path;
        loop {
            place =
                place.parent().filter(|above| *above != Path::new("")).unwrap_or(Path::new("."));
            match self.events.watch(place) {
                Ok(watch) => {
                    self.watches.entry(watch).or_default().insert(number);
                    self.logs[number].above = Some(watch);
                    return Ok(place.to_owned());
                }
                // What may not be read can still be passed through.
                Err(Errno::ACCESS) => return Ok(place.to_owned()),
                Err(Errno::NOENT | Errno::NOTDIR) if place != Path::new(".") => {}
                Err(e) => return Err(unreadable(place, e)),
            }
        }
    }

    fn is_watched_by(&mut self, number: usize, watch: i32) {
        let before = self.logs[number].watch.replace(watch).filter(|before| *before != watch);
        // A directory that has another name now is no more of interest.
        if let Some(before) = before {
            self.watches.remove(&before);
            self.events.forget(before);
        }
        self.watches.entry(watch).or_default().insert(number);
    }

    /// Prints all lines of logs that were written to.
    fn print(&mut self, print: &mut Print) -> Result<()> {
        for (log, source) in self.logs.iter().zip(&mut self.sources) {
            if log.written {
                source.grow();
            }
        }
        print.lines(&mut self.sources, |number| self.logs[number].written)?;
        self.logs.iter_mut().for_each(|log| log.written = false);
        Ok(())
    }

    /// Notes what has happened.
    fn hear(&mut self) -> Result<()> {
        for event in self.events.read()? {
            match event {
                Event::Lost => {
                    self.logs.iter_mut().for_each(Log::may_have_changed);
                    self.find_new()?;
                }
                Event::At(watch, what) => {
                    if self.roots.contains_key(&watch) && matches!(what, What::Other(_)) {
                        self.find_new()?;
                    }
                    for number in self.watches.get(&watch).into_iter().flatten() {
                        self.logs[*number].hear(watch, &what);
                    }
                }
            }
        }
        Ok(())
    }

    fn find_new(&mut self) -> Result<()> {
        for root in self.roots.values().cloned().collect::<Vec<_>>() {
            let mut found = find::Found::default();
            find::all(&root, &mut found)?;
            if found.unread.len() > self.unread {
                found.tell();
            }
            self.unread = found.unread.len();
            found.places.into_iter().for_each(|place| self.add(place));
        }
        Ok(())
    }
}

/// Whether there is a directory below `place` on the way to `path`.
fn is_nearer(place: &Path, path: &Path) -> bool {
    let below = path.ancestors().take_while(|above| *above != place && *above != Path::new(""));
    below.last().is_some_and(Path::is_dir)
}

fn take_news(log: &mut Log, source: &mut Source, listing: Listing) {
    let inode = |file: &Option<_>| file.as_ref().map(|(_, inode)| *inode);
    let Some(dir) = source.dir() else { return };
    let inode_of = |archive: &_| dir.archive(archive).ok().flatten().and_then(|f| inode_of(f).ok());
    let (previous, current) = (inode(&listing.previous), inode(&listing.current));
    let news = log.seen.update(&listing.archives, inode_of, previous, current);
    let keep = |file: Option<_>, is_new: bool| file.filter(|_| is_new);
    let listing = Listing {
        archives: news.archives,
        previous: keep(listing.previous, news.previous),
        current: keep(listing.current, news.current),
    };
    log.written = true;
    source.take(listing, current.is_some());
}

impl Log {
    fn may_have_changed(&mut self) {
        (self.changed, self.written) = (true, true);
    }

    fn hear(&mut self, watch: i32, what: &What) {
        if !self.is_there {
            self.changed = true;
            return;
        }
        if self.above == Some(watch) {
            let is_this = |name: &[u8]| self.path.file_name().is_some_and(|f| f.as_bytes() == name);
            if matches!(what, What::Other(name) if is_this(name)) {
                (self.is_there, self.changed) = (false, true);
            }
        }
        if self.watch == Some(watch) {
            self.hear_inside(what);
        }
    }

    fn hear_inside(&mut self, what: &What) {
        match what {
            What::Written => self.written = true,
            What::Renamed(number) => {
                self.rename = Some(*number);
                self.changed = true;
            }
            What::Came(number, archive) => {
                if let (Some(archive), true) = (archive, self.rename == Some(*number)) {
                    self.seen.renamed_to(archive.time);
                }
                self.changed = true;
            }
            What::Gone => (self.is_there, self.changed) = (false, true),
            What::Other(_) => {}
        }
    }
}
