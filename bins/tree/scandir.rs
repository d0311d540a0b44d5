//! A scan directory as its clients see it: its services, its svc-scan, its event directory.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::base::name;
use common::base::sort;
use common::format::records::Root;
use common::os::fifo::{self, Ends};
use common::os::fifodir::Subscription;
use common::os::file;
use common::prelude::*;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::client::{Service, alive, write_control};

/// More than the record of the root of a tree can take: it has a path in it.
const ROOT_SIZE: usize = 8192;

/// A scan directory, opened once.
pub(super) struct ScanDir {
    dir: OwnedFd,
    path: PathBuf,
}

/// Whether an svc-scan runs on the directory at `path`, by the record that it left.
pub(crate) fn is_alive(path: &Path) -> bool {
    let root = ScanDir::open(path.as_os_str()).and_then(|scan| scan.root());
    root.is_ok_and(|root| alive(&root.identity).is_some())
}

impl ScanDir {
    /// Opens the directory at `path`.
    pub(super) fn open(path: &OsStr) -> Result<ScanDir> {
        let dir = file::open_dir(CWD, path).unable(format_args!("open {}", path.display()))?;
        Ok(ScanDir { dir, path: path.into() })
    }

    /// Opens the directory at `path` if some svc-scan has ever run on it.
    pub(super) fn find(path: &OsStr) -> Result<Option<ScanDir>> {
        let scan = ScanDir::open(path)?;
        let found = statat(&scan.dir, c".svc-scan", AtFlags::empty());
        Ok(found.is_ok().then_some(scan))
    }

    /// Its path as the user gave it, for messages.
    pub(super) fn path(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// The path of its directory `.svc-scan`.
    pub(super) fn own_dir(&self) -> PathBuf {
        self.path.join(".svc-scan")
    }

    /// The service of this name, `NAME` or `NAME/log`.
    pub(super) fn service(&self, name: &OsStr) -> Result<Service> {
        let dir = file::open_dir(&self.dir, name);
        let dir = dir.unable(format_args!("open {}/{}", self.path(), name.display()))?;
        Ok(Service::at(dir, self.path.join(name).as_os_str()))
    }

    /// The names of its services in order, each logger after its service.
    pub(super) fn names(&self) -> Result<Vec<OsString>> {
        let fail = || format!("read {}", self.path());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let readable = openat(&self.dir, c".", flags, Mode::empty()).unable(fail())?;
        let mut services = Vec::new();
        for entry in Dir::new(readable).unable(fail())? {
            let entry = entry.unable(fail())?;
            let found = entry.file_name().to_bytes();
            if !found.starts_with(b".") && name::check(found).is_ok() && self.has_dir(found) {
                services.push(OsString::from_vec(found.to_vec()));
            }
        }
        sort::sort(&mut services);
        let mut names = Vec::with_capacity(services.len());
        for service in services {
            let log = [service.as_bytes(), b"/log"].concat();
            let has_log = self.has_dir(&log);
            names.push(service);
            if has_log {
                names.push(OsString::from_vec(log));
            }
        }
        Ok(names)
    }

    fn has_dir(&self, name: &[u8]) -> bool {
        statat(&self.dir, name, AtFlags::empty())
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
    }

    /// Subscribes to the changes of the whole tree.
    pub(super) fn subscribe(&self) -> Result<Subscription> {
        let dir = match file::open_dir(&self.dir, c".svc-scan/event") {
            Err(Errno::NOENT) => return Err(self.not_running()),
            result => result.unable(format_args!("open {}/.svc-scan/event", self.path()))?,
        };
        Subscription::new(dir).unable(format_args!("subscribe to {}/.svc-scan/event", self.path()))
    }

    /// The root of the tree, by the record that it left.
    pub(super) fn root(&self) -> Result<Root> {
        let mut buffer = [0; ROOT_SIZE];
        let bytes = match file::read_small(&self.dir, c".svc-scan/scan", &mut buffer) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Err(self.not_running()),
            result => result.unable(format_args!("read {}/.svc-scan/scan", self.path()))?,
        };
        let damaged = format_args!("{}/.svc-scan/scan is damaged", self.path()).to_string();
        Root::unpack(bytes).ok_or_else(|| Error::system(damaged))
    }

    /// Whether its svc-scan reads its control fifo.
    pub(super) fn listens(&self) -> bool {
        match self.control() {
            Ok(_) => true,
            // Who may only look can't ask the fifo.
            Err(Errno::ACCESS) => self.root().is_ok_and(|root| alive(&root.identity).is_some()),
            Err(_) => false,
        }
    }

    /// Sends letters to its svc-scan, in one write. Exit code 102 when there is none.
    pub(super) fn send(&self, letters: &[u8]) -> Result<()> {
        let name = format!("{}/.svc-scan/control", self.path());
        let control = match self.control() {
            Err(Errno::NXIO | Errno::NOENT | Errno::NOTDIR) => return Err(self.not_running()),
            result => result.unable(format_args!("open {name}"))?,
        };
        write_control(&control, letters, name)?.ok_or_else(|| self.not_running())
    }

    /// The error for a directory that no svc-scan looks after.
    pub(super) fn not_running(&self) -> Error {
        let message = format_args!("{}: no svc-scan is running on it", self.path());
        Error::new(exit::NOT_SUPERVISED, message)
    }

    fn control(&self) -> rustix::io::Result<OwnedFd> {
        fifo::open(self.dir.as_fd(), c".svc-scan/control", Ends::Write)
    }
}
