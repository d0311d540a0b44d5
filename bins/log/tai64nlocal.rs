//! svc-tai64nlocal: turn labels into dates.

use std::io::Write;

use common::base::args::unknown;
use common::base::stamp::{LABEL, Wall, label};
use common::prelude::*;
use common::sys::time::{Civil, local};

use super::filter::{self, Filter};

pub(super) const PROGRAM: Program = Program {
    name: "svc-tai64nlocal",
    help: "[-g] [-l SECONDS]
Copies standard input to standard output, and turns the TAI64N label that a line
begins with into a date, in local time.
  -g, --utc           in UTC
  -l, --leap SECONDS  labels are SECONDS ahead of UTC: 10, the default; 37 for
                      those of s6 since 2017
",
    main,
};

/// How far labels of daemontools, runit and ours are ahead of UTC.
const AHEAD: u64 = 10;

fn main(mut args: Args) -> Result<Next> {
    let (mut zone, mut ahead): (fn(Wall) -> Civil, _) = (here, AHEAD);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-g" | "--utc" => zone = Wall::utc,
            "-l" | "--leap" => ahead = args.value::<u32>("number of seconds")?.into(),
            option => return Err(unknown(option)),
        }
    }
    args.end()?;
    filter::run(Reader { zone, ahead, start: Vec::new(), within_line: false, last: None })
}

fn here(time: Wall) -> Civil {
    local(time.seconds().cast_signed())
}

struct Reader {
    zone: fn(Wall) -> Civil,
    ahead: u64,
    /// The first bytes of a line that may become a label.
    start: Vec<u8>,
    /// What follows is no label any more.
    within_line: bool,
    /// The second of the line before, which is often that of the next one.
    last: Option<(u64, Civil)>,
}

impl Filter for Reader {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            let mut rest = piece;
            if !self.within_line {
                let (more, after) = piece.split_at(piece.len().min(LABEL - self.start.len()));
                self.start.extend(more);
                rest = after;
                let decided = self.start[0] != b'@' || self.start.len() == LABEL;
                if decided || piece.ends_with(b"\n") {
                    self.begin_line(out);
                }
            }
            out.extend(rest);
            if piece.ends_with(b"\n") {
                self.within_line = false;
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin_line(out);
    }
}

impl Reader {
    fn begin_line(&mut self, out: &mut Vec<u8>) {
        self.within_line = true;
        let start = std::mem::take(&mut self.start);
        match self.time(&start) {
            Some(time) => self.date(time, out),
            None => out.extend(&start),
        }
        self.start = start;
        self.start.clear();
    }

    fn time(&self, start: &[u8]) -> Option<Wall> {
        let Wall(nanos) = label(start)?;
        let nanos = nanos.checked_add(AHEAD * 1_000_000_000)?;
        nanos.checked_sub(self.ahead * 1_000_000_000).map(Wall)
    }

    fn date(&mut self, time: Wall, out: &mut Vec<u8>) {
        let civil = match self.last {
            Some((second, civil)) if second == time.seconds() => civil,
            Some(_) | None => (self.zone)(time),
        };
        self.last = Some((time.seconds(), civil));
        let Civil { year, month, day, hour, minute, second, offset: _ } = civil;
        // Writing to memory can't fail.
        let _ = write!(
            out,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{:09}",
            time.nanos()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]], ahead: u64) -> String {
        let (zone, start) = (Wall::utc as fn(Wall) -> Civil, Vec::new());
        let mut reader = Reader { zone, ahead, start, within_line: false, last: None };
        let mut out = Vec::new();
        chunks.iter().for_each(|chunk| reader.take(chunk, &mut out));
        reader.end(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn labels_at_the_beginning_of_lines_become_dates() {
        let text = b"@400000005f5e100a0000007b a\n @400000005f5e100a0000007b\n@400000005F5E100B0000007Bx\n\n@4000\n@400000005f5e100a0000007";
        let want = "2020-09-13 12:26:40.000000123 a\n @400000005f5e100a0000007b\n2020-09-13 12:26:41.000000123x\n\n@4000\n@400000005f5e100a0000007";
        assert_eq!(read(&[text], 10), want);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&bytes, 10), want);
        assert_eq!(read(&[b"@400000005f5e100a0000007b"], 37), "2020-09-13 12:26:13.000000123");
    }

    #[test]
    fn what_is_no_time_is_left_as_it_is() {
        for text in [
            "@400000005f5e100a3b9aca00",
            "@ffffffffffffffff00000000",
            "@3fffffffffffffff00000000",
            "@4000000000000000000000zz",
            "@@400000005f5e100a0000007b",
        ] {
            assert_eq!(read(&[text.as_bytes()], 10), text);
        }
        assert_eq!(read(&[b"@400000000000000a00000000"], 11), "@400000000000000a00000000");
    }

    #[test]
    fn nothing_but_the_beginning_of_a_label_waits() {
        let start = Vec::new();
        let mut reader =
            Reader { zone: Wall::utc, ahead: 10, start, within_line: false, last: None };
        let mut out = Vec::new();
        reader.take(b"prompt> ", &mut out);
        assert_eq!(out, b"prompt> ");
        reader.take(b"\n@40000", &mut out);
        assert_eq!(out, b"prompt> \n");
    }
}
