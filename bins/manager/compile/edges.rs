//! Who depends on whom: names become edges of the graph, or complaints.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::find::Found;
use super::service::Service;
use super::set::{DEPENDENCIES, Set};
use crate::manager::graph::{self, Cycles, Graph, Id, Link, OnLoss, Relation};
use crate::manager::service_file::diagnostic::{Code, Diagnostic};
use crate::manager::service_file::keys::Kind;
use crate::manager::service_file::source::Place;
use common::base::sort::Gather;

/// The graph, and who is to be up after a boot.
pub(super) struct Dependencies {
    pub(super) graph: Rc<Graph>,
    pub(super) boot: Vec<Id>,
}

/// The edges of all services in the making.
struct Edges<'a> {
    set: &'a Set,
    ids: BTreeMap<&'a str, Id>,
    names: Vec<&'a str>,
    links: Vec<Link>,
    /// Where an edge that orders is said, and how.
    said: BTreeMap<(Id, Id), (Place, &'static str)>,
    found: &'a mut Vec<Diagnostic>,
}

/// Makes the graph; none: it has cycles, which were noted.
pub(super) fn resolve(
    set: &Set,
    files: &Found,
    found: &mut Vec<Diagnostic>,
) -> Option<Dependencies> {
    let names: Vec<&str> = set.services.keys().map(String::as_str).collect();
    let ids = names.iter().copied().zip(0..).gather();
    let mut edges = Edges { set, ids, names, links: Vec::new(), said: BTreeMap::new(), found };
    for (service, id) in set.services.values().zip(0..) {
        edges.of(service, id);
    }
    let boot = edges.boot(files);
    match Graph::build(set.services.values().map(data).collect(), &edges.links) {
        Ok(graph) => {
            edges.conflicts(&graph, &boot);
            edges.lost_orders(&graph, &boot);
            Some(Dependencies { graph: Rc::new(graph), boot })
        }
        Err(cycles) => {
            edges.cycles(&cycles);
            None
        }
    }
}

/// What the graph knows of a service.
fn data(service: &Service) -> graph::Service {
    let ms = |time: Option<u64>| time.map_or(0, |ms| u32::try_from(ms).unwrap_or(u32::MAX));
    let start = ms(service.timeout_start());
    let when = service.condition();
    let has_tests = when.tests().next().is_some();
    let (kind, start_timeout, ready_timeout) = match service.kind {
        Kind::Daemon => (graph::Kind::Daemon, start, start),
        Kind::Oneshot => (graph::Kind::Oneshot, start, 0),
        Kind::Group => (graph::Kind::Group, 0, 0),
    };
    graph::Service {
        name: service.name.clone(),
        kind,
        essential: service.flag("essential") == Some(true),
        has_readiness: service.has_readiness(),
        start_timeout,
        ready_timeout,
        stop_timeout: if service.kind == Kind::Group { 0 } else { ms(service.timeout_stop()) },
        when: has_tests.then(|| Box::new(when)),
    }
}

fn on_loss(word: &str) -> OnLoss {
    match word {
        "restart" => OnLoss::Restart,
        "reload" => OnLoss::Reload,
        "ignore" => OnLoss::Ignore,
        _ => OnLoss::Stop,
    }
}

