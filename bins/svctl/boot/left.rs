//! What is left of a tree that was there before: nothing, a tree that is ending, or services that
//! live without svc-scan.

use std::fs;
use std::path::Path;
use std::time::Duration;

use common::base::error::exit;
use common::os::process::{BootId, Identity};
use common::os::{clock, file};
use common::prelude::*;
use common::program::warn;
use rustix::fs::CWD;

use crate::manager::places::{ONESHOT, STATE};
use crate::manager::view::is_managed;
use crate::svctl::root::{Root, is_ending};
use crate::svctl::site::Site;
use crate::tree::client::{Service, alive};
use crate::tree::scandir::is_alive;

/// How long a tree that is ending is waited for, ms.
const LIMIT: u64 = 60_000;
/// How soon to look again whether it is ending at all.
const LOOK: Duration = Duration::from_millis(500);

/// The root of the tree that lives; none: there is none, or no longer.
pub(super) fn living(site: &Site) -> Result<Option<Root>> {
    let due = clock::boot().after(LIMIT);
    let mut is_told = false;
    while let Some(root) = Root::find(site)? {
        if !is_ending(site) {
            return Ok(Some(root));
        }
        if clock::boot() >= due {
            let text = "the tree is ending, and does not come to an end";
            return Err(Error::new(exit::TIMED_OUT, text));
        }
        if !std::mem::replace(&mut is_told, true) {
            warn(&"svctl", &"the tree is ending: it is started again after that");
        }
        root.wait(LOOK)?;
    }
    Ok(None)
}

/// A tree that has ended is forgotten: what is enabled is wanted then, and nothing else. Where svc-scan
/// alone was killed, all goes on as it was.
pub(super) fn forget_ended(site: &Site) -> Result<()> {
    if !has_ended(site) {
        return Ok(());
    }
    let state = site.places().manager.join(STATE);
    file::unlink_if_there(CWD, &state).unable(format_args!("remove {}", state.display()))
}

/// Whether nothing lives of a tree: no root, no manager and no service. What it left behind is no more
/// than that.
pub(in crate::svctl) fn has_ended(site: &Site) -> bool {
    let places = site.places();
    if is_alive(&places.scan) || is_managed(&site.sources()) {
        return false;
    }
    let dirs = [places.scan, places.manager.join(ONESHOT)];
    let mut services = dirs.iter().flat_map(fs::read_dir).flatten().flatten();
    !services.any(|entry| lives(&entry.path()) || lives(&entry.path().join("log")))
}

/// Whether somebody supervises there, or what was supervised runs on.
fn lives(path: &Path) -> bool {
    let Ok(service) = Service::open(path.as_os_str()) else { return false };
    let boot = BootId::now();
    let status = service.status().ok().flatten();
    let status = status.filter(|status| status.boot.is_none_or(|of| of == boot));
    let process = status.and_then(|status| Some((status.pid?, status.start)));
    service.is_supervised().unwrap_or(true)
        || process.is_some_and(|(pid, start)| alive(&Identity { pid, start, boot }).is_some())
}
