//! svc-envdir: run a program with the environment that the files of a directory say.

use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use common::base::args::unknown;
use common::base::future::Future;
use common::base::sort;
use common::os::file::read_up_to;
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, RawDir, openat};
use rustix::io::Errno;

use super::link::{Change, Link};
use super::word::mistake;

pub(super) const LINK: Link = Link {
    name: "svc-envdir",
    help: "[-i | -I] [-f] [-n] DIR PROG...
For each file in DIR sets the variable of its name to its first line, then becomes PROG. An empty file
takes the variable away.
  -i  DIR must exist (this is the default)
  -I  without DIR, change nothing
  -f  the whole file is the value, not only its first line
  -n  keep blanks at the end of the line; with -f, the newline at the end of the file
",
    read,
};

/// The longest string that the kernel hands to a program (MAX_ARG_STRLEN with 4 kB pages).
const LONGEST: usize = 128 * 1024;

#[derive(Default)]
struct Envdir {
    dir: OsString,
    may_be_missing: bool,
    form: Form,
}

/// How a file becomes a value.
#[derive(Clone, Copy, Default)]
pub(super) struct Form {
    whole: bool,
    verbatim_end: bool,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut envdir = Envdir::default();
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-i" => envdir.may_be_missing = false,
            "-I" => envdir.may_be_missing = true,
            "-f" => envdir.form.whole = true,
            "-n" => envdir.form.verbatim_end = true,
            _ => return Err(unknown(&option)),
        }
    }
    envdir.dir = args.operand("directory")?;
    Ok(Box::new(envdir))
}

impl Change for Envdir {
    fn look_up(&mut self, future: &mut Future) -> Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = match openat(CWD, &self.dir, flags, Mode::empty()) {
            Err(Errno::NOENT) if self.may_be_missing => return Ok(()),
            opened => opened.unable(format_args!("open {}", self.dir.display()))?,
        };
        // Every file is read before any variable changes.
        let mut found = Vec::new();
        for name in self.names(&dir)? {
            let bytes = self.file(&dir, &name)?;
            found.push((name, bytes));
        }
        for (name, bytes) in found {
            match value(&bytes, self.form) {
                Some(value) => future.set(&name, OsStr::from_bytes(&value)),
                None => future.unset(&name),
            }
        }
        Ok(())
    }
}

impl Envdir {
    /// The names of variables in it, sorted. Those with a dot in front or a `=` are none.
    fn names(&self, dir: &OwnedFd) -> Result<Vec<OsString>> {
        let shown = self.dir.display();
        let mut names = Vec::new();
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut entries = RawDir::new(dir, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry.unable(format_args!("read {shown}"))?;
            let name = entry.file_name().to_bytes();
            if !name.starts_with(b".") && !name.contains(&b'=') {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        sort::sort(&mut names);
        Ok(names)
    }

    fn file(&self, dir: &OwnedFd, name: &OsStr) -> Result<Vec<u8>> {
        let (shown, file) = (self.dir.display(), name.display());
        let bytes = read_up_to(dir, name, LONGEST).unable(format_args!("read {shown}/{file}"))?;
        let line_ends = !self.form.whole && bytes.contains(&b'\n');
        if bytes.len() == LONGEST && !line_ends {
            let text = format_args!("unable to read {shown}/{file}: longer than 128 kB");
            return Err(mistake(text));
        }
        Ok(bytes)
    }
}

/// The value that a file says; `None`: the variable is to go.
pub(super) fn value(file: &[u8], form: Form) -> Option<Vec<u8>> {
    if file.is_empty() {
        return None;
    }
    let line = file.split(|b| *b == b'\n').next().unwrap_or_default();
    let text = match (form.whole, form.verbatim_end) {
        (true, true) => file,
        (true, false) => file.strip_suffix(b"\n").unwrap_or(file),
        (false, true) => line,
        (false, false) => {
            let last = line.iter().rposition(|b| !matches!(b, b' ' | b'\t'));
            &line[..last.map_or(0, |at| at + 1)]
        }
    };
    Some(text.iter().map(|b| if *b == 0 { b'\n' } else { *b }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_line(file: &[u8]) -> Option<Vec<u8>> {
        value(file, Form::default())
    }

    #[test]
    fn a_value_is_the_first_line_without_the_blanks_at_its_end() {
        assert_eq!(first_line(b" a b \t \nc\n"), Some(b" a b".to_vec()));
        assert_eq!(first_line(b"a"), Some(b"a".to_vec()));
        assert_eq!(first_line(b"a\r\n"), Some(b"a\r".to_vec()));
    }

    #[test]
    fn an_empty_file_takes_away_and_an_empty_line_does_not() {
        assert_eq!(first_line(b""), None);
        assert_eq!(first_line(b"\n"), Some(Vec::new()));
        assert_eq!(first_line(b"  "), Some(Vec::new()));
    }

    #[test]
    fn a_nul_stands_for_a_newline() {
        assert_eq!(first_line(b"a\0 \0\nx"), Some(b"a\n \n".to_vec()));
    }

    #[test]
    fn a_whole_file_is_cut_only_at_its_end() {
        let whole = Form { whole: true, verbatim_end: false };
        assert_eq!(value(b"a \nb \n", whole), Some(b"a \nb ".to_vec()));
        let verbatim = Form { whole: true, verbatim_end: true };
        assert_eq!(value(b"a \nb \n", verbatim), Some(b"a \nb \n".to_vec()));
        let line = Form { whole: false, verbatim_end: true };
        assert_eq!(value(b"a \nb \n", line), Some(b"a ".to_vec()));
    }
}
