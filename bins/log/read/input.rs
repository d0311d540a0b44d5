//! Where the lines of one file come from: the file itself, or a program that unpacks it.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use common::base::death::Death;
use common::os::exec;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::wait::wait_for;
use rustix::fs::fstat;
use rustix::io::{Errno, pread, read, retry_on_intr};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;

use super::lines::Bytes;

/// A way to make a file smaller: its first bytes (as in magic(5)), and who undoes it.
const PACKERS: &[(&[u8], &str)] =
    &[(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz")];

/// The program that unpacks a file, by its first bytes; `None`: it is as it is.
pub(super) fn unpacker(file: impl AsFd) -> Result<Option<&'static str>> {
    let mut start = [0; 6];
    let n = retry_on_intr(|| pread(&file, &mut start, 0)).unable("read an archive")?;
    let packer = PACKERS.iter().find(|(magic, _)| start[..n].starts_with(magic));
    Ok(packer.map(|(_, program)| *program))
}

/// Bytes of a log.
pub(super) enum Input {
    /// Those of a file, from one place to another.
    File {
        /// The file.
        fd: OwnedFd,
        /// Where the next byte is.
        position: u64,
        /// Where they end.
        end: u64,
    },
    /// What a program makes of a file.
    Unpacked(Unpacked),
}

impl Bytes for Input {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Input::File { fd, position, end } => {
                let left = usize::try_from(end.saturating_sub(*position)).unwrap_or(usize::MAX);
                let part = buffer.len().min(left);
                let n = read_at(&*fd, *position, &mut buffer[..part])?;
                *position += n as u64;
                Ok(n)
            }
            Input::Unpacked(unpacked) => unpacked.read(buffer),
        }
    }
}

/// Reads some of a file.
pub(super) fn read_at(fd: impl AsFd, offset: u64, buffer: &mut [u8]) -> Result<usize> {
    retry_on_intr(|| pread(&fd, &mut *buffer, offset)).unable("read a log")
}

/// The size of a file.
pub(super) fn size(fd: impl AsFd) -> Result<u64> {
    let stat = fstat(fd).unable("look at a log")?;
    Ok(u64::try_from(stat.st_size).unwrap_or(0))
}

/// A program that unpacks a file.
pub(super) struct Unpacked {
    program: &'static str,
    /// The archive's.
    name: String,
    child: Pid,
    pipe: Option<OwnedFd>,
}

impl Unpacked {
    /// Starts the program; `None`: it is not installed.
    pub(super) fn start(
        program: &'static str,
        file: &OwnedFd,
        name: String,
    ) -> Result<Option<Unpacked>> {
        let path = exec::find(program.as_ref())
            .and_then(|path| CString::new(path.into_os_string().into_encoded_bytes()).ok());
        let Some(path) = path else { return Ok(None) };
        let run = format_args!("run {program}").to_string();
        let argv = Argv::new([program, "-dc"].map(Into::into)).unable(&run)?;
        let (pipe, output) = pipe_with(PipeFlags::CLOEXEC).unable("make a pipe")?;
        let fds = [(0, file.as_fd()), (1, output.as_fd())];
        let child = Child {
            path: &path,
            argv: &argv,
            directory: None,
            fds: &fds,
            kept: None,
            open_files: None,
            group: Group::Parents,
            blocked: Blocked::None,
            sharing: Sharing::Vfork,
        };
        let spawned = child.spawn(&mut NoHooks).unable(&run)?;
        let unpacked = Unpacked { program, name, child: spawned.pid, pipe: Some(pipe) };
        match spawned.failed {
            None => Ok(Some(unpacked)),
            Some(e) => Err(e).unable(&run),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(pipe) = &self.pipe else { return Ok(0) };
        let n = retry_on_intr(|| read(pipe, &mut *buffer)).unable("read what was unpacked")?;
        if n == 0 {
            self.pipe = None;
            let death = Death::from(wait_for(self.child).unable("wait for a child")?);
            if !death.is_success() {
                let (name, program) = (&self.name, self.program);
                let message =
                    format!("{name}: damaged, shown as far as it goes ({program}: {death})");
                return Err(Error::system(message));
            }
        }
        Ok(n)
    }
}

/// Who stops reading before the end waits for the program's.
impl Drop for Unpacked {
    fn drop(&mut self) {
        if self.pipe.take().is_some() {
            // It finds its pipe closed; how it ends then tells nothing.
            let _: std::result::Result<_, Errno> = wait_for(self.child);
        }
    }
}
