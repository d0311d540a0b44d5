//! The environment that we were given, and that the next programs get.

use std::ffi::{CStr, OsString};
use std::os::unix::ffi::OsStringExt;

/// All of it as it is, also what is there twice and what is no `NAME=VALUE`.
pub fn all() -> Vec<OsString> {
    let mut found = Vec::new();
    // SAFETY: the C runtime sets `environ` up, and there are no threads that could change it.
    let mut at = unsafe { super::exec::environ };
    while !at.is_null() {
        // SAFETY: the list ends with a null, and the one before was none.
        let entry = unsafe { *at };
        if entry.is_null() {
            break;
        }
        // SAFETY: each entry before the null is a valid C string.
        let text = unsafe { CStr::from_ptr(entry) };
        found.push(OsString::from_vec(text.to_bytes().to_vec()));
        // SAFETY: this entry was not the last.
        at = unsafe { at.add(1) };
    }
    found
}

/// Sets a variable, for every program that is executed from now on.
#[allow(clippy::disallowed_methods, reason = "the one place for it")]
pub fn set(name: &str, value: &str) {
    // SAFETY: there are no threads that could read it meanwhile.
    unsafe { std::env::set_var(name, value) };
}

/// Removes a variable.
#[allow(clippy::disallowed_methods, reason = "the one place for it")]
pub fn unset(name: &str) {
    // SAFETY: as above.
    unsafe { std::env::remove_var(name) };
}
