//! The environment that children get.

use std::ffi::CStr;

/// Removes a variable, so that no child gets it.
pub fn forget(name: &CStr) {
    // SAFETY: one thread, and nobody holds a pointer into the environment.
    unsafe { libc::unsetenv(name.as_ptr()) };
}
