//! Names of services as people type them.

use common::prelude::*;

use crate::manager::places::Places;
use crate::manager::table::Contents;
use crate::svctl::call::Call;

/// What other systems put behind a name, and what our files have there.
pub(in crate::svctl) const ENDS: [&str; 2] = [".service", ".toml"];

/// The services that are meant: `nginx.service` is nginx, where nothing live is called so.
pub(super) fn of_services(call: &Call) -> Result<Vec<String>> {
    let mut names = call.names()?;
    let mut known: Option<Vec<String>> = None;
    for name in &mut names {
        let Some(short) = ENDS.iter().find_map(|end| name.strip_suffix(end)) else { continue };
        let known = known.get_or_insert_with(|| live(call));
        if !short.is_empty() && !known.contains(name) {
            *name = short.to_owned();
        }
    }
    Ok(names)
}

/// All that is live, as far as it can be read.
fn live(call: &Call) -> Vec<String> {
    let contents = Contents::below(&Places::below(&call.site.dir).manager).ok().flatten();
    let rows = contents.into_iter().flat_map(|contents| contents.rows);
    rows.flatten().map(|row| row.name).collect()
}
