//! From what is live to another generation: what stays, what is restarted, what comes and what goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::engine::{Memory, State, Wish};
use super::files::Files;
use super::generations;
use super::graph::{Graph, Id};
use super::live::{self, Generation, Live};
use super::table::{Header, Row};
use common::base::sort::Gather;

/// Files of a service directory that a process gets when it starts: when one of them changes, only
/// another process has what it says. All others count from the next time they are needed.
const OF_THE_PROCESS: [&str; 5] = ["run", "notification-fd", "lock-fd", "cgroup", LOGGER];
/// A logger of its own: its output goes there, or not.
const LOGGER: &str = "log/run";

/// What becomes of one service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is restarted; what is different.
    Restart(Vec<String>),
    /// It goes on; what is different counts from the next time.
    Refresh(Vec<String>),
    /// Its logger alone is restarted.
    RestartLogger,
    /// The logger of all has other directives for it.
    Log,
    /// It goes on under this new name.
    Rename(String),
    /// There was none of that name.
    New,
    /// There is none of that name any more; whether it is up.
    Gone(bool),
    /// It is wanted from now on, being enabled; whether it is up.
    Enable(bool),
    /// It is not wanted any more for being enabled.
    Disable,
}

/// All that an apply comes to.
#[derive(Debug)]
pub struct ChangeSet {
    /// What is live afterwards.
    pub live: Live,
    /// What becomes of whom, by the old name.
    pub changes: BTreeSet<(String, Change)>,
    /// Whether relations or times are different.
    pub graph_changed: bool,
    /// The same, of services that there were and are.
    pub relations_changed: bool,
}

impl ChangeSet {
    /// From what is live to generation `number`.
    pub fn new(generations: &Path, old: &Live, number: u64) -> Result<ChangeSet, String> {
        let new = live::generation(generations, number)?;
        let dir = generations::path(generations, number).join("services");
        ChangeSet::between(generations, old, (number, &new), &|name| texts(&dir.join(name)))
    }

    /// From what is live to the generation that these files are to be, which are not written.
    pub fn to_draft(
        generations: &Path,
        old: &Live,
        number: u64,
        (new, files): &(Generation, Files),
    ) -> Result<ChangeSet, String> {
        ChangeSet::between(generations, old, (number, new), &|name| drafted(files, name))
    }

    fn between(
        generations: &Path,
        old: &Live,
        (number, new): (u64, &Generation),
        files: &dyn Fn(&str) -> Texts,
    ) -> Result<ChangeSet, String> {
        let before = live::generation(generations, old.header.generation)?;
        let mut changes = BTreeSet::new();
        let renames = renames(old, &before, new);
        let mut rows = BTreeMap::new();
        let mut gone = BTreeSet::new();
        // What was gone and down, and is there again, is new.
        let is_past = |row: &&Row| row.gone.is_some() && !is_active(&row.memory);
        for (id, row) in (0..).zip(&old.rows).filter(|(_, row)| !is_past(row)) {
            let renamed = renames.get(row.name.as_str());
            let name = renamed.copied().unwrap_or(&row.name);
            let mut row = Row { was: renamed.map(|_| row.name.clone()), ..row.clone() };
            if let Some(at) = new.graph.find(name) {
                let id_of = |other: Id| {
                    let name = old.graph.service(other).name.as_str();
                    new.graph.find(renames.get(name).copied().unwrap_or(name))
                };
                row.memory = row.memory.moved((&old.graph, id), (&new.graph, at), id_of);
                if renamed.is_some() {
                    changes.insert((row.name.clone(), Change::Rename(name.to_owned())));
                }
                let kinds = (old.graph.service(id).kind, new.graph.service(at).kind);
                if kinds.0 != kinds.1 && is_active(&row.memory) {
                    return Err(format!("{name} is of another type now: stop it first"));
                }
                let both = Both { generations, old: old.header.generation, files };
                both.compare(&mut row, name, &before, new, &mut changes);
                row.gone = None;
            } else {
                let is_active = is_active(&row.memory);
                if row.gone.is_none() {
                    changes.insert((row.name.clone(), Change::Gone(is_active)));
                }
                if !is_active {
                    continue;
                }
                row.memory.wish = Wish::None;
                row.gone = row.gone.or(Some(old.header.generation));
                gone.insert(row.name.clone());
            }
            row.name = name.to_owned();
            rows.insert(row.name.clone(), row);
        }
        enable(&before, new, &renames, &mut rows, &mut changes);
        let graph_changed = before.graph != new.graph;
        let graph = live::merge(&new.graph, &old.graph, &gone);
        let row = |id: Id| {
            let name = &graph.service(id).name;
            rows.remove(name).unwrap_or_else(|| Row { name: name.clone(), ..Row::default() })
        };
        let rows = graph.ids().map(row).collect();
        let find = |id: &Id| graph.find(&new.graph.service(*id).name);
        let boot = new.boot.iter().filter_map(find).gather();
        let header = Header { generation: number, ..old.header.clone() };
        let live = Live { header, graph, boot, rows };
        let relations_changed = relations_differ(&before.graph, &new.graph);
        Ok(ChangeSet { live, changes, graph_changed, relations_changed })
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.graph_changed
    }
}