impl Edges<'_> {
    fn of(&mut self, service: &Service, id: Id) {
        let losses: BTreeMap<&str, &str> = service.texts("on-loss").gather();
        for key in DEPENDENCIES {
            for (name, place) in service.list(key) {
                if *name == service.name {
                    let what = format!("{name} can't be its own {key}");
                    self.found.push(Diagnostic::new(Code::Itself, *place, what));
                    continue;
                }
                let Some(other) = self.id(key, name, *place) else { continue };
                let loss = losses.get(name.as_str()).map(|word| on_loss(word));
                let (from, relation, to) = match key {
                    "requires" => (id, Relation::Requires(loss.unwrap_or(OnLoss::Stop)), other),
                    "wants" => (id, Relation::Wants(loss.unwrap_or(OnLoss::Ignore)), other),
                    "milestones" => (id, Relation::Milestone, other),
                    "any-of" => (id, Relation::AnyOf(0), other),
                    "after" => (id, Relation::After, other),
                    "before" => (other, Relation::After, id),
                    "conflicts" => (id, Relation::Conflicts, other),
                    _ => (id, Relation::PartOf, other),
                };
                self.links.push(Link { from, relation, to });
                if relation.orders() || relation == Relation::PartOf {
                    self.said.entry((from, to)).or_insert((*place, key));
                }
            }
        }
        for (name, setting) in service.table("on-loss") {
            let names = ["requires", "wants"].map(|key| service.list(key)).concat();
            let mut names = names.iter().map(|(name, _)| name.as_str());
            if !names.any(|known| known == name) {
                let what =
                    format!("on-loss of {name}, which {} neither requires nor wants", service.name);
                self.found.push(Diagnostic::new(Code::Contradiction, setting.at, what));
            }
        }
    }

    /// The service that a dependency names. An order, a conflict or a part of something that there is
    /// not says nothing.
    fn id(&mut self, key: &str, name: &str, place: Place) -> Option<Id> {
        if let Some(id) = self.ids.get(name) {
            return Some(*id);
        }
        let is_masked = self.set.masked.contains(name);
        let code = match (key, is_masked) {
            ("requires" | "milestones" | "any-of", true) => Code::Masked,
            ("requires" | "milestones" | "any-of", false) => Code::NoService,
            ("wants", _) => Code::NoWanted,
            _ => return None,
        };
        let what = match (is_masked, name.split_once('@')) {
            (true, _) => format!("{key}: {name} is masked"),
            (false, Some((base, ""))) if self.set.templates.contains(name) => {
                format!("{key}: {name} is a template: write {base}@PARAMETER")
            }
            (false, Some((base, _))) => {
                format!("{key}: there is no service {name}, and no template {base}@")
            }
            (false, None) => format!("{key}: there is no service {name}"),
        };
        let diagnostic = Diagnostic::new(code, place, what);
        self.complain(diagnostic, name, is_masked);
        None
    }

    /// With the name that was probably meant. Beyond many mistakes nobody reads it, and it takes time.
    fn complain(&mut self, diagnostic: Diagnostic, name: &str, is_masked: bool) {
        const MANY: usize = 100;
        let is_new = !is_masked && self.found.len() < MANY;
        let names = self.names.iter().copied().filter(|_| is_new);
        self.found.push(diagnostic.near(name, names));
    }

    /// Who is enabled.
    fn boot(&mut self, files: &Found) -> Vec<Id> {
        let mut boot = BTreeSet::new();
        for (name, place) in &files.enabled {
            if let Some(id) = self.ids.get(name.as_str()) {
                boot.insert(*id);
                continue;
            }
            let is_masked = self.set.masked.contains(name);
            let what = if is_masked {
                format!("{name} is enabled, and masked")
            } else if self.set.templates.contains(name) {
                format!("{name} is enabled, which is a template without a parameter")
            } else {
                format!("{name} is enabled, and there is no such service")
            };
            // A mask is for whatever may want it; when it is gone all is as it was.
            let code = if is_masked { Code::NoWanted } else { Code::NotEnabled };
            self.complain(Diagnostic::new(code, *place, what), name, is_masked);
            if let Some(last) = self.found.last_mut().filter(|last| last.code == Code::NotEnabled) {
                let meant = std::mem::take(&mut last.help);
                let or = if meant.is_empty() { "" } else { " Otherwise: " };
                last.help = format!("{meant}{or}svctl disable {name}");
            }
        }
        boot.into_iter().collect()
    }

    fn name(&self, id: Id) -> &str {
        self.names.get(id as usize).copied().unwrap_or_default()
    }

    /// Each with its whole path, and where each step of it is said.
    fn cycles(&mut self, cycles: &Cycles) {
        const WAIT: &str = "these wait for one another";
        const RESTART: &str = "these restart one another without end";
        for cycle in cycles.of_order.iter().chain(&cycles.of_parts) {
            self.cycle(Code::Cycle, WAIT, cycle, Edges::order);
        }
        for cycle in &cycles.of_restarts {
            self.cycle(Code::Restarts, RESTART, cycle, Edges::restart);
        }
    }

    fn cycle(
        &mut self,
        code: Code,
        what: &str,
        cycle: &[Id],
        said: impl Fn(&Self, Id, Id) -> Option<(Place, String)>,
    ) {
        let next = cycle.iter().cycle().skip(1);
        let mut steps = cycle.iter().zip(next).filter_map(|(from, to)| said(self, *from, *to));
        let Some((place, first)) = steps.next() else { return };
        let path: Vec<_> = cycle.iter().chain(cycle.first()).map(|id| self.name(*id)).collect();
        let mut diagnostic = Diagnostic::new(code, place, format!("{what}: {}", path.join(" -> ")))
            .help("take one of these out")
            .note(place, first);
        diagnostic.notes.extend(steps);
        self.found.push(diagnostic);
    }

    /// Where it is said that one starts behind another, or is a part of it.
    fn order(&self, from: Id, to: Id) -> Option<(Place, String)> {
        let (place, key) = self.said.get(&(from, to))?;
        let (from, to) = if *key == "before" { (to, from) } else { (from, to) };
        Some((*place, format!("{} {key} {}", self.name(from), self.name(to))))
    }

    /// Where it is said that one is restarted with another.
    fn restart(&self, from: Id, to: Id) -> Option<(Place, String)> {
        let (name, other) = (self.name(from), self.name(to));
        let service = self.set.services.get(name)?;
        let mut losses = service.texts("on-loss");
        if losses.any(|(of, word)| of == other && word == "restart") {
            let (_, setting) = service.table("on-loss").find(|(of, _)| *of == other)?;
            return Some((setting.at, format!("{name} restarts on-loss of {other}")));
        }
        let keys = ["part-of", "requires", "any-of"].into_iter();
        let mut said = keys.flat_map(|key| service.list(key).iter().map(move |item| (key, item)));
        let (key, (_, place)) = said.find(|(_, (of, _))| of == other)?;
        Some((*place, format!("{name} {key} {other}")))
    }

    /// Two that are both needed and can't be up together.
    fn conflicts(&mut self, graph: &Graph, boot: &[Id]) {
        let needed = closure(graph, boot, |relation| {
            relation.pulls() && !matches!(relation, Relation::AnyOf(_))
        });
        for (service, id) in self.set.services.values().zip(0..) {
            if service.list("conflicts").is_empty() {
                continue;
            }
            let own = closure(graph, &[id], |relation| matches!(relation, Relation::Requires(_)));
            for (name, place) in service.list("conflicts") {
                let Some(other) = self.ids.get(name.as_str()) else { continue };
                let why = if own.contains(other) {
                    format!("{} conflicts with {name}, and requires it", service.name)
                } else if needed.contains(&id) && needed.contains(other) {
                    format!(
                        "{} conflicts with {name}, and both are enabled or needed by what is",
                        service.name
                    )
                } else {
                    continue;
                };
                let diagnostic = Diagnostic::new(Code::Conflict, *place, why);
                self.found.push(diagnostic.help("disable or mask one of them"));
            }
        }
    }

    /// An order behind something that nothing starts is no order.
    fn lost_orders(&mut self, graph: &Graph, boot: &[Id]) {
        let started = closure(graph, boot, Relation::pulls);
        for (service, id) in self.set.services.values().zip(0..) {
            let own = graph.outgoing(id).iter().filter(|edge| edge.relation.pulls());
            let own: BTreeSet<_> = own.map(|edge| edge.other).gather();
            for (name, place) in service.list("after") {
                let Some(other) = self.ids.get(name.as_str()) else { continue };
                if started.contains(&id) && !started.contains(other) && !own.contains(other) {
                    let what = format!("{} is after {name}, which nothing starts", service.name);
                    let help = format!("to have it started: requires or wants = [\"{name}\"]");
                    self.found.push(Diagnostic::new(Code::OnlyOrder, *place, what).help(help));
                }
            }
        }
    }
}

/// All that some services lead to, themselves included.
fn closure(graph: &Graph, from: &[Id], follow: impl Fn(Relation) -> bool) -> BTreeSet<Id> {
    let mut reached: BTreeSet<Id> = from.iter().copied().gather();
    let mut left = from.to_vec();
    while let Some(id) = left.pop() {
        for edge in graph.outgoing(id).iter().filter(|edge| follow(edge.relation)) {
            if reached.insert(edge.other) {
                left.push(edge.other);
            }
        }
    }
    reached
}
