//! Where everything of a live system is, below one directory.

use std::path::{Path, PathBuf};

/// The directory that is meant where none is named.
pub const USUAL: &str = "/run/coppice";
/// Where generations are where nothing else is said.
pub const GENERATIONS: &str = "/var/lib/coppice";

/// The state table, in `manager/`.
pub const STATE: &str = "state";
/// Who is the manager, in `manager/`.
pub const MANAGER: &str = "managerd";
/// Request fifos, in `manager/`, one for each principal.
pub const COMMAND: &str = "command";
/// Answers, in `manager/`, a directory for each principal.
pub const REQUESTS: &str = "requests";
/// The principal of whoever runs the manager.
pub const OWNER: &str = "owner";
/// What the manager announces, in `manager/`.
pub const EVENT: &str = "event";
/// The directories of oneshots, in `manager/`.
pub const ONESHOT: &str = "oneshot";
/// The two halves of the recorder, in `manager/`: the one that is written, and the one before.
pub const RECORD: [&str; 2] = ["record", "record.old"];
/// What was recorded until the boot was over, in `manager/`; and its name as long as it is not.
pub const BOOT_RECORD: [&str; 2] = ["record.boot", "record.boot.new"];

/// The directories of a live system.
#[derive(Clone, Debug)]
pub struct Places {
    /// What svc-scan works on.
    pub scan: PathBuf,
    /// The manager's own.
    pub manager: PathBuf,
}

impl Places {
    /// Those below `dir`.
    pub fn below(dir: &Path) -> Places {
        Places { scan: dir.join("scan"), manager: dir.join("manager") }
    }
}
