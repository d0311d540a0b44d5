//! execve, with everything that needs memory done before it is called.

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsString, c_char};
use std::io;
use std::marker::PhantomData;
use std::os::unix::ffi::OsStringExt;

use rustix::io::Errno;

unsafe extern "C" {
    // POSIX: the environment that execv would use.
    pub(super) static environ: *const *const c_char;
}

/// Words in the shape the kernel takes.
struct Words {
    words: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Words {
    /// A word with a NUL inside is an error (EINVAL).
    fn new(words: impl IntoIterator<Item = OsString>) -> io::Result<Self> {
        let words = words
            .into_iter()
            .map(|w| CString::new(w.into_vec()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Errno::INVAL)?;
        let pointers = words.iter().map(|w| w.as_ptr()).chain([std::ptr::null()]).collect();
        Ok(Words { words, pointers })
    }
}

/// An argument vector. Made before a fork, used after it.
pub struct Argv(Words);

impl Argv {
    /// Copies `words`. A word with a NUL inside is an error (EINVAL), as is an empty list.
    pub fn new(words: impl IntoIterator<Item = OsString>) -> io::Result<Self> {
        let words = Words::new(words)?;
        if words.words.is_empty() {
            return Err(Errno::INVAL.into());
        }
        Ok(Argv(words))
    }

    /// The first word.
    pub fn program(&self) -> &CString {
        // `new` refuses an empty list.
        &self.0.words[0]
    }
}

/// An environment for a program. Made before a fork, used after it.
pub struct Environment<'a> {
    /// None: ours as it is.
    pointers: Option<Vec<*const c_char>>,
    entries: PhantomData<&'a CStr>,
}

impl<'a> Environment<'a> {
    /// Ours as it is.
    pub const fn ours() -> Self {
        Environment { pointers: None, entries: PhantomData }
    }

    /// These entries, `NAME=VALUE` each, where they are.
    pub fn of(entries: &'a [Cow<'_, CStr>]) -> Self {
        let pointers = entries.iter().map(|entry| entry.as_ptr()).chain([std::ptr::null()]);
        Environment { pointers: Some(pointers.collect()), entries: PhantomData }
    }
}

/// Becomes `path` with our own environment; returns only to say why not. Allocates nothing.
pub fn exec(path: &CString, argv: &Argv) -> Errno {
    exec_in(path, argv, &Environment::ours())
}

/// Becomes `path` with this environment; returns only to say why not. Allocates nothing.
pub fn exec_in(path: &CString, argv: &Argv, environment: &Environment) -> Errno {
    let env = match &environment.pointers {
        Some(pointers) => pointers.as_ptr(),
        // SAFETY: the C runtime sets `environ` up, and nothing here changes it.
        None => unsafe { environ },
    };
    // SAFETY: both lists end with a null and point into what their owners keep alive.
    unsafe { libc::execve(path.as_ptr(), argv.0.pointers.as_ptr(), env) };
    super::last_errno()
}
