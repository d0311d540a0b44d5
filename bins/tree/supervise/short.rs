//! Chains that are a program and little else: what they come to the child becomes by itself. An exec of
//! svc-chain costs more than all that is done for it to start such a service.

use std::ffi::{CStr, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use common::os::file::read_once;
use common::os::siblings::Siblings;
use common::sys::exec::{Argv, exec};
use common::sys::fd::copy;
use rustix::fs::{Access, AtFlags, CWD, accessat};

/// In what is as long there are links, most often.
const LONGEST: usize = 1024;

/// What svc-compile begins each chain with: errors go where the output goes.
const ERRORS: &[u8] = b"svc-fdmove -c 2 1";

/// What such a chain comes to.
pub(super) struct Short {
    argv: Argv,
    errors: bool,
}

impl Short {
    /// That of a file, if svc-chain of this installation would run it, and this is all that it would do.
    #[inline(never)] // The buffer is not to be in the frame of the caller, which lives on.
    pub(super) fn of(path: &CStr, siblings: &Siblings) -> Option<Short> {
        let mut buffer = [0; LONGEST];
        let text = read_once(CWD, path, &mut buffer).ok()?;
        if text.len() == LONGEST {
            return None;
        }
        let (errors, words) = parse(text, siblings.dir()?)?;
        accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).ok()?;
        Some(Short { argv: Argv::new(words).ok()?, errors })
    }

    /// Becomes the program; for a child about to exec. It returns where that can't be: svc-chain, which
    /// does the same once more, then says why.
    pub(super) fn exec(&self) {
        if !self.errors || copy(1, 2).is_ok() {
            exec(self.argv.program(), &self.argv);
        }
    }
}

/// The words of the program, and whether errors go where the output goes. Nothing that has more
/// than one way to be read is in there.
fn parse(text: &[u8], dir: &Path) -> Option<(bool, Vec<OsString>)> {
    let text = text.strip_prefix(b"#!")?.strip_prefix(dir.as_os_str().as_bytes())?;
    let text = text.strip_prefix(b"/svc-chain\n")?;
    let lines = text.split(|b| *b == b'\n');
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")).peekable();
    let errors = lines.next_if(|line| *line == ERRORS).is_some();
    let program = lines.next()?;
    let is_plain = |b: &u8| (b.is_ascii_graphic() || *b == b' ') && !b"'\"\\#{}".contains(b);
    // A name without a slash may be a link's, or is sought.
    if !program.starts_with(b"/") || !program.iter().all(is_plain) || lines.next().is_some() {
        return None;
    }
    let words = program.split(|b| *b == b' ').filter(|word| !word.is_empty());
    Some((errors, words.map(|word| OsStr::from_bytes(word).into()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(bool, Vec<OsString>)> {
        parse(text.as_bytes(), Path::new("/bin"))
    }

    fn chain(text: &str) -> Option<(bool, Vec<OsString>)> {
        read(&format!("#!/bin/svc-chain\n{text}"))
    }

    #[test]
    fn what_is_short_comes_to_the_words_that_the_grammar_finds() {
        for (errors, text) in [
            (true, "svc-fdmove -c 2 1\n/bin/sleep 1 $x ~y *\n"),
            (false, "# What it is\n\n/bin/sleep  1 \n# Its end"),
        ] {
            let lines = chainload::lines_of_chain(text.as_bytes()).unwrap();
            assert_eq!(chain(text), Some((errors, lines.last().unwrap().clone())), "{text:?}");
        }
    }

    #[test]
    fn what_is_more_is_for_svc_chain() {
        for text in [
            "",
            "sleep 1\n",
            "./run\n",
            "svc-fdmove -c 2 1\n",
            "svc-fdmove 2 1\n/bin/sleep\n",
            "svc-fdmove -c 2 1\nsvc-nnp\n/bin/sleep\n",
            "/bin/sleep\n1\n",
            "/bin/sleep \\\n1\n",
            "/bin/sleep '1'\n",
            "/bin/sleep \"1\"\n",
            "/bin/sleep 1 # second\n",
            "/bin/if { /bin/true }\n",
            "/bin/sleep\t1\n",
            "/bin/sleep 1\0\n",
            "/bin/echo ä\n",
        ] {
            assert_eq!(chain(text), None, "{text:?}");
        }
        for first in ["", "#!/bin/svc-chain -a\n", "#! /bin/svc-chain\n", "#!/usr/bin/svc-chain\n"]
        {
            assert_eq!(read(&format!("{first}/bin/sleep 1\n")), None, "{first:?}");
        }
    }
}
