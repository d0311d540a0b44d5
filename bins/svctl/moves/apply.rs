//! `svctl apply`, `plan`, `confirm` and `rollback`: from service files to what is live.

use std::ffi::OsStr;
use std::fmt::Display;

use common::base::error::exit;
use common::base::span::milliseconds;
use common::base::stamp::Boot;
use common::os::clock;
use common::prelude::*;
use common::program::{print, say};
use rustix::fs::{Access, access};

use super::{
    AS, NO_TEST, NO_WAIT, QUIET, TIMEOUT, ask_for, has_root, options, output, request, voice,
};
use crate::manager::change::plan;
use crate::manager::change_set::ChangeSet;
use crate::manager::compile::{self, Outcome, compile, print_all};
use crate::manager::live::{self, Live};
use crate::manager::request::{Request, Verb as Asked};
use crate::manager::view::{is_managed, number};
use crate::manager::{generations, live::accepted, table};
use crate::svctl::call::{Call, Operand, Verb, option};
use crate::svctl::check;
use crate::svctl::site::Kind;

pub(in crate::svctl) const APPLY: Verb = Verb {
    word: "apply",
    arguments: "[GENERATION]",
    count: 0..=1,
    operand: Operand::Generation,
    summary: "make live what the service files say, or this generation",
    options: &[
        option("--confirm", "TIME", "go back after so long, unless confirmed"),
        NO_TEST,
        TIMEOUT,
        NO_WAIT,
        QUIET,
        AS,
    ],
    run: apply,
};

pub(in crate::svctl) const CONFIRM: Verb = Verb {
    word: "confirm",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "keep what was applied with --confirm",
    options: &[TIMEOUT, NO_WAIT, QUIET, AS],
    run: |call| {
        call.lives()?;
        let confirm = request(Asked::Confirm);
        ask_for(call, &options(call)?, output(call), &confirm).map(Next::Exit)
    },
};

pub(in crate::svctl) const ROLLBACK: Verb = Verb {
    word: "rollback",
    arguments: "[GENERATION]",
    count: 0..=1,
    operand: Operand::Generation,
    summary: "go back to this generation, or to the one before",
    options: &[NO_TEST, TIMEOUT, NO_WAIT, QUIET, AS],
    run: rollback,
};

pub(in crate::svctl) const PLAN: Verb = Verb {
    word: "plan",
    arguments: "[GENERATION]",
    count: 0..=1,
    operand: Operand::Generation,
    summary: "print what apply would do; do and write nothing",
    options: &[],
    run: plan,
};

fn apply(call: &Call) -> Result<Next> {
    let confirm = call.raw("--confirm").map(seconds).transpose()?;
    let named = generation(call)?;
    if confirm.is_none() {
        keep_trial(call, named)?;
    }
    let number = match named {
        Some(number) => {
            call.lives()?;
            number
        }
        None => {
            writable(call)?;
            let files = check::files_of(&call.site)?;
            let files = if confirm.is_some() { files.on_trial() } else { files };
            let Outcome { text, written, .. } = compile(&files, &mut print_all)?;
            let written = written.ok_or_else(|| Error::system("nothing was written"))?;
            if call.site.kind == Kind::Image {
                return Ok(Next::Exit(compiled(call, &text, written)));
            }
            if written.1 {
                tell(call, text.lines().next().unwrap_or_default());
            }
            written.0
        }
    };
    make_live(call, number, confirm).map(Next::Exit)
}

/// Nothing of an image runs: the next boot of it takes what is there.
fn compiled(call: &Call, text: &str, (number, is_new): (u64, bool)) -> u8 {
    if !call.json {
        return print(text);
    }
    let mut object = crate::json::Object::of("apply");
    object.put("event", &crate::json::Value::text("compiled"));
    object.put("generation", &crate::json::Value::number(number));
    object.put("new", &crate::json::Value::Bool(is_new));
    print(&object.line())
}

/// Says what becomes of whom, asks for it, and waits.
fn make_live(call: &Call, number: u64, confirm: Option<u32>) -> Result<u8> {
    let Some(live) = read_live(call)? else {
        let what = voice::nobody(&call.site);
        let text = format_args!("{}; generation {number} is what it begins with", what.message);
        return Err(Error::new(what.code, text));
    };
    let set = ChangeSet::new(&call.site.generations, &live, number).map_err(Error::system)?;
    let is_live = live.header.generation == number;
    if is_live && set.is_empty() && live.header.back.is_none() {
        output(call).done(exit::OK, &[format!("nothing changed: generation {number} is live")])?;
        return Ok(exit::OK);
    }
    let mut plan = output(call);
    for (name, change) in &set.changes {
        plan.planned(name, &change.words())?;
    }
    has_root(call)?;
    let names = vec![number.to_string()];
    let no_test = call.has("--no-test");
    let request = Request { confirm, no_test, names, ..request(Asked::Apply) };
    let code = ask_for(call, &options(call)?, plan, &request)?;
    if let Some(seconds) = confirm.filter(|_| code == exit::OK) {
        let command = call.site.command();
        // What is tried already has the time that it was given.
        let given = live.header.back.filter(|_| is_live);
        let seconds =
            given.map_or(seconds.into(), |(_, due)| Boot(due).since(clock::boot()).div_ceil(1000));
        let text = format_args!(
            "{command} confirm keeps it; without it, generation {} is back in {seconds} s",
            live.header.back.map_or(live.header.generation, |(back, _)| back)
        );
        hint(call, &text);
    }
    Ok(code)
}

