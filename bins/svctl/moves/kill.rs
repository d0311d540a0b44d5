//! `svctl kill`: a signal to a service's process, or to all of its group: by its supervisor where
//! that has a command for it.

use std::path::PathBuf;

use common::base::error::exit;
use common::base::near::nearest;
use common::base::signal::Signal;
use common::format::letters::{COMMANDS, Command};
use common::os::clock;
use common::os::process::{BootId, Identity, Watched};
use common::prelude::*;
use common::program::print;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::Pid;

use super::{QUIET, voice};
use crate::json::{Object, Value};
use crate::manager::places::{ONESHOT, Places};
use crate::svctl::boot::left::has_ended;
use crate::svctl::call::{Call, Operand, Verb, flag};
use crate::svctl::known::Known;
use crate::svctl::names;
use crate::tree;
use crate::tree::client::{Service, alive};
use crate::tree::listener::Listener;

pub(in crate::svctl) const VERB: Verb = Verb {
    word: "kill",
    arguments: "NAME [SIGNAL]",
    count: 1..=2,
    operand: Operand::Service,
    summary: "send a signal to a service's process: TERM, or another",
    options: &[flag("--whole", "to all of its process group"), QUIET],
    run,
};

/// How long a supervisor may take to see a death, ms.
const LIMIT: u64 = 5000;

fn run(call: &Call) -> Result<Next> {
    call.lives()?;
    let signal = match call.operands.get(1) {
        None => Signal::TERM,
        Some(word) => word.to_str().and_then(Signal::parse).ok_or_else(|| {
            let names: Vec<String> =
                (1..32).filter_map(|n| Signal(n).name()).map(str::to_owned).collect();
            let text = word.to_string_lossy();
            let near = nearest(&text, names.iter().map(String::as_str));
            let near = near
                .first()
                .map_or("svctl kill NAME HUP".to_owned(), |near| format!("did you mean {near}?"));
            Error::user(format_args!("{text} is no signal: {near}"))
        })?,
    };
    let names = names::of_live(call)?;
    let Some(name) = names.first() else { return Err(Error::user("kill which service?")) };
    let service = Service::open(dir(call, name)?.as_os_str())?;
    let status = service
        .status()
        .map_err(|e| refused(call, e))?
        .filter(|status| status.boot.is_none_or(|of| of == BootId::now()));
    let Some((status, pid)) = status.and_then(|status| status.pid.map(|pid| (status, pid))) else {
        if !tree::is_running(&call.site.places().scan) && has_ended(&call.site) {
            return Err(voice::nobody(&call.site));
        }
        let command = call.site.command();
        let text = format_args!("{name} has no process: nothing to kill ({command} start {name})");
        return Err(Error::new(exit::NO, text));
    };
    let identity = Identity { pid, start: status.start, boot: BootId::now() };
    let whole = call.has("--whole");
    // Before it is sent: what comes of it is heard. Who may not listen does not wait.
    let listener = service.subscribe().map(Listener::new).ok().filter(|_| signal == Signal::KILL);
    match letter(signal, whole) {
        Some(letter) => {
            let control = service.open_control().map_err(|e| refused(call, e))?;
            service.send(&control, &[letter])?;
        }
        None => directly(&identity, signal, whole).map_err(|e| refused(call, e))?,
    }
    if let Some(listener) = listener {
        wait_for_death(&service, &identity, listener)?;
    }
    if call.has("--quiet") {
        return Ok(Next::Exit(exit::OK));
    }
    Ok(Next::Exit(print(&told(call, name, signal, pid))))
}

/// Nobody survives KILL: whoever asks next is told of what is there then.
fn wait_for_death(service: &Service, identity: &Identity, mut listener: Listener) -> Result<()> {
    let due = clock::boot().after(LIMIT);
    let is_there = |service: &Service| -> Result<bool> {
        let status = service.status()?;
        Ok(status.is_some_and(|now| now.pid == Some(identity.pid) && now.start == identity.start))
    };
    while is_there(service)? && clock::boot() < due {
        let mut fds = [PollFd::new(&listener, PollFlags::IN)];
        match poll(&mut fds, clock::until(Some(due)).as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e).unable("wait for the death"),
        }
        listener.read().unable("read events")?;
    }
    Ok(())
}

/// Where the service is that is called so.
fn dir(call: &Call, name: &str) -> Result<PathBuf> {
    let Places { scan, manager } = call.site.places();
    let places = [scan.join(name), manager.join(ONESHOT).join(name)];
    if let Some(found) = places.into_iter().find(|path| path.join("supervise").exists()) {
        return Ok(found);
    }
    if !tree::is_running(&call.site.places().scan) {
        return Err(voice::nobody(&call.site));
    }
    // It says who is meant.
    match Known::read(call) {
        Err(e) if e.code == exit::NOT_SUPERVISED => return Err(voice::nobody(&call.site)),
        known => names::find(&call.site, &known?, name)?,
    };
    Err(Error::new(exit::NO, format_args!("{name} has no process: nothing to kill")))
}

/// The command that sends a signal, if the supervisor has one.
fn letter(signal: Signal, whole: bool) -> Option<u8> {
    let command = match (signal, whole) {
        (Signal::STOP, false) => Command::Pause,
        (Signal::CONT, false) => Command::Continue,
        (Signal::STOP, true) => Command::PauseGroup,
        (Signal::CONT, true) => Command::ContinueGroup,
        (Signal::KILL, true) => Command::KillGroup,
        (_, true) => return None,
        (signal, false) => {
            COMMANDS.iter().map(|row| row.1).find(|c| *c == Command::Signal(signal))?
        }
    };
    Some(command.letter())
}

/// Sends it without the supervisor, to the process that has this start time and no other.
fn directly(identity: &Identity, signal: Signal, whole: bool) -> Result<()> {
    let gone = || Error::new(exit::NO, "the process has just ended");
    let process = Watched::Adopted(*identity, alive(identity).ok_or_else(gone)?);
    let sent = if whole { process.signal_group(signal) } else { process.signal(signal) };
    sent.unable(format_args!("send {signal} to process {}", identity.pid))
}

/// An error, and what may help.
fn refused(call: &Call, e: Error) -> Error {
    if rustix::process::geteuid().is_root() || e.code != exit::SYSTEM {
        return e;
    }
    let words: Vec<_> = call.operands.iter().map(|word| word.to_string_lossy()).collect();
    let (command, words) = (call.site.command(), words.join(" "));
    let text = format!("{}; {} {command} kill {words}", e.message, voice::becoming_root());
    Error::new(e.code, text)
}

fn told(call: &Call, name: &str, signal: Signal, pid: Pid) -> String {
    if !call.json {
        return format!("{name}: {signal} sent to process {}\n", pid.as_raw_pid());
    }
    let mut object = Object::of("kill");
    object.put("name", &Value::text(name));
    object.put("signal", &Value::text(signal.to_string()));
    object.put("pid", &Value::Number(Some(pid.as_raw_pid().into())));
    object.put("whole", &Value::Bool(call.has("--whole")));
    object.line()
}
