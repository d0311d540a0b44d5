//! What is worth a try, as a command to type.

use std::collections::BTreeSet;

use common::base::sort::Gather;

use super::known::Known;
use super::site::Site;
use super::standing::Standing;
use crate::manager::condition::Test;
use crate::manager::engine::Cause;
use crate::manager::explain::Advice;
use crate::manager::graph::Id;

/// The service that the manager is.
const SERVICE: &str = "svc-managerd";

/// What to type about a service that is not where it is wanted, or is paused.
pub(super) fn tries(site: &Site, known: &Known, id: Id) -> Vec<String> {
    let of = |verb: &str, id: Id| format!("{} {verb} {}", site.command(), known.name(id));
    let shows = |id: Id| known.status(id).filter(|status| status.pid.is_some());
    let is_paused = |id: Id| shows(id).is_some_and(|status| status.paused);
    if known.standing(id) == Standing::Unknown {
        return vec![of("restart", id)];
    }
    if is_paused(id) {
        return vec![of("kill", id) + " CONT"];
    }
    let Some((root, cause)) = known.root(id).filter(|_| !known.is_as_wanted(id)) else {
        return Vec::new();
    };
    if is_paused(root) {
        return vec![of("kill", root) + " CONT"];
    }
    if known.standing(root) == Standing::Stopping && cause != Cause::Restarting {
        return vec![of("wait --down", root)];
    }
    // Without a manager at work nobody would do what is asked for.
    let is_read = |advice: &Advice| matches!(advice, Advice::Log(_) | Advice::Why(_));
    let all = known.explanation().advice(root, cause).into_iter();
    let all = all.filter(|advice| known.is_managed && !known.is_paused || is_read(advice));
    all.map(|advice| command(site, known, advice)).collect()
}

/// What brings the manager back to work, if it does none.
pub(super) fn manager(site: &Site, known: &Known) -> Option<String> {
    let service = site.places().scan.join(SERVICE);
    match (known.is_managed, known.is_paused) {
        (true, true) => Some(format!("{} kill {SERVICE} CONT", site.command())),
        (true, false) => None,
        (false, _) if !known.is_scanned => Some(format!("{} boot --background", site.command())),
        (false, _) => service.is_dir().then(|| format!("svc-ctl up {}", service.display())),
    }
}

/// The command.
fn command(site: &Site, known: &Known, advice: Advice) -> String {
    let (verb, id) = match advice {
        Advice::Up(id) => ("start", id),
        Advice::Down(id) => ("stop", id),
        Advice::Restart(id) => ("restart", id),
        // Of whom nobody wants, a failure that is forgotten brings nothing up.
        Advice::Reset(id) if !known.engine.is_needed(id) => ("start", id),
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
    let files: BTreeSet<String> = known.engine.unmet(id).iter().map(file).gather();
    let files = files.into_iter().collect::<Vec<_>>().join(", ");
    let look = format!("{} look", site.command());
    if files.is_empty() { look } else { format!("{look}, after writing {files}") }
}
