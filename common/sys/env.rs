//! The environment that the next programs get.

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
