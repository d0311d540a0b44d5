//! Cgroups of version 2, alone or beside version 1 ("hybrid"): where they are, and the files of one.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, fstatfs, mkdirat, openat};
use rustix::io::{Errno, Result, write};

use super::file;

/// linux/magic.h
const CGROUP2_SUPER_MAGIC: i64 = 0x6367_7270;
/// Where v2 is mounted: alone, or beside v1.
const ROOTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// Where a path begins: an absolute one at the root, any other at our own cgroup. NOTSUP: there is no
/// v2.
pub fn origin(path: &str) -> Result<OwnedFd> {
    let found = ROOTS.into_iter().find_map(|root| is_v2(file::open_dir(CWD, root).ok()?).ok());
    let root = found.ok_or(Errno::NOTSUP)?;
    if path.starts_with('/') {
        return Ok(root);
    }
    is_v2(file::open_dir(&root, format!("./{}", own()?).as_str())?)
}

/// The names in a path.
pub fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty() && *name != ".")
}

/// Opens a cgroup by its name in another, and makes it first if it is missing and `make` says so.
pub fn child(parent: &OwnedFd, name: &str, make: bool) -> Result<OwnedFd> {
    if make {
        match mkdirat(parent, name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(e) => return Err(e),
        }
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    is_v2(openat(parent, name, flags, Mode::empty())?)
}

/// Whether a path is that of the cgroup that we are in.
pub fn is_ours(path: &str) -> Result<bool> {
    let within = names(path);
    if path.starts_with('/') { Ok(within.eq(names(&own()?))) } else { Ok(within.count() == 0) }
}

/// Writes to a file of a cgroup; in one piece, as the kernel wants it.
pub fn set(dir: impl AsFd, name: &str, text: &[u8]) -> Result<()> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = openat(dir, name, flags, Mode::empty())?;
    write(&fd, text).map(drop)
}

/// How many processes of a cgroup the kernel has killed for want of memory, ever.
pub fn oom_kills(dir: impl AsFd) -> Result<u64> {
    let mut buffer = [0; 1024];
    let text = file::read_small(dir, c"memory.events", &mut buffer)?;
    value(text, "oom_kill").ok_or(Errno::INVAL)
}

/// The number behind a word, in a file with a pair on each line.
pub fn value(text: &[u8], word: &str) -> Option<u64> {
    let mut lines = std::str::from_utf8(text).ok()?.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(key, _)| *key == word)?.1.trim().parse().ok()
}

/// The directory, if it is one of cgroup v2.
fn is_v2(dir: OwnedFd) -> Result<OwnedFd> {
    if fstatfs(&dir)?.f_type == CGROUP2_SUPER_MAGIC { Ok(dir) } else { Err(Errno::NOTSUP) }
}

/// Our own cgroup of v2: the line `0::PATH` of cgroups(7).
fn own() -> Result<String> {
    let mut buffer = [0; 8192];
    let text = file::read_small(CWD, c"/proc/self/cgroup", &mut buffer)?;
    let text = std::str::from_utf8(text).map_err(|_| Errno::INVAL)?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::")).ok_or(Errno::NOTSUP)?;
    Ok(path.trim_start_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_pairs_has_a_number_for_a_word() {
        let text = b"low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n";
        assert_eq!(value(text, "oom_kill"), Some(1));
        assert_eq!(value(text, "oom_ki"), None);
        assert_eq!(value(b"oom_kill x", "oom_kill"), None);
    }

    #[test]
    fn a_path_is_its_names() {
        let all = |path| names(path).collect::<Vec<_>>();
        assert_eq!(all("/a//b/./c/"), ["a", "b", "c"]);
        assert_eq!(all("/"), [""; 0]);
        assert_eq!(all("."), [""; 0]);
    }
}
