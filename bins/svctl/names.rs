//! Which service somebody means by a word.

use common::base::error::exit;
use common::base::near::nearest;
use common::prelude::*;

use super::call::Call;
use super::known::Known;
use super::site::Site;
use crate::manager::graph::Id;
use crate::manager::table::Contents;

/// The exit codes that LSB has for the state of a service:
/// https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/iniscrptact.html
pub(super) const NOT_UP: u8 = 3;
pub(super) const UNKNOWN: u8 = 4;

/// What files may be called in other systems, or here.
const ENDINGS: [&str; 2] = [".service", ".toml"];

/// What a word means: `nginx.service` is nginx, where nothing has the whole name.
pub(super) fn meaning(word: &str, mut is_there: impl FnMut(&str) -> bool) -> &str {
    let short = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending));
    short.filter(|short| !short.is_empty() && !is_there(word)).unwrap_or(word)
}

/// The names of services that are meant, of which no more is to be known.
pub(super) fn of_live(call: &Call) -> Result<Vec<String>> {
    let mut live: Option<Vec<String>> = None;
    let mut is_there =
        |word: &str| live.get_or_insert_with(|| all(&call.site)).iter().any(|name| name == word);
    let names = call.names()?;
    let mut meant: Vec<String> = Vec::new();
    for name in &names {
        let name = meaning(name, &mut is_there);
        // Twice is once.
        if !meant.iter().any(|other| other == name) {
            meant.push(name.to_owned());
        }
    }
    Ok(meant)
}

/// All that is live, as far as it can be read.
fn all(site: &Site) -> Vec<String> {
    let contents = Contents::below(&site.places().manager).ok().flatten();
    let rows = contents.into_iter().flat_map(|contents| contents.rows);
    rows.flatten().map(|row| row.name).collect()
}

/// Who is meant by each word, or why nobody is: a slip of whoever typed it.
pub(super) fn meant(call: &Call, known: &Known) -> Result<Vec<Result<Id>>> {
    let names = call.names()?;
    Ok(names.iter().map(|name| find(&call.site, known, name)).collect())
}

/// The same where scripts ask how a service stands, and expect what LSB has for one that is unknown.
pub(super) fn asked(call: &Call, known: &Known) -> Result<Vec<Result<Id>>> {
    let as_state = |found: Result<Id>| found.map_err(|e| Error { code: UNKNOWN, ..e });
    Ok(meant(call, known)?.into_iter().map(as_state).collect())
}

/// Who is meant by a word.
pub(super) fn find(site: &Site, known: &Known, name: &str) -> Result<Id> {
    let graph = &known.view.graph;
    let name = meaning(name, |name| graph.find(name).is_some());
    let found = graph.find(name).filter(|id| !known.is_past(*id));
    found.ok_or_else(|| Error::new(exit::USAGE, unknown(site, known, name)))
}

/// Why a name is that of no service that is live, and what to type.
pub(super) fn unknown(site: &Site, known: &Known, name: &str) -> String {
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
    if known.view.graph.find(name).is_some() {
        let number = known.generation().map(|number| number.to_string()).unwrap_or_default();
        return format!("{name} is gone: it is not in generation {number}, which is live");
    }
    let names = known.ids().map(|id| known.name(id));
    match nearest(name, names).as_slice() {
        [] => format!("there is no service {name} ({command} status shows all)"),
        near => format!("there is no service {name} (did you mean {}?)", near.join(" or ")),
    }
}
