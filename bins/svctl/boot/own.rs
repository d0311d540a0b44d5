//! The services of the tree itself: the manager, the logger of all others, and the one that logs what
//! these two, the supervisors and svc-scan say.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::os::file;
use common::prelude::*;
use rustix::fs::{Access, CWD, access};

use crate::manager::compile::chain::Chain;
use crate::manager::generations::LIVE;
use crate::svctl::site::Site;

const MANAGER: &str = "svc-managerd";
const LOGGER: &str = "svc-logd";
/// What svc-scan says has to go somewhere as well.
const CATCH_ALL: &str = "svc-scan-log";

/// Writes their directories; returns the command that is the root of the tree.
pub(super) fn write(site: &Site) -> Result<Vec<OsString>> {
    let programs = site.paths().programs;
    let programs = programs.as_str();
    let program = |name: &str| format!("{programs}/{name}");
    let (dir, generations) = (text(&site.dir)?, text(&site.generations)?);
    let (fifos, logs) = (text(&site.fifos)?, text(&site.logs)?);
    let early = site.early();
    let early = text(&early)?;

    let managerd = program(MANAGER);
    let mut manager = vec![managerd.as_str(), "--dir", dir, "--generations", generations];
    manager.extend(["--log-fifos", fifos, "--logger", LOGGER]);
    let policy = site.services.with_file_name("policy");
    if policy.exists() {
        manager.extend(["--policy", text(&policy)?]);
    }
    define(
        site,
        MANAGER,
        Chain::of_lines(programs, &[vec!["svc-fdmove", "-c", "2", "1"], manager]),
    )?;

    let config = site.generations.join(LIVE).join("log");
    let logd = program(LOGGER);
    // It can't log itself: what it says goes where svc-scan's words go.
    let logger = vec![&logd, "--config", text(&config)?, "--early", early, "--make", fifos, logs];
    define(site, LOGGER, Chain::of_lines(programs, &[logger]))?;

    let is_writable = access(&site.logs, Access::WRITE_OK).is_ok();
    let own = if is_writable { site.logs.join("svc-scan") } else { site.early().join("svc-scan") };
    let (log, own) = (program("svc-log"), text(&own)?);
    let catch_all = vec![&log, "--stamp=tai64n", "--dir", own];
    define(site, CATCH_ALL, Chain::of_lines(programs, &[vec!["svc-mkdir", "-p", own], catch_all]))?;

    let scan = program("svc-scan");
    let scan_dir = site.places().scan;
    let words = [&scan, "--log-fifos", fifos, "--last", LOGGER, "--catch-all", CATCH_ALL];
    let words = words.into_iter().map(OsString::from);
    Ok(words.chain([scan_dir.into_os_string()]).collect())
}

/// A service directory with this run script, in the place of the one that is there: what it was for an
/// earlier installation.
fn define(site: &Site, name: &str, run: String) -> Result<()> {
    let path = site.places().scan.join(name);
    let unable = || format!("make {}", path.display());
    fs::create_dir_all(&path).unable(unable())?;
    let dir = file::open_dir(CWD, &path).unable(unable())?;
    file::replace(&dir, "run.text", run.as_bytes()).unable(unable())?;
    let new = path.join("run.text");
    fs::set_permissions(&new, Permissions::from_mode(0o755)).unable(unable())?;
    fs::rename(&new, path.join("run")).unable(unable())
}

/// In chain files all is text.
fn text(path: &Path) -> Result<&str> {
    let bad = || Error::user(format_args!("{}: not UTF-8", path.display()));
    path.to_str().ok_or_else(bad)
}
