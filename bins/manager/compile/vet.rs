//! Whether what the services name is there: programs, users, groups, files.

use std::collections::BTreeMap;
use std::path::Path;

use rustix::fs::FileType;

use super::accounts::{Accounts, Of};
use super::chain::program_of;
use super::directory::{Paths, own_directories};
use super::rights;
use super::root::Root;
use super::service::Service;
use crate::manager::service_file::diagnostic::{Code, Diagnostic};
use crate::manager::service_file::ready::Readiness;
use crate::manager::service_file::source::Place;

/// Where a program is sought that has no slash in its name. As svc-chain does without PATH, and
/// where administrators' programs are.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Looks for what services name.
pub(super) struct Vet<'a> {
    root: &'a Root,
    paths: &'a Paths,
    users: Accounts<'a>,
    groups: Accounts<'a>,
    /// Programs that were looked for.
    programs: BTreeMap<String, bool>,
    /// Where something is to be mounted and is not.
    unmounted: Vec<String>,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Vet<'a> {
    pub(super) fn new(root: &'a Root, paths: &'a Paths, found: &'a mut Vec<Diagnostic>) -> Vet<'a> {
        Vet {
            root,
            paths,
            users: Accounts::new(root, Of::Users),
            groups: Accounts::new(root, Of::Groups),
            programs: BTreeMap::new(),
            unmounted: unmounted(root),
            found,
        }
    }

    /// Notes what is missing.
    pub(super) fn service(&mut self, service: &Service) {
        for key in ["exec", "start", "stop", "reload", "before-start", "after-stop"] {
            for command in service.commands(key) {
                self.command(service, key, command, service.place(key));
            }
        }
        if let Readiness::Check(command) = service.ready() {
            self.command(service, "ready", &command, service.place("ready"));
        }
        for key in ["user", "directory-owner"] {
            let Some(account) = service.text(key) else { continue };
            let (user, group) =
                account.split_once(':').map_or((account, None), |(u, g)| (u, Some(g)));
            let place = service.place(key);
            self.account(Of::Users, user, place);
            group.into_iter().for_each(|group| self.account(Of::Groups, group, place));
        }
        if let Some(group) = service.text("group") {
            self.account(Of::Groups, group, service.place("group"));
        }
        for (group, place) in service.list("groups") {
            self.account(Of::Groups, group, *place);
        }
        if self.paths.is_users {
            for key in rights::beyond(service) {
                let what = format!("{key}: only root can do that, and this tree is not root's");
                self.found.push(Diagnostic::new(Code::NeedsRoot, service.place(key), what));
            }
        }
        self.files(service);
    }

    fn account(&mut self, of: Of, name: &str, place: Place) {
        let (accounts, code, kind) = match of {
            Of::Users => (&mut self.users, Code::NoUser, "user"),
            Of::Groups => (&mut self.groups, Code::NoGroup, "group"),
        };
        if !accounts.has(name) {
            let diagnostic = Diagnostic::new(code, place, format!("there is no {kind} {name}"));
            self.found.push(diagnostic.near(name, accounts.names()));
        }
    }

    fn command(&mut self, service: &Service, key: &str, command: &[String], place: Place) {
        let (program, _) = match key {
            // Whether these fail always matters: a minus is part of the name.
            "exec" | "ready" => (command.first().map(String::as_str), false),
            _ => program_of(command),
        };
        let Some(program) = program else { return };
        let is_link = chainload::NAMES.contains(&program);
        if is_link || service.flag("expand") == Some(true) && program.contains('$') {
            return;
        }
        if program.contains('/') && !program.starts_with('/') {
            let what = format!("{key}: \"{program}\" does not begin with a slash");
            self.found.push(Diagnostic::new(Code::RelativePath, place, what));
            return;
        }
        let path = service.text("environment.PATH").unwrap_or(PATH);
        if !self.is_program(program, path) {
            let what = match program.starts_with('/') {
                true if self.root.kind(program).is_some() => {
                    format!("{key}: {program} can't be executed")
                }
                true => format!("{key}: there is no program {program}"),
                false => format!("{key}: there is no program {program} in {path}"),
            };
            self.missing(Code::NoProgram, program, place, what);
        }
    }

    fn is_program(&mut self, program: &str, path: &str) -> bool {
        let is_absolute = program.starts_with('/');
        let known = if is_absolute { program.to_owned() } else { format!("{program}\0{path}") };
        let root = self.root;
        *self.programs.entry(known).or_insert_with(|| match is_absolute {
            true => root.is_program(program),
            false => path.split(':').any(|dir| root.is_program(Path::new(dir).join(program))),
        })
    }

    fn files(&mut self, service: &Service) {
        for (file, place) in service.list("environment-file") {
            let is_made_later = file.starts_with('-') || self.is_runtime(file);
            if !is_made_later && self.root.kind(file) != Some(FileType::RegularFile) {
                let what = format!("environment-file: there is no file {file}");
                self.missing(Code::NoFile, file, *place, what);
            }
        }
        if let Some(dir) = service.text("working-directory") {
            let mut own = own_directories(service, self.paths);
            let is_made_later =
                self.is_runtime(dir) || own.any(|own| Path::new(dir).starts_with(own.path));
            if !is_made_later && self.root.kind(dir) != Some(FileType::Directory) {
                let what = format!("working-directory: there is no directory {dir}");
                self.missing(Code::NoFile, dir, service.place("working-directory"), what);
            }
        }
        if let Some(parent) = service.text("log.directory").and_then(|dir| Path::new(dir).parent())
            && self.root.kind(parent) != Some(FileType::Directory)
        {
            let what = format!("log.directory: there is no directory {}", parent.display());
            let place = service.place("log.directory");
            self.found.push(Diagnostic::new(Code::NoLogDirectory, place, what));
        }
    }

    /// Whether it is where everything is made after the boot.
    fn is_runtime(&self, path: &str) -> bool {
        let [runtime, ..] = &self.paths.directories;
        Path::new(path).starts_with("/run") || Path::new(path).starts_with(runtime)
    }

    /// Below a mount point that is not mounted nobody can know.
    fn missing(&mut self, code: Code, path: &str, place: Place, what: String) {
        let mount = self.unmounted.iter().find(|mount| Path::new(path).starts_with(mount));
        self.found.push(match mount {
            Some(mount) => {
                let what = format!("{what}: {mount} is not mounted, so nobody can know");
                Diagnostic::new(Code::NotMounted, place, what)
            }
            None => Diagnostic::new(code, place, what),
        });
    }
}

/// The mount points of /etc/fstab where nothing is mounted: in an image, all.
fn unmounted(root: &Root) -> Vec<String> {
    const LARGEST: usize = 1 << 20;
    let read = |path: &str| {
        let bytes = if path.starts_with("/proc/") {
            std::fs::read(path).unwrap_or_default()
        } else {
            root.read(path, LARGEST).unwrap_or_default()
        };
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (table, now) = (read("/etc/fstab"), read("/proc/self/mounts"));
    let point = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
    let mounted: Vec<String> = match root.is_image() {
        true => Vec::new(),
        false => now.lines().filter_map(point).collect(),
    };
    let lines = table.lines().filter(|line| !line.trim_start().starts_with('#'));
    let points = lines.filter_map(point).filter(|point| point.starts_with('/') && point != "/");
    points.filter(|point| !mounted.contains(point)).collect()
}
