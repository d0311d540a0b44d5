//! In which order services would be started or stopped, by the engine that decides.

use std::rc::Rc;

use common::base::error::exit;
use common::prelude::*;
use common::program::warn;

use super::{PROGRAM, Query};
use crate::json::{Object, Value};
use crate::manager::compile::report::{facts, started, stopped};
use crate::manager::engine::simulate::{Assumptions, simulate};
use crate::manager::graph::{Id, Kind};
use crate::manager::reasons::step;

/// Exit code 1: somebody would not be started.
pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let view = query.view()?;
    let graph = &view.graph;
    let wanted: Vec<Id> = match query.names.as_slice() {
        [] => view.boot.iter().copied().collect(),
        [_, ..] => view.named(&query.names)?,
    };
    let (facts, _) = facts(graph);
    let assumed = Assumptions { facts, ..Assumptions::default() };
    let outcome = simulate(Rc::clone(graph), &wanted, &assumed);
    let ids: Vec<Id> = match query.stops {
        true => outcome.shutdown.iter().filter_map(|action| stopped(*action)).collect(),
        false => outcome.boot.iter().filter_map(|action| started(*action)).collect(),
    };
    for id in ids.into_iter().filter(|id| graph.service(*id).kind != Kind::Group) {
        *text += &match query.json {
            true => {
                let mut object = Object::default();
                object.put("name", &Value::text(view.name(id)));
                object.line()
            }
            false => format!("{}\n", view.name(id)),
        };
    }
    for (id, chain) in &outcome.reasons {
        let steps: Vec<_> = chain.iter().map(|(at, cause)| step(graph, *at, *cause)).collect();
        let what = format!("{} would not be ready: {}", view.name(*id), steps.join("; "));
        warn(&PROGRAM.name, &what);
    }
    Ok(if outcome.reasons.is_empty() { exit::OK } else { exit::NO })
}
