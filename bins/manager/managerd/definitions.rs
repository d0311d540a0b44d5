//! Live service directories: what svc-supervise and svc-oneshot work in.
//!
//! Each is a directory on the tmpfs whose files are links through `def`, itself a link to the
//! service directory in a generation: `run -> def/run`. So a new definition is taken at once, in one
//! step, and a service keeps its directory, its supervisor and its process whatever becomes of its
//! definition. No link leads nowhere but for the moment between two steps of a change.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::format::letters::Command;
use common::os::fifo::{self, Ends};
use common::os::file;
use common::os::lock::{self, Patience};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat, readlinkat, renameat, statat,
    symlinkat, unlinkat,
};
use rustix::io::Errno;

use crate::manager::graph::Kind;

/// Begins the names of directories that are on their way out.
const GONE: &str = ".gone.";
/// The link to the definition.
const DEF: &str = "def";

/// Room for the path of a definition, as they usually are.
const LINK: usize = 256;

/// The places of live directories and of generations.
pub(super) struct Definitions {
    pub(super) scan: PathBuf,
    pub(super) oneshots: PathBuf,
    pub(super) generations: PathBuf,
    /// The first two, open.
    pub(super) open: [OwnedFd; 2],
}

/// Whether a daemon that gets a live directory starts by itself as soon as it is supervised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    Down,
    Up,
}

/// What became of a live directory that is to lead to a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Led {
    /// Nothing that svc-scan is to know.
    Same,
    /// It has a logger of its own now, or no longer.
    Otherwise,
    /// It is new.
    New,
}

impl Definitions {
    /// The directory in which the live directories of services of a kind are.
    pub(super) fn dir(&self, kind: Kind) -> &OwnedFd {
        let [scan, oneshots] = &self.open;
        match kind {
            Kind::Daemon => scan,
            Kind::Oneshot | Kind::Group => oneshots,
        }
    }

    /// Where the live directory of a service is; groups have none.
    pub(super) fn path(&self, name: &str, kind: Kind) -> PathBuf {
        match kind {
            Kind::Daemon => self.scan.join(name),
            Kind::Oneshot | Kind::Group => self.oneshots.join(name),
        }
    }

    /// The service directory of a generation.
    pub(super) fn definition(&self, name: &str, generation: u64) -> PathBuf {
        self.generations.join(generation.to_string()).join("services").join(name)
    }

    /// Makes the live directory of a service if there is none, and has it lead to its definition in
    /// this generation.
    pub(super) fn set(
        &self,
        name: &str,
        kind: Kind,
        generation: u64,
        begins: Begins,
    ) -> io::Result<Led> {
        let definition = self.definition(name, generation);
        let parent = self.dir(kind);
        match readlinkat(parent, def(name).as_str(), Vec::with_capacity(LINK)) {
            Ok(now) if now.as_bytes() == definition.as_os_str().as_bytes() => Ok(Led::Same),
            Ok(_) => change(&self.path(name, kind), &definition),
            Err(Errno::NOENT) => {
                if is_dir(parent, name) {
                    let text = "there is a service directory that is not the manager's";
                    return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
                }
                self.make(name, &definition, kind, begins).map(|()| Led::New)
            }
            Err(e) => Err(e.into()),
        }
    }

    /// A new live directory appears whole, or not at all.
    fn make(&self, name: &str, definition: &Path, kind: Kind, begins: Begins) -> io::Result<()> {
        let parent = self.dir(kind);
        let new = format!(".{name}.new");
        let make_dir = || mkdirat(parent, new.as_str(), Mode::from_raw_mode(0o777));
        match make_dir() {
            Err(Errno::EXIST) => {
                fs::remove_dir_all(self.path(&new, kind))?;
                make_dir()?;
            }
            result => result?,
        }
        let dir = file::open_dir(parent, new.as_str())?;
        symlinkat(definition, &dir, DEF)?;
        for path in files(definition)? {
            link(&dir, &path)?;
        }
        if kind == Kind::Daemon && begins == Begins::Down {
            make_down(&dir, "down")?;
        }
        Ok(renameat(parent, new.as_str(), parent, name)?)
    }

