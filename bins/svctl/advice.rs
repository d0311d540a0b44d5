//! What is worth a try, as a command to type.

use super::known::Known;
use super::site::Site;
use crate::manager::explain::Advice;

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
        Advice::Look => return format!("{} look", site.command()),
    };
    format!("{} {verb} {}", site.command(), known.name(id))
}
