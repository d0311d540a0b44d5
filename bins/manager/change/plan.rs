//! What an apply would do, found out without asking anybody.

use std::rc::Rc;

use common::base::error::exit;
use common::os::clock;
use common::prelude::*;

use super::options::Options;
use super::output::Output;
use crate::manager::change_set::ChangeSet;
use crate::manager::engine::simulate::{Assumptions, follow};
use crate::manager::engine::{Action, Engine};
use crate::manager::live;
use crate::manager::places::Places;

/// Prints what becomes of whom, then what is stopped and started, in order.
pub(crate) fn plan(options: &Options, number: Option<u64>, output: &mut Output) -> Result<u8> {
    let path = Places::below(&options.dir).manager;
    let live = live::read(&path, &options.generations).map_err(Error::system)?;
    let live = live.ok_or_else(|| {
        let text = format!("no svc-managerd has been at work in {}", options.dir.display());
        Error::new(exit::NOT_SUPERVISED, text)
    })?;
    let number = number.map_or_else(|| live::meant(&options.generations, &live.header), Ok);
    let set = number.and_then(|number| ChangeSet::new(&options.generations, &live, number));
    tell(options, set.map_err(Error::system)?, output)
}

/// Prints what a change comes to.
pub(crate) fn tell(options: &Options, set: ChangeSet, output: &mut Output) -> Result<u8> {
    if set.is_empty() {
        output.done(exit::OK, &["nothing would change".to_owned()])?;
        return Ok(exit::OK);
    }
    for (name, change) in &set.changes {
        output.planned(name, &change.words())?;
    }
    let mut lines = Vec::new();
    if set.relations_changed {
        lines.push("dependencies, times or conditions change".to_owned());
    }
    let steps = steps(options, set);
    if steps.is_empty() {
        lines.push("nothing is stopped or started".to_owned());
    }
    for (what, name) in &steps {
        output.step(what, name)?;
    }
    output.done(exit::OK, &lines)?;
    Ok(exit::OK)
}

/// What the engine does once it is made of what is remembered, if each program does as it should.
fn steps(options: &Options, set: ChangeSet) -> Vec<(&'static str, String)> {
    let facts = live::facts(&options.facts, &set.live.graph);
    let graph = Rc::new(set.live.graph);
    let mut memories = set.live.rows.into_iter().map(|row| row.memory);
    let now = clock::boot().0;
    // By their ids, in order.
    let memory = |_| memories.next().unwrap_or_default();
    let (mut engine, actions) = Engine::restore(Rc::clone(&graph), None, now, facts, memory);
    let assumed = Assumptions::default();
    let actions = follow(&mut engine, now, actions, &assumed);
    let step = |action: &Action| {
        let (what, id) = match *action {
            Action::Start(id) => ("start", id),
            Action::Stop(id) => ("stop", id),
            Action::Kill(id) => ("kill", id),
            Action::Reload(id) => ("reload", id),
            Action::Note(..) => return None,
        };
        Some((what, graph.service(id).name.clone()))
    };
    actions.iter().filter_map(step).collect()
}
