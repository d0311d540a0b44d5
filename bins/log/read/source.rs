//! One log: its files in order, and in them the present line.

use std::collections::VecDeque;

use common::base::stamp::Wall;
use common::format::logline::{Reader, Stamp};
use common::prelude::*;
use common::program::warn;

use super::PROGRAM;
use super::dir::{Dir, Listing};
use super::filter::Filter;
use super::input::{Input, read_at, size};
use super::lines::{Bytes, End, Lines, Rest};
use super::missing::Missing;
use super::part::{Opened, Part, Span};
use super::place;

/// One log.
pub(super) struct Source {
    /// What it is called.
    pub(super) name: String,
    dir: Option<Dir>,
    span: Span,
    parts: VecDeque<Part>,
    input: Option<Input>,
    /// Whether the file that is being read may become longer.
    grows: bool,
    lines: Lines,
    stamps: Reader,
    /// That of the present line.
    stamp: Option<Stamp>,
    /// The last stamp in the file.
    last: Option<Wall>,
    newest: Wall,
    /// Lines of an unpacked file that are before this are left out.
    skip_to: Option<Wall>,
    /// Whether something could not be read.
    pub(super) failed: bool,
    missing: Missing,
    /// Whether the line of the present piece is shown.
    pub(super) shown: bool,
}

impl Source {
    /// A log of which nothing is to be read yet.
    pub(super) fn new(name: String, span: Span, missing: Missing) -> Source {
        Source {
            name,
            dir: None,
            span,
            parts: VecDeque::new(),
            input: None,
            grows: false,
            lines: Lines::at(0),
            stamps: Reader::default(),
            stamp: None,
            last: None,
            newest: Wall::default(),
            skip_to: None,
            failed: false,
            missing,
            shown: false,
        }
    }

    /// Reads these files of the directory too, after all else. `current` is the last, and `grows`
    /// if it is to be read on as it becomes longer: see `grow`.
    pub(super) fn take(&mut self, files: Listing, grows: bool) {
        let since = self.span.since;
        // A name tells when the last line was there.
        let archives = files.archives.into_iter().filter(|a| since.is_none_or(|s| a.time >= s));
        self.parts.extend(archives.map(Part::archive));
        let others = files.previous.into_iter().chain(files.current);
        self.parts.extend(others.map(|(fd, _)| Part::file(fd)));
        if self.grows && !grows {
            self.grow();
        }
        self.grows = grows;
    }

    /// Leaves out all but the last `wanted` lines of those that the filter lets through, and perhaps
    /// some more; returns how many are left.
    pub(super) fn keep_last(&mut self, wanted: u64, filter: &mut Filter) -> u64 {
        let mut parts = std::mem::take(&mut self.parts);
        let mut count = 0;
        // Of a file that grows at least its end is kept: what is added comes there.
        let mut is_kept = self.grows;
        while count < wanted || std::mem::take(&mut is_kept) {
            let Some(part) = parts.pop_back() else { break };
            is_kept = false;
            let found = self.last_of(part, wanted - count, filter);
            if let Some(Some((part, more))) = self.without_error(found) {
                self.parts.push_front(part);
                count += more;
            }
        }
        count
    }

    /// Makes of a file what its last lines need, and says how many they are.
    fn last_of(
        &mut self,
        part: Part,
        wanted: u64,
        filter: &mut Filter,
    ) -> Result<Option<(Part, u64)>> {
        let newest = part.newest;
        match self.open(part)? {
            Opened::Gone(_) | Opened::Missing(_) => Ok(None),
            Opened::Plain(fd, (from, to)) => {
                let mut stamps = Reader::default();
                // The stamp ahead of the first of the last lines, which may have none.
                let mut ahead = None;
                let mut wants = |line: &[u8]| {
                    let stamp = stamps.read(line);
                    ahead = stamp.map(|stamp| stamp.time).or(ahead);
                    filter.wants(&line[stamp.map_or(0, |stamp| stamp.length)..])
                };
                let mut file = |offset: u64, buffer: &mut [u8]| read_at(&fd, offset, buffer);
                let last = place::of_last(&mut file, (from, to), wanted, &mut wants)?;
                let newest = ahead.unwrap_or(newest);
                Ok(Some((Part::range(fd, (last.offset, to), newest), last.count)))
            }
            Opened::Packed(unpacked, archive) => {
                self.begin(Input::Unpacked(unpacked), newest, 0);
                let mut count = 0;
                // Where it is damaged is told when its lines are shown.
                while self.advance_here(Rest::Line).unwrap_or(false) {
                    count += u64::from(!self.lines.goes_on() && filter.wants(self.message()));
                }
                self.input = None;
                Ok(Some((Part::archive(archive), count)))
            }
        }
    }

    /// Goes to the next line; false if there is none (yet).
    pub(super) fn advance(&mut self) -> bool {
        loop {
            if self.input.is_none() && !self.begin_next() {
                return false;
            }
            let rest = if self.is_growing() { Rest::Wait } else { Rest::Line };
            let found = self.advance_here(rest);
            match self.without_error(found) {
                Some(true) => return true,
                Some(false) if self.is_growing() => return false,
                Some(false) | None => self.input = None,
            }
        }
    }

    /// Whether the file that is being read is the one that may become longer.
    fn is_growing(&self) -> bool {
        self.grows && self.parts.is_empty()
    }

