//! svc-sv: runit's sv, with its commands, lines and exit codes, for services of this suite.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::base::args::unknown;
use common::base::error::exit;
use common::prelude::*;

mod check;
mod report;
mod target;
mod verbs;
mod watch;

use target::{State, Target};
use verbs::Verb;

pub(super) const PROGRAM: Program = Program {
    name: "svc-sv",
    help: "[-v] [-w SECONDS] COMMAND SERVICE...
Shows and controls services like sv of runit, with its commands, its lines and its exit codes.
A SERVICE that neither begins with . or / nor ends with / is sought in $SVDIR (/etc/service).
  -v           wait until the command has taken effect, up to 7 seconds
  -w SECONDS   the same, up to so many seconds; $SVWAIT is the default
Commands:
  status                        print the state of the service and of its logger
  up down once exit             what the service is to do
  pause cont hup alarm interrupt quit 1 2 term kill
                                send this signal
  start stop restart reload shutdown try-restart check
                                wait, then print the state or \"timeout\"
  force-stop force-restart force-reload force-shutdown
                                the same, and send KILL when the time is over
",
    main,
};

/// Where services are sought unless SVDIR is set, as in Debian's runit.
const SVDIR: &str = "/etc/service";
/// How many seconds a command may take, as in runit.
const SVWAIT: u64 = 7;
/// The highest exit code that counts failures, as in runit.
const MOST: usize = 99;

/// Which exit codes there are.
enum Style {
    /// Those of sv: the number of services that failed.
    Sv,
    /// Those of an init script, which the Linux Standard Base lays down.
    InitScript,
}

/// What to do with each service.
#[derive(Clone, Copy)]
enum Action {
    Status,
    Control(&'static Verb),
}

fn main(args: Args) -> Result<Next> {
    let script = init_script();
    let style = if script.is_some() { Style::InitScript } else { Style::Sv };
    run(args, script, &style).map(Next::Exit).map_err(|e| {
        let code = match (style, e.code) {
            (Style::Sv, _) => exit::USAGE,
            (Style::InitScript, exit::USAGE) => 2,
            (Style::InitScript, _) => 151,
        };
        Error { code, ..e }
    })
}

/// The service's name, if a symbolic link of that name, an init script, points to this program.
fn init_script() -> Option<OsString> {
    let called =
        Path::new(OsStr::from_bytes(common::sys::auxv::executed_path().to_bytes())).to_owned();
    let is_sv =
        |path: &Path| path.file_name().is_some_and(|name| name == "sv" || name == PROGRAM.name);
    let leads_here = std::fs::read_link(&called).is_ok_and(|to| is_sv(&to));
    if leads_here && !is_sv(&called) { called.file_name().map(OsStr::to_owned) } else { None }
}

fn run(mut args: Args, script: Option<OsString>, style: &Style) -> Result<u8> {
    let (mut verbose, mut state) = (false, State::Gone);
    let mut wait = std::env::var("SVWAIT").ok().and_then(|w| w.parse().ok()).unwrap_or(SVWAIT);
    while let Some(option) = args.option()? {
        verbose = true;
        match option.as_str() {
            "-v" => {}
            "-w" => wait = args.value("number of seconds")?,
            _ => return Err(unknown(&option)),
        }
    }
    let action = action(&args.operand("command")?, style)?;
    let names = match script {
        Some(name) => vec![name],
        None => args.operands("service")?,
    };
    let mut targets = Vec::with_capacity(names.len());
    for name in &names {
        // One after the other, so that the lines come in the order of the command line.
        let mut target = Target::open(name, &path(name));
        match action {
            Action::Status => state = target.print_with_logger(),
            Action::Control(verb) => target.send(verb, verbose || verb.waits()),
        }
        targets.push(target);
    }
    match (action, style, state) {
        (Action::Control(verb), _, _) if verbose || verb.waits() => {
            watch::until_done(&mut targets, verb, wait)?;
        }
        (Action::Status, Style::InitScript, State::Up) => return Ok(0),
        (Action::Status, Style::InitScript, State::Down) => return Ok(3),
        (Action::Status, Style::InitScript, State::Unknown) => return Ok(4),
        (Action::Control(_) | Action::Status, _, _) => {}
    }
    let failures: usize = targets.iter().map(Target::failures).sum();
    Ok(u8::try_from(failures.min(MOST)).unwrap_or_default())
}

fn action(word: &OsStr, style: &Style) -> Result<Action> {
    let bad = || Error::user(format_args!("unknown command {}", word.display()));
    match (verbs::find(word.as_bytes()), style) {
        (Some(verb), _) => Ok(Action::Control(verb)),
        (None, Style::Sv) if word.as_bytes().starts_with(b"s") => Ok(Action::Status),
        (None, Style::InitScript) if word == "status" => Ok(Action::Status),
        (None, Style::Sv | Style::InitScript) => Err(bad()),
    }
}

/// Where a service is: see the help.
fn path(name: &OsStr) -> PathBuf {
    let bytes = name.as_bytes();
    if bytes.starts_with(b".") || bytes.starts_with(b"/") || bytes.ends_with(b"/") {
        return name.into();
    }
    Path::new(&std::env::var_os("SVDIR").unwrap_or_else(|| SVDIR.into())).join(name)
}
