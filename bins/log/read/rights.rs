//! Who may read what we may not.

use std::path::Path;

use common::base::error::reason;
use common::os::group;
use common::prelude::*;
use rustix::fs::{Gid, Stat, stat};
use rustix::io::Errno;

/// The error for a directory that can't be read; for one that may not be, with who may.
pub(super) fn unreadable(path: &Path, why: Errno) -> Error {
    let mut message = format!("unable to read {}: {}", path.display(), reason(why));
    if why == Errno::ACCESS {
        // It may be a directory above it that is in the way.
        if let Some((barrier, stat)) = path.ancestors().find_map(|p| Some((p, stat(p).ok()?))) {
            message.push_str(&who_may(path, barrier, &stat));
        }
    }
    Error::system(message)
}

fn who_may(path: &Path, barrier: &Path, stat: &Stat) -> String {
    let which = if path == barrier { String::new() } else { format!(" {}", barrier.display()) };
    let mut who = vec!["root".to_owned()];
    if stat.st_uid != 0 {
        who.push(user(stat.st_uid));
    }
    if stat.st_mode & 0o050 == 0o050 {
        who.push(format!("the group {}", group::name(Gid::from_raw(stat.st_gid))));
    }
    let mode = stat.st_mode & 0o7777;
    format!(" (who may read{which}: {}; mode {mode:04o})", who.join(", "))
}

/// The name of a user, by /etc/passwd, or his number.
fn user(uid: u32) -> String {
    let file = std::fs::read("/etc/passwd").unwrap_or_default();
    let file = String::from_utf8_lossy(&file);
    let named = file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("user {uid}"))
}
