//! Whether service files have changed since what is live was made of them: looked at by their times
//! alone, as a command should not be slow for it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use common::program::say;

use crate::manager::{generations, table};
use crate::svctl::call::Call;
use crate::svctl::site::Site;

/// Says of which services that is so.
pub(super) fn tell(call: &Call, names: &[String]) {
    let site = &call.site;
    let Some(since) = Since::of(site) else { return };
    for name in names {
        if let Some(file) = since.newer(site, name) {
            let file = file.file_name().unwrap_or_default().display();
            let (number, command) = (since.generation, site.command());
            let text = format_args!(
                "{file} has changed since generation {number}: {command} apply uses it"
            );
            say(&"svctl", "note", &text);
        }
    }
}

/// When what is live was made.
pub(in crate::svctl) struct Since {
    pub(in crate::svctl) generation: u64,
    at: Time,
}

/// Seconds and nanoseconds, as the kernel stamps files.
type Time = (i64, i64);

impl Since {
    /// None: nothing is live, or nobody can tell.
    pub(in crate::svctl) fn of(site: &Site) -> Option<Since> {
        let generation = table::header(&site.places().manager)?.generation;
        let path = generations::path(&site.generations, generation);
        Some(Since { generation, at: changed(&path.join("contents"))? })
    }

    /// A file of this service that is newer.
    pub(in crate::svctl) fn newer(&self, site: &Site, name: &str) -> Option<PathBuf> {
        let template = name.split_once('@').map(|(template, _)| format!("{template}@"));
        let stems = [Some(name.to_owned()), template];
        let mut paths = stems.iter().flatten().flat_map(|stem| {
            let paths =
                |dir: &Path| [dir.join(format!("{stem}.toml")), dir.join(format!("{stem}.d"))];
            [paths(&site.services), paths(&site.packages)].into_iter().flatten()
        });
        let known = generations::path(&site.generations, self.generation);
        let is_live = || known.join("services").join(name).exists();
        let newer = paths.find(|path| changed(path).is_some_and(|at| at > self.at))?;
        // A compile that found nothing new has left its stamps and no generation.
        let looked = changed(&site.generations.join("stamps"));
        let is_accepted =
            || generations::linked(&site.generations, generations::BOOT) == Some(self.generation);
        let is_known = looked.is_some_and(|at| at > changed(&newer).unwrap_or(at)) && is_accepted();
        (!is_known && is_live()).then_some(newer)
    }
}

/// When what is at a path was changed last.
fn changed(path: &Path) -> Option<Time> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.ctime(), found.ctime_nsec()))
}
