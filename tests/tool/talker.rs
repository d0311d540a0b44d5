//! A writer that hears which of its lines are safe, and leaves word of it on a disk.

use std::os::fd::OwnedFd;

use common::os::file;
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{pwrite, read, retry_on_intr};

use super::numbered;
use super::random::Random;

pub(crate) const PROGRAM: Program = Program {
    name: "talker",
    help: "DISK SECTOR BURSTS
Writes numbered lines to standard output, a burst at a time, and waits until they come back on
standard input. Each time some have, it writes their number to the sector of the disk: past the
caches, and without a flush, so that nothing else becomes safe by it.
",
    main,
};

/// What disks and blklogwrites count in.
pub(crate) const SECTOR: usize = 512;
/// How many lines: mostly a few, now and then more than a block.
const BURST: u64 = 4;
const LONG_BURST: u64 = 100;
const SEED: u64 = 1;

/// What direct writes take.
#[repr(align(4096))]
struct Sector([u8; SECTOR]);

struct Word {
    disk: OwnedFd,
    offset: u64,
}

fn main(mut args: Args) -> Result<Next> {
    args.no_options()?;
    let path = args.operand("disk")?;
    let sector: u64 = common::base::args::parse(args.operand("sector")?, "sector")?;
    let bursts: usize = common::base::args::parse(args.operand("bursts")?, "number of bursts")?;
    args.end()?;
    let flags = OFlags::WRONLY | OFlags::DIRECT | OFlags::CLOEXEC;
    let disk = openat(CWD, &path, flags, Mode::empty()).unable("open the disk")?;
    let word = Word { disk, offset: sector * SECTOR as u64 };
    let mut random = Random::new(SEED);
    let mut said = 0;
    for _ in 0..bursts {
        let most = if random.below(10) == 0 { LONG_BURST } else { BURST };
        let burst = 1 + random.below(most) as usize;
        let text: String = (said + 1..=said + burst).map(numbered::line).collect();
        file::write_all(rustix::stdio::stdout(), text.as_bytes()).unable("write lines")?;
        hear(&word, said, &text)?;
        said += burst;
    }
    Ok(Next::Exit(common::base::error::exit::OK))
}

/// Waits for all of the text, of which the first line is the one after `before`.
fn hear(word: &Word, before: usize, text: &str) -> Result<()> {
    let mut heard = Vec::new();
    let mut told = 0;
    while heard.len() < text.len() {
        let mut piece = [0; 4096];
        let stdin = rustix::stdio::stdin();
        match retry_on_intr(|| read(stdin, &mut piece)).unable("read lines")? {
            0 => return Err(Error::system("the logger is gone")),
            length => heard.extend_from_slice(&piece[..length]),
        }
        if !text.as_bytes().starts_with(&heard) {
            return Err(Error::system("what comes back is not what was written"));
        }
        let (count, _) = numbered::count(&heard, before);
        if count > told {
            word.leave(before + count)?;
            told = count;
        }
    }
    Ok(())
}

impl Word {
    fn leave(&self, number: usize) -> Result<()> {
        let mut sector = Sector([b' '; SECTOR]);
        let text = format!("{number}\n");
        sector.0[..text.len()].copy_from_slice(text.as_bytes());
        let written = pwrite(&self.disk, &sector.0, self.offset).unable("write to the disk")?;
        if written == SECTOR { Ok(()) } else { Err(Error::system("the disk took half a sector")) }
    }
}

/// What the sector says.
pub(crate) fn said(sector: &[u8]) -> Option<usize> {
    std::str::from_utf8(sector).ok()?.trim().parse().ok()
}
