//! `svctl check`: looks for mistakes in service files, and writes nothing.

use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::prelude::*;
use common::program::print;

use super::call::{ANY, Call, Operand, Verb};
use super::files;
use super::site::Site;
use crate::json::{Object, Value};
use crate::manager::compile::{Options, compile, print_all};
use crate::manager::service_file::diagnostic::Diagnostic;
use crate::manager::service_file::source::Sources;

pub(super) const VERB: Verb = Verb {
    word: "check",
    arguments: "[FILE|NAME...]",
    count: 0..=ANY,
    operand: Operand::File,
    summary: "look for mistakes in service files; write nothing",
    options: &[],
    run,
};

fn run(call: &Call) -> Result<Next> {
    let mut named: Vec<PathBuf> = Vec::new();
    for word in &call.operands {
        match Path::new(word).exists() {
            true => named.push(word.into()),
            false => named.extend(parts(call, &word.to_string_lossy())?),
        }
    }
    let (dirs, files): (Vec<_>, Vec<_>) = named.into_iter().partition(|path| path.is_dir());
    if let Some(other) = files.iter().find(|path| !is_service_file(path)) {
        let text =
            format_args!("{} is no service file: these are called NAME.toml", other.display());
        return Err(Error::user(text));
    }
    if let Some(empty) = dirs.iter().find(|dir| !has_service_files(dir)) {
        return Err(Error::user(format_args!("there are no service files in {}", empty.display())));
    }
    match (dirs.as_slice(), files.as_slice()) {
        ([], []) => report(call, files_of(&call.site)?.check()),
        ([_, ..], []) => report(call, of(&call.site, dirs)?.check()),
        ([], [_, ..]) => report_of(call, &files),
        ([_, ..], [_, ..]) => Err(Error::user("either directories or files can be checked")),
    }
}

/// The files of a service that is named instead of a file.
fn parts(call: &Call, name: &str) -> Result<Vec<PathBuf>> {
    let missing = || Err(Error::user(format_args!("there is no {name}")));
    if name.contains('/') || is_service_file(Path::new(name)) {
        return missing();
    }
    let whole = files::read(&call.site)?;
    let parts = whole.parts(name);
    match parts.first() {
        None => missing(),
        Some(part) if part.is_masked => {
            let command = call.site.command();
            Err(Error::user(format_args!("{name} is masked: {command} unmask {name}")))
        }
        Some(_) => Ok(parts.iter().map(|part| whole.shown_path(&part.path).into()).collect()),
    }
}

fn is_service_file(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "toml")
}

/// One that can't be read is told by whoever reads it.
fn has_service_files(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return true };
    let is_one =
        |path: &Path| is_service_file(path) || path.extension().is_some_and(|end| end == "d");
    entries.flatten().any(|entry| is_one(&entry.path()))
}

/// What is to be compiled: the service files of the tree.
pub(super) fn files_of(site: &Site) -> Result<Options> {
    let dirs = vec![site.packages.clone(), site.services.clone()];
    if dirs.iter().any(|dir| dir.is_dir()) {
        return of(site, dirs);
    }
    let [packages, services] = [&site.packages, &site.services].map(|dir| dir.display());
    Err(Error::user(format_args!(
        "there is neither {services} nor {packages}: put service files into the first of them"
    )))
}

fn of(site: &Site, dirs: Vec<PathBuf>) -> Result<Options> {
    let absolute =
        |dir: &PathBuf| std::path::absolute(dir).unable(format_args!("find {}", dir.display()));
    let inside = |dir: PathBuf| site.inside(&dir);
    let dirs = dirs.iter().map(|dir| absolute(dir).map(inside)).collect::<Result<Vec<_>>>()?;
    Ok(Options::new(site.image.clone(), dirs, site.generations.clone(), site.paths()))
}

/// Says what is wrong, or what a boot would do.
pub(super) fn report(call: &Call, options: Options) -> Result<Next> {
    if !call.json {
        let outcome = compile(&options, &mut print_all)?;
        return Ok(Next::Exit(print(&outcome.text)));
    }
    let mut text = String::new();
    let compiled = compile(&options, &mut |sources, all| {
        all.iter().for_each(|one| text += &object(sources, one));
        Ok(())
    });
    finish(text, compiled.map(|outcome| outcome.text))
}

/// The same of these files alone, as if they were among those of the tree.
fn report_of(call: &Call, files: &[PathBuf]) -> Result<Next> {
    let site = &call.site;
    let files: Vec<PathBuf> = files.iter().flat_map(std::path::absolute).collect();
    let mut dirs = vec![site.packages.clone(), site.services.clone()];
    for dir in files.iter().filter_map(|file| file.parent()) {
        // What lies in a directory of drop-ins belongs to the one above.
        let is_drop_in = dir.extension().is_some_and(|end| end == "d");
        let dir = if is_drop_in { dir.parent().unwrap_or(dir) } else { dir };
        if !dirs.iter().any(|known| known == dir) {
            dirs.push(dir.to_owned());
        }
    }
    let options = of(site, dirs)?.enabled_in(site.enabled.clone()).check();
    let (mut text, mut errors) = (String::new(), 0);
    let compiled = compile(&options, &mut |sources, all| {
        let own = |one: &&Diagnostic| {
            files.iter().any(|file| Path::new(sources.name(one.place.file)) == file)
        };
        let own: Vec<Diagnostic> = all.iter().filter(own).cloned().collect();
        errors = own.iter().filter(|one| one.is_error()).count();
        if call.json {
            own.iter().for_each(|one| text += &object(sources, one));
            return Ok(());
        }
        print_all(sources, &own)
    });
    let what = match compiled {
        // Mistakes of others are theirs.
        Ok(_) => Ok("no errors\n".to_owned()),
        Err(e) if e.code == exit::USAGE && errors == 0 => Ok("no errors\n".to_owned()),
        Err(e) if e.code == exit::USAGE => {
            let s = if errors == 1 { "" } else { "s" };
            Err(Error::new(e.code, format_args!("{errors} error{s}")))
        }
        Err(e) => Err(e),
    };
    if call.json { finish(text, what) } else { Ok(Next::Exit(print(&what?))) }
}

fn object(sources: &Sources, one: &Diagnostic) -> String {
    let position = sources.position(one.place);
    let mut object = Object::of("check");
    object.put("severity", &Value::text(if one.is_error() { "error" } else { "warning" }));
    object.put("code", &Value::text(one.code.text()));
    object.put("file", &Value::text(position.file));
    object.put("line", &Value::Number(i64::try_from(position.line).ok()));
    object.put("column", &Value::Number(i64::try_from(position.column).ok()));
    object.put("text", &Value::text(&one.what));
    object.put("help", &Value::Text((!one.help.is_empty()).then(|| one.help.clone())));
    object.line()
}

/// The last object says how it ended.
fn finish(mut text: String, what: Result<String>) -> Result<Next> {
    let mut object = Object::of("check");
    let code = match &what {
        Ok(_) => exit::OK,
        Err(e) => e.code,
    };
    object.put("exit", &Value::number(code.into()));
    let summary = what.as_ref().map_or_else(|e| e.message.as_str(), |text| text.trim_end());
    object.put("text", &Value::text(summary));
    text += &object.line();
    Ok(Next::Exit(print(&text).max(code)))
}
