//! What a program of the suite is, how it starts and how it ends.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::base::args::Args;
use crate::base::error::{Error, Result, exit, reason};
use crate::base::future::Future;
use crate::os::exec;
use crate::sys::auxv::executed_path;

/// A program: its name, what `--help` says and its body.
pub struct Program {
    /// The name that it is called by.
    pub name: &'static str,
    /// What follows "usage: NAME " in the answer to `--help`: the first line is the command line,
    /// then what it does, then a line an option. Its page quotes it; a test compares them.
    pub help: &'static str,
    /// What it does.
    pub main: fn(Args) -> Result<Next>,
}

/// What happens when the body is done.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// The process ends.
    Exit(u8),
    /// The process becomes another program.
    Exec(Future),
}

/// Runs the program that the command line names: `argv[0]`, then the file that was executed (which
/// tells when a parent chose another `argv[0]`), then what that file points to if it is a symbolic
/// link, then the word after the executable's own name. A name may lack its `svc-`: the link `sv`
/// in a directory for packaged run scripts is svc-sv.
pub fn dispatch(mut argv: Vec<OsString>, programs: &[&[Program]]) -> u8 {
    let find = |name: &[u8]| {
        let base = name.rsplit(|b| *b == b'/').next().unwrap_or_default();
        programs.iter().flat_map(|table| table.iter()).find(|p| {
            let short = p.name.strip_prefix("svc-").unwrap_or(p.name);
            base == p.name.as_bytes() || base == short.as_bytes()
        })
    };
    let called = argv.first().cloned().unwrap_or_default();
    let executed = executed_path().to_bytes();
    let linked =
        || find(std::fs::read_link(OsStr::from_bytes(executed)).ok()?.as_os_str().as_bytes());
    if let Some(program) = find(called.as_bytes()).or_else(|| find(executed)).or_else(linked) {
        argv.drain(..1.min(argv.len()));
        return run(program, argv);
    }
    match argv.get(1).and_then(|word| find(word.as_bytes())) {
        Some(program) => run(program, argv.split_off(2)),
        None => list(&called, programs, argv.get(1)),
    }
}

/// What a multi-call executable says when it is called by its own name. `make` and the tests learn
/// from the lines that begin with two blanks which programs there are.
fn list(called: &OsString, programs: &[&[Program]], word: Option<&OsString>) -> u8 {
    let name = Path::new(called).file_name().unwrap_or_default().display();
    if word.is_some_and(|w| w == "--version") {
        return version(&name);
    }
    if let Some(word) = word.filter(|w| *w != "--help") {
        say(&name, "fatal", &format_args!("no program {} in here", word.display()));
        return exit::USAGE;
    }
    let mut text = format!("usage: {name} PROGRAM [ARGUMENT...]\n\nThe programs in here:\n");
    for program in programs.iter().flat_map(|table| table.iter()) {
        text.push_str(&format!("  {}\n", program.name));
    }
    print(&text)
}

fn version(name: &dyn Display) -> u8 {
    print(&format!("{name} (coppice) {}\n", env!("CARGO_PKG_VERSION")))
}

/// Runs one program, and says on stderr what became of it if it failed.
pub fn run(program: &Program, argv: Vec<OsString>) -> u8 {
    let asked = if argv.len() == 1 { argv[0].to_str() } else { None };
    match asked {
        Some("--help") => return print(&format!("usage: {} {}", program.name, program.help)),
        Some("--version") => return version(&program.name),
        Some(_) | None => {}
    }
    match (program.main)(Args::new(argv)) {
        Ok(Next::Exit(code)) => code,
        Ok(Next::Exec(future)) => become_next(program.name, &future),
        Err(e) => fail(program, &e),
    }
}

fn fail(program: &Program, e: &Error) -> u8 {
    if !e.message.is_empty() {
        say(&program.name, "fatal", &e.message);
    }
    if e.usage {
        let usage = program.help.lines().next().unwrap_or_default();
        say(&program.name, "usage", &format_args!("{} {usage}", program.name));
    }
    e.code
}

/// Becomes the next program; returns, with an exit code, only if that fails, which `name` has said.
pub fn become_next(name: &str, future: &Future) -> u8 {
    let e = cannot_run(future, exec::search_and_exec(future));
    say(&name, "fatal", &e.message);
    e.code
}

/// What is said when a program can't be run, and the exit code of that.
pub fn cannot_run(future: &Future, e: Errno) -> Error {
    let next = future.argv.first().map(OsString::as_os_str).unwrap_or_default();
    let code = if e == Errno::NOENT { exit::NOT_FOUND } else { exit::CANNOT_RUN };
    Error::new(code, format_args!("unable to run {}: {}", next.display(), reason(e)))
}

/// One line to standard error, in one write: `name: level: message`. It stays one whatever is in the
/// words that it names: nobody makes a line, or a colour, of his own.
pub fn say(name: &dyn Display, level: &str, message: &dyn Display) {
    let mut line = shown(&format!("{name}: {level}: {message}"));
    line.push('\n');
    let stderr = rustix::stdio::stderr();
    // A daemon does not wait for room in a pipe that nobody empties: what it says is lost.
    let mut room = [PollFd::new(&stderr, PollFlags::OUT)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    if poll(&mut room, Some(&at_once)) != Ok(0) {
        // Nobody is left to tell if standard error is gone.
        let _ = rustix::io::write(stderr, line.as_bytes());
    }
}

/// A text without control characters: these are shown as Rust writes them.
fn shown(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let mut line = String::new();
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// A warning: something went wrong, and the program goes on.
pub fn warn(name: &dyn Display, message: &dyn Display) {
    say(name, "warning", message);
}

/// Writes an answer to standard output; the exit code says whether it arrived.
pub fn print(text: &str) -> u8 {
    match crate::os::file::write_all(rustix::stdio::stdout(), text.as_bytes()) {
        Ok(()) => exit::OK,
        // Who has read enough knows.
        Err(Errno::PIPE) => exit::SYSTEM,
        Err(e) => {
            let executed = OsStr::from_bytes(executed_path().to_bytes());
            let name = Path::new(executed).file_name().unwrap_or_default().display();
            let text = format_args!("unable to write to standard output: {}", reason(e));
            say(&name, "fatal", &text);
            exit::SYSTEM
        }
    }
}
