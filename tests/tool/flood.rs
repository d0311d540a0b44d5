//! A writer of numbered lines, as fast as they are taken, and the reader of archives that verifies
//! each of them.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::os::{clock, file};
use common::prelude::*;
use common::program::print;
use rustix::event::poll;
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::random::Random;

pub(crate) const FLOOD: Program = Program {
    name: "flood",
    help: "SECONDS BLOCK ID LENGTH PAUSE FIFO...
Writes lines `W<ID> <number> xxx...` of about LENGTH bytes to each FIFO for so long, in pieces of up to
BLOCK bytes (0: a line each) with PAUSE milliseconds between them; the last one ends with END.
",
    main: flood,
};

pub(crate) const CHECK: Program = Program {
    name: "check",
    help: "STOP WRITERS DIR...
Reads and removes the archives in each log directory DIR until the file STOP is there; then `current`
too. Says how many of the lines of so many floods are lost, there twice, or torn.
",
    main: check,
};

/// Where the number ends.
const NUMBER: usize = 15;

fn flood(mut args: Args) -> Result<Next> {
    let seconds: u64 = number(&mut args, "seconds")?;
    let block: usize = number(&mut args, "block")?;
    let id: u64 = number(&mut args, "id")?;
    let length: u64 = number(&mut args, "length")?;
    let pause: u64 = number(&mut args, "milliseconds")?;
    let open = |path| openat(CWD, &path, OFlags::WRONLY, Mode::empty()).unable("open the fifo");
    // The number of the next line of each.
    let fifos = args.operands("fifo")?.into_iter().map(|path| Ok((open(path)?, 0u64)));
    let mut fifos: Vec<_> = fifos.collect::<Result<_>>()?;
    let mut random = Random::new(id);
    let mut text = Vec::with_capacity(block + 8192);
    let end = clock::boot().after(seconds * 1000);
    while clock::boot() < end {
        let one = random.below(fifos.len() as u64) as usize;
        let (fifo, next) = &mut fifos[one];
        text.clear();
        loop {
            let line = 20 + random.below(2 * length.saturating_sub(20).max(1)) as usize;
            if !text.is_empty() && text.len() + line > block {
                break;
            }
            put_line(&mut text, id, *next, line);
            *next += 1;
        }
        file::write_all(&*fifo, &text).unable("write")?;
        moment(pause);
    }
    for (fifo, next) in &fifos {
        let last = format!("W{id} {next:012} END\n");
        file::write_all(fifo, last.as_bytes()).unable("write")?;
    }
    Ok(Next::Exit(0))
}

fn moment(ms: u64) {
    if ms > 0 {
        // Interrupted or not: it need not be exact.
        let _ = poll(&mut [], clock::until(Some(clock::boot().after(ms))).as_ref());
    }
}

fn number<T: std::str::FromStr>(args: &mut Args, what: &str) -> Result<T> {
    common::base::args::parse(args.operand(what)?, what)
}

fn put_line(text: &mut Vec<u8>, id: u64, number: u64, length: usize) {
    let begin = text.len();
    let mut digits = *b"W0 000000000000 ";
    digits[1] = b'0' + (id % 10) as u8;
    let mut rest = number;
    for digit in digits[3..NUMBER].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text.extend_from_slice(&digits);
    text.resize(begin + length.max(17) - 1, b'x');
    text.push(b'\n');
}

/// What is in a log directory.
#[derive(Default)]
struct Count {
    next: [u64; 10],
    lines: u64,
    lost: u64,
    twice: u64,
    torn: u64,
    /// Lines whose stamp is before that of the line before.
    back: u64,
    files: u64,
    ended: u64,
    stamp: Vec<u8>,
}

