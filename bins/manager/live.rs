//! What is live: the graph of the generation that is, services that are on their way out of it, and
//! what the state table knows of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use common::base::sort::Gather;
use common::os::file;
use rustix::fs::{CWD, FlockOperation, flock};
use rustix::io::Errno;

use super::files::Files;
use super::graph::{Graph, Id, Link, Service};
use super::graph_file;
use super::table::{Contents, Header, Row};

/// The longest graph that is read, bytes.
const LONGEST: usize = 256 << 20;

/// What is live.
#[derive(Debug)]
pub struct Live {
    /// Which generation, and what is said of all.
    pub header: Header,
    /// Its services, and those that are gone from it and not yet down.
    pub graph: Graph,
    /// Who is enabled.
    pub boot: Vec<Id>,
    /// What is known of each service of the graph, in its order.
    pub rows: Vec<Row>,
}

/// A generation, as far as the manager is concerned.
#[derive(Debug)]
pub struct Generation {
    /// Its services.
    pub graph: Graph,
    /// Who is enabled.
    pub boot: Vec<Id>,
    /// The number that each service directory comes to, by the service's name.
    pub contents: BTreeMap<String, String>,
    /// The same of what the logger of all is told about it.
    pub logs: BTreeMap<String, String>,
}

/// Reads what matters of a generation.
pub fn generation(generations: &Path, number: u64) -> Result<Generation, String> {
    let (graph, boot) = graph(generations, number)?;
    let contents = text(generations, number, "contents")?;
    let [contents, logs] = ["services/", "log/"].map(|dir| numbers(&contents, dir));
    Ok(Generation { contents, logs, graph, boot })
}

/// The same of files that are not written, and the text that is to be `contents` beside them.
pub fn draft(files: &Files, contents: &str) -> Result<Generation, String> {
    let graph = files.get("graph").map_or("", |file| file.text.as_str());
    let graph_file::Contents { graph, boot, .. } = graph_file::unpack(graph)?;
    let [contents, logs] = ["services/", "log/"].map(|dir| numbers(contents, dir));
    Ok(Generation { contents, logs, graph, boot })
}

/// The numbers in the file `contents` of what is in a directory.
fn numbers(contents: &str, dir: &str) -> BTreeMap<String, String> {
    let lines = contents.lines().filter_map(|line| {
        let (number, path) = line.split_once(' ')?;
        Some((path.strip_prefix(dir)?.to_owned(), number.to_owned()))
    });
    lines.gather()
}

/// The services of a generation, and who is enabled.
fn graph(generations: &Path, number: u64) -> Result<(Graph, Vec<Id>), String> {
    let unpacked = graph_file::unpack(&text(generations, number, "graph")?);
    let dir = directory(generations, number);
    let unpacked = unpacked.map_err(|e| format!("{}/graph: {e}", dir.display()))?;
    Ok((unpacked.graph, unpacked.boot))
}

fn text(generations: &Path, number: u64, name: &str) -> Result<String, String> {
    let path = directory(generations, number).join(name);
    let bytes = file::read_up_to(CWD, &path, LONGEST)
        .map_err(|e| format!("unable to read {}: {}", path.display(), reason(e)))?;
    String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()))
}

fn directory(generations: &Path, number: u64) -> PathBuf {
    generations.join("generations").join(number.to_string())
}

fn reason(e: rustix::io::Errno) -> String {
    common::base::error::reason(e)
}

/// What the accepted generation is: where the link `boot` leads.
pub fn accepted(generations: &Path) -> Result<u64, String> {
    let boot = generations.join("boot");
    let number = std::fs::read_link(&boot).ok();
    number
        .and_then(|to| to.file_name()?.to_str()?.parse().ok())
        .ok_or_else(|| format!("{} leads to no generation: run svc-compile", boot.display()))
}

/// What an apply that names none is about: the accepted generation, or, where that is only what a trial
/// is to end with, the one on trial.
pub fn meant(generations: &Path, header: &Header) -> Result<u64, String> {
    let accepted = accepted(generations)?;
    let is_way_back = |(back, _): &(u64, u64)| *back == accepted;
    Ok(header.back.filter(is_way_back).map_or(accepted, |_| header.generation))
}

