//! The file `manager/state`: what the manager must not forget, a line of one width for each service.
//!
//! A line is replaced in place by one write that lies within a page, so it needs no space and no
//! death of the manager leaves half of it; a reader that meets one being written sees a wrong
//! checksum and looks again. The order of the lines is that of the services in the graph.

use std::fmt::Write;
use std::os::fd::OwnedFd;

use common::base::stamp::Wall;
use common::format::record::checksum;
use common::os::file;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, Result, pwrite};

use super::engine::Memory;
use super::places::STATE;

/// The widths that a line may have: each divides a page.
const WIDTHS: [usize; 4] = [256, 512, 1024, 4096];
/// What no write within it leaves half of.
const PAGE: usize = 4096;
/// What of a line is not the name: room for all words, at their longest.
const WORDS: usize = 190;
/// As many as are taken from the end of a line at once.
const BLANKS: &str = "                ";
/// The longest table that is read: more services than there may be.
const LONGEST: usize = 4096 * 70_000;

/// What the first line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The number of the generation that is live.
    pub generation: u64,
    /// The generation to go back to, and when, in milliseconds since boot.
    pub back: Option<(u64, u64)>,
    /// How many requests were accepted so far.
    pub requests: u64,
    /// The number of the last of them that made another generation live.
    pub applied: u64,
    /// Everything goes down: somebody asked for it, or what is essential has failed for good.
    pub ends: bool,
}

/// What a oneshot was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Its start command.
    #[default]
    Start,
    /// Its stop command.
    Stop,
}

/// What is known of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What the engine must not forget.
    pub memory: Memory,
    /// Of a daemon: the `seq` of the instance that was last seen, or when it was told to start. Of a
    /// oneshot: the number of the last order that svc-oneshot got.
    pub seq: u64,
    /// Which order that was.
    pub doing: Doing,
    /// The number of the last request that has changed anything about it.
    pub request: u64,
    /// The generation that its definition is of, if it is not in the live one any more.
    pub gone: Option<u64>,
    /// Since when it is in its state.
    pub since: Wall,
    /// Its name in the generation before, if that was another: what is live of it may still have it.
    pub was: Option<String>,
}

impl Row {
    fn pack(&self) -> String {
        let mut text = format!("{} {} since={}", self.name, self.memory.pack(), self.since);
        // Writing to a String can't fail.
        if self.seq > 0 {
            let _ = write!(text, " seq={}", self.seq);
        }
        if self.doing == Doing::Stop {
            text += " doing=stop";
        }
        if self.request > 0 {
            let _ = write!(text, " request={}", self.request);
        }
        if let Some(gone) = self.gone {
            let _ = write!(text, " gone={gone}");
        }
        if let Some(was) = &self.was {
            let _ = write!(text, " was={was}");
        }
        text
    }

    fn unpack(text: &str) -> Option<Row> {
        let (name, words) = text.split_once(' ')?;
        let mut row = Row { name: name.to_owned(), ..Row::default() };
        let mut memory = Vec::new();
        for word in words.split_ascii_whitespace() {
            match word.split_once('=') {
                Some(("since", value)) => row.since = Wall::parse(value)?,
                Some(("seq", value)) => row.seq = value.parse().ok()?,
                Some(("doing", "stop")) => row.doing = Doing::Stop,
                Some(("request", value)) => row.request = value.parse().ok()?,
                Some(("was", value)) => row.was = Some(value.to_owned()),
                Some(("gone", value)) => row.gone = Some(value.parse().ok()?),
                Some(_) | None => memory.push(word),
            }
        }
        row.memory = Memory::unpack(&memory.join(" "))?;
        Some(row)
    }
}

impl Header {
    fn pack(&self, width: usize, services: usize) -> String {
        let mut text = format!(
            "coppice-state 1 width={width} services={services} generation={} requests={} applied={}",
            self.generation, self.requests, self.applied
        );
        if self.ends {
            text += " ends=yes";
        }
        if let Some((generation, due)) = self.back {
            let _ = write!(text, " back={generation} due={due}");
        }
        text
    }

