//! The power cut: everything that a disk may be when the machine loses its power, and what of a log
//! is on it then.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::PathBuf;

use common::prelude::*;
use common::sys::wait::Ended;

use super::command::run;
use super::disk::{Disk, Write};
use super::log_directory::LogDirectory;
use super::numbered;
use super::random::Random;
use super::talker::{SECTOR, said};
use super::write_log::{Entry, parse};

pub(crate) const PROGRAM: Program = Program {
    name: "power-cut",
    help: "[OPTION...] IMAGE WRITES WORK
Replays what blklogwrites saw of a disk that was IMAGE, while a logger wrote to /log on it and a
talker behind it: up to each write, with all and with some of those that the disk did not yet have to
keep. Each time e2fsck and debugfs take /log off it, in the directory WORK, and all lines that the
talker had heard of have to be there. Prints a line for each fault, then what there was; exits 1 if
there was a fault, at the latest after ten.
  --restart PROGRAM   a logger, which has to go on from whatever was found
  --part K/N          only the Kth of N parts of the time
",
    main,
};

/// Up to so many writes all their combinations are tried; with more, each number of them from the
/// first on and a few others.
const FEW: usize = 3;
const OTHERS: usize = 6;
/// One fault seldom comes alone.
const ENOUGH: usize = 10;
const SEED: u64 = 1;

fn main(mut args: Args) -> Result<Next> {
    let mut restart = None;
    let mut part = (1, 1);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "--restart" => restart = Some(args.raw_value()?),
            "--part" => {
                let text: String = args.value("part")?;
                let numbers = text
                    .split_once('/')
                    .and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
                part = numbers.ok_or_else(|| Error::user("invalid part"))?;
            }
            _ => return Err(common::base::args::unknown(&option)),
        }
    }
    let image = std::fs::read(args.operand("image")?).unable("read the image")?;
    let log = std::fs::read(args.operand("log of writes")?).unable("read the log of writes")?;
    let work = PathBuf::from(args.operand("directory")?);
    args.end()?;
    let mut cut = PowerCut::new(Disk::new(image), work, restart);
    cut.replay(&parse(&log)?, part)?;
    let code = common::program::print(&cut.text());
    Ok(Next::Exit(if cut.faults.is_empty() { code } else { 1 }))
}

struct PowerCut {
    /// With all that it has to keep.
    disk: Disk,
    work: PathBuf,
    restart: Option<OsString>,
    random: Random,
    /// How many lines the disk itself has, and how many it has with all that was written; if known.
    lines: Option<usize>,
    all_lines: Option<usize>,
    /// What the talker has heard of.
    heard: usize,
    /// Where in the log of writes we are.
    at: usize,
    faults: Vec<String>,
    writes: usize,
    flushes: usize,
    images: usize,
    /// From which a logger has gone on.
    seen: HashSet<LogDirectory>,
}

impl PowerCut {
    fn new(disk: Disk, work: PathBuf, restart: Option<OsString>) -> PowerCut {
        PowerCut {
            disk,
            work,
            restart,
            random: Random::new(SEED),
            lines: None,
            all_lines: None,
            heard: 0,
            at: 0,
            faults: Vec::new(),
            writes: 0,
            flushes: 0,
            images: 0,
            seen: HashSet::new(),
        }
    }

    fn replay(&mut self, entries: &[Entry<'_>], (part, parts): (usize, usize)) -> Result<()> {
        let mine = entries.len() * (part - 1) / parts..=entries.len() * part / parts;
        let mut cached: Vec<Write<'_>> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            self.at = at;
            let in_part = mine.contains(&at);
            match entry {
                Entry::Flush => {
                    self.flushes += usize::from(in_part);
                    self.cut_if(in_part, &cached)?;
                    cached.iter().for_each(|write| self.disk.apply(write));
                    cached.clear();
                    self.lines = self.all_lines.take();
                }
                Entry::Write(write) if self.disk.has(write) => {
                    self.writes += usize::from(in_part);
                    cached.push(*write);
                }
                Entry::Write(word) => {
                    self.heard = said(&word.bytes[..SECTOR]).unwrap_or(self.heard)
                }
            }
            if self.faults.len() >= ENOUGH {
                return Ok(());
            }
        }
        self.at = entries.len();
        if self.heard == 0 {
            self.fault("not a line was acknowledged");
        }
        self.cut_if(part == parts, &cached)
    }

