//! All services that there are: templates become instances, drop-ins are put in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use common::base::error::reason;

use super::find::{Found, Main};
use super::root::Root;
use super::service::Service;
use crate::manager::graph_file::is_fit;
use crate::manager::service_file::diagnostic::{Code, Diagnostic};
use crate::manager::service_file::read::{Settings, read};
use crate::manager::service_file::source::{Place, Sources};

/// The longest file, bytes: nobody writes one of a hundredth of it.
pub(super) const LONGEST: usize = 1 << 20;
/// The most services, instances among them.
const MOST: usize = 65_536;

/// The keys that name other services.
pub(super) const DEPENDENCIES: [&str; 8] =
    ["requires", "wants", "milestones", "any-of", "after", "before", "conflicts", "part-of"];

/// The services, by name.
#[derive(Default)]
pub(super) struct Set {
    pub(super) services: BTreeMap<String, Service>,
    /// Names that are masked.
    pub(super) masked: BTreeSet<String>,
    /// Templates.
    pub(super) templates: BTreeSet<String>,
}

/// Reads them all.
pub(super) struct Loader<'a> {
    pub(super) root: &'a Root,
    pub(super) found: &'a Found,
    pub(super) sources: &'a mut Sources,
    pub(super) complaints: &'a mut Vec<Diagnostic>,
    pub(super) set: Set,
    /// Files that were read; none: that could not be.
    read: BTreeMap<PathBuf, Option<u32>>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(
        root: &'a Root,
        found: &'a Found,
        sources: &'a mut Sources,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Loader<'a> {
        Loader { root, found, sources, complaints, set: Set::default(), read: BTreeMap::new() }
    }

    /// Every service with a file, and every instance that is enabled or that one of these names.
    pub(super) fn load(mut self) -> Set {
        let found = self.found;
        for (name, files) in &found.files {
            match &files.main {
                Some((_, Main::Masked)) => drop(self.set.masked.insert(name.clone())),
                Some((_, Main::There)) if name.ends_with('@') => {
                    self.set.templates.insert(name.clone());
                }
                Some((_, Main::There)) | None => {}
            }
        }
        let plain = found.files.keys().filter(|name| !name.ends_with('@')).cloned();
        let mut wanted: Vec<String> = plain.collect();
        wanted.extend(found.enabled.iter().map(|(name, _)| name.clone()));
        while let Some(name) = wanted.pop() {
            let is_known = self.set.services.contains_key(&name) || self.set.masked.contains(&name);
            if is_known || name.ends_with('@') {
                continue;
            }
            let Some(service) = self.service(&name) else { continue };
            if self.set.services.len() >= MOST {
                let what = format!("more than {MOST} services, with all instances");
                self.complaints.push(Diagnostic::new(Code::TooMany, service.top, what));
                break;
            }
            for key in DEPENDENCIES {
                let names = service.list(key).iter().map(|(name, _)| name);
                wanted.extend(names.filter(|name| name.contains('@')).cloned());
            }
            self.set.services.insert(name, service);
        }
        self.unused();
        self.set
    }

    /// The service of that name, from its own file or from its template.
    fn service(&mut self, name: &str) -> Option<Service> {
        let found = self.found;
        let (template, parameter) = match name.split_once('@') {
            Some((base, parameter)) if !parameter.is_empty() && is_fit(name) => {
                (Some(format!("{base}@")), Some(parameter))
            }
            _ => (None, None),
        };
        let own = found.files.get(name);
        let of_template = template.as_ref().and_then(|template| found.files.get(template));
        let main = |files: Option<&'a super::find::Files>| {
            files.and_then(|files| files.main.as_ref()).filter(|(_, main)| *main == Main::There)
        };
        let (path, _) = main(own).or_else(|| main(of_template))?;
        let file = self.text(path)?;
        let before = self.complaints.len();
        let mut settings = read(self.sources, file, parameter, self.complaints);
        for files in of_template.into_iter().chain(own) {
            settings.extend(self.drop_ins(files.drop_ins.values(), parameter));
        }
        let (top, new) = (Place::top(file), &self.complaints[before..]);
        // Nobody knows what is missing from a file that can't be read to its end.
        let is_whole = new.iter().all(|complaint| complaint.code != Code::Syntax);
        let mut found = Vec::new();
        let service = Service::new(name.to_owned(), top, settings, &mut found);
        let is_misspelt = |key: &str| new.iter().any(|complaint| complaint.help.contains(key));
        found.retain(|complaint| {
            let key = complaint.what.split(' ').next().unwrap_or_default();
            complaint.code != Code::MissingKey || is_whole && !is_misspelt(&format!("\"{key}\""))
        });
        self.complaints.extend(found);
        Some(service)
    }

    fn drop_ins<'p>(
        &mut self,
        paths: impl Iterator<Item = &'p PathBuf>,
        parameter: Option<&str>,
    ) -> Settings {
        let mut settings = Settings::new();
        for path in paths {
            if let Some(file) = self.text(path) {
                settings.extend(read(self.sources, file, parameter, self.complaints));
            }
        }
        settings
    }

    /// The number of a file's text; none: it could not be read, which was noted.
    fn text(&mut self, path: &Path) -> Option<u32> {
        if let Some(known) = self.read.get(path) {
            return *known;
        }
        let shown = self.root.path(path).display().to_string();
        let text = match self.root.read(path, LONGEST + 1) {
            Err(e) => Err(format!("it can't be read: {}", reason(e))),
            Ok(bytes) if bytes.len() > LONGEST => Err("it is longer than 1 MiB".to_owned()),
            Ok(bytes) => String::from_utf8(bytes).map_err(|e| {
                let good = e.utf8_error().valid_up_to();
                let line = 1 + e.as_bytes()[..good].iter().filter(|b| **b == b'\n').count();
                format!("line {line} is not UTF-8")
            }),
        };
        let file = match text {
            Ok(text) => Some(self.sources.add(shown, text)),
            Err(what) => {
                let file = self.sources.add(shown, String::new());
                let place = Place::top(file);
                self.complaints.push(Diagnostic::new(Code::Unreadable, place, what));
                None
            }
        };
        self.read.insert(path.to_owned(), file);
        file
    }

    /// Reads a template of which there is no instance. A mistake is only what is one whatever stands for
    /// the parameter: a number, which is a path as well, or a name.
    fn template(&mut self, name: &str) {
        let known = self.complaints.len();
        drop(self.service(&format!("{name}1")));
        let with_number = self.complaints.split_off(known);
        if with_number.is_empty() {
            return;
        }
        drop(self.service(&format!("{name}x")));
        let with_name = self.complaints.split_off(known);
        let is_both = |one: &Diagnostic| {
            with_name.iter().any(|other| (other.place, other.code) == (one.place, one.code))
        };
        self.complaints.extend(with_number.into_iter().filter(is_both));
    }

    /// Templates of which there is no instance are read all the same, and drop-ins of nothing are told.
    fn unused(&mut self) {
        let found = self.found;
        for (name, files) in &found.files {
            let is_used = |service: &String| service == name || service.starts_with(name);
            match &files.main {
                Some((_, Main::There)) if name.ends_with('@') => {
                    let mut instances = self.set.services.range(name.clone()..);
                    if !instances.next().is_some_and(|(service, _)| is_used(service)) {
                        self.template(name);
                    }
                }
                None if !self.set.services.contains_key(name) => {
                    if let Some(file) = files.drop_ins.values().next().and_then(|p| self.text(p)) {
                        let what = format!("a drop-in for {name}, which there is not");
                        let names = found.files.keys().filter(|other| *other != name);
                        let names = names.map(String::as_str);
                        let lost = Diagnostic::new(Code::LostDropIn, Place::top(file), what);
                        self.complaints.push(lost.near(name, names));
                    }
                }
                Some(_) | None => {}
            }
        }
    }
}
