//! `svctl halt`: everything goes down, those that need others first, and then the tree ends.

use std::time::Duration;

use common::base::error::exit;
use common::os::{clock, file};
use common::prelude::*;
use common::program::{print, warn};
use rustix::fs::CWD;

use super::boot::left::has_ended;
use super::call::{self, Call, Operand, option};
use super::moves::{self, voice};
use super::root::Root;
use crate::json::{Object, Value};
use crate::manager::change::options::Options;
use crate::manager::change::output::Output;
use crate::manager::places::STATE;
use crate::manager::request::Verb;
use crate::manager::view::is_managed;

pub(super) const VERB: call::Verb = call::Verb {
    word: "halt",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "take all down, in order, and end the tree",
    options: &[option("--timeout", "TIME", "wait at most so long; it goes on all the same")],
    run,
};

/// As long as anybody waits: what does not end is killed when its own time is over.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long a manager that is being started may take, ms.
const MOMENT: u64 = 3000;

/// What was there to halt.
#[derive(Clone, Copy)]
enum Found {
    Tree,
    Nothing,
}

fn run(call: &Call) -> Result<Next> {
    let site = &call.site;
    call.lives()?;
    let limit = call.time("--timeout")?;
    let Some(root) = Root::find(site).map_err(|e| voice::as_root(call, e))? else {
        return nothing(call);
    };
    let due = limit.map(|ms| clock::boot().after(ms));
    ask_the_manager(call, limit)?;
    // The manager has told it, unless there is none.
    root.terminate()?;
    let left = due.map(|due| Duration::from_millis(due.0.saturating_sub(clock::boot().0).max(1)));
    if !root.wait(left.unwrap_or(FOREVER))? {
        return Err(Error::new(exit::TIMED_OUT, "timed out: the tree goes on ending"));
    }
    // Whoever boots next begins anew: also where no manager was left to take its table away.
    let state = site.places().manager.join(STATE);
    file::unlink_if_there(CWD, &state).unable(format_args!("remove {}", state.display()))?;
    Ok(said(call, Found::Tree))
}

/// There is no svc-scan.
fn nothing(call: &Call) -> Result<Next> {
    if is_managed(&call.site.sources()) || !has_ended(&call.site) {
        let command = call.site.command();
        let text = format!("svc-scan is gone, services are not: {command} boot --background first");
        return Err(Error::new(exit::NOT_SUPERVISED, text));
    }
    Ok(said(call, Found::Nothing))
}

/// Has the manager take all down in order. Without one svc-scan stops all at the same time.
fn ask_the_manager(call: &Call, limit: Option<u64>) -> Result<()> {
    let result = if is_managed(&call.site.sources()) || comes(call)? {
        // Of its objects there is one alone, in the end.
        let output = Output::new("svctl", call.json, call.json);
        ask(call, Verb::End, limit.map(|ms| ms.max(1)), output)
    } else {
        Err(Error::new(exit::NOT_SUPERVISED, "there is no svc-managerd"))
    };
    match result {
        Ok(_) => Ok(()),
        Err(e) if e.code == exit::TIMED_OUT || e.code > 128 => Err(e),
        Err(e) => {
            warn(&"svctl", &format_args!("{}: all go down at the same time", e.message));
            Ok(())
        }
    }
}

/// Whether there will be a manager in a moment.
fn comes(call: &Call) -> Result<bool> {
    match ask(call, Verb::Look, Some(MOMENT), Output::new("svctl", false, true)) {
        Err(e) if e.code > 128 => Err(e),
        result => Ok(result.is_ok()),
    }
}

fn ask(call: &Call, verb: Verb, timeout: Option<u64>, output: Output) -> Result<u8> {
    let options = Options { timeout, no_wait: false, ..moves::options(call)? };
    moves::ask_for(call, &options, output, &moves::request(verb))
}

fn said(call: &Call, found: Found) -> Next {
    let (state, text) = match found {
        Found::Tree => ("halted", "halted"),
        Found::Nothing => ("already", "nothing runs"),
    };
    if !call.json {
        return Next::Exit(print(&format!("{text}\n")));
    }
    let mut object = Object::of("halt");
    object.put("state", &Value::text(state));
    Next::Exit(print(&object.line()))
}