    fn cut_if(&mut self, in_part: bool, cached: &[Write<'_>]) -> Result<()> {
        if in_part { self.cut(cached) } else { Ok(()) }
    }

    /// Cuts the power at the last moment at which the disk may be without all of `cached`. What it
    /// has of them it could have had before, when less had to be there.
    fn cut(&mut self, cached: &[Write<'_>]) -> Result<()> {
        for kept in self.choices(cached.len()) {
            let writes = cached.iter().zip(kept).filter_map(|(write, kept)| kept.then_some(*write));
            let writes: Vec<Write<'_>> = writes.collect();
            let what = format!("{} of {} writes", writes.len(), cached.len());
            let lines = match self.lines {
                Some(lines) if writes.is_empty() => {
                    self.compare(Ok(lines), &what);
                    Some(lines)
                }
                Some(_) | None => self.look(&writes, &what)?,
            };
            if writes.len() == cached.len() {
                self.all_lines = lines;
            }
        }
        self.tear(cached)
    }

    /// Which of so many writes the disk keeps.
    fn choices(&mut self, count: usize) -> Vec<Vec<bool>> {
        if count <= FEW {
            let bits = |choice: usize| (0..count).map(|place| choice >> place & 1 == 1).collect();
            return (0..1 << count).map(bits).collect();
        }
        let first = |length: usize| (0..count).map(|place| place < length).collect();
        let mut choices: Vec<Vec<bool>> = (0..=count).map(first).collect();
        for _ in 0..OTHERS {
            choices.push((0..count).map(|_| self.random.below(2) == 1).collect());
        }
        choices
    }

    /// All is kept, but of one write only the beginning.
    fn tear(&mut self, cached: &[Write<'_>]) -> Result<()> {
        let is_long = |index: &usize| cached[*index].bytes.len() > SECTOR;
        let long: Vec<usize> = (0..cached.len()).filter(is_long).collect();
        if long.is_empty() {
            return Ok(());
        }
        let torn = self.random.one_of(&long);
        let sectors = cached[torn].bytes.len() / SECTOR;
        let kept = SECTOR * (1 + self.random.below(sectors as u64 - 1) as usize);
        let mut writes = cached.to_vec();
        writes[torn].bytes = &cached[torn].bytes[..kept];
        self.look(&writes, &format!("write {} of {} torn", torn + 1, cached.len())).map(|_| ())
    }

    /// Looks at what the disk would be with these writes. Says how many lines there are.
    fn look(&mut self, writes: &[Write<'_>], what: &str) -> Result<Option<usize>> {
        self.images += 1;
        let found = self.extract(writes)?;
        let lines = found.lines();
        let known = lines.clone().ok();
        self.compare(lines, what);
        if let Some(lines) = known {
            self.go_on(found, lines, what)?;
        }
        Ok(known)
    }

    fn extract(&mut self, writes: &[Write<'_>]) -> Result<LogDirectory> {
        let (image, dir) = (self.work.join("image"), self.work.join("log"));
        self.disk.save(writes, &image)?;
        match run(&["e2fsck".as_ref(), "-fy".as_ref(), image.as_ref()], "")? {
            Ended::Exited(0 | 1) => {}
            ended @ (Ended::Exited(_) | Ended::Killed(_)) => {
                self.fault(format_args!("e2fsck: {ended:?}"))
            }
        }
        // It may be missing.
        let _ = std::fs::remove_dir_all(&dir);
        let command = format!("rdump /log {}", self.work.display());
        run(&["debugfs".as_ref(), "-R".as_ref(), command.as_ref(), image.as_ref()], "")?;
        LogDirectory::read(&dir)
    }

    fn compare(&mut self, lines: std::result::Result<usize, String>, what: &str) {
        let heard = self.heard;
        match lines {
            Ok(lines) if lines >= heard => {}
            Ok(lines) => self.fault(format_args!(
                "{what}: lost: {heard} lines were acknowledged, {lines} are there"
            )),
            Err(why) => self.fault(format_args!("{what}: {why}")),
        }
    }

    /// A logger is started on what was found, unless it has been before.
    fn go_on(&mut self, found: LogDirectory, lines: usize, what: &str) -> Result<()> {
        let Some(program) = self.restart.clone().filter(|_| !self.seen.contains(&found)) else {
            return Ok(());
        };
        let line = numbered::line(lines + 1);
        let dir = self.work.join("log");
        let ended = run(&[&program, "--sync".as_ref(), dir.as_ref()], &line)?;
        if ended != Ended::Exited(0) {
            self.fault(format_args!("{what}: a logger that is to go on: {ended:?}"));
        }
        if let Err(why) = found.went_on(&line, &LogDirectory::read(&dir)?) {
            self.fault(format_args!("{what}: {why}"));
        }
        self.seen.insert(found);
        Ok(())
    }

    fn fault(&mut self, what: impl std::fmt::Display) {
        self.faults.push(format!("at {}: {what}", self.at));
    }

    /// A line for each fault, then one that sums up.
    fn text(&self) -> String {
        let faults: String = self.faults.iter().map(|fault| format!("fault: {fault}\n")).collect();
        format!(
            "{faults}{} faults; {} writes, {} flushes, {} images of the disk, {} lines acknowledged, \
             {} times a logger went on\n",
            self.faults.len(),
            self.writes,
            self.flushes,
            self.images,
            self.heard,
            self.seen.len()
        )
    }
}
