//! What loggers are fed with. Standard output is the logger's input; what is found out goes to
//! standard error, a number a line.

use std::path::Path;

use common::base::args::parse;
use common::os::file::write_all;
use common::prelude::*;
use rustix::event::{Timespec, poll};
use rustix::fs::stat;
use rustix::stdio::{stderr, stdout};

use super::stamp::now;

/// What lines are made of.
const TEXT: &[u8] =
    b"accepted connection from user session closed request finished in 12 ms: timeout ";
/// So much is made, and written again and again: more than the caches of one core hold.
const BLOCK: usize = 4 << 20;
/// Who has not logged a line by then never will, ns.
const PATIENCE: u64 = 5_000_000_000;

/// Writes lines as fast as they are taken, and tells when it began.
pub(super) fn flood(mut args: Args) -> Result<Next> {
    let average: usize = parse(args.operand("length of lines")?, "length of lines")?;
    let total: usize = parse(args.operand("number of bytes")?, "number of bytes")?;
    let size: usize = parse(args.operand("size of a write")?, "size of a write")?;
    args.end()?;
    let lines = lines(average.max(2), BLOCK.min(total));
    say(now());
    for _ in 0..total.div_ceil(lines.len()) {
        if size == 0 {
            each_line(&lines)?;
        } else {
            lines.chunks(size).try_for_each(put)?;
        }
    }
    Ok(Next::Exit(0))
}

fn each_line(lines: &[u8]) -> Result<()> {
    let mut start = 0;
    for newline in memchr::memchr_iter(b'\n', lines) {
        put(&lines[start..=newline])?;
        start = newline + 1;
    }
    Ok(())
}

/// Lines of this length on average, from half of it to one and a half; always the same ones.
fn lines(average: usize, size: usize) -> Vec<u8> {
    let mut lines = Vec::with_capacity(size + 2 * average);
    let mut state: u64 = 88_172_645_463_325_252;
    while lines.len() < size {
        // Marsaglia's xorshift: the lengths must not repeat soon.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let (length, start) = (state % (average as u64 + 1), state % TEXT.len() as u64);
        let text = TEXT.iter().cycle().skip(start as usize);
        lines.extend(text.take(average / 2 + length as usize - 1));
        lines.push(b'\n');
    }
    lines
}

/// Writes lone lines, each to a logger that sleeps, and tells how long each takes until FILE has it.
pub(super) fn lone(mut args: Args) -> Result<Next> {
    let file = args.operand("file")?;
    let number: usize = parse(args.operand("number of lines")?, "number of lines")?;
    let pause: u64 = parse(args.operand("milliseconds")?, "milliseconds")?;
    args.end()?;
    let file = Path::new(&file);
    // The first ones make the logger's file and its memory.
    for n in 0..number + 2 {
        wait(pause)?;
        let (before, began) = (size(file), now());
        put(b"a line that comes alone, to a logger that has nothing to do\n")?;
        while size(file) == before {
            if now() - began > PATIENCE {
                return Err(Error::system(format_args!("no line in {}", file.display())));
            }
        }
        if n >= 2 {
            say(now() - began);
        }
    }
    Ok(Next::Exit(0))
}

fn size(file: &Path) -> i64 {
    stat(file).map_or(0, |stat| stat.st_size)
}

fn wait(ms: u64) -> Result<()> {
    let time = Timespec { tv_sec: (ms / 1000) as _, tv_nsec: (ms % 1000 * 1_000_000) as _ };
    poll(&mut [], Some(&time)).unable("wait").map(|_| ())
}

fn put(bytes: &[u8]) -> Result<()> {
    write_all(stdout(), bytes).unable("write lines")
}

fn say(number: u64) {
    // Whoever does not read it does not want it.
    let _ = write_all(stderr(), format!("{number}\n").as_bytes());
}
