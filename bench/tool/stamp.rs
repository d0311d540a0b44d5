//! Stamps: who was where at what time, a line of a fifo each. The clock is read before anything
//! else, so that neither the reader's turn nor the writing counts.

use std::fmt::Write;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use common::base::text::Text;
use common::os::fifo::{self, Ends};
use common::os::file;
use common::prelude::{Args, Context, Error, Next, Result as Done};
use common::sys::fd::adopt;
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

/// A service of a manager: a stamp, then the sign that it is ready, if that is asked for.
pub(super) fn managed(mut args: Args) -> Done<Next> {
    let at = now();
    let (fifo, name) = (args.operand("fifo")?, args.operand("name")?);
    write(Path::new(&fifo), &name.to_string_lossy(), at).unable("write a stamp")?;
    match args.next_operand() {
        Some(socket) if socket == "socket" => tell_systemd().unable("say that it is ready")?,
        Some(fd) => {
            let number = fd.to_str().and_then(|fd| fd.parse().ok());
            let number = number.ok_or_else(|| Error::user("not a descriptor"))?;
            let said = adopt(number).and_then(|fd| file::write_all(fd, b"\n"));
            said.unable("say that it is ready")?;
        }
        None => {}
    }
    loop {
        rustix::event::pause();
    }
}

fn tell_systemd() -> std::io::Result<()> {
    let socket = std::env::var_os("NOTIFY_SOCKET").unwrap_or_default();
    UnixDatagram::unbound()?.send_to(b"READY=1", socket).map(drop)
}

/// A oneshot of a manager: a stamp, and its end.
pub(super) fn once(mut args: Args) -> Done<Next> {
    let at = now();
    let (fifo, name) = (args.operand("fifo")?, args.operand("name")?);
    args.end()?;
    write(Path::new(&fifo), &name.to_string_lossy(), at).unable("write a stamp")?;
    Ok(Next::Exit(0))
}
