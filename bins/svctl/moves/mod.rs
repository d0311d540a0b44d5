//! Verbs that ask the manager for something, and what they share: as svc-change does it, in the words
//! of svctl.

pub(super) mod changed;
mod progress;
pub(super) mod voice;

pub(super) mod apply;
pub(super) mod kill;
pub(super) mod wait;

use common::base::error::exit;
use common::prelude::*;
use common::program::{print, say};

use self::progress::Progress;
use self::voice::Own;
use super::call::{ANY, Call, Operand, Opt, Verb, flag, option};
use super::names;
use crate::manager::change::options::Options;
use crate::manager::change::output::Output;
use crate::manager::change::{ask, signals};
use crate::manager::engine::State;
use crate::manager::request::{self, Request};
use crate::manager::view::{is_managed, is_paused};
use crate::tree;

const TIMEOUT: Opt = option("--timeout", "TIME", "wait at most so long: 30s, 5min");
const NO_WAIT: Opt = flag("--no-wait", "end when it is certain that it will be done");
const QUIET: Opt = flag("--quiet", "print nothing but what went wrong");
const NO_TEST: Opt = flag("--no-test", "whatever before-start says");
const AS: Opt = option("--as", "GROUP", "ask as a member of this group");

pub(super) const START: Verb = Verb {
    word: "start",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "start services and what they need; wait until they are ready",
    options: &[flag("--once", "until it ends by itself"), TIMEOUT, NO_WAIT, QUIET, AS],
    run: |call| {
        move_by(call, if call.has("--once") { request::Verb::Once } else { request::Verb::Up })
    },
};

pub(super) const STOP: Verb = Verb {
    word: "stop",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "stop services; refused while others that are wanted need them",
    options: &[flag("--with-dependents", "those that need them too"), TIMEOUT, NO_WAIT, QUIET, AS],
    run: |call| move_by(call, request::Verb::Down),
};

pub(super) const RESTART: Verb = Verb {
    word: "restart",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "stop and start services, with those that depend on them, in order",
    options: &[NO_TEST, TIMEOUT, NO_WAIT, QUIET, AS],
    run: |call| move_by(call, request::Verb::Restart),
};

pub(super) const RELOAD: Verb = Verb {
    word: "reload",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "let services read their configuration again",
    options: &[NO_TEST, TIMEOUT, NO_WAIT, QUIET, AS],
    run: |call| move_by(call, request::Verb::Reload),
};

pub(super) const RESET: Verb = Verb {
    word: "reset",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "forget that services failed, and try again",
    options: &[TIMEOUT, NO_WAIT, QUIET, AS],
    run: |call| move_by(call, request::Verb::Reset),
};

pub(super) const LOOK: Verb = Verb {
    word: "look",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "look again whether the conditions of services hold",
    options: &[TIMEOUT, NO_WAIT, QUIET, AS],
    run: |call| {
        call.lives()?;
        ask_for(call, &options(call)?, output(call), &request(request::Verb::Look)).map(Next::Exit)
    },
};

/// Asks for something of the services that are named, and waits for it.
fn move_by(call: &Call, verb: request::Verb) -> Result<Next> {
    call.lives()?;
    let names = names::of_live(call)?;
    if moves_up(verb) {
        has_root(call)?;
    }
    if moves_up(verb) && !call.has("--quiet") {
        changed::tell(call, &names);
    }
    let (with_dependents, no_test) = (call.has("--with-dependents"), call.has("--no-test"));
    let request = Request { with_dependents, no_test, names, ..request(verb) };
    let code = ask_for(call, &options(call)?, output(call), &request)?;
    if verb == request::Verb::Reset && code == exit::OK && !call.json && !call.has("--quiet") {
        let text: String = request.names.iter().map(|name| format!("{name}: reset\n")).collect();
        return Ok(Next::Exit(print(&text)));
    }
    Ok(Next::Exit(code))
}

/// That alone.
pub(super) fn request(verb: request::Verb) -> Request {
    Request { verb, with_dependents: false, confirm: None, no_test: false, names: Vec::new() }
}

/// Who has no supervisor yet gets none where svc-scan was killed: better said than waited for.
fn has_root(call: &Call) -> Result<()> {
    let site = &call.site;
    if !is_managed(&site.sources()) || tree::is_running(&site.places().scan) {
        return Ok(());
    }
    let command = site.command();
    let text = format!("svc-scan is gone: {command} boot --background takes over what runs");
    Err(Error::new(exit::NOT_SUPERVISED, text))
}

/// Whether it would be done by the definition there is.
fn moves_up(verb: request::Verb) -> bool {
    match verb {
        request::Verb::Up
        | request::Verb::Once
        | request::Verb::Restart
        | request::Verb::Reload
        | request::Verb::Reset => true,
        request::Verb::Down
        | request::Verb::Apply
        | request::Verb::Confirm
        | request::Verb::Look
        | request::Verb::End => false,
    }
}

/// Asks for it; returns the exit code.
pub(super) fn ask_for(
    call: &Call,
    options: &Options,
    output: Output,
    request: &Request,
) -> Result<u8> {
    let output = match request.verb {
        request::Verb::Up | request::Verb::Once => output.with_already(State::Ready),
        request::Verb::Down => output.with_already(State::Down),
        request::Verb::Restart
        | request::Verb::Reload
        | request::Verb::Reset
        | request::Verb::Apply
        | request::Verb::Confirm
        | request::Verb::Look
        | request::Verb::End => output,
    };
    if is_paused(&call.site.sources()) {
        let command = call.site.command();
        let text = format_args!(
            "svc-managerd is stopped, by a signal, and takes this when it goes on: {command} kill \
             svc-managerd CONT"
        );
        say(&"svctl", "note", &text);
    }
    let names = if request.verb.takes_names() { request.names.clone() } else { Vec::new() };
    let output = output.with_told(&call.told, State::Ready);
    let mut output = watched(call, options, output, names);
    ask::ask(options, request, &signals()?, &mut output)
}

/// What is printed, as the call says.
pub(super) fn output(call: &Call) -> Output {
    Output::new("svctl", call.json, call.has("--quiet")).with_schema(call.verb.word)
}

/// The same with what is pending of these services, for a person who waits; no names: of all.
fn watched(call: &Call, options: &Options, output: Output, names: Vec<String>) -> Output {
    if !call.terminal.is_terminal || options.json || options.quiet || options.no_wait {
        return output;
    }
    output.with_screen(Box::new(Progress::new(call, names)))
}

/// Where the manager is, and how long it is waited for.
pub(super) fn options(call: &Call) -> Result<Options> {
    let timeout = call.time("--timeout")?;
    Ok(Options {
        dir: call.site.dir.clone(),
        generations: call.site.generations.clone(),
        facts: call.site.facts.clone(),
        principal: call.value("--as")?,
        no_wait: call.has("--no-wait") || timeout == Some(0),
        timeout: timeout.filter(|ms| *ms > 0),
        json: call.json,
        quiet: call.has("--quiet"),
        voice: Box::new(Own::new(call)),
    })
}
