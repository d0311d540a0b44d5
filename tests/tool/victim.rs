//! What stands in the place of svc-supervise or svc-scan, and makes one of them a victim of strace.
//! No shell can: it would unblock the signals that wait for the program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use common::prelude::*;
use rustix::fs::{CWD, renameat};

pub(crate) const PROGRAM: Program = Program {
    name: "victim",
    help: "PROGRAM [ARGUMENT...]
Becomes BIN/PROGRAM. The first that finds the file ARMED becomes one that strace watches, with the
options INJECT and a trace in TRACE: the same process. BIN, ARMED, INJECT and TRACE are in the
environment. Loggers' supervisors are spared.
",
    main,
};

fn main(mut args: Args) -> Result<Next> {
    let called = PathBuf::from(args.operand("program")?);
    let program = Path::new(&variable("BIN")).join(called.file_name().unwrap_or_default());
    let mut words: Vec<OsString> = vec![program.into()];
    while let Some(word) = args.next_operand() {
        words.push(word);
    }
    let armed = PathBuf::from(variable("ARMED"));
    let is_logger = std::env::current_dir().is_ok_and(|dir| dir.ends_with("log"));
    if !is_logger && renameat(CWD, &armed, CWD, armed.with_extension("fired")).is_ok() {
        let mut strace: Vec<OsString> = ["strace", "-D", "-qq", "-o"].map(Into::into).into();
        strace.push(variable("TRACE"));
        let inject = variable("INJECT");
        strace.extend(inject.to_string_lossy().split_ascii_whitespace().map(Into::into));
        strace.push("--".into());
        strace.extend(words);
        words = strace;
    }
    Ok(Next::Exec(words.into()))
}

fn variable(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_default()
}
