//! From standard input to standard output, with changes: what the filters have in common.

use common::base::error::exit;
use common::os::file::write_all;
use common::prelude::*;
use rustix::io::{read, retry_on_intr};
use rustix::stdio::{stdin, stdout};

/// As much as a pipe holds.
const CHUNK: usize = 65_536;

/// A change of what passes.
pub(super) trait Filter {
    /// Takes what was read and puts what can be said so far into `out`.
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>);
    /// Puts the rest into `out`: nothing more comes.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// Filters until standard input ends. Nothing that can be said waits for the next read, which may
/// take for ever.
pub(super) fn run(mut filter: impl Filter) -> Result<Next> {
    let (mut chunk, mut out) = (vec![0; CHUNK], Vec::new());
    loop {
        let length = retry_on_intr(|| read(stdin(), &mut chunk[..]));
        match length.unable("read standard input")? {
            0 => break,
            length => filter.take(&chunk[..length], &mut out),
        }
        flush(&mut out)?;
    }
    filter.end(&mut out);
    flush(&mut out)?;
    Ok(Next::Exit(exit::OK))
}

fn flush(out: &mut Vec<u8>) -> Result<()> {
    write_all(stdout(), out).unable("write to standard output")?;
    out.clear();
    Ok(())
}