fn rollback(call: &Call) -> Result<Next> {
    writable(call)?;
    let named = generation(call)?;
    keep_trial(call, named.or(trial(call)))?;
    let said = compile::rollback(&call.site.generations, named.or(trial(call)))?;
    if call.site.kind == Kind::Image {
        return Ok(Next::Exit(match call.json {
            false => print(&said),
            true => compiled(call, &said, (accepted_one(call)?, false)),
        }));
    }
    tell(call, said.trim_end());
    make_live(call, accepted_one(call)?, None).map(Next::Exit)
}

/// What the live generation goes back to unless it is confirmed, if it is on trial.
fn trial(call: &Call) -> Option<u64> {
    let header = table::header(&call.site.places().manager)?;
    header.back.filter(|_| is_managed(&call.site.sources())).map(|(back, _)| back)
}

/// What is on trial is kept or given up only by asking, and then before anything is written.
fn keep_trial(call: &Call, number: Option<u64>) -> Result<()> {
    let back = trial(call).filter(|back| number != Some(*back));
    back.map_or(Ok(()), |back| {
        let command = call.site.command();
        Err(Error::new(
            exit::NO,
            format_args!(
                "another generation is on trial: {command} confirm keeps it, {command} rollback gives \
                 it up for generation {back}; apply --confirm TIME tries what the files say now"
            ),
        ))
    })
}

fn accepted_one(call: &Call) -> Result<u64> {
    accepted(&call.site.generations).map_err(Error::system)
}

fn plan(call: &Call) -> Result<Next> {
    call.lives()?;
    let options = options(call)?;
    let mut output = output(call);
    if let Some(number) = generation(call)? {
        return plan::plan(&options, Some(number), &mut output).map(Next::Exit);
    }
    let files = check::files_of(&call.site)?;
    let Some(live) = read_live(call)? else {
        tell(call, "nothing is live: this is what a boot would do");
        return check::report(call, files.check());
    };
    let draft = compile(&files.draft(), &mut print_all)?.draft;
    let draft = draft.ok_or_else(|| Error::system("nothing was compiled"))?;
    let all = generations::numbers(&call.site.generations).unwrap_or_default();
    let next = all.last().map_or(1, |last| last + 1);
    let set = ChangeSet::to_draft(&call.site.generations, &live, next, &draft);
    plan::tell(&options, set.map_err(Error::system)?, &mut output).map(Next::Exit)
}

/// How long a trial is.
fn seconds(word: &OsStr) -> Result<u32> {
    let seconds = word.to_str().and_then(milliseconds).map(|ms| ms.div_ceil(1000));
    let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
    seconds.filter(|seconds| *seconds > 0).ok_or_else(|| {
        let word = word.display();
        Error::user(format_args!("invalid time to confirm: {word} (60, 90s, 5min)"))
    })
}

/// The one that is named.
fn generation(call: &Call) -> Result<Option<u64>> {
    let word = call.operands.first().map(|word| word.to_string_lossy());
    word.map(|word| number(&call.site.sources(), &word)).transpose()
}

fn read_live(call: &Call) -> Result<Option<Live>> {
    let manager = call.site.places().manager;
    live::read(&manager, &call.site.generations).map_err(Error::system)
}

/// Whoever may not write generations is told so before anything is done.
fn writable(call: &Call) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let dir = &call.site.generations;
    let Ok(found) = std::fs::metadata(dir) else { return Ok(()) };
    if access(dir, Access::WRITE_OK).is_ok() {
        return Ok(());
    }
    let owner = voice::user(found.uid());
    let (command, word, root) = (call.site.command(), call.verb.word, voice::becoming_root());
    let dir = dir.display();
    let hint = match word {
        "apply" => " (apply GENERATION needs no right there)",
        _ => "",
    };
    Err(Error::system(format_args!(
        "you may not write in {dir}, {owner} may: {root} {command} {word}{hint}"
    )))
}

/// A line of what happens, for people.
fn tell(call: &Call, line: &str) {
    if !call.json && !call.has("--quiet") {
        // What can't be printed here can't be printed later: then it is told.
        let _ = print(&format!("{line}\n"));
    }
}

fn hint(call: &Call, text: &dyn Display) {
    if !call.has("--quiet") {
        say(&"svctl", "hint", text);
    }
}
