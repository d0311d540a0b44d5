//! Whether service files have changed since what is live was made of them. They are read only if one
//! is newer, as a command should not be slow for it.

use std::cell::OnceCell;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use common::program::say;

use crate::manager::compile::installed::{self, Now};
use crate::manager::graph::Graph;
use crate::manager::{generations, live, table};
use crate::svctl::call::Call;
use crate::svctl::site::Site;

/// Says of which services that is so.
pub(super) fn tell(call: &Call, names: &[String]) {
    let site = &call.site;
    let Some(since) = Since::of(site) else { return };
    for name in names {
        if let Some((file, has_mistake)) = since.newer(site, name) {
            let file = file.file_name().unwrap_or_default().display();
            let (number, command) = (since.generation, site.command());
            let what = match has_mistake {
                true => format!(", and has a mistake: {command} check"),
                false => format!(": {command} apply uses it"),
            };
            let text = format_args!("{file} has changed since generation {number}{what}");
            say(&"svctl", "note", &text);
        }
    }
}

/// When what is live was made, and of what.
pub(in crate::svctl) struct Since {
    pub(in crate::svctl) generation: u64,
    path: PathBuf,
    at: Time,
    /// Read when the first file is newer.
    now: OnceCell<Option<(Now, Graph)>>,
}

/// Seconds and nanoseconds, as the kernel stamps files.
type Time = (i64, i64);

impl Since {
    /// None: nothing is live, or nobody can tell.
    pub(in crate::svctl) fn of(site: &Site) -> Option<Since> {
        let generation = table::header(&site.places().manager)?.generation;
        let path = generations::path(&site.generations, generation);
        let at = changed(&path.join("contents"))?;
        Some(Since { generation, path, at, now: OnceCell::new() })
    }

    /// A file of this service that is newer and says something else, and whether that has a mistake.
    pub(in crate::svctl) fn newer(&self, site: &Site, name: &str) -> Option<(PathBuf, bool)> {
        let template = name.split_once('@').map(|(template, _)| format!("{template}@"));
        let stems = [Some(name.to_owned()), template];
        let mut paths = stems.iter().flatten().flat_map(|stem| {
            let paths =
                |dir: &Path| [dir.join(format!("{stem}.toml")), dir.join(format!("{stem}.d"))];
            [paths(&site.services), paths(&site.packages)].into_iter().flatten()
        });
        let newer = paths.find(|path| changed(path).is_some_and(|at| at > self.at))?;
        if !self.path.join("services").join(name).exists() {
            return None;
        }
        match self.since(site, name) {
            Some(installed::Since::Same) => None,
            Some(installed::Since::Broken(_)) => Some((newer, true)),
            None
            | Some(installed::Since::Changed | installed::Since::Gone | installed::Since::Masked) => {
                Some((newer, false))
            }
        }
    }

    /// What has become of it; none: nobody can tell.
    fn since(&self, site: &Site, name: &str) -> Option<installed::Since> {
        let read = || {
            let live = live::generation(&site.generations, self.generation).ok()?;
            Some((Now::read(&site.directories()).ok()?, live.graph))
        };
        let now = self.now.get_or_init(read).as_ref();
        now.and_then(|(now, graph)| now.since(name, (graph, &self.path)).ok())
    }
}

/// When what is at a path was changed last.
fn changed(path: &Path) -> Option<Time> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.ctime(), found.ctime_nsec()))
}
