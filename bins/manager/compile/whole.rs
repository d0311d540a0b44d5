//! The service files of a tree as a whole: which there are, and what a change to them would break.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::base::near::nearest;
use common::base::sort::Gather;
use common::prelude::*;

use super::directory::{self, Paths};
use super::edges;
use super::find::{self, Found, Main};
use super::root::{Changes, Root};
use super::set::{Loader, Set};
use super::vet::Vet;
use crate::manager::files::{self, Files};
use crate::manager::service_file::diagnostic::{Code, Diagnostic};
use crate::manager::service_file::source::Sources;

/// Where service files are.
#[derive(Clone, Debug)]
pub(crate) struct Directories {
    /// The image that all paths are of, as it would have them itself; none: our own file system.
    pub(crate) image: Option<PathBuf>,
    /// Those of services, of which a later one overrides an earlier.
    pub(crate) services: Vec<PathBuf>,
    /// What is up after a boot.
    pub(crate) enabled: PathBuf,
    /// What run scripts name besides.
    pub(crate) paths: Paths,
}

/// All of them, read.
pub(crate) struct Whole {
    pub(super) root: Root,
    pub(super) found: Found,
    pub(super) sources: Sources,
    pub(super) complaints: Vec<Diagnostic>,
    pub(super) set: Set,
    pub(super) paths: Paths,
}

/// A file of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(crate) is_masked: bool,
}

impl Whole {
    /// Reads them as they would be after some changes.
    pub(crate) fn read(directories: &Directories, changes: Changes) -> Result<Whole> {
        let Directories { image, services, enabled, paths } = directories;
        let root = Root::new(image.clone()).with(changes);
        let (mut sources, mut complaints) = (Sources::default(), Vec::new());
        let found = find::find(&root, services, enabled, &mut sources, &mut complaints)?;
        let set = Loader::new(&root, &found, &mut sources, &mut complaints).load();
        Ok(Whole { root, found, sources, complaints, set, paths: paths.clone() })
    }

    /// Looks for all that is wrong with them.
    pub(crate) fn vet(&mut self) {
        if self.complaints.iter().any(|complaint| complaint.code == Code::TooMany) {
            return;
        }
        let mut vet = Vet::new(&self.root, &self.paths, &mut self.complaints);
        self.set.services.values().for_each(|service| vet.service(service));
        // The graph itself is for who writes a generation.
        let _ = edges::resolve(&self.set, &self.found, &mut self.complaints);
        super::sort(&self.sources, &mut self.complaints);
    }

    /// What is wrong here and was not before, or is in one of these files: errors and warnings, as
    /// they are shown.
    pub(crate) fn news(&self, before: &Whole, files: &[PathBuf]) -> (Vec<String>, Vec<String>) {
        let files: Vec<_> = files.iter().map(|file| self.shown_path(file)).collect();
        let known = |complaint: &Diagnostic| {
            let file = self.sources.name(complaint.place.file);
            before.complaints.iter().any(|other| {
                (other.code, &other.what) == (complaint.code, &complaint.what)
                    && before.sources.name(other.place.file) == file
            })
        };
        let is_own = |complaint: &Diagnostic| {
            files.iter().any(|file| file == self.sources.name(complaint.place.file))
        };
        let news: Vec<_> = self.complaints.iter().filter(|c| is_own(c) || !known(c)).collect();
        let shown = |is_error: bool| {
            let some = news.iter().filter(|complaint| complaint.is_error() == is_error);
            some.map(|complaint| complaint.shown(&self.sources)).collect()
        };
        (shown(true), shown(false))
    }

    /// The files that have errors.
    pub(crate) fn broken(&self) -> BTreeSet<String> {
        let errors = self.complaints.iter().filter(|complaint| complaint.is_error());
        errors.map(|error| self.sources.name(error.place.file).to_owned()).gather()
    }

    /// The names of all services: those that have a file, and instances that somebody names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let masked = self.set.masked.iter().map(String::as_str);
        self.set.services.keys().map(String::as_str).chain(masked)
    }

    /// The names of templates.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &str> {
        self.set.templates.iter().map(String::as_str)
    }

    /// The names of what is enabled.
    pub(crate) fn enabled(&self) -> impl Iterator<Item = &str> {
        self.found.enabled.iter().map(|(name, _)| name.as_str())
    }

    /// Whether a name is masked.
    pub(crate) fn is_masked(&self, name: &str) -> bool {
        self.set.masked.contains(name)
    }

    /// The files of a name, in the order in which each overrides those before; of an instance that has
    /// none of its own, with those of its template. Empty: there are none.
    pub(crate) fn parts(&self, name: &str) -> Vec<Part> {
        let own = self.found.files.get(name);
        let template = name.split_once('@').filter(|(_, parameter)| !parameter.is_empty());
        let template = template.map(|(base, _)| format!("{base}@"));
        let template = template.and_then(|template| self.found.files.get(&template));
        let main = [own, template].into_iter().flatten().find_map(|files| files.main.as_ref());
        let Some((path, main)) = main else { return Vec::new() };
        let is_masked = *main == Main::Masked;
        let drop_ins = [template, own].into_iter().flatten().flat_map(|f| f.drop_ins.values());
        let drop_ins = drop_ins.filter(|_| !is_masked);
        let part = |path: &PathBuf| Part { path: path.clone(), is_masked: false };
        let first = Part { path: path.clone(), is_masked };
        [first].into_iter().chain(drop_ins.map(part)).collect()
    }

    /// That there is no service of a name, and which may be meant.
    pub(crate) fn missing(&self, name: &str) -> Error {
        let near = nearest(name, self.names().chain(self.templates()));
        let near = near.first().map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
        Error::new(exit::USAGE, format_args!("there is no service file of {name}{near}"))
    }

    /// What is in a file; of a large one, the beginning.
    pub(crate) fn text(&self, path: &Path) -> rustix::io::Result<Vec<u8>> {
        self.root.read(path, super::set::LONGEST)
    }

    /// Where a path is for us, as people see it.
    pub(crate) fn shown_path(&self, path: &Path) -> String {
        self.root.path(path).display().to_string()
    }

    /// Where a path is for us, with the links of the image followed.
    pub(crate) fn resolve(&self, path: &Path) -> Result<PathBuf> {
        self.root.resolve(path).unable(format_args!("find {}", self.shown_path(path)))
    }

    /// What would run as a service; none: there is no such service.
    pub(crate) fn script(&self, name: &str) -> Option<String> {
        let mut tree = Files::new();
        directory::add(self.set.services.get(name)?, &self.paths, &mut tree);
        Some(files::shown(name, tree))
    }

    /// What is wrong in the files of a name themselves, for people.
    pub(crate) fn complaints(&self, name: &str) -> String {
        let files: Vec<_> =
            self.parts(name).iter().map(|part| self.shown_path(&part.path)).collect();
        let is_own = |complaint: &&Diagnostic| {
            files.iter().any(|file| file == self.sources.name(complaint.place.file))
        };
        let own = self.complaints.iter().filter(is_own);
        own.map(|complaint| complaint.shown(&self.sources)).collect()
    }
}