/// The facts that a graph's conditions look at, with their values: the first lines of files in `dir`.
pub fn facts(dir: &Path, graph: &Graph) -> Vec<(String, String)> {
    let value = |fact: &str| {
        let bytes = std::fs::read(dir.join(fact)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some((fact.to_owned(), text.lines().next().unwrap_or_default().to_owned()))
    };
    graph.facts().filter_map(value).gather()
}

/// How often a table is read again of which a line was being written.
const TRIES: u32 = 100;

/// Reads what is live from `manager/` at this path, without asking anybody; none if no manager has
/// ever been at work there. A line that stays damaged counts as that of a service nobody has touched.
pub fn read(manager: &Path, generations: &Path) -> Result<Option<Live>, String> {
    for left in (0..TRIES).rev() {
        let contents = match Contents::below(manager) {
            // Its first line may be the one.
            Err(Errno::ILSEQ) if left > 0 => continue,
            Err(e) => {
                return Err(format!("unable to read {}/state: {}", manager.display(), reason(e)));
            }
            Ok(None) => return Ok(None),
            Ok(Some(contents)) => contents,
        };
        if left == 0 || contents.rows.iter().all(Option::is_some) {
            return load(generations, contents).map(Some);
        }
    }
    Ok(None)
}

/// Puts together what a table says with the generations that it names.
pub fn load(generations: &Path, contents: Contents) -> Result<Live, String> {
    let Contents { header, rows } = contents;
    let (mut merged, mut boot) = graph(generations, header.generation)?;
    let mut gone: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter().flatten() {
        if let Some(from) = row.gone {
            gone.entry(from).or_default().insert(row.name.clone());
        }
    }
    for (from, gone) in gone {
        // Where that can't be read any more they are as good as stopped: nobody knows their edges.
        if let Ok((old, _)) = graph(generations, from) {
            let enabled = names(&merged, &boot);
            merged = merge(&merged, &old, &gone);
            boot = enabled.iter().filter_map(|name| merged.find(name)).gather();
        }
    }
    let rows = in_order(&merged, rows);
    Ok(Live { header, boot, rows, graph: merged })
}

/// A row for each service of the graph, in its order.
fn in_order(graph: &Graph, rows: Vec<Option<Row>>) -> Vec<Row> {
    let mut all = vec![Row::default(); graph.len()];
    let is_at =
        |id: &Id, name: &str| (*id as usize) < graph.len() && graph.service(*id).name == name;
    for (place, row) in (0..).zip(rows) {
        let Some(row) = row else { continue };
        // Most often each line is where its service is.
        let place = Some(place).filter(|place| is_at(place, &row.name));
        if let Some(id) = place.or_else(|| graph.find(&row.name)) {
            all[id as usize] = row;
        }
    }
    for (id, row) in (0..).zip(&mut all).filter(|(_, row)| row.name.is_empty()) {
        row.name.clone_from(&graph.service(id).name);
    }
    all
}

fn names(graph: &Graph, ids: &[Id]) -> BTreeSet<String> {
    ids.iter().map(|id| graph.service(*id).name.clone()).collect()
}

/// A graph, and besides these services of another, with what these need and are after. In the order
/// of names.
pub fn merge(graph: &Graph, other: &Graph, names: &BTreeSet<String>) -> Graph {
    let mut services: BTreeMap<&str, &Service> = BTreeMap::new();
    for id in other.ids().filter(|id| names.contains(&other.service(*id).name)) {
        services.insert(&other.service(id).name, other.service(id));
    }
    services.extend(graph.ids().map(|id| (graph.service(id).name.as_str(), graph.service(id))));
    let ids: BTreeMap<&str, Id> = services.keys().copied().zip(0..).gather();
    let services: Vec<Service> = services.values().map(|service| (*service).clone()).collect();
    let own = links(graph, &ids, |_| true);
    let is_of_these = |name: &str| names.contains(name) && graph.find(name).is_none();
    let theirs = links(other, &ids, is_of_these);
    // What was in order in two graphs may be a circle in both together: then their own order counts.
    Graph::build(services.clone(), &[own.clone(), theirs].concat())
        .or_else(|_| Graph::build(services, &own))
        .unwrap_or_default()
}

/// The edges of some services to all that there are.
fn links(graph: &Graph, ids: &BTreeMap<&str, Id>, is: impl Fn(&str) -> bool) -> Vec<Link> {
    let mut links = Vec::new();
    for id in graph.ids() {
        let name = graph.service(id).name.as_str();
        let Some(from) = ids.get(name).filter(|_| is(name)) else { continue };
        for edge in graph.outgoing(id) {
            if let Some(to) = ids.get(graph.service(edge.other).name.as_str()) {
                links.push(Link { from: *from, relation: edge.relation, to: *to });
            }
        }
    }
    links
}

/// Keeps a generation from being removed as long as the descriptor is open.
pub fn hold(dir: &Path) -> rustix::io::Result<OwnedFd> {
    let fd = file::open_regular(CWD, dir.join("contents"))?;
    flock(&fd, FlockOperation::NonBlockingLockShared)?;
    Ok(fd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::graph::Kind;

    #[test]
    fn each_service_has_its_row_wherever_the_table_has_it() {
        let services = ["a", "b", "c"].map(|name| Service::new(name, Kind::Daemon)).to_vec();
        let graph = Graph::build(services, &[]).unwrap();
        let row = |name: &str, seq| Row { name: name.to_owned(), seq, ..Row::default() };
        let all = [row("a", 1), row("b", 2), row("c", 3)];
        let tables = [
            (vec![Some(row("a", 1)), Some(row("b", 2)), Some(row("c", 3))], [1, 2, 3]),
            (vec![Some(row("c", 3)), Some(row("x", 7)), Some(row("b", 2)), None], [0, 2, 3]),
            (vec![None, None, None, Some(row("a", 1))], [1, 0, 0]),
            (vec![], [0, 0, 0]),
        ];
        for (rows, found) in tables {
            let want: Vec<Row> =
                all.iter().zip(found).map(|(row, seq)| Row { seq, ..row.clone() }).collect();
            assert_eq!(in_order(&graph, rows), want);
        }
    }
}