    fn unpack(text: &str) -> Option<(Header, usize, usize)> {
        let mut header = Header::default();
        let (mut width, mut services, mut back, mut due) = (0, 0, None, None);
        for word in text.strip_prefix("coppice-state 1 ")?.split_ascii_whitespace() {
            match word.split_once('=')? {
                ("width", value) => width = value.parse().ok()?,
                ("services", value) => services = value.parse().ok()?,
                ("generation", value) => header.generation = value.parse().ok()?,
                ("requests", value) => header.requests = value.parse().ok()?,
                ("applied", value) => header.applied = value.parse().ok()?,
                ("ends", value) => header.ends = value == "yes",
                ("back", value) => back = value.parse().ok(),
                ("due", value) => due = value.parse().ok(),
                _ => {}
            }
        }
        header.back = back.zip(due);
        WIDTHS.contains(&width).then_some((header, width, services))
    }
}

/// A text as a line: padded, with its checksum.
fn line(text: &str, width: usize) -> String {
    let sum = checksum(text.as_bytes());
    format!("{text:<0$} {sum:08x}\n", width - 10)
}

/// The text of a line, without its newline; none if it is not whole.
fn text_of(line: &str) -> Option<&str> {
    let (text, sum) = line.split_at_checked(line.len().checked_sub(9)?)?;
    // Most of a line are blanks.
    let mut text = text;
    while let Some(rest) = text.strip_suffix(BLANKS) {
        text = rest;
    }
    let text = text.trim_end();
    (u32::from_str_radix(sum.trim_start(), 16) == Ok(checksum(text.as_bytes()))).then_some(text)
}

/// The table, open for writing.
pub struct Table {
    file: OwnedFd,
    width: usize,
    services: usize,
}

impl Table {
    /// Writes a table as a whole in the place of the one that is there: all of it or nothing.
    pub fn create(dir: &OwnedFd, header: &Header, rows: &[Row]) -> Result<Table> {
        let texts: Vec<String> = rows.iter().map(Row::pack).collect();
        let names = |row: &Row| row.name.len() + row.was.as_ref().map_or(0, String::len);
        let room = |row: &Row| names(row) + WORDS + 12 * row.memory.chosen.len();
        let most = rows.iter().map(room).max().unwrap_or(0);
        let width = WIDTHS.into_iter().find(|width| *width >= most).ok_or(Errno::FBIG)?;
        let mut all = line(&header.pack(width, rows.len()), width);
        texts.iter().for_each(|text| all += &line(text, width));
        file::replace(dir, STATE, all.as_bytes())?;
        let file = openat(dir, STATE, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Table { file, width, services: rows.len() })
    }

    /// Whether the second line follows the first in the same page: they can be replaced together.
    pub fn are_together(&self, one: u32, other: u32) -> bool {
        let page = |id: u32| (1 + id as usize) * self.width / PAGE;
        other == one + 1 && page(one) == page(other)
    }

    /// Replaces the lines of services that are together, from this one on.
    pub fn put(&self, first: u32, rows: &[Row]) -> Result<()> {
        self.write(1 + u64::from(first), rows.iter().map(Row::pack))
    }

    /// Replaces the first line.
    pub fn put_header(&self, header: &Header) -> Result<()> {
        self.write(0, [header.pack(self.width, self.services)].into_iter())
    }

    fn write(&self, first: u64, texts: impl ExactSizeIterator<Item = String>) -> Result<()> {
        let length = texts.len() * self.width;
        let lines: String = texts.map(|text| line(&text, self.width)).collect();
        if lines.len() != length {
            return Err(Errno::FBIG);
        }
        match pwrite(&self.file, lines.as_bytes(), first * self.width as u64)? {
            written if written == length => Ok(()),
            _ => Err(Errno::IO),
        }
    }
}

