//! `svctl mask` and `svctl unmask`: services that there are not to be, whatever a package brings.

use std::fs;
use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::prelude::*;
use common::program::print;

use super::enable::{hint, now};
use super::{check_now, names, read, store, vet};
use crate::json::{Object, Value};
use crate::manager::compile::root::{Changes, Instead};
use crate::manager::compile::whole::Whole;
use crate::svctl::call::{ANY, Call, Operand, Opt, Verb, flag};

pub(in crate::svctl) const MASK: Verb = Verb {
    word: "mask",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "hide a package's service file, so that nothing can start it",
    options: MASK_OPTIONS,
    run: mask,
};

pub(in crate::svctl) const UNMASK: Verb = Verb {
    word: "unmask",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "undo mask",
    options: &[],
    run: unmask,
};

const MASK_OPTIONS: &[Opt] = &[flag("--now", "stop it, and apply it as well")];

fn mask(call: &Call) -> Result<Next> {
    check_now(call)?;
    let mut whole = read(&call.site)?;
    let names = names(call, &whole)?;
    let (mut fresh, mut changes) = (Vec::new(), Changes::new());
    for name in &names {
        let path = path(call, name);
        let own = whole.resolve(&call.site.inside(&call.site.services))?;
        let own = own.join(format!("{name}.toml"));
        match target(&own) {
            Own::Nothing if whole.parts(name).is_empty() => return Err(whole.missing(name)),
            Own::Nothing => {
                changes.insert(path, Instead::Null);
                fresh.push((name.clone(), own));
            }
            Own::Null => {}
            Own::File => return Err(refused(call, name, &own)),
        }
    }
    if !changes.is_empty() {
        vet(call, &mut whole, changes)?;
    }
    for (_, own) in &fresh {
        store::link(call, Path::new("/dev/null"), own)?;
    }
    tell(call, &names, |name| fresh.iter().any(|(new, _)| new == name), true)?;
    if call.has("--now") {
        return now(call, &["stop", "apply"], &names, &[]);
    }
    Ok(Next::Exit(exit::OK))
}

fn unmask(call: &Call) -> Result<Next> {
    let mut whole = read(&call.site)?;
    let names = names(call, &whole)?;
    let (mut gone, mut changes) = (Vec::new(), Changes::new());
    for name in &names {
        let own = whole.resolve(&call.site.inside(&call.site.services))?;
        let own = own.join(format!("{name}.toml"));
        match target(&own) {
            Own::Null => {
                changes.insert(path(call, name), Instead::Nothing);
                gone.push((name.clone(), own));
            }
            Own::Nothing | Own::File if whole.is_masked(name) => {
                return Err(foreign(&whole, name));
            }
            Own::Nothing | Own::File if whole.parts(name).is_empty() => {
                return Err(whole.missing(name));
            }
            Own::Nothing | Own::File => {}
        }
    }
    if !changes.is_empty() {
        vet(call, &mut whole, changes)?;
    }
    for (_, own) in &gone {
        store::remove(call, own)?;
    }
    tell(call, &names, |name| gone.iter().any(|(new, _)| new == name), false)?;
    Ok(Next::Exit(exit::OK))
}

/// The administrator's file of a service, as the image has it.
fn path(call: &Call, name: &str) -> PathBuf {
    call.site.inside(&call.site.services).join(format!("{name}.toml"))
}

/// What the administrator has of a service.
enum Own {
    Nothing,
    /// A link to /dev/null.
    Null,
    File,
}

fn target(path: &Path) -> Own {
    match fs::read_link(path) {
        Ok(target) if target == Path::new("/dev/null") => Own::Null,
        Ok(_) => Own::File,
        Err(_) if path.symlink_metadata().is_ok() => Own::File,
        Err(_) => Own::Nothing,
    }
}

fn refused(call: &Call, name: &str, own: &Path) -> Error {
    let (command, own) = (call.site.command(), own.display());
    let what = format_args!(
        "{own} is your own file, which is not thrown away: {command} disable {name}, or move it away"
    );
    Error::new(exit::USAGE, what)
}

fn foreign(whole: &Whole, name: &str) -> Error {
    let parts = whole.parts(name);
    let path = parts.first().map(|part| whole.shown_path(&part.path)).unwrap_or_default();
    Error::new(exit::USAGE, format_args!("{name} is masked by the package that has {path}"))
}

fn tell(
    call: &Call,
    names: &[String],
    is_new: impl Fn(&String) -> bool,
    is_masked: bool,
) -> Result<()> {
    let mut text = String::new();
    for name in names {
        if call.json {
            let mut object = Object::of(call.verb.word);
            object.put("name", &Value::text(name));
            object.put("masked", &Value::Bool(is_masked));
            object.put("changed", &Value::Bool(is_new(name)));
            text += &object.line();
        } else {
            let said = match (is_masked, is_new(name)) {
                (true, true) => "masked",
                (true, false) => "already masked",
                (false, true) => "unmasked",
                (false, false) => "not masked",
            };
            text += &format!("{name}: {said}\n");
        }
    }
    let fresh: Vec<&String> = names.iter().filter(|name| is_new(name)).collect();
    hint(call, &mut text, &fresh);
    match print(&text) {
        exit::OK => Ok(()),
        code => Err(Error::silent(code)),
    }
}
