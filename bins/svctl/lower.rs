//! The programs below, called with the directories of a tree.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use common::prelude::*;

use super::site::{Site, lower};
use crate::manager;

/// Where run scripts find our programs.
pub(super) fn programs() -> PathBuf {
    let beside = lower("svc-chain").parent().map(Path::to_path_buf);
    beside.filter(|dir| dir.is_absolute()).unwrap_or_else(|| PathBuf::from("/usr/bin"))
}

/// svc-compile, on all service files that there are.
pub(super) fn compile(site: &Site) -> Result<Next> {
    let mut words: Vec<OsString> = vec!["--output".into(), site.generations.clone().into()];
    words.extend(["--programs".into(), programs().into(), "--".into()]);
    let dirs = [&site.packages, &site.services].into_iter().filter(|dir| dir.is_dir());
    words.extend(dirs.map(|dir| dir.clone().into_os_string()));
    call("svc-compile", words)
}

/// svc-change, for the manager of the tree.
pub(super) fn change(site: &Site, words: &[&str]) -> Result<Next> {
    let mut all: Vec<OsString> = Vec::new();
    for (option, dir) in
        [("--dir", &site.dir), ("--generations", &site.generations), ("--facts", &site.facts)]
    {
        all.extend([option.into(), dir.clone().into_os_string()]);
    }
    all.extend(words.iter().map(OsString::from));
    call("svc-change", all)
}

fn call(name: &str, words: Vec<OsString>) -> Result<Next> {
    let program = manager::ADMIN.iter().find(|program| program.name == name);
    let program = program.ok_or_else(|| Error::system(format_args!("there is no {name}")))?;
    (program.main)(Args::new(words))
}
