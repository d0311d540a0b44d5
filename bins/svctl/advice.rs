//! What is worth a try, as a command to type.

use std::collections::BTreeSet;

use super::known::Known;
use super::site::Site;
use crate::manager::condition::Test;
use crate::manager::explain::Advice;
use crate::manager::graph::Id;

/// The command.
pub(super) fn command(site: &Site, known: &Known, advice: Advice) -> String {
    let (verb, id) = match advice {
        Advice::Up(id) => ("start", id),
        Advice::Down(id) => ("stop", id),
        Advice::Restart(id) => ("restart", id),
        Advice::Reset(id) => ("reset", id),
        Advice::Wait(id) => ("wait", id),
        Advice::Log(id) => ("logs", id),
        Advice::Why(id) => ("why", id),
        Advice::Look(id) => return look(site, known, id),
    };
    format!("{} {verb} {}", site.command(), known.name(id))
}

/// Which facts are to be another, and how the manager is told.
fn look(site: &Site, known: &Known, id: Id) -> String {
    let file = |test: &&Test| site.facts.join(&test.fact).display().to_string();
    let files: BTreeSet<String> = known.engine.unmet(id).iter().map(file).collect();
    let files = files.into_iter().collect::<Vec<_>>().join(", ");
    let look = format!("{} look", site.command());
    if files.is_empty() { look } else { format!("{look}, after writing {files}") }
}
