//! Looking through the scan directory. One bad entry disturbs nothing else: it is reported once, and
//! is well as soon as it is mended.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use common::base::error::reason;
use common::base::name;
use common::base::sort;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};
use rustix::io::{Errno, Result};

use super::slots::Key;

/// What the directory holds now.
#[derive(Default)]
pub(super) struct Entries {
    /// Each service directory, with its names in order: several when there are several links to it.
    pub(super) services: BTreeMap<Key, Vec<String>>,
    /// Each logger and its service.
    pub(super) loggers: BTreeMap<Key, Key>,
    /// What can't be a service, and why.
    pub(super) bad: BTreeMap<String, String>,
}

/// Reads the working directory.
pub(super) fn read() -> Result<Entries> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut entries = Entries::default();
    for entry in Dir::read_from(openat(CWD, c".", flags, Mode::empty())?)? {
        let entry = entry?;
        let bytes = entry.file_name().to_bytes();
        if bytes.starts_with(b".") {
            continue;
        }
        let shown = String::from_utf8_lossy(bytes).into_owned();
        match (name::check(bytes), std::str::from_utf8(bytes)) {
            (Ok(()), Ok(name)) => entries.take(name),
            (Err(bad), _) => {
                entries.bad.insert(shown.escape_debug().to_string(), bad.reason().to_owned());
            }
            (Ok(()), Err(_)) => {}
        }
    }
    for names in entries.services.values_mut() {
        sort::sort(names);
    }
    Ok(entries)
}

impl Entries {
    fn take(&mut self, name: &str) {
        let service = match directory(name, false) {
            Ok(key) => key,
            Err(e) => {
                self.bad.insert(name.to_owned(), why(e, name));
                return;
            }
        };
        self.services.entry(service).or_default().push(name.to_owned());
        let log = format!("{name}/log");
        if statat(CWD, log.as_str(), AtFlags::SYMLINK_NOFOLLOW).is_err_and(|e| e == Errno::NOENT) {
            return;
        }
        match directory(&log, true) {
            Ok(key) => {
                self.loggers.entry(key).or_insert(service);
            }
            Err(e) => {
                let why = why(e, &log);
                self.bad.insert(log, why);
            }
        }
    }
}

/// The key of what must be a directory that we may enter.
fn directory(path: &str, is_log: bool) -> Result<Key> {
    let stat = statat(CWD, format!("{path}/."), AtFlags::empty())?;
    Ok(Key { device: stat.st_dev, inode: stat.st_ino, is_log })
}

fn why(e: Errno, path: &str) -> String {
    let is_link = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|s| FileType::from_raw_mode(s.st_mode).is_symlink());
    match e {
        Errno::NOENT if is_link => "a symbolic link that leads nowhere".to_owned(),
        // The C libraries have different words for it.
        Errno::LOOP => "a loop of symbolic links".to_owned(),
        e => reason(e).to_lowercase(),
    }
}

/// Opens the directory of a service or logger, and sees that it is the one.
pub(super) fn open(path: &str, key: Key) -> Result<OwnedFd> {
    let fd = common::os::file::open_dir(CWD, path)?;
    let stat = rustix::fs::fstat(&fd)?;
    let same = (stat.st_dev, stat.st_ino) == (key.device, key.inode);
    if same { Ok(fd) } else { Err(Errno::STALE) }
}
