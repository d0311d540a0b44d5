//! execve, with everything that needs memory done before it is called.

use std::ffi::{CString, OsString, c_char};
use std::io;
use std::os::unix::ffi::OsStringExt;

use rustix::io::Errno;

unsafe extern "C" {
    // POSIX: the environment that execv would use.
    static environ: *const *const c_char;
}

/// An argument vector in the shape the kernel takes. Made before a fork, used after it.
pub struct Argv {
    words: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Argv {
    /// Copies `words`. A word with a NUL inside is an error (EINVAL), as is an empty list.
    pub fn new(words: impl IntoIterator<Item = OsString>) -> io::Result<Self> {
        let words = words
            .into_iter()
            .map(|w| CString::new(w.into_vec()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Errno::INVAL)?;
        if words.is_empty() {
            return Err(Errno::INVAL.into());
        }
        let pointers = words.iter().map(|w| w.as_ptr()).chain([std::ptr::null()]).collect();
        Ok(Argv { words, pointers })
    }

    /// The first word.
    pub fn program(&self) -> &CString {
        // `new` refuses an empty list.
        &self.words[0]
    }
}

/// Becomes `path` with the present environment; returns only to say why not. Allocates nothing.
pub fn exec(path: &CString, argv: &Argv) -> Errno {
    // SAFETY: the C runtime sets `environ` up, and nothing here changes it.
    let env = unsafe { environ };
    // SAFETY: `pointers` ends with a null and points into `words`, which `argv` keeps alive.
    unsafe { libc::execve(path.as_ptr(), argv.pointers.as_ptr(), env) };
    super::last_errno()
}
