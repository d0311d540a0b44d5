//! How a service is known to be ready.

use crate::manager::graph::Id;
use crate::svctl::known::Known;

/// How it is known to be ready, and that it is not yet: a line of its run script looks for it, or it
/// says so itself.
pub(super) fn of(known: &Known, id: Id) -> (&'static str, &'static str) {
    let path = format!("services/{}/run", known.name(id));
    let text = std::fs::read_to_string(known.view.path.join(path)).unwrap_or_default();
    let line = text
        .lines()
        .find(|line| ["svc-readycheck ", "svc-follow "].iter().any(|link| line.starts_with(link)));
    let has = |option| line.is_some_and(|line| line.split(' ').any(|word| word == option));
    match line {
        None => (", and has said so", ": it runs, and has not said yet that it is ready"),
        Some(_) if has("-c") => (", as its check succeeds", ": it runs, and its check fails"),
        Some(_) if has("-i") => (", as its port answers", ": it runs, and its port is silent"),
        Some(_) if has("-u") => (", as its socket answers", ": it runs, and its socket is silent"),
        Some(_) if has("-f") => (", as its file is there", ": it runs, and its file is not there"),
        Some(_) => (", as it is in the background", ": it runs, and is not in the background"),
    }
}