    fn advance_here(&mut self, rest: Rest) -> Result<bool> {
        loop {
            let Some(input) = &mut self.input else { return Ok(false) };
            if !self.lines.advance(input, rest)? {
                return Ok(false);
            }
            if self.lines.goes_on() {
                if self.skip_to.is_none() {
                    return Ok(true);
                }
                continue;
            }
            self.stamp = self.stamps.read(self.lines.text());
            self.last = self.stamp.map(|stamp| stamp.time).or(self.last);
            if !matches!(self.input, Some(Input::Unpacked(_))) {
                return Ok(true);
            }
            if self.is_late() {
                self.parts.clear();
                self.input = None;
                return Ok(false);
            }
            if !self.is_early() {
                return Ok(true);
            }
        }
    }

    /// Whether the present line of an unpacked file is before the span.
    fn is_early(&mut self) -> bool {
        let Some(since) = self.skip_to else { return false };
        let time = self.last.or_else(|| {
            // The first lines are as old as the first one with a stamp.
            let mut lines = self.lines.ahead().split(|b| *b == b'\n');
            lines.find_map(|line| self.stamps.read(line)).map(|stamp| stamp.time)
        });
        let early = time.is_some_and(|time| time < since);
        if !early {
            self.skip_to = None;
        }
        early
    }

    fn is_late(&self) -> bool {
        self.last.zip(self.span.until).is_some_and(|(last, until)| last > until)
    }

    fn begin_next(&mut self) -> bool {
        while let Some(part) = self.parts.pop_front() {
            let newest = part.newest;
            let opened = self.open(part);
            match self.without_error(opened) {
                Some(Opened::Plain(fd, (position, end))) => {
                    self.begin(Input::File { fd, position, end }, newest, position);
                    return true;
                }
                Some(Opened::Packed(unpacked, _)) => {
                    self.begin(Input::Unpacked(unpacked), newest, 0);
                    return true;
                }
                Some(Opened::Gone(_) | Opened::Missing(_)) | None => {}
            }
        }
        false
    }

    fn begin(&mut self, input: Input, newest: Wall, position: u64) {
        self.input = Some(input);
        self.lines.restart(position);
        (self.stamp, self.last, self.newest) = (None, None, newest);
        self.skip_to = self.span.since;
    }

    /// Opens a file of ours, and finds what of it is wanted.
    fn open(&mut self, part: Part) -> Result<Opened> {
        let opened = part.open(self.dir.as_ref(), self.span)?;
        match &opened {
            Opened::Gone(archive) => {
                let message = format_args!("{}: {archive} was removed meanwhile", self.name);
                warn(&PROGRAM.name, &message);
            }
            Opened::Missing(program) => {
                self.failed = true;
                self.missing.tell(program);
            }
            Opened::Plain(..) | Opened::Packed(..) => {}
        }
        Ok(opened)
    }

    /// Reads on in a file that grew. What had no newline yet is read again: a logger that comes back
    /// after a crash may have put something else in its place.
    pub(super) fn grow(&mut self) {
        if self.input.is_none() && !self.begin_next() {
            return;
        }
        if let Some(Input::File { fd, position, end }) = &mut self.input
            && let Ok(size) = size(&*fd)
        {
            *position = self.lines.reread(size);
            *end = size;
        }
    }

    /// The directory that its archives are in from now on.
    pub(super) fn move_to(&mut self, dir: Dir) {
        self.dir = Some(dir);
    }

    /// Its directory is gone: the file that grew will no more.
    pub(super) fn detach(&mut self) {
        self.grow();
        self.grows = false;
        self.dir = None;
    }

    /// The directory.
    pub(super) fn dir(&self) -> Option<&Dir> {
        self.dir.as_ref()
    }

    /// When the present line was logged: by its own stamp, the last one before, or the file's name.
    pub(super) fn time(&self) -> Wall {
        self.last.unwrap_or(self.newest)
    }

    /// The stamp of the present line.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }

    /// The present line without its stamp.
    pub(super) fn message(&self) -> &[u8] {
        let goes_on = self.lines.goes_on();
        let begin = self.stamp.filter(|_| !goes_on).map_or(0, |stamp| stamp.length);
        &self.lines.text()[begin..]
    }

    /// The present line with its stamp.
    pub(super) fn text(&self) -> &[u8] {
        self.lines.text()
    }

    /// How the present piece of a line ends.
    pub(super) fn end(&self) -> End {
        self.lines.end()
    }

    /// Whether the present piece goes on with the line of the one before.
    pub(super) fn goes_on(&self) -> bool {
        self.lines.goes_on()
    }

    /// Reads bytes of the present file as they are, and then of the next one; for who needs no
    /// lines. 0: that was the last. The flag: a file begins.
    pub(super) fn read_plain(&mut self, buffer: &mut [u8]) -> (usize, bool) {
        let mut begins = false;
        loop {
            if self.input.is_none() {
                begins = true;
                if !self.begin_next() {
                    return (0, false);
                }
            }
            let Some(input) = &mut self.input else { continue };
            let read = input.read(buffer);
            match self.without_error(read) {
                Some(n) if n > 0 => return (n, begins),
                Some(_) | None => self.input = None,
            }
        }
    }

    /// What could not be read is told, and left out.
    fn without_error<T>(&mut self, result: Result<T>) -> Option<T> {
        result
            .map_err(|e| {
                self.failed = true;
                warn(&PROGRAM.name, &format_args!("{}: {}", self.name, e.message));
            })
            .ok()
    }
}
