//! `svctl logs`: svc-logread, on the logs of this tree.

use std::ffi::{OsStr, OsString};

use common::base::future::Future;
use common::prelude::*;

use super::call::{ANY, Call, Operand, Verb, flag, option};
use super::known::Known;
use super::names::{find, meaning};
use super::site::lower;

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

fn run(call: &Call) -> Result<Next> {
    let logs = call.operands.iter().map(|word| log(call, word)).collect::<Result<Vec<_>>>()?;
    let mut argv: Vec<OsString> = vec![lower("svc-logread").into(), "--root".into()];
    argv.push(call.site.logs.clone().into());
    if call.json {
        argv.push("--json".into());
    }
    for (option, value) in &call.options {
        argv.push(option.name.into());
        argv.extend((!option.value.is_empty()).then(|| value.clone()));
    }
    argv.push("--".into());
    argv.extend(logs);
    Ok(Next::Exec(Future::new(argv)))
}

/// The log that is meant: `nginx.service` is nginx, where there is no log of such a name.
/// A name that neither a log nor a service has is a slip.
fn log(call: &Call, word: &OsStr) -> Result<OsString> {
    let Some(name) = word.to_str().filter(|word| !word.contains('/')) else {
        return Ok(word.to_owned());
    };
    let is_there = |name: &str| call.site.logs.join(name).exists();
    let name = meaning(name, is_there);
    if !is_there(name)
        && call.lives().is_ok()
        && let Ok(known) = Known::of(&call.site)
    {
        find(&call.site, &known, name)?;
    }
    Ok(name.into())
}