/// Whether a service that is in both says something else of itself, or of others.
fn relations_differ(old: &Graph, new: &Graph) -> bool {
    old.ids().any(|was| {
        let Some(is) = new.find(&old.service(was).name) else { return false };
        let edges = |graph: &Graph, id: Id| -> BTreeSet<(String, String)> {
            let name = |other: Id| graph.service(other).name.clone();
            let edges = graph.outgoing(id).iter();
            edges.map(|edge| (format!("{:?}", edge.relation), name(edge.other))).gather()
        };
        old.service(was) != new.service(is) || edges(old, was) != edges(new, is)
    })
}

fn is_active(memory: &Memory) -> bool {
    !matches!(memory.state, State::Down | State::Failed)
}

/// Services of which only the name is another: one that is gone and one that is new come to the same,
/// and no other does.
fn renames<'a>(
    old: &'a Live,
    before: &'a Generation,
    new: &'a Generation,
) -> BTreeMap<&'a str, &'a str> {
    let mut by_contents: BTreeMap<&str, [Vec<&str>; 2]> = BTreeMap::new();
    for row in old.rows.iter().filter(|row| row.gone.is_none()) {
        if let Some(contents) = before.contents.get(&row.name)
            && new.graph.find(&row.name).is_none()
        {
            by_contents.entry(contents).or_default()[0].push(&row.name);
        }
    }
    for (name, contents) in &new.contents {
        if let Some(pair) = by_contents.get_mut(contents.as_str())
            && old.graph.find(name).is_none()
        {
            pair[1].push(name);
        }
    }
    let kind = |graph: &Graph, name: &str| graph.find(name).map(|id| graph.service(id).kind);
    let pairs = by_contents.into_values().filter_map(|[old_names, new_names]| {
        match (old_names.as_slice(), new_names.as_slice()) {
            ([from], [to]) if kind(&old.graph, from) == kind(&new.graph, to) => Some((*from, *to)),
            _ => None,
        }
    });
    pairs.gather()
}

/// Files of a service directory, apart from comments, by their names.
type Texts = BTreeMap<String, String>;

/// Where the two definitions of a service are.
struct Both<'a> {
    generations: &'a Path,
    old: u64,
    /// Of the new one.
    files: &'a dyn Fn(&str) -> Texts,
}

impl Both<'_> {
    /// What becomes of a service that there was and is.
    fn compare(
        &self,
        row: &mut Row,
        name: &str,
        before: &Generation,
        new: &Generation,
        changes: &mut BTreeSet<(String, Change)>,
    ) {
        let is_gone = row.gone.is_some();
        if before.logs.get(&row.name) != new.logs.get(name) {
            changes.insert((row.name.clone(), Change::Log));
        }
        if !is_gone && before.contents.get(&row.name) == new.contents.get(name) {
            return;
        }
        let was = generations::path(self.generations, row.gone.unwrap_or(self.old));
        let (was, is) = (texts(&was.join("services").join(&row.name)), (self.files)(name));
        let mut files = differences(&was, &is);
        if was.contains_key(LOGGER) && is.contains_key(LOGGER) && files.iter().any(|f| f == LOGGER)
        {
            files.retain(|file| file != LOGGER);
            changes.insert((row.name.clone(), Change::RestartLogger));
        }
        if files.is_empty() {
            return;
        }
        let is_of_process = |file: &String| OF_THE_PROCESS.contains(&file.as_str());
        if files.iter().any(is_of_process) && is_active(&row.memory) {
            row.memory.restarting = row.memory.state != State::Stopping;
            changes.insert((row.name.clone(), Change::Restart(files)));
        } else {
            changes.insert((row.name.clone(), Change::Refresh(files)));
        }
        if row.memory.state == State::Failed {
            // Another definition is another try.
            row.memory.state = State::Down;
            row.memory.failure = None;
        }
    }
}

