//! What the next program will get that is no state of the kernel's: its arguments and its environment.

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use rustix::io::{Errno, Result};

use crate::sys::env;

/// `NAME=VALUE`, as a rule: one that we were given, and keep where it is, or a new one.
type Entry = Cow<'static, CStr>;

/// A program to become. Several chainloaders can change it in one process before the one exec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Future {
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// What the program sees as `argv[0]`, if that is not its first word here. It is for the program
    /// that is executed next and no other.
    pub argv0: Option<OsString>,
    environment: Option<Vec<Entry>>,
    /// A variable was to have a NUL in it.
    is_impossible: bool,
}

impl Future {
    /// The program of these words, with our own environment.
    pub fn new(argv: Vec<OsString>) -> Future {
        Future { argv, argv0: None, environment: None, is_impossible: false }
    }

    /// Another program, with the environment that this one would get.
    pub fn beside(&self, argv: Vec<OsString>) -> Future {
        Future { argv, argv0: None, ..self.clone() }
    }

    /// The words that are the next program's `argv`.
    pub fn words(&self) -> Vec<OsString> {
        let mut words = self.argv.clone();
        if let (Some(first), Some(argv0)) = (words.first_mut(), &self.argv0) {
            first.clone_from(argv0);
        }
        words
    }

    /// Its environment, if that is not ours as it is. EINVAL: no program can have it.
    pub fn environment(&self) -> Result<Option<&[Entry]>> {
        if self.is_impossible { Err(Errno::INVAL) } else { Ok(self.environment.as_deref()) }
    }

    /// The value of a variable.
    pub fn get(&self, name: &OsStr) -> Option<OsString> {
        match &self.environment {
            Some(all) => all.iter().find_map(|e| value_of(e, name)).map(OsStr::to_owned),
            // Without a copy of all of it, which most links need none of.
            None => std::env::var_os(name),
        }
    }

    /// Gives a variable a value: in the place of the one that it had, else at the end.
    pub fn set(&mut self, name: &OsStr, value: &OsStr) {
        let Ok(entry) = CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()) else {
            self.is_impossible = true;
            return;
        };
        let entry = Cow::Owned(entry);
        let all = self.entries();
        match all.iter().position(|e| value_of(e, name).is_some()) {
            Some(place) => {
                all[place] = entry;
                let mut index = 0;
                all.retain(|e| {
                    index += 1;
                    index <= place + 1 || value_of(e, name).is_none()
                });
            }
            None => all.push(entry),
        }
    }

    /// Takes a variable away, however often it is there.
    pub fn unset(&mut self, name: &OsStr) {
        self.entries().retain(|entry| value_of(entry, name).is_none());
    }

    /// Takes all variables away but those of these names.
    pub fn keep(&mut self, names: &[OsString]) {
        self.entries().retain(|entry| names.iter().any(|name| value_of(entry, name).is_some()));
    }

    fn entries(&mut self) -> &mut Vec<Entry> {
        self.environment.get_or_insert_with(env::all)
    }
}

impl From<Vec<OsString>> for Future {
    fn from(argv: Vec<OsString>) -> Self {
        Future::new(argv)
    }
}

/// What `NAME=VALUE` says of `name`.
fn value_of<'a>(entry: &'a CStr, name: &OsStr) -> Option<&'a OsStr> {
    let (start, value) = entry.to_bytes().split_at_checked(name.len())?;
    let value = value.strip_prefix(b"=")?;
    (start == name.as_bytes()).then(|| OsStr::from_bytes(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn future(entries: &[&str]) -> Future {
        let entries = entries.iter().map(|entry| CString::new(*entry).map(Cow::Owned));
        let environment = Some(entries.collect::<std::result::Result<_, _>>().unwrap());
        Future { environment, ..Future::new(vec!["prog".into()]) }
    }

    fn set(entries: &[&str], name: &str, value: &str) -> Future {
        let mut changed = future(entries);
        changed.set(name.as_ref(), value.as_ref());
        changed
    }

    #[test]
    fn a_variable_keeps_its_place() {
        assert_eq!(set(&["A=1", "B=2", "C=3"], "B", "x"), future(&["A=1", "B=x", "C=3"]));
        assert_eq!(set(&["A=1"], "B", ""), future(&["A=1", "B="]));
    }

    #[test]
    fn what_is_there_twice_is_there_once_after_it_was_set() {
        assert_eq!(set(&["A=1", "B=1", "A=2"], "A", "3"), future(&["A=3", "B=1"]));
        assert_eq!(set(&["A=1", "B=1", "B=2"], "C", "3"), future(&["A=1", "B=1", "B=2", "C=3"]));
    }

    #[test]
    fn what_is_no_variable_stays() {
        let mut odd = future(&["junk", "A=1", "AB=2", "A=3"]);
        odd.unset("A".as_ref());
        assert_eq!(odd, future(&["junk", "AB=2"]));
    }

    #[test]
    fn only_what_is_to_be_kept_is_kept() {
        let mut kept = future(&["A=1", "B=2", "C=3"]);
        kept.keep(&["C".into(), "A".into(), "D".into()]);
        assert_eq!(kept, future(&["A=1", "C=3"]));
        assert_eq!(kept.get("C".as_ref()), Some("3".into()));
        assert_eq!(kept.get("B".as_ref()), None);
    }

    #[test]
    fn no_program_can_have_a_nul_in_a_variable() {
        assert!(set(&["A=1"], "A", "2").environment().is_ok());
        assert_eq!(set(&["A=1"], "A", "2\0").environment(), Err(Errno::INVAL));
    }

    #[test]
    fn the_name_shown_may_differ_from_that_executed() {
        let mut shown = Future::new(vec!["/bin/sh".into(), "-c".into()]);
        shown.argv0 = Some("-sh".into());
        assert_eq!(shown.words(), ["-sh", "-c"]);
    }
}
