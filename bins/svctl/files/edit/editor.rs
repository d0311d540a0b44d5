//! The editor, and the question when its text is not good.

use std::env;
use std::ffi::{CString, OsString};
use std::io::IsTerminal;
use std::path::Path;

use common::base::error::exit;
use common::base::signal::Signal;
use common::os::file::write_all;
use common::os::signals::Signals;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::signal::{Mask, set_mask};
use common::sys::wait::{Ended, wait_for};
use rustix::stdio::{stderr, stdin};

/// What to do with a text that is not good.
pub(super) enum Answer {
    Edit,
    Keep,
    Discard,
}

/// Runs the editor on a file, and waits for its end. What is typed at the terminal to interrupt is
/// for the editor.
pub(super) fn edit(file: &Path) -> Result<()> {
    let set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let variable = ["VISUAL", "EDITOR"].into_iter().find(set);
    if variable.is_none() && !stdin().is_terminal() {
        let what = "which editor? Set EDITOR, or pipe the text: svctl edit --stdin";
        return Err(Error::new(exit::USAGE, what));
    }
    let editor = variable.and_then(env::var_os).unwrap_or_else(|| "vi".into());
    // As git does it: the shell splits the variable into words.
    let mut script = editor.clone();
    script.push(" \"$@\"");
    let argv = ["sh".into(), "-c".into(), script, editor.clone(), OsString::from(file)];
    let argv = Argv::new(argv).unable("run an editor")?;
    let signals = Signals::take(&[Signal::INT, Signal::QUIT]).unable("take signals")?;
    let path = CString::from(c"/bin/sh");
    let child = Child {
        path: &path,
        argv: &argv,
        directory: None,
        fds: &[],
        kept: None,
        open_files: None,
        group: Group::Parents,
        blocked: Blocked::None,
        sharing: Sharing::Vfork,
    };
    let spawned = child.spawn(&mut NoHooks).unable("run /bin/sh")?;
    let ended = wait_for(spawned.pid).unable("wait for the editor");
    while signals.next().is_some() {}
    set_mask(&Mask::empty());
    let (shown, from) = (editor.display(), variable.unwrap_or("EDITOR"));
    match ended? {
        Ended::Exited(0) => Ok(()),
        Ended::Exited(127) => Err(Error::system(format_args!(
            "there is no editor {shown}: set {from} to one; nothing is changed"
        ))),
        Ended::Exited(code) => Err(Error::system(format_args!(
            "the editor {shown} ended with exit code {code}: nothing is changed"
        ))),
        Ended::Killed(number) => Err(Error::system(format_args!(
            "the editor {shown} was killed by {}: nothing is changed",
            Signal(number)
        ))),
    }
}

/// Asks what to do with a text that is not good. Where nobody can answer it is kept.
pub(super) fn ask() -> Answer {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Answer::Keep;
    }
    loop {
        let question = b"[e]dit again, [k]eep as a draft (so does Ctrl-C), [d]iscard? ";
        if write_all(stderr(), question).is_err() {
            return Answer::Keep;
        }
        let mut line = [0; 256];
        match rustix::io::retry_on_intr(|| rustix::io::read(stdin(), &mut line)) {
            Ok(0) | Err(_) => return Answer::Keep,
            Ok(_) => match line[0].to_ascii_lowercase() {
                b'e' => return Answer::Edit,
                b'k' => return Answer::Keep,
                b'd' => return Answer::Discard,
                _ => {}
            },
        }
    }
}
