//! The floor beneath every logger: it reads, puts a stamp in front of each line, writes and rotates.
//! It keeps no journal, so who kills it loses lines: what a journal costs is the distance to it.

use std::os::fd::OwnedFd;

use common::os::clock;
use common::os::file::write_all;
use common::prelude::*;
use rustix::event::{Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags, openat, renameat};
use rustix::io::{Errno, Result as Io, read};
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::chdir;
use rustix::stdio::stdin;

/// As much is read at a time, and as large is the pipe.
const INPUT: usize = 256 * 1024;
const ROTATE: usize = 10_000_000;
const KEEP: usize = 10;
/// Copies are made of such pieces, and run over the end of what is copied.
const PIECE: usize = 32;

/// Logs standard input to DIR.
pub(super) fn floor(mut args: Args) -> Result<Next> {
    let (stamp, dir) = (args.operand("stamp")?, args.operand("directory")?);
    args.end()?;
    chdir(dir.as_os_str()).unable(format_args!("enter {}", dir.display()))?;
    // As it is, it works too.
    let _ = fcntl_setpipe_size(stdin(), INPUT);
    run(stamp == "tai64n").unable("log").map(|()| Next::Exit(0))
}

/// Reads and throws away, and leaves the writer alone in between: who writes line by line can't be
/// faster than with this.
pub(super) fn sink(mut args: Args) -> Result<Next> {
    args.end()?;
    // As it is, it works too.
    let _ = fcntl_setpipe_size(stdin(), INPUT);
    let (mut input, pause) = (vec![0; INPUT], Timespec { tv_sec: 0, tv_nsec: 200_000 });
    while read(stdin(), &mut input).unable("read")? > 0 {
        poll(&mut [], Some(&pause)).unable("wait")?;
    }
    Ok(Next::Exit(0))
}

fn run(stamped: bool) -> Io<()> {
    let mut log = Log { current: create()?, size: 0, archives: 0 };
    let (mut input, mut output) = (vec![0; INPUT + PIECE], vec![0; 2 * INPUT]);
    let mut kept = 0;
    loop {
        let end = match read(stdin(), &mut input[kept..INPUT]) {
            Ok(0) => return Ok(()),
            Ok(length) => kept + length,
            Err(Errno::INTR) => continue,
            Err(e) => return Err(e),
        };
        let head = stamped.then(label);
        let whole = whole(&input[..end]);
        let mut start = 0;
        while start < whole {
            let (rest, length, room) = (&input[start..], whole - start, ROTATE - log.size);
            let used = match &head {
                Some(head) => log.write(format(rest, length, head, &mut output, room))?,
                None => log.write(unchanged(rest, length, room))?,
            };
            start += used;
            if used == 0 {
                log.rotate()?;
            }
        }
        input.copy_within(whole..end, 0);
        kept = end - whole;
    }
}

struct Log {
    current: OwnedFd,
    size: usize,
    archives: usize,
}

impl Log {
    /// Writes lines, which were so much input; returns how much.
    fn write(&mut self, (used, lines): (usize, &[u8])) -> Io<usize> {
        write_all(&self.current, lines)?;
        self.size += lines.len();
        Ok(used)
    }

    /// The archive takes the place of the oldest one.
    fn rotate(&mut self) -> Io<()> {
        let archive = format!("archive.{}", self.archives % KEEP);
        renameat(CWD, "current", CWD, archive.as_str())?;
        *self = Log { current: create()?, size: 0, archives: self.archives + 1 };
        Ok(())
    }
}

fn create() -> Io<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    openat(CWD, "current", flags, Mode::RUSR | Mode::WUSR)
}

/// A TAI64N stamp.
fn label() -> [u8; PIECE] {
    let mut label = [b' '; PIECE];
    label[0] = b'@';
    for (i, byte) in clock::wall().tai64n().into_iter().enumerate() {
        for (digit, value) in label[1 + 2 * i..].iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = b"0123456789abcdef"[usize::from(value)];
        }
    }
    label
}

/// The length of a stamp, with its blank.
const HEAD: usize = 26;

/// How much of `input` are whole lines.
fn whole(input: &[u8]) -> usize {
    memchr::memrchr(b'\n', input).map_or(0, |newline| newline + 1)
}

/// Lines as they are, as far as there is room; and how much input they were.
fn unchanged(input: &[u8], length: usize, room: usize) -> (usize, &[u8]) {
    let used = whole(&input[..length.min(room)]);
    (used, &input[..used])
}

/// Puts the stamp in front of the lines in the first `length` bytes, as far as there is room and a
/// buffer; tells how much input was used, too.
fn format<'a>(
    input: &[u8],
    length: usize,
    head: &[u8; PIECE],
    output: &'a mut [u8],
    room: usize,
) -> (usize, &'a [u8]) {
    let room = room.min(output.len() - PIECE);
    let (mut used, mut made) = (0, 0);
    for newline in memchr::memchr_iter(b'\n', &input[..length]) {
        let text = made + HEAD;
        let after = text + newline + 1 - used;
        if after > room {
            break;
        }
        copy(output, made, head, 0, HEAD);
        copy(output, text, input, used, newline + 1 - used);
        (used, made) = (newline + 1, after);
    }
    (used, &output[..made])
}

/// In pieces, as long as both sides have a whole one: a copy of unknown length is a call each time.
#[inline(always)]
fn copy(output: &mut [u8], to: usize, input: &[u8], from: usize, length: usize) {
    let mut done = 0;
    while done < length {
        let source = input.get(from + done..).and_then(|rest| rest.first_chunk::<PIECE>());
        let target = output.get_mut(to + done..).and_then(|rest| rest.first_chunk_mut::<PIECE>());
        let (Some(source), Some(target)) = (source, target) else {
            return output[to + done..to + length]
                .copy_from_slice(&input[from + done..from + length]);
        };
        *target = *source;
        done += PIECE;
    }
}
