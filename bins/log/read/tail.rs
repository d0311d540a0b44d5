//! The last lines of a log, for programs that show more than that.

use std::path::Path;

use common::base::stamp::Wall;

use super::dir::Dir;
use super::filter::Filter;
use super::lines::End;
use super::missing::Missing;
use super::part::Span;
use super::screen::push_safe;
use super::source::Source;

/// The longest part of a line that is shown, bytes.
const LONGEST: usize = 4096;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// When it was logged, if it has a stamp.
    pub(crate) time: Option<Wall>,
    /// Without what a terminal would obey.
    pub(crate) text: String,
}

/// The last lines, of those that were logged after `since`. None: the log can't be read.
pub(crate) fn last_lines(path: &Path, count: u64, since: Option<Wall>) -> Option<Vec<Line>> {
    let dir = Dir::open(path).ok()?;
    let listing = dir.list().ok()?;
    let span = Span { since, until: None };
    let mut source = Source::new(path.display().to_string(), span, Missing::default());
    source.move_to(dir);
    source.take(listing, false);
    let left = source.keep_last(count, &mut Filter::open());
    let mut surplus = left.saturating_sub(count);
    let mut lines: Vec<Line> = Vec::new();
    while source.advance() {
        if source.goes_on() {
            continue;
        }
        if surplus > 0 {
            surplus -= 1;
            continue;
        }
        let message = source.message();
        let mut text = Vec::new();
        push_safe(&message[..message.len().min(LONGEST)], &mut text);
        if message.len() > LONGEST || source.end() == End::More {
            text.extend(b"...");
        }
        let time = source.stamp().map(|stamp| stamp.time);
        lines.push(Line { time, text: String::from_utf8_lossy(&text).into_owned() });
    }
    Some(lines)
}
