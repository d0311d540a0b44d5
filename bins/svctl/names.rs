//! Which service somebody means by a word.

use common::base::near::nearest;
use common::prelude::*;

use super::call::Call;
use super::known::Known;
use super::site::Site;
use crate::manager::graph::Id;

/// The exit codes that LSB has for the state of a service:
/// https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/iniscrptact.html
pub(super) const NOT_UP: u8 = 3;
pub(super) const UNKNOWN: u8 = 4;

/// What files may be called in other systems, or here.
const ENDINGS: [&str; 2] = [".service", ".toml"];

/// Who is meant by each word, or why nobody is.
pub(super) fn meant(call: &Call, known: &Known) -> Result<Vec<Result<Id>>> {
    let names = call.names()?;
    Ok(names.iter().map(|name| find(&call.site, known, name)).collect())
}

/// Who is meant by a word.
fn find(site: &Site, known: &Known, name: &str) -> Result<Id> {
    let graph = &known.view.graph;
    let stripped = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    let found = graph.find(name).or_else(|| stripped.and_then(|name| graph.find(name)));
    found.ok_or_else(|| Error::new(UNKNOWN, unknown(site, known, stripped.unwrap_or(name))))
}

/// Why a name is that of no service that is live, and what to type.
fn unknown(site: &Site, known: &Known, name: &str) -> String {
    let command = site.command();
    if name.ends_with('@') {
        return format!("{name} is a template: a service of it is {name}WORD");
    }
    let file = |name: &str| {
        let dirs = [&site.services, &site.packages];
        dirs.map(|dir| dir.join(format!("{name}.toml")))
            .into_iter()
            .find(|path| path.symlink_metadata().is_ok())
    };
    let template = name.split_once('@').map(|(base, _)| format!("{base}@"));
    if let Some(path) = file(name).or_else(|| file(&template?)) {
        let is_masked = std::fs::read_link(&path).is_ok_and(|to| to.as_os_str() == "/dev/null");
        let path = path.display();
        return match is_masked {
            true => format!("{name} is masked by {path}: {command} unmask {name}"),
            false => format!("{name} is not live yet: {path} was not applied: {command} apply"),
        };
    }
    let names = known.view.graph.ids().map(|id| known.name(id));
    match nearest(name, names).as_slice() {
        [] => format!("there is no service {name} ({command} status shows all)"),
        near => format!("there is no service {name} (did you mean {}?)", near.join(" or ")),
    }
}
