//! The environment that we were given, and that the next programs get.

use std::ffi::{CStr, CString};

use rustix::io::Result;

/// All of it as it is, also what is there twice and what is no `NAME=VALUE`. No entry is ever changed or
/// freed: they are on our stack above all frames, or were given away by [`set`].
pub fn all() -> Vec<&'static CStr> {
    let mut found = Vec::new();
    // SAFETY: the C runtime sets `environ` up, and there are no threads that could change it.
    let mut at = unsafe { super::exec::environ };
    while !at.is_null() {
        // SAFETY: the list ends with a null, and the one before was none.
        let entry = unsafe { *at };
        if entry.is_null() {
            break;
        }
        // SAFETY: each entry before the null is a valid C string, and stays one.
        found.push(unsafe { CStr::from_ptr(entry) });
        // SAFETY: this entry was not the last.
        at = unsafe { at.add(1) };
    }
    found
}

/// Sets a variable, for every program that is executed from now on.
pub fn set(name: &str, value: &str) -> Result<()> {
    let entry = CString::new(format!("{name}={value}")).map_err(|_| rustix::io::Errno::INVAL)?;
    // SAFETY: there are no threads that could read it meanwhile, and the entry is given away for ever.
    super::check(unsafe { libc::putenv(entry.into_raw()) }).map(|_| ())
}

/// Removes a variable.
#[allow(clippy::disallowed_methods, reason = "the one place for it")]
pub fn unset(name: &str) {
    // SAFETY: as above; it frees nothing that `set` gave away.
    unsafe { std::env::remove_var(name) };
}