/// The first line alone of the table in the directory with this path, if there is one that can be read.
pub fn header(dir: &std::path::Path) -> Option<Header> {
    let file = file::open_regular(CWD, dir.join(STATE)).ok()?;
    let mut buffer = [0; 4096];
    let length = file::fill(file, &mut buffer).ok()?;
    let text = std::str::from_utf8(&buffer[..length]).ok()?;
    Some(Header::unpack(text_of(text.lines().next()?)?)?.0)
}

/// What is in a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its first line.
    pub header: Header,
    /// The services. None: that line could not be read.
    pub rows: Vec<Option<Row>>,
}

impl Contents {
    /// Reads the table in this directory. None: there is none. It is an error if it can't be read, or
    /// is no table.
    pub fn read(dir: &OwnedFd) -> Result<Option<Contents>> {
        let bytes = match file::read_up_to(dir, STATE, LONGEST) {
            Err(Errno::NOENT) => return Ok(None),
            result => result?,
        };
        Contents::unpack(&bytes).map(Some).ok_or(Errno::ILSEQ)
    }

    /// The same, of the directory with this path.
    pub fn below(dir: &std::path::Path) -> Result<Option<Contents>> {
        let dir = match file::open_dir(CWD, dir) {
            Err(Errno::NOENT) => return Ok(None),
            result => result?,
        };
        Contents::read(&dir)
    }

    /// From the file; none: it is no table.
    pub fn unpack(bytes: &[u8]) -> Option<Contents> {
        let mut lines = std::str::from_utf8(bytes).ok()?.lines();
        let (header, width, services) = Header::unpack(text_of(lines.next()?)?)?;
        if bytes.len() != width * (1 + services) {
            return None;
        }
        let mut rows = Vec::with_capacity(services);
        rows.extend(lines.map(|line| text_of(line).and_then(Row::unpack)));
        Some(Contents { header, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, number: u64) -> Row {
        Row {
            name: name.to_owned(),
            seq: number,
            doing: if number % 2 == 1 { Doing::Stop } else { Doing::Start },
            request: number,
            gone: (number > 5).then_some(number),
            was: (number > 6).then(|| format!("was-{name}")),
            since: Wall(number),
            ..Row::default()
        }
    }

    #[test]
    fn a_table_reads_back_and_a_line_is_replaced_in_its_place() {
        let dir = std::env::temp_dir().join(format!("coppice-table-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let fd = file::open_dir(CWD, &dir).unwrap();
        let header =
            Header { generation: 7, back: Some((6, 1234)), requests: 41, applied: 40, ends: true };
        let mut rows: Vec<Row> = (0..9).map(|n| row(&format!("service-{n}"), n)).collect();
        let table = Table::create(&fd, &header, &rows).unwrap();
        rows[3].since = Wall(1_000_000_001);
        rows[3].seq = u64::MAX;
        rows[4].seq = 5;
        assert!(table.are_together(3, 4));
        assert!(!table.are_together(3, 5) && !table.are_together(14, 15));
        table.put(3, &rows[3..5]).unwrap();
        let header = Header { back: None, ..header };
        table.put_header(&header).unwrap();
        let contents = Contents::below(&dir).unwrap().unwrap();
        assert_eq!(contents.header, header);
        assert_eq!(contents.rows, rows.into_iter().map(Some).collect::<Vec<_>>());
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!(Contents::below(&dir), Ok(None));
    }

    #[test]
    fn a_torn_line_is_none_and_disturbs_no_other() {
        let rows = [row("a", 0), row("b", 1)].map(|row| line(&row.pack(), 256)).concat();
        let header = line(&Header::default().pack(256, 2), 256);
        let mut bytes = (header + &rows).into_bytes();
        bytes[256] = b'x';
        let contents = Contents::unpack(&bytes).unwrap();
        assert_eq!(contents.rows, [None, Some(row("b", 1))]);
        bytes[0] = b'x';
        assert_eq!(Contents::unpack(&bytes), None);
        assert_eq!(Contents::unpack(b""), None);
        assert_eq!(Contents::unpack("é".repeat(40).as_bytes()), None);
    }
}
