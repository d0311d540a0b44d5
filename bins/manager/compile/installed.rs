//! Which services there are by their files, for programs that show them; and what has become of one
//! since a generation was made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use common::base::sort::{self, Gather};
use common::prelude::*;

use super::directory::{self, Paths};
use super::edges::Dependencies;
use super::find::{Found, Main};
use super::root::{Changes, Root};
use super::set::Set;
use super::whole::{Directories, Whole};
use super::{edges, vet};
use crate::manager::files::{self, Files as Tree};
use crate::manager::graph::Graph;
use crate::manager::graph_file;
use crate::manager::service_file::diagnostic::{Code, Diagnostic};
use crate::manager::service_file::source::Sources;

/// What the files say of a name.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    pub(crate) name: String,
    /// Its own file or its template's; none: there is none.
    pub(crate) path: Option<PathBuf>,
    pub(crate) drop_ins: Vec<PathBuf>,
    pub(crate) is_masked: bool,
    pub(crate) is_template: bool,
    pub(crate) is_enabled: bool,
    pub(crate) description: Option<String>,
    /// The first mistake in its files, a line, and how many there are.
    pub(crate) error: Option<String>,
    pub(crate) errors: usize,
}

/// All services, templates and masked names, in the order of their names; and lines about files that
/// can't be those of a service.
pub(crate) fn installed(directories: &Directories) -> Result<(Vec<Installed>, Vec<String>)> {
    let whole = Whole::read(directories, Changes::new())?;
    let Whole { root, found, set, sources, mut complaints, paths } = whole;
    if complaints.iter().all(|complaint| complaint.code != Code::TooMany) {
        let mut vet = vet::Vet::new(&root, &paths, &mut complaints);
        set.services.values().for_each(|service| vet.service(service));
        drop(edges::resolve(&set, &found, &mut complaints));
    }
    let enabled: BTreeSet<&str> = found.enabled.iter().map(|(name, _)| name.as_str()).gather();
    let mut names: BTreeSet<&str> = set.services.keys().map(String::as_str).gather();
    names.extend(set.masked.iter().chain(&set.templates).map(String::as_str));
    names.extend(
        found.files.iter().filter(|(_, files)| files.main.is_some()).map(|(name, _)| name.as_str()),
    );
    names.extend(&enabled);
    let mut all: Vec<Installed> =
        names.into_iter().map(|name| one(&root, &found, &set, name)).collect();
    all.iter_mut().for_each(|one| one.is_enabled = enabled.contains(one.name.as_str()));
    let lost = blame(&sources, &mut complaints, &mut all, &root.path(&directories.enabled));
    Ok((all, lost))
}

fn one(root: &Root, found: &Found, set: &Set, name: &str) -> Installed {
    let template = name.split_once('@').map(|(base, _)| format!("{base}@"));
    let own = found.files.get(name);
    let of_template = template.and_then(|template| found.files.get(&template));
    let main = own.and_then(|files| files.main.as_ref());
    let main = main.or_else(|| of_template.and_then(|files| files.main.as_ref()));
    let parts = of_template.into_iter().chain(own);
    let service = set.services.get(name);
    Installed {
        name: name.to_owned(),
        path: main.map(|(path, _)| root.path(path)),
        drop_ins: parts.flat_map(|files| files.drop_ins.values()).map(|p| root.path(p)).collect(),
        is_masked: main.is_some_and(|(_, main)| *main == Main::Masked),
        is_template: name.ends_with('@'),
        description: service.and_then(|service| service.text("description")).map(str::to_owned),
        ..Installed::default()
    }
}

/// Gives each error to those whose file it is in; returns those that nobody has.
fn blame(
    sources: &Sources,
    complaints: &mut Vec<Diagnostic>,
    all: &mut [Installed],
    enabled: &Path,
) -> Vec<String> {
    let mut of: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (place, one) in all.iter().enumerate() {
        let own = one.path.iter().chain(&one.drop_ins).cloned();
        for path in own.chain([enabled.join(&one.name)]) {
            of.entry(path).or_default().push(place);
        }
    }
    sort::sort_by_key(complaints, |complaint| (complaint.place, complaint.code));
    complaints.dedup();
    let mut lost = Vec::new();
    for complaint in complaints.iter().filter(|complaint| complaint.is_error()) {
        let shown = complaint.shown(sources);
        let line = shown.lines().next().unwrap_or_default();
        match of.get(Path::new(sources.name(complaint.place.file))) {
            Some(places) => places.iter().for_each(|place| {
                let one = &mut all[*place];
                one.errors += 1;
                one.error.get_or_insert_with(|| line.to_owned());
            }),
            None => lost.push(line.to_owned()),
        }
    }
    lost
}

/// What has become of a service since a generation was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// Nothing.
    Same,
    /// It would be another now.
    Changed,
    /// There is no file of it any more.
    Gone,
    Masked,
    /// Its files have a mistake: this line.
    Broken(String),
}

/// What the files say now.
pub(crate) struct Now {
    whole: Whole,
    /// None: they contradict each other.
    dependencies: Option<Dependencies>,
}

impl Now {
    /// Reads them.
    pub(crate) fn read(directories: &Directories) -> Result<Now> {
        let mut whole = Whole::read(directories, Changes::new())?;
        let dependencies = edges::resolve(&whole.set, &whole.found, &mut Vec::new());
        whole.vet();
        whole.complaints.retain(Diagnostic::is_error);
        Ok(Now { whole, dependencies })
    }

    /// Holds what a generation has of a service, its graph and its directory, against the files.
    pub(crate) fn since(&self, name: &str, (graph, generation): (&Graph, &Path)) -> Result<Since> {
        let Whole { set, sources, complaints, paths, .. } = &self.whole;
        let Some(service) = set.services.get(name) else {
            let is_masked = set.masked.contains(name);
            return Ok(if is_masked { Since::Masked } else { Since::Gone });
        };
        let parts = self.whole.parts(name);
        let files: Vec<String> =
            parts.iter().map(|part| self.whole.shown_path(&part.path)).collect();
        let mine = |complaint: &&Diagnostic| {
            files.iter().any(|file| file == sources.name(complaint.place.file))
        };
        if let Some(complaint) = complaints.iter().find(mine) {
            let shown = complaint.shown(sources);
            return Ok(Since::Broken(shown.lines().next().unwrap_or_default().to_owned()));
        }
        let old =
            files::read(generation, name).unable(format_args!("read {}", generation.display()))?;
        let run = old.get(&format!("services/{name}/run"));
        let mut new = Tree::new();
        let programs = run.map_or("", |run| programs(&run.text)).to_owned();
        directory::add(service, &Paths { programs, ..paths.clone() }, &mut new);
        if new != old {
            return Ok(Since::Changed);
        }
        let about = |graph: &Graph| graph.find(name).map(|id| graph_file::about(graph, id));
        let now = self.dependencies.as_ref();
        let is_same = now.is_none_or(|now| about(&now.graph) == about(graph));
        Ok(if is_same { Since::Same } else { Since::Changed })
    }
}

/// Where the programs are that a run script names in its first line.
fn programs(run: &str) -> &str {
    let first = run.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
    let program = first.split_ascii_whitespace().next().unwrap_or_default();
    program.rsplit_once('/').map_or("", |(dir, _)| dir)
}