fn check(mut args: Args) -> Result<Next> {
    let stop = PathBuf::from(args.operand("stop file")?);
    let writers: u64 = number(&mut args, "writers")?;
    let dirs = args.operands("directory")?.into_iter().map(PathBuf::from);
    let mut dirs: Vec<_> = dirs.map(|dir| (dir, Count::default())).collect();
    loop {
        let (stopping, mut found) = (stop.exists(), 0);
        for (dir, count) in &mut dirs {
            found += count.archives(dir)?;
        }
        if stopping && found == 0 {
            break;
        }
        if found == 0 {
            moment(5);
        }
    }
    let mut all = Count::default();
    for (dir, count) in &mut dirs {
        count.file(&dir.join("current"))?;
        all.add(count);
    }
    let writers = writers * dirs.len() as u64;
    let Count { lines, lost, twice, torn, back, files, ended, .. } = all;
    let good = lost + twice + torn + back == 0 && ended == writers;
    print(&format!(
        "{lines} lines in {files} files: {lost} lost, {twice} twice, {torn} torn, {back} stamps \
         going back; {ended} of {writers} floods came to their end\n"
    ));
    Ok(Next::Exit(if good { exit::OK } else { exit::NO }))
}

fn archives(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    // It may not have been made yet.
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(found) };
    for entry in entries {
        let path = entry.unable("read the directory")?.path();
        if path.file_name().is_some_and(|name| name.as_bytes().starts_with(b"@")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

impl Count {
    /// Takes the archives of a directory; says how many.
    fn archives(&mut self, dir: &Path) -> Result<usize> {
        let found = archives(dir)?;
        for path in &found {
            self.file(path)?;
            std::fs::remove_file(path).unable("remove an archive")?;
        }
        Ok(found.len())
    }

    fn add(&mut self, other: &Count) {
        self.lines += other.lines;
        self.lost += other.lost;
        self.twice += other.twice;
        self.torn += other.torn;
        self.back += other.back;
        self.files += other.files;
        self.ended += other.ended;
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let text = std::fs::read(path).unable(format_args!("read {}", path.display()))?;
        self.files += 1;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            self.lines += 1;
            match line.strip_suffix(b"\n").and_then(|line| self.line(line)) {
                Some(()) => {}
                None => self.torn += 1,
            }
        }
        Ok(())
    }

    /// `None`: it is no line of a flood.
    fn line(&mut self, line: &[u8]) -> Option<()> {
        let (stamp, line) = line.split_at_checked(stamp_length(line))?;
        self.back += u64::from(stamp < self.stamp.as_slice());
        if stamp != self.stamp.as_slice() {
            self.stamp = stamp.to_vec();
        }
        let (head, rest) = line.split_at_checked(NUMBER)?;
        let digits = head.strip_prefix(b"W")?;
        let id = usize::from(digits[0].checked_sub(b'0').filter(|id| *id < 10)?);
        let number: u64 = std::str::from_utf8(digits.get(2..)?).ok()?.parse().ok()?;
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        if rest == b"END" {
            self.ended += 1;
        } else if rest.iter().any(|byte| *byte != b'x') {
            return None;
        }
        if number < self.next[id] {
            self.twice += 1;
        } else {
            self.lost += number - self.next[id];
            self.next[id] = number + 1;
        }
        Some(())
    }
}

fn stamp_length(line: &[u8]) -> usize {
    match line {
        [b'@', ..] => 26 + line.get(26..).map_or(0, date_length),
        _ => date_length(line),
    }
}

fn date_length(line: &[u8]) -> usize {
    if line.first().is_some_and(u8::is_ascii_digit) { 31 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_counted() {
        let mut count = Count::default();
        let mut text = Vec::new();
        for number in [0, 1, 1, 4] {
            put_line(&mut text, 3, number, 30);
        }
        text.extend_from_slice(b"W3 00000000x\nW3 000000000005 END\nW3 0");
        let path = std::env::temp_dir().join(format!("coppice-check.{}", std::process::id()));
        std::fs::write(&path, &text).unwrap();
        count.file(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((count.lines, count.lost, count.twice, count.torn), (7, 2, 1, 2));
        assert_eq!(count.ended, 1);
    }
}
