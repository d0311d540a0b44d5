//! The environment that we were given, and that the next programs get.

use std::borrow::Cow;
use std::ffi::{CStr, CString};

use rustix::io::Result;

/// All of it as it is, also what is there twice and what is no `NAME=VALUE`. No entry is ever changed or
/// freed: they are on our stack above all frames, or were given away by [`set`].
pub fn all() -> Vec<Cow<'static, CStr>> {
    // With room for some more.
    let mut all = Vec::with_capacity(entries().count() + 8);
    all.extend(entries().map(Cow::Borrowed));
    all
}

/// For one run through them, in which nothing changes them.
fn entries() -> impl Iterator<Item = &'static CStr> {
    // SAFETY: the C runtime sets `environ` up, and there are no threads that could change it.
    let mut at = unsafe { super::exec::environ };
    std::iter::from_fn(move || {
        if at.is_null() {
            return None;
        }
        // SAFETY: the list ends with a null, and the one before was none.
        let entry = unsafe { *at };
        if entry.is_null() {
            return None;
        }
        // SAFETY: this entry was not the last.
        at = unsafe { at.add(1) };
        // SAFETY: each entry before the null is a valid C string, and stays one.
        Some(unsafe { CStr::from_ptr(entry) })
    })
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