    /// Has a daemon start only when the manager says so.
    pub(super) fn hold(&self, name: &str) -> io::Result<()> {
        match make_down(self.dir(Kind::Daemon), &format!("{name}/down")) {
            // What is not there does not start.
            Err(Errno::EXIST | Errno::NOENT) | Ok(()) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Whether a service has a live directory.
    pub(super) fn is_there(&self, name: &str, kind: Kind) -> bool {
        statat(self.dir(kind), def(name).as_str(), AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// The services of a kind that have a live directory.
    pub(super) fn names(&self, kind: Kind) -> Vec<String> {
        let parent = self.path("", kind);
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| !name.starts_with('.') && self.is_there(name, kind)).collect()
    }

    /// The generation of its definition, if it has one.
    pub(super) fn generation(&self, name: &str, kind: Kind) -> Option<u64> {
        let definition = fs::read_link(self.path(name, kind).join(DEF)).ok()?;
        let generation = definition.parent()?.parent()?;
        generation.file_name()?.to_str()?.parse().ok()
    }

    /// Gives a service's directory, and what runs in it, another name.
    pub(super) fn rename(&self, old: &str, new: &str, kind: Kind) -> io::Result<()> {
        let (old, new) = (self.path(old, kind), self.path(new, kind));
        fs::rename(&old, &new)?;
        if kind == Kind::Oneshot { self.move_wards(&old, &new) } else { Ok(()) }
    }

    /// The end of a oneshot's process is recorded where its ward leads: there it is now. Its
    /// svc-oneshot does the same, unless it is killed before.
    fn move_wards(&self, old: &Path, new: &Path) -> io::Result<()> {
        for entry in fs::read_dir(self.scan.join(".svc-scan/wards"))? {
            let ward = entry?.path();
            if fs::read_link(&ward).is_ok_and(|to| to == old) {
                let moved = ward.with_extension("new");
                file::unlink_if_there(CWD, &moved)?;
                symlinkat(new, CWD, &moved)?;
                fs::rename(&moved, &ward)?;
            }
        }
        Ok(())
    }

    /// Takes a service's directory out of sight; it is removed when nobody works in it any more.
    pub(super) fn remove(&self, name: &str, kind: Kind) -> io::Result<()> {
        let live = self.path(name, kind);
        let parent = live.parent().unwrap_or(&self.scan);
        for number in 0u32.. {
            match fs::rename(&live, parent.join(format!("{GONE}{number}"))) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => break,
                Err(e)
                    if matches!(Errno::from_io_error(&e), Some(Errno::NOTEMPTY | Errno::EXIST)) => {
                }
                result => return result,
            }
        }
        Ok(())
    }

    /// Removes what is out of sight and nobody's; true: some is somebody's still.
    pub(super) fn sweep(&self) -> bool {
        let mut left = false;
        for parent in [&self.scan, &self.oneshots] {
            let Ok(entries) = fs::read_dir(parent) else { continue };
            for entry in entries.flatten() {
                let live = entry.path();
                if entry.file_name().to_string_lossy().starts_with(GONE) {
                    let is_worked_in = is_worked_in(&live);
                    if is_worked_in {
                        tell_to_leave(&live);
                    }
                    left |= is_worked_in || fs::remove_dir_all(live).is_err();
                }
            }
        }
        left
    }
}

fn make_down(dir: &OwnedFd, path: &str) -> rustix::io::Result<()> {
    mknodat(dir, path, FileType::RegularFile, Mode::from_raw_mode(0o644), 0)
}

fn def(name: &str) -> String {
    format!("{name}/{DEF}")
}

fn is_dir(parent: &OwnedFd, name: &str) -> bool {
    let found = statat(parent, name, AtFlags::empty());
    found.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Whether a supervisor, or a logger's, has the lock.
fn is_worked_in(live: &Path) -> bool {
    let is_locked = |dir: PathBuf| {
        let Ok(lock) = openat(CWD, dir.join("supervise/lock"), OFlags::RDWR, Mode::empty()) else {
            return false;
        };
        lock::take(&lock, Patience::Seconds(0)).is_err()
    };
    is_locked(live.to_owned()) || is_locked(live.join("log"))
}

/// A svc-scan that was killed meanwhile has a successor that finds no supervisor there, and ends none.
fn tell_to_leave(live: &Path) {
    for dir in [live.to_owned(), live.join("log")] {
        // Without a supervisor there is nobody to tell.
        let _ = fifo::open(CWD, dir.join("supervise/control"), Ends::Write)
            .and_then(|control| rustix::io::write(control, &[Command::Exit.letter()]));
    }
}

/// The files of a definition: `run`, `log/run`.
fn files(definition: &Path) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(definition)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            for file in fs::read_dir(entry.path())? {
                found.insert(format!("{name}/{}", file?.file_name().to_string_lossy()));
            }
        } else {
            found.insert(name);
        }
    }
    Ok(found)
}

fn link(live: &OwnedFd, path: &str) -> io::Result<()> {
    let up = match path.split_once('/') {
        Some((dir, _)) => {
            match mkdirat(live, dir, Mode::from_raw_mode(0o777)) {
                Err(Errno::EXIST) | Ok(()) => {}
                Err(e) => return Err(e.into()),
            }
            "../"
        }
        None => "",
    };
    match symlinkat(format!("{up}{DEF}/{path}"), live, path) {
        Err(Errno::EXIST) | Ok(()) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// The links through the definition that a live directory has.
fn links(live: &Path) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for dir in ["", "log"] {
        let entries = match fs::read_dir(live.join(dir)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            result => result?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_symlink() && name != DEF {
                found.insert(if dir.is_empty() { name } else { format!("{dir}/{name}") });
            }
        }
    }
    Ok(found)
}

/// Another definition: links that would lead nowhere go first, those to new files come last.
fn change(live: &Path, definition: &Path) -> io::Result<Led> {
    let (old, new) = (links(live)?, files(definition)?);
    let has_logger = |files: &BTreeSet<String>| files.iter().any(|path| path.starts_with("log/"));
    for path in old.difference(&new) {
        unlinkat(CWD, live.join(path), AtFlags::empty())?;
    }
    if !has_logger(&new) && live.join("log").is_dir() {
        // Its logger reads to the end in there; svc-scan finds it no longer.
        put_aside(live, "log")?;
    }
    let next = live.join(".def.new");
    file::unlink_if_there(CWD, &next)?;
    symlinkat(definition, CWD, &next)?;
    fs::rename(&next, live.join(DEF))?;
    let dir = file::open_dir(CWD, live)?;
    new.difference(&old).try_for_each(|path| link(&dir, path))?;
    Ok(if has_logger(&old) == has_logger(&new) { Led::Same } else { Led::Otherwise })
}

/// Takes a directory out of sight; what is there from the last time goes.
fn put_aside(live: &Path, name: &str) -> io::Result<()> {
    let aside = live.join(format!(".{name}.old"));
    if aside.is_dir() {
        fs::remove_dir_all(&aside)?;
    }
    fs::rename(live.join(name), aside)
}