/// Which files of two service directories differ.
fn differences(old: &Texts, new: &Texts) -> Vec<String> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).gather();
    names.into_iter().filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
}

/// The files of a service directory, apart from comments.
fn texts(dir: &Path) -> Texts {
    let mut texts = BTreeMap::new();
    for (prefix, dir) in [("", dir.to_owned()), ("log/", dir.join("log"))] {
        let Ok(entries) = fs::read_dir(dir) else { continue };
        for entry in entries.flatten() {
            if let Ok(text) = fs::read_to_string(entry.path()) {
                let name = entry.file_name().to_string_lossy().into_owned();
                texts.insert(format!("{prefix}{name}"), without_comments(&text));
            }
        }
    }
    texts
}

/// The same of files that are not written.
fn drafted(files: &Files, name: &str) -> Texts {
    let prefix = format!("services/{name}/");
    let of = files.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
    of.map(|(path, file)| (path[prefix.len()..].to_owned(), without_comments(&file.text))).gather()
}

/// A chain file says the description of the service in a comment: it changes nothing that runs.
fn without_comments(text: &str) -> String {
    let is_said = |line: &&str| !line.starts_with('#') || line.starts_with("#!");
    text.lines().filter(is_said).flat_map(|line| [line, "\n"]).collect()
}

/// Who is wanted for being enabled, and was not; and the other way round.
fn enable(
    before: &Generation,
    new: &Generation,
    renames: &BTreeMap<&str, &str>,
    rows: &mut BTreeMap<String, Row>,
    changes: &mut BTreeSet<(String, Change)>,
) {
    let names = |generation: &Generation| -> BTreeSet<String> {
        let name = |id: &Id| generation.graph.service(*id).name.clone();
        generation.boot.iter().map(name).gather()
    };
    let now_called =
        |name: String| renames.get(name.as_str()).map_or(name, |new| (*new).to_owned());
    let was: BTreeSet<String> = names(before).into_iter().map(now_called).gather();
    let is = names(new);
    for id in new.graph.ids() {
        let service = new.graph.service(id);
        let name = &service.name;
        if !rows.contains_key(name) {
            rows.insert(name.clone(), Row { name: name.clone(), ..Row::default() });
            changes.insert((name.clone(), Change::New));
        }
        let Some(row) = rows.get_mut(name) else { continue };
        match (was.contains(name), is.contains(name), row.memory.wish) {
            (false, true, Wish::None | Wish::Once) => {
                row.memory.wish = Wish::Up;
                let is_up = is_active(&row.memory);
                changes.insert((name.clone(), Change::Enable(is_up)));
            }
            (true, false, Wish::Up) => {
                row.memory.wish = Wish::None;
                changes.insert((name.clone(), Change::Disable));
            }
            (_, _, Wish::None | Wish::Once | Wish::Up | Wish::Down) => {}
        }
    }
}

impl Change {
    /// In words, as what is done to a service.
    pub fn words(&self) -> String {
        match self {
            Change::Restart(files) => format!("restart ({})", files.join(", ")),
            // Which of them it is says little to whoever has changed a service file.
            Change::Refresh(_) => {
                "changed: it goes on, and what is new counts from its next start or stop".to_owned()
            }
            Change::RestartLogger => "restart of its logger".to_owned(),
            Change::Log => "logged otherwise".to_owned(),
            Change::Rename(name) => format!("is now called {name}, and goes on"),
            Change::New => "new".to_owned(),
            Change::Gone(true) => "gone: is stopped".to_owned(),
            Change::Gone(false) => "gone".to_owned(),
            Change::Enable(true) => "enabled: goes on".to_owned(),
            Change::Enable(false) => "enabled: is started".to_owned(),
            Change::Disable => "disabled: is not wanted any more".to_owned(),
        }
    }
}
