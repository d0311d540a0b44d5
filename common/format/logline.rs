//! The stamp in front of a line of a log: a TAI64N label and a blank, as multilog, s6-log (`t`) and
//! svc-log write it; or `YYYY-MM-DD HH:MM:SS.nnnnnnnnn` in local time and two blanks (s6-log's
//! `T`); or the label and then the date; or nothing.

use crate::base::stamp::{LABEL, Wall, label};
use crate::sys::time::{Civil, from_local};

/// The length of a date, `YYYY-MM-DD HH:MM:SS.nnnnnnnnn`.
const DATE: usize = 29;
/// The part of a date that is sought among the hours of a zone, `YYYY-MM-DD HH:MM`.
const MINUTE: usize = 16;

/// The stamp of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the line was logged.
    pub time: Wall,
    /// Where the message begins.
    pub length: usize,
}

/// Reads the stamps of lines that follow each other: the C library is asked about each minute once.
#[derive(Clone, Debug)]
pub struct Reader {
    minute: [u8; MINUTE],
    /// Seconds since 1970 at the beginning of that minute, if there is such a minute.
    begins: Option<i64>,
}

impl Default for Reader {
    fn default() -> Self {
        Reader { minute: [0; MINUTE], begins: None }
    }
}

impl Reader {
    /// The stamp of a line, which may have its newline or not.
    pub fn read(&mut self, line: &[u8]) -> Option<Stamp> {
        if line.first() != Some(&b'@') {
            return self.date(line);
        }
        let (first, rest) = line.split_at_checked(LABEL)?;
        let time = label(first)?;
        match rest.first() {
            Some(b' ') => {
                let also = self.date(&rest[1..]).map_or(0, |stamp| stamp.length);
                Some(Stamp { time, length: LABEL + 1 + also })
            }
            None | Some(b'\n') => Some(Stamp { time, length: LABEL }),
            Some(_) => None,
        }
    }

    fn date(&mut self, line: &[u8]) -> Option<Stamp> {
        let (date, rest) = line.split_at_checked(DATE)?;
        let (minute, rest_of_date) = date.split_at(MINUTE);
        if rest_of_date[0] != b':' || rest_of_date[3] != b'.' || !rest.starts_with(b"  ") {
            return None;
        }
        let second = digits(&rest_of_date[1..3]).filter(|s| *s <= 60)?;
        let nanos = digits(&rest_of_date[4..])?;
        if minute != self.minute {
            self.minute.copy_from_slice(minute);
            self.begins = civil(minute).and_then(from_local);
        }
        let seconds = self.begins?.checked_add(second.into())?;
        Some(Stamp { time: Wall::new(seconds, nanos), length: DATE + 2 })
    }
}

/// `YYYY-MM-DD HH:MM`
fn civil(text: &[u8]) -> Option<Civil> {
    let separators = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':')];
    if separators.iter().any(|(at, byte)| text[*at] != *byte) {
        return None;
    }
    let part = |from: usize, to: usize, most: u8| {
        u8::try_from(digits(&text[from..to])?).ok().filter(|n| *n <= most)
    };
    Some(Civil {
        year: digits(&text[..4])?.into(),
        month: part(5, 7, 12).filter(|month| *month > 0)?,
        day: part(8, 10, 31).filter(|day| *day > 0)?,
        hour: part(11, 13, 23)?,
        minute: part(14, 16, 59)?,
        second: 0,
        offset: 0,
    })
}

fn digits(text: &[u8]) -> Option<u32> {
    let digit = |n: u32, byte: &u8| {
        byte.is_ascii_digit().then(|| n.checked_mul(10)?.checked_add(u32::from(byte - b'0')))?
    };
    text.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::time::local;

    const LINE: &[u8] = b"@40000000690000000bebc200 ready\n";
    const TIME: Wall = Wall(1_761_607_670_200_000_000);

    fn read(line: &[u8]) -> Option<Stamp> {
        Reader::default().read(line)
    }

    #[test]
    fn a_label_is_a_time() {
        assert_eq!(read(LINE), Some(Stamp { time: TIME, length: 26 }));
        assert_eq!(read(&LINE[..25]), Some(Stamp { time: TIME, length: 25 }));
        assert_eq!(read(b"@40000000690000000bebc200\n").map(|s| s.length), Some(25));
        assert_eq!(read(&LINE[..24]), None);
        assert_eq!(read(b"@40000000690000000bebc200x"), None);
        assert_eq!(read(b"@40000000690000000bebc20g "), None);
        assert_eq!(read(b"ready"), None);
        assert_eq!(read(b""), None);
    }

    #[test]
    fn a_date_is_local_time() {
        let now = local(1_761_607_670);
        let date = format!(
            "{}-{:02}-{:02} {:02}:{:02}:{:02}.200000000  ",
            now.year, now.month, now.day, now.hour, now.minute, now.second
        );
        let stamp = |length| Some(Stamp { time: TIME, length });
        assert_eq!(read(format!("{date}ready").as_bytes()), stamp(31));
        let both = [&LINE[..26], date.as_bytes(), b"ready"].concat();
        assert_eq!(read(&both), stamp(26 + 31));
        assert_eq!(read(date.trim_end().as_bytes()), None);
        assert_eq!(read(b"2026-13-01 00:00:00.000000000  x"), None);
        assert_eq!(read(b"2026-11-01 00:00:00,000000000  x"), None);
    }
}
