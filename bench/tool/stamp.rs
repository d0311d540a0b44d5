//! Stamps: who was where at what time, a line of a fifo each. The clock is read before anything
//! else, so that neither the reader's turn nor the writing counts.

use std::fmt::Write;
use std::path::Path;

use common::base::text::Text;
use common::os::fifo::{self, Ends};
use common::os::file;
use rustix::fs::CWD;
use rustix::io::Result;
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the monotonic clock.
pub(super) fn now() -> u64 {
    let t = clock_gettime(ClockId::Monotonic);
    t.tv_sec.unsigned_abs() * 1_000_000_000 + t.tv_nsec.unsigned_abs()
}

/// Writes a stamp. A line this short goes whole or not at all.
pub(super) fn write(fifo: &Path, name: &str, at: u64) -> Result<()> {
    let mut line = Text::<512>::new();
    let pid = rustix::process::getpid().as_raw_pid();
    // Names are short.
    let _ = writeln!(line, "{name} {at} {pid}");
    file::write_all(fifo::open(CWD, fifo, Ends::Write)?, line.bytes())
}

/// The service: its name is that of its directory.
pub(super) fn service() -> ! {
    let at = now();
    let dir = rustix::process::getcwd(Vec::new()).unwrap_or_default();
    let name = dir.to_str().ok().and_then(|dir| dir.rsplit('/').next()).unwrap_or_default();
    // Nobody reads it any more: the measurement is over.
    let _ = write(Path::new("../../stamps"), name, at);
    drop(dir);
    loop {
        rustix::event::pause();
    }
}
