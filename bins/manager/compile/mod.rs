//! svc-compile: reads all service files, vets them as a whole, and makes a generation of them.

mod accounts;
pub(crate) mod chain;
mod contents;
pub(crate) mod directory;
mod edges;
pub(crate) mod effective;
mod find;
mod generation;
pub(crate) mod installed;
mod keep;
mod options;
pub(super) mod report;
mod rights;
mod rollback;
pub(crate) mod root;
mod service;
mod set;
mod stamps;
#[cfg(test)]
mod tests;
mod vet;
pub(crate) mod whole;

use std::fs;
use std::path::Path;

use common::base::error::exit;
use common::base::near::nearest;
use common::base::stamp::Wall;
use common::os::clock;
use common::os::file::write_all;
use common::prelude::*;
use common::program::print;
use rustix::fs::Mode;

use self::directory::Paths;
use self::edges::Dependencies;
use self::find::Found;
use self::generation::{Alone, Written};
pub(crate) use self::options::Options;
use self::options::Task;
use self::report::Report;
use self::set::{Loader, Set};
use super::files::{self, File, Files as Tree};
use super::generations;
use super::graph_file;
use super::live::{self, Generation};
use super::service_file::diagnostic::{Code, Diagnostic};
use super::service_file::schema::schema;
use super::service_file::source::Sources;

pub(super) const PROGRAM: Program = Program {
    name: "svc-compile",
    help: "[OPTION...] [--check | --show SERVICE] [SERVICE-DIR...]
       svc-compile [OPTION...] --rollback [GENERATION]
       svc-compile --schema
Reads the service files in all SERVICE-DIRs, of which a later one overrides an earlier, looks for all
mistakes, and makes a new generation of them, if there is none and something has changed.
SERVICE-DIRs are /usr/lib/coppice/services and /etc/coppice/services, if none is named; what is to be up
after a boot are the names in enabled/, beside the last of them.
  --check          look for mistakes, say what a boot and a shutdown would do, and write nothing
  --show SERVICE   print what would run as SERVICE, and write nothing
  --rollback       boot from this generation again, or from the one before the present
  --schema         print the JSON Schema of service files, for editors
  --root DIR       all paths are those of the image in DIR, also users, groups and programs
  --output DIR     where generations go (/var/lib/coppice)
  --keep N         of old generations, the N newest stay (10), and those that are used
  --programs DIR   where run scripts find svc-chain (/usr/bin)
  --logs DIR       where the loggers of services of their own log (/var/log/coppice)
  --runtime-directory DIR, --state-directory DIR, --cache-directory DIR, --logs-directory DIR
                   where what these keys name is (/run, /var/lib, /var/cache, /var/log)
  --unprivileged   warn of what who runs this can't carry out, without root's rights
",
    main,
};

/// As many mistakes as anybody reads at once.
const MOST_TOLD: usize = 1000;

/// What came of it.
pub(crate) struct Outcome {
    /// Lines for people.
    pub(crate) text: String,
    /// The number of the generation that it is, and whether that is new.
    pub(crate) written: Option<(u64, bool)>,
    /// The generation that would be written, and its files.
    pub(crate) draft: Option<(Generation, Tree)>,
}

/// Hears of all mistakes at once.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(&Sources, &[Diagnostic]) -> Result<()>;

fn main(args: Args) -> Result<Next> {
    let Some(options) = options::read(args)? else { return Ok(Next::Exit(print(&schema()))) };
    let outcome = match options.task {
        Task::Rollback(number) => rollback(&options.output, number)?,
        Task::Write | Task::Try | Task::Check | Task::Draft | Task::Show(_) => {
            compile(&options, &mut print_all)?.text
        }
    };
    Ok(Next::Exit(print(&outcome)))
}

/// Compiles.
pub(crate) fn compile(options: &Options, tell: Tell<'_>) -> Result<Outcome> {
    if matches!(options.task, Task::Write | Task::Try)
        && let Some((what, number)) = stamps::unchanged(options)
    {
        let text = same(&what, number);
        return Ok(Outcome { text, written: Some((number, false)), draft: None });
    }
    let start = clock::wall();
    let mut sources = Sources::default();
    let mut complaints = Vec::new();
    let beside = options.dirs.last().and_then(|dir| dir.parent()).unwrap_or(Path::new(""));
    let enabled = options.enabled.clone().unwrap_or_else(|| beside.join("enabled"));
    let found = find::find(&options.root, &options.dirs, &enabled, &mut sources, &mut complaints)?;
    let set = Loader::new(&options.root, &found, &mut sources, &mut complaints).load();
    if let Task::Show(name) = &options.task {
        let text = show(&set, name, &options.paths, &sources, &mut complaints, tell)?;
        return Ok(Outcome { text, written: None, draft: None });
    }
    let is_complete = complaints.iter().all(|complaint| complaint.code != Code::TooMany);
    let mut dependencies = None;
    if is_complete {
        let mut vet = vet::Vet::new(&options.root, &options.paths, &mut complaints);
        set.services.values().for_each(|service| vet.service(service));
        dependencies = edges::resolve(&set, &found, &mut complaints);
    }
    sort(&sources, &mut complaints);
    tell(&sources, &complaints)?;
    let errors = complaints.iter().filter(|complaint| complaint.is_error()).count();
    match dependencies {
        Some(dependencies) if errors == 0 => {
            // What is warned of is to be told each time.
            let sure = complaints.is_empty().then_some(start);
            finish(options, &set, &found, &dependencies, sure)
        }
        _ => {
            let s = if errors == 1 { "" } else { "s" };
            let text = match options.task {
                Task::Check => format!("{errors} error{s}"),
                Task::Write | Task::Try | Task::Draft | Task::Show(_) | Task::Rollback(_) => {
                    format!("{errors} error{s}: nothing is written")
                }
            };
            Err(Error::new(exit::USAGE, text))
        }
    }
}

