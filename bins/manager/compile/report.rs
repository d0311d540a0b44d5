//! What the set would do: a boot and a shutdown, by the engine that decides in the real ones.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::edges::Dependencies;
use crate::manager::condition::{Compare, Test};
use crate::manager::engine::simulate::{Assumptions, simulate};
use crate::manager::engine::{Action, State};
use crate::manager::graph::{Graph, Id, Kind};
use crate::manager::reasons::step;
use crate::manager::service_file::conditions::shown;

/// What comes of a boot, if each program is ready in time and the facts are as they are needed.
pub(super) struct Report {
    /// Lines for everybody: how many are ready, what is assumed, and why others are not.
    pub(super) short: String,
    /// Lines for who asks: in which order.
    pub(super) orders: String,
}

/// Simulates.
pub(super) fn report(dependencies: &Dependencies) -> Report {
    let Dependencies { graph, boot } = dependencies;
    let (facts, tests) = facts(graph);
    let assumed = Assumptions { facts, ..Assumptions::default() };
    let outcome = simulate(Rc::clone(graph), boot, &assumed);
    let ready = outcome.states.iter().filter(|state| **state == State::Ready).count();
    let mut short = format!("after a boot: {ready} ready\n");
    let mut reasons = String::new();
    for (id, chain) in &outcome.reasons {
        let steps: Vec<_> = chain.iter().map(|(at, cause)| step(graph, *at, *cause)).collect();
        reasons += &format!("not ready: {}: {}\n", name(graph, *id), steps.join("; "));
    }
    if !tests.is_empty() {
        short += &format!("if these facts hold: {}\n", tests.join(", "));
    }
    short += &reasons;
    let starts = outcome.boot.iter().filter_map(|action| started(*action));
    let stops = outcome.shutdown.iter().filter_map(|action| stopped(*action));
    let orders = line(graph, "boot:", starts) + &line(graph, "shutdown:", stops);
    Report { short, orders }
}

/// A world in which as many conditions hold as can together, and the tests that say so.
pub(in crate::manager) fn facts(graph: &Graph) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut facts, mut said) = (BTreeMap::new(), Vec::new());
    for when in graph.ids().filter_map(|id| graph.service(id).when.as_ref()) {
        // One of `any` is enough.
        for test in when.all.iter().chain(when.any.first()) {
            if !facts.contains_key(&test.fact) {
                facts.insert(test.fact.clone(), value(test));
                said.push(shown(test));
            }
        }
    }
    (facts, said)
}

/// A value with which a fact passes a test.
fn value(test: &Test) -> String {
    match &test.compare {
        Compare::Present => "1".to_owned(),
        Compare::Equals(value) => value.clone(),
        Compare::Differs(value) => format!("not {value}"),
        Compare::Above(limit) => limit.saturating_add(1).to_string(),
        Compare::Below(limit) => limit.saturating_sub(1).to_string(),
    }
}

fn name(graph: &Graph, id: Id) -> &str {
    &graph.service(id).name
}

/// Who is started by this.
pub(in crate::manager) fn started(action: Action) -> Option<Id> {
    match action {
        Action::Start(id) => Some(id),
        Action::Stop(_) | Action::Kill(_) | Action::Reload(_) | Action::Note(..) => None,
    }
}

/// Who is stopped by this.
pub(in crate::manager) fn stopped(action: Action) -> Option<Id> {
    match action {
        Action::Stop(id) => Some(id),
        Action::Start(_) | Action::Kill(_) | Action::Reload(_) | Action::Note(..) => None,
    }
}

fn line(graph: &Graph, word: &str, ids: impl Iterator<Item = Id>) -> String {
    let ids = ids.filter(|id| graph.service(*id).kind != Kind::Group);
    let names: Vec<_> = ids.map(|id| name(graph, id)).collect();
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(" ") };
    format!("{word} {names}\n")
}
