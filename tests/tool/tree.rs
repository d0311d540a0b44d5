//! The scan directory of a drill, and who is who in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use common::format::records::{Holder, Kind, Process, Root, SIZE};
use common::os::file;
use common::os::process::{Found, Identity};
use common::prelude::*;
use rustix::fs::{CWD, Mode, mkdirat};

use super::files::SHORT;

/// Restarts soon: there is much to do in little time.
const RESTART_DELAY: [(&str, &str); 2] = [("restart-delay", "20"), ("restart-delay-max", "100")];

pub(crate) struct Tree {
    /// The scan directory.
    pub(crate) dir: PathBuf,
    pub(crate) services: Vec<String>,
}

impl Tree {
    /// Makes a service directory for each, with a logger. Every `nth` ends by itself, over and over.
    pub(crate) fn make(dir: &Path, count: u64, nth: u64) -> Result<Tree> {
        let tool = rustix::fs::readlink("/proc/self/exe", Vec::new()).unable("find the tool")?;
        let tool = OsString::from(tool.to_string_lossy().into_owned());
        make_dir(dir)?;
        let mut tree = Tree { dir: dir.to_owned(), services: Vec::new() };
        for i in 1..=count {
            let name = format!("s{i}");
            let service = dir.join(&name);
            make_dir(&service)?;
            script(&service, "run", &tool, "service")?;
            script(&service, "finish", &tool, "told")?;
            let log = service.join("log");
            make_dir(&log)?;
            script(&log, "run", &tool, "logger")?;
            for (file, value) in RESTART_DELAY {
                write(&service.join(file), value, 0o644)?;
                write(&log.join(file), value, 0o644)?;
            }
            if i % nth == 0 {
                write(&service.join(SHORT), "", 0o644)?;
            }
            tree.services.push(name);
        }
        Ok(tree)
    }

    /// The directories of all services and loggers.
    pub(crate) fn slots(&self) -> Vec<PathBuf> {
        let services = self.services.iter().map(|name| self.dir.join(name));
        services.flat_map(|dir| [dir.clone(), dir.join("log")]).collect()
    }
}

/// The living supervisor of a service directory.
pub(crate) fn supervisor(dir: &Path) -> Option<Identity> {
    let mut buffer = [0; SIZE];
    let bytes = file::read_small(CWD, dir.join("supervise/supervisor"), &mut buffer).ok()?;
    living(Holder::unpack(bytes)?.identity)
}

/// The living `run` of a service directory.
pub(crate) fn process(dir: &Path) -> Option<Identity> {
    let mut buffer = [0; SIZE];
    let bytes = file::read_once(CWD, dir.join("supervise/process"), &mut buffer).ok()?;
    living(Process::unpack(bytes).filter(|process| process.kind == Kind::Run)?.identity)
}

/// The living svc-scan of a scan directory.
pub(crate) fn root(dir: &Path) -> Option<Identity> {
    let mut buffer = [0; 4096];
    let bytes = file::read_small(CWD, dir.join(".svc-scan/scan"), &mut buffer).ok()?;
    living(Root::unpack(bytes)?.identity)
}

fn living(identity: Identity) -> Option<Identity> {
    (identity.look() == Found::Alive).then_some(identity)
}

pub(crate) fn make_dir(dir: &Path) -> Result<()> {
    mkdirat(CWD, dir, Mode::from_raw_mode(0o755)).unable(format_args!("make {}", dir.display()))
}

fn script(dir: &Path, name: &str, tool: &OsString, program: &str) -> Result<()> {
    // Without a shell, which would only take time.
    write(&dir.join(name), &format!("#!{} {program}\n", tool.display()), 0o755)
}

pub(crate) fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    use rustix::fs::{OFlags, openat};
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    let write = || -> rustix::io::Result<()> {
        file::write_all(openat(CWD, path, flags, Mode::from_raw_mode(mode))?, text.as_bytes())
    };
    write().unable(format_args!("write {}", path.display()))
}