/// Puts what is wrong into the order of the files.
fn sort(sources: &Sources, complaints: &mut Vec<Diagnostic>) {
    common::base::sort::sort_by(complaints, |a, b| {
        let key = |d: &Diagnostic| (d.place, d.code);
        sources.name(a.place.file).cmp(sources.name(b.place.file)).then(key(a).cmp(&key(b)))
    });
    // Instances of a template share its mistakes; where they are too many, that is the mistake.
    complaints.dedup();
    if complaints.iter().any(|complaint| complaint.code == Code::TooMany) {
        complaints.retain(|complaint| complaint.code == Code::TooMany);
    }
}

/// Says what is wrong, for people.
pub(crate) fn print_all(sources: &Sources, complaints: &[Diagnostic]) -> Result<()> {
    let mut text: String =
        complaints.iter().take(MOST_TOLD).map(|complaint| complaint.shown(sources)).collect();
    if complaints.len() > MOST_TOLD {
        text += &format!("... and {} more\n", complaints.len() - MOST_TOLD);
    }
    write_all(rustix::stdio::stderr(), text.as_bytes()).unable("write to standard error")
}

fn finish(
    options: &Options,
    set: &Set,
    found: &Found,
    dependencies: &Dependencies,
    start: Option<Wall>,
) -> Result<Outcome> {
    let (all, enabled) = (set.services.len(), found.enabled.len());
    let s = if all == 1 { "" } else { "s" };
    let what = format!("{all} service{s}, {enabled} enabled");
    let outcome = match options.task {
        Task::Check | Task::Show(_) | Task::Rollback(_) => {
            let Report { short, orders } = report::report(dependencies);
            let text = format!("{what}: no errors\n{short}{orders}");
            Outcome { text, written: None, draft: None }
        }
        Task::Draft => {
            let tree = tree(options, set, dependencies);
            let draft = live::draft(&tree, &contents::contents(&tree)).map_err(Error::system)?;
            Outcome { text: format!("{what}\n"), written: None, draft: Some((draft, tree)) }
        }
        Task::Write | Task::Try => {
            let alone = begin(&options.output)?;
            let tree = tree(options, set, dependencies);
            let is_tried = matches!(options.task, Task::Try);
            let written = generation::write(&options.output, &tree, is_tried, &alone)?;
            let (number, is_new, text) = match written {
                Written::New(number) => {
                    keep::remove_others(&options.output, options.keep, &alone);
                    let Report { short, .. } = report::report(dependencies);
                    (number, true, format!("{what}: generation {number}\n{short}"))
                }
                Written::Same(number) => (number, false, same(&what, number)),
            };
            start.into_iter().for_each(|start| stamps::write(options, number, &what, start));
            Outcome { text, written: Some((number, is_new)), draft: None }
        }
    };
    Ok(outcome)
}

fn same(what: &str, number: u64) -> String {
    format!("{what}: nothing changed since generation {number}\n")
}

/// Makes the directory of all generations, and sees to it that nobody else works there.
fn begin(output: &Path) -> Result<Alone> {
    rustix::process::umask(Mode::WGRP | Mode::WOTH);
    let all = generations::all(output);
    fs::create_dir_all(&all).unable(format_args!("make {}", all.display()))?;
    generation::alone(output)
}

/// Makes the next boot, and what is applied next, this generation, or the one before the accepted
/// one; says which it was and is.
pub(crate) fn rollback(output: &Path, number: Option<u64>) -> Result<String> {
    rollback::back(output, number, &generation::alone(output)?)
}

/// All files of the generation.
fn tree(options: &Options, set: &Set, dependencies: &Dependencies) -> Tree {
    let mut tree = Tree::new();
    tree.insert("graph".to_owned(), File { text: graph(set, dependencies), is_program: false });
    for service in set.services.values() {
        directory::add(service, &options.paths, &mut tree);
    }
    tree
}

/// The file that the manager reads.
fn graph(set: &Set, dependencies: &Dependencies) -> String {
    // In both the services are in the order of their names.
    let described: Vec<_> = set.services.values().map(|s| s.text("description")).collect();
    let Dependencies { graph, boot } = dependencies;
    graph_file::pack(graph, boot, |id| described[id as usize])
}

/// The files of one service, in a form that can be run if `run` is all.
fn show(
    set: &Set,
    name: &str,
    paths: &Paths,
    sources: &Sources,
    complaints: &mut Vec<Diagnostic>,
    tell: Tell<'_>,
) -> Result<String> {
    let Some(service) = set.services.get(name) else {
        sort(sources, complaints);
        tell(sources, complaints)?;
        let names = set.services.keys().map(String::as_str);
        let meant = nearest(name, names).first().map(|name| format!(" (did you mean {name}?)"));
        let text = format!("there is no service {name}{}", meant.unwrap_or_default());
        return Err(Error::new(exit::USAGE, text));
    };
    let mut tree = Tree::new();
    directory::add(service, paths, &mut tree);
    Ok(files::shown(name, tree))
}
