//! `svctl edit`: a service file or a drop-in, in an editor; it is kept only if all files together
//! make sense with it.

mod editor;
mod target;

use std::fs;
use std::path::Path;

use common::base::error::exit;
use common::os::file::fill;
use common::prelude::*;
use common::program::print;

use self::editor::{Answer, ask, edit};
use self::target::{Target, head, stripped};
use super::{Verdict, count, judge, names, note, read, say, store};
use crate::json::{Object, Value};
use crate::manager::compile::root::{Changes, Instead};
use crate::manager::compile::whole::Whole;
use crate::svctl::call::{Call, Operand, Verb, flag};

pub(in crate::svctl) const VERB: Verb = Verb {
    word: "edit",
    arguments: "NAME",
    count: 1..=1,
    operand: Operand::Service,
    summary: "change a service by a drop-in, in $VISUAL or $EDITOR, and vet it",
    options: &[
        flag("--full", "its whole file instead: your own, or a copy of the package's"),
        flag("--new", "a new service"),
        flag("--stdin", "standard input is the text, for scripts; none removes a drop-in"),
    ],
    run,
};

/// The longest text that is read: as of a service file.
const LONGEST: usize = 1 << 20;

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Same,
    Written,
    Removed,
}

fn run(call: &Call) -> Result<Next> {
    let whole = read(&call.site)?;
    let name = names(call, &whole)?.remove(0);
    let target = Target::of(call, &whole, &name)?;
    let lock = target.lock(call)?;
    let done = match call.has("--stdin") {
        true => typed().and_then(|text| finish(call, &target, &text)),
        false => interactive(call, &whole, &target),
    };
    // As long as nobody else can have begun. It fails where there is something in it.
    let _ = fs::remove_dir(&target.drop_ins);
    drop(lock);
    match done? {
        Some(outcome) => Ok(Next::Exit(print(&told(call, &target, outcome)))),
        None => Err(Error::new(exit::NO, format_args!("{name}: discarded: nothing is changed"))),
    }
}

fn told(call: &Call, target: &Target, outcome: Outcome) -> String {
    let (name, path) = (&target.name, target.shown.as_str());
    let word = match outcome {
        Outcome::Same => "unchanged",
        Outcome::Written => "written",
        Outcome::Removed => "removed",
    };
    if call.json {
        let mut object = Object::of("edit");
        object.put("name", &Value::text(name));
        object.put("path", &Value::text(path));
        object.put("done", &Value::text(word));
        return object.line();
    }
    let next = match (outcome, &call.site.image) {
        (Outcome::Same, _) => return format!("{name}: nothing is changed\n"),
        (_, Some(_)) => "",
        (_, None) => &format!("not live yet: {} apply\n", call.site.command()),
    };
    format!("{name}: {path} is {word}\n{next}")
}

/// All of standard input.
fn typed() -> Result<String> {
    let mut bytes = vec![0; LONGEST + 1];
    let length = fill(rustix::stdio::stdin(), &mut bytes).unable("read standard input")?;
    bytes.truncate(length);
    text(bytes, "standard input")
}

