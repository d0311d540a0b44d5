//! How a line is shown.

use common::base::error::Context;
use common::base::stamp::Wall;
use common::os::file::write_all;
use common::prelude::*;
use common::sys::time::{Civil, local};
use rustix::io::Errno;

use super::lines::End;
use super::screen::push_safe;
use super::source::Source;
use crate::json::{Object, Value};

/// What becomes of stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `2026-11-21 07:41:19.123456`, as clocks here show it.
    Local,
    /// `2026-11-21T07:41:19.123456Z`
    Utc,
    /// `@`, 24 digits.
    Tai64n,
    /// `-1:02:03.123`: hours, minutes, seconds before we began.
    Relative,
    /// Nothing.
    None,
    /// As it is in the file.
    Raw,
}

impl Style {
    /// By its name.
    pub(super) fn named(name: &str) -> Option<Style> {
        Some(match name {
            "local" => Style::Local,
            "utc" => Style::Utc,
            "tai64n" => Style::Tai64n,
            "relative" => Style::Relative,
            "none" => Style::None,
            "raw" => Style::Raw,
            _ => return None,
        })
    }
}

/// How lines are shown, and where.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) style: Style,
    pub(super) json: bool,
    /// Output is a terminal.
    pub(super) terminal: bool,
    /// Names have colours.
    pub(super) colour: bool,
    /// How wide the column of names is, if there is one.
    pub(super) names: Option<usize>,
}

/// What has been written is passed on when it is this much.
const FULL: usize = 64 * 1024;

/// Output.
pub(super) struct Show {
    look: Look,
    now: Wall,
    out: Vec<u8>,
    /// The date of the last second that was shown.
    second: (u64, String),
    open: bool,
}

impl Show {
    /// Nothing shown yet.
    pub(super) fn new(look: Look, now: Wall) -> Show {
        Show { look, now, out: Vec::new(), second: (u64::MAX, String::new()), open: true }
    }

    /// How lines are shown.
    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// Whether somebody reads.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Shows the present line of a log, whose number gives it its colour.
    pub(super) fn line(&mut self, source: &Source, number: usize) -> Result<()> {
        if self.look.json {
            self.object(source);
        } else {
            if !source.goes_on() {
                self.name(&source.name, number);
            }
            self.plain(source);
        }
        if self.out.len() >= FULL { self.flush() } else { Ok(()) }
    }

    fn plain(&mut self, source: &Source) {
        let stamp = source.stamp().filter(|_| !source.goes_on());
        let text = match stamp {
            Some(stamp) if self.look.style != Style::Raw => {
                self.stamp(stamp.time);
                source.message()
            }
            Some(_) | None => source.text(),
        };
        if self.look.terminal {
            push_safe(text, &mut self.out);
        } else {
            self.out.extend_from_slice(text);
        }
        if source.end() != End::More {
            self.out.push(b'\n');
        }
    }

    fn name(&mut self, name: &str, number: usize) {
        let Some(width) = self.look.names else { return };
        // The six colours of every terminal that are neither black nor white.
        let colour = char::from(b'1' + (number % 6) as u8);
        if self.look.colour {
            self.out.extend(format!("\x1b[3{colour}m").as_bytes());
        }
        let begin = self.out.len();
        if self.look.terminal {
            push_safe(name.as_bytes(), &mut self.out);
        } else {
            self.out.extend_from_slice(name.as_bytes());
        }
        let end = begin + width.max(self.out.len() - begin) + 1;
        self.out.resize(end, b' ');
        if self.look.colour {
            self.out.extend(b"\x1b[0m");
        }
    }

    fn stamp(&mut self, time: Wall) {
        let (text, separator) = match self.look.style {
            Style::Local | Style::Utc => {
                self.date(time);
                return;
            }
            Style::Tai64n => (tai64n(time), " "),
            Style::Relative => (relative(time, self.now), " "),
            Style::None | Style::Raw => return,
        };
        self.out.extend(text.as_bytes());
        self.out.extend(separator.as_bytes());
    }

    /// The date and six digits of the second's fraction.
    fn date(&mut self, time: Wall) {
        if self.second.0 != time.seconds() {
            let civil = if self.look.style == Style::Utc {
                time.utc()
            } else {
                local(i64::try_from(time.seconds()).unwrap_or(i64::MAX))
            };
            let between = if self.look.style == Style::Utc { 'T' } else { ' ' };
            self.second = (time.seconds(), date(&civil, between));
        }
        self.out.extend_from_slice(self.second.1.as_bytes());
        let mut fraction = *b".000000 ";
        let mut rest = time.nanos() / 1000;
        for digit in fraction[1..7].iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        if self.look.style == Style::Utc {
            self.out.extend_from_slice(&fraction[..7]);
            self.out.extend_from_slice(b"Z ");
        } else {
            self.out.extend_from_slice(&fraction);
        }
    }

    fn object(&mut self, source: &Source) {
        let time = source.stamp().map(|stamp| {
            let date = date(&stamp.time.utc(), 'T');
            format!("{date}.{:09}Z", stamp.time.nanos())
        });
        let mut object = Object::of("logs");
        object.put("time", &Value::Text(time));
        object.put("service", &Value::text(source.name.as_str()));
        object.put("message", &Value::text(String::from_utf8_lossy(source.message())));
        if source.end() == End::More {
            object.put("partial", &Value::Bool(true));
        }
        self.out.extend(object.line().as_bytes());
    }

    /// Passes on what has been written.
    pub(super) fn flush(&mut self) -> Result<()> {
        let out = std::mem::take(&mut self.out);
        self.bytes(&out)?;
        self.out = out;
        self.out.clear();
        Ok(())
    }

    /// Writes bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.open || bytes.is_empty() {
            return Ok(());
        }
        match write_all(rustix::stdio::stdout(), bytes) {
            Err(Errno::PIPE) => self.open = false,
            result => result.unable("write to standard output")?,
        }
        Ok(())
    }
}

fn date(c: &Civil, between: char) -> String {
    let Civil { year, month, day, hour, minute, second, offset: _ } = c;
    format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}")
}

fn tai64n(time: Wall) -> String {
    let mut text = "@".to_owned();
    for byte in time.tai64n() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Hours, minutes, seconds before `now`, or after it.
fn relative(time: Wall, now: Wall) -> String {
    let sign = if time <= now { '-' } else { '+' };
    let ms = time.0.abs_diff(now.0) / 1_000_000;
    let s = ms / 1000;
    let text = format!("{sign}{}:{:02}:{:02}.{:03}", s / 3600, s / 60 % 60, s % 60, ms % 1000);
    format!("{text:>13}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_time_has_a_sign() {
        let now = Wall(10_000_000_000_000);
        assert_eq!(relative(Wall(0), now), " -2:46:40.000");
        assert_eq!(relative(Wall(9_998_500_000_000), now).trim(), "-0:00:01.500");
        assert_eq!(relative(Wall(10_001_000_000_000), now).trim(), "+0:00:01.000");
    }

    #[test]
    fn a_label_is_that_of_its_time() {
        let time = Wall(1_761_607_670_200_000_000);
        assert_eq!(tai64n(time), "@40000000690000000bebc200");
    }
}
