//! `svctl logs`: svc-logread, on the logs of this tree.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::base::future::Future;
use common::prelude::*;
use common::program::{say, warn};

use super::call::{ANY, Call, Operand, Verb, flag, option};
use super::known::Known;
use super::names::{find, meaning};
use super::refused::Refused;
use super::site::{Site, lower};
use crate::log::read;
use crate::log::read::tail::last_lines;

pub(super) const VERB: Verb = Verb {
    word: "logs",
    arguments: "[NAME...]",
    count: 0..=ANY,
    operand: Operand::Service,
    summary: "print logs, merged by time",
    options: &[
        option("-n", "COUNT", "the last COUNT lines only"),
        flag("-f", "then what is added, as it comes, for ever"),
        option("--since", "TIME", "not what is older: 10:00, yesterday, -1h, 2026-11-20 10:00"),
        option("--until", "TIME", "not what is newer"),
        option("--grep", "PATTERN", "lines only that match this regular expression"),
        flag("-i", "large and small letters match each other"),
        flag("-v", "lines only that do not match"),
        option("--stamp", "HOW", "local, utc, tai64n, relative, none or raw"),
    ],
    run,
};

/// The services of the tree that have no log but that of svc-scan.
const WITHOUT: [&str; 2] = ["svc-logd", "svc-scan-log"];
const SCAN: &str = "svc-scan";

fn run(call: &Call) -> Result<Next> {
    let mut words: Vec<OsString> = Vec::new();
    if call.json {
        words.push("--json".into());
    }
    for (option, value) in &call.options {
        words.push(option.name.into());
        words.extend((!option.value.is_empty()).then(|| value.clone()));
    }
    // That is nothing to be told in the name of another program.
    read::check(words.clone())?;
    for line in Refused::of(&call.site).lines() {
        warn(&"svctl", &line);
    }
    let roots = roots(&call.site)?;
    let meant = call.operands.iter().map(|word| logs(call, &roots, word));
    let meant = meant.collect::<Result<Vec<_>>>()?.concat();
    if meant.is_empty() && !call.operands.is_empty() {
        return Ok(Next::Exit(exit::OK));
    }
    let mut argv: Vec<OsString> = vec![lower("svc-logread").into()];
    argv.extend(roots.into_iter().flat_map(|root| ["--root".into(), root.into()]));
    argv.extend(words);
    argv.push("--".into());
    argv.extend(meant);
    Ok(Next::Exec(Future::new(argv)))
}

/// Where logs are; also where they are kept as long as there is no disk.
fn roots(site: &Site) -> Result<Vec<PathBuf>> {
    let (logs, early) = (site.logs.clone(), site.early());
    let has_early = match fs::read_dir(&early) {
        Ok(mut entries) => entries.next().is_some(),
        // Who may not see whether there are any is told so, if there are no others.
        Err(_) => early.is_dir() && !logs.is_dir(),
    };
    let roots: Vec<PathBuf> = [(logs.is_dir(), logs), (has_early, early)]
        .into_iter()
        .filter_map(|(is_there, root)| is_there.then_some(root))
        .collect();
    if roots.is_empty() {
        let text = format_args!("there are no logs yet: {} is not there", site.logs.display());
        return Err(Error::new(exit::NO, text));
    }
    Ok(roots)
}

/// The logs that are meant: `nginx.service` is nginx, where there is no log of such a name. Of those
/// without a line that is said, and nothing is left but what is waited for.
fn logs(call: &Call, roots: &[PathBuf], word: &OsStr) -> Result<Vec<OsString>> {
    let Some(name) = word.to_str().filter(|word| !word.contains('/')) else {
        return Ok(vec![word.to_owned()]);
    };
    let found = |name: &str| -> Vec<PathBuf> {
        let paths = roots.iter().map(|root| root.join(name));
        // What may not be looked at is for svc-logread to tell.
        paths.filter(|path| path.try_exists().unwrap_or(true)).collect()
    };
    let name = meaning(name, |name| !found(name).is_empty());
    let (usual, own) = (call.site.logs.join(name), call.site.log_directory(name));
    let elsewhere = own.filter(|dir| *dir != usual);
    let mut paths = found(name);
    let named = (!paths.is_empty()).then(|| name.into());
    let there = elsewhere.clone().filter(|dir| dir.is_dir());
    let mut logs: Vec<OsString> = named.into_iter().chain(there.clone().map(Into::into)).collect();
    paths.extend(there);
    if logs.is_empty() && !WITHOUT.contains(&name) && !is_service(call, name)? {
        return Ok(vec![name.into()]);
    }
    if !paths.iter().all(|path| is_empty(path)) {
        return Ok(logs);
    }
    if WITHOUT.contains(&name) && !found(SCAN).is_empty() {
        say(&"svctl", "info", &format_args!("what {name} says is in the log of {SCAN}"));
        return Ok(vec![SCAN.into()]);
    }
    say(&"svctl", "info", &format_args!("{name} has logged nothing yet"));
    if logs.is_empty() {
        // To wait for a directory takes a path.
        logs.push(elsewhere.unwrap_or(usual).into());
    }
    Ok(if call.has("-f") { logs } else { Vec::new() })
}

/// Whether there is a log directory without a line.
fn is_empty(path: &Path) -> bool {
    let mut entries = fs::read_dir(path).into_iter().flatten().flatten();
    last_lines(path, 1, None).is_some_and(|lines| lines.is_empty())
        && !entries.any(|entry| entry.path().is_dir())
}

/// Whether a service is live; false: that can't be known. A name that neither a log nor a service has is
/// a slip.
fn is_service(call: &Call, name: &str) -> Result<bool> {
    match Known::of(&call.site) {
        Ok(known) if call.lives().is_ok() => find(&call.site, &known, name).map(|_| true),
        Ok(_) | Err(_) => Ok(false),
    }
}