fn text(bytes: Vec<u8>, what: &str) -> Result<String> {
    let bad = |why| Error::new(exit::USAGE, format_args!("{what} {why}: nothing is changed"));
    if bytes.len() > LONGEST {
        return Err(bad("is longer than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| bad("is not UTF-8"))
}

/// Of a text that was typed in or piped: puts it in its place, or says what is wrong with it.
fn finish(call: &Call, target: &Target, text: &str) -> Result<Option<Outcome>> {
    let Verdict { errors, warnings, broken } = verdict(call, target, text)?;
    if !errors.is_empty() {
        say(&errors.concat())?;
        let what = format!("{}: nothing is changed", count(&errors));
        return Err(Error::new(exit::USAGE, what));
    }
    say(&warnings.concat())?;
    let outcome = put(call, target, text)?;
    if outcome != Outcome::Same {
        note(call, &broken)?;
    }
    Ok(Some(outcome))
}

/// What comes of a text. Others may have changed other files since it was begun.
fn verdict(call: &Call, target: &Target, text: &str) -> Result<Verdict> {
    let mut whole = read(&call.site)?;
    let instead = match text.trim().is_empty() && target.is_drop_in {
        true => Instead::Nothing,
        false => Instead::Text(text.to_owned()),
    };
    let changes = Changes::from([(target.path.clone(), instead)]);
    judge(call, &mut whole, changes, std::slice::from_ref(&target.path))
}

/// Puts a text in its place, unless somebody else has changed what was there.
fn put(call: &Call, target: &Target, text: &str) -> Result<Outcome> {
    if !target.is_as_it_was() {
        let what = format_args!("{} was changed by somebody else meanwhile", target.shown);
        return Err(Error::system(what));
    }
    let is_empty = text.trim().is_empty();
    match &target.current {
        Some(current) if current == text => Ok(Outcome::Same),
        None if is_empty => Ok(Outcome::Same),
        Some(_) if is_empty && target.is_drop_in => {
            store::remove(call, &target.real)?;
            Ok(Outcome::Removed)
        }
        Some(_) | None => {
            store::put(call, &target.real, text)?;
            Ok(Outcome::Written)
        }
    }
}

/// In an editor. The text is in a draft from the first moment: whatever ends svctl, it is still there.
fn interactive(call: &Call, whole: &Whole, target: &Target) -> Result<Option<Outcome>> {
    let draft = &target.draft;
    let (begun, is_old) = match fs::read(draft) {
        Ok(bytes) => (stripped(&text(bytes, &target.shown_draft)?), true),
        Err(_) => (target.beginning(), false),
    };
    if is_old {
        say(&format!("svctl: note: going on with the draft {}\n", target.shown_draft))?;
    }
    let written = head(call, whole, target) + &begun;
    store::put(call, draft, &written)?;
    loop {
        let ended = edit(draft);
        let read = fs::read(draft).unable(format_args!("read {}", target.shown_draft))?;
        let full = text(read, &target.shown_draft).map_err(|e| kept(call, target, &e.message))?;
        let own = stripped(&full);
        let is_same = own == stripped(&written);
        if let Err(e) = ended {
            return Err(if is_same && !is_old {
                dropped(call, target, e)
            } else {
                kept(call, target, &e.message)
            });
        }
        let is_current = target.current.as_ref().is_some_and(|current| *current == own);
        if is_current || is_same && !is_old && target.current.is_none() {
            store::remove(call, draft)?;
            return Ok(Some(Outcome::Same));
        }
        let Verdict { errors, .. } = verdict(call, target, &own)?;
        if errors.is_empty() {
            let done = finish(call, target, &own).map_err(|e| kept(call, target, &e.message))?;
            store::remove(call, draft)?;
            return Ok(done);
        }
        // With the lines as they are in the draft.
        let Verdict { errors, .. } = verdict(call, target, &full)?;
        say(&errors.concat().replace(&target.shown, &target.shown_draft))?;
        let what = format!("{}: nothing is changed", count(&errors));
        match ask() {
            Answer::Edit => {}
            Answer::Keep => return Err(kept(call, target, &what)),
            Answer::Discard => {
                store::remove(call, draft)?;
                return Ok(None);
            }
        }
    }
}

/// The text is not lost.
fn kept(call: &Call, target: &Target, why: &str) -> Error {
    let mut command = call.site.command() + " edit";
    for option in ["--full", "--new"].into_iter().filter(|option| call.has(option)) {
        command += &format!(" {option}");
    }
    let what = format_args!(
        "{why}; the text is kept in {}: {command} {} goes on with it",
        target.shown_draft, target.name
    );
    Error::new(exit::USAGE, what)
}

/// There is nothing that could be lost.
fn dropped(call: &Call, target: &Target, e: Error) -> Error {
    store::remove(call, Path::new(&target.draft)).err().unwrap_or(e)
}
