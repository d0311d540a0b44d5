//! What the kernel tells a program at its start. From the C library, which keeps it: rustix asks the
//! kernel once more, and looks at our own ELF header, which is a page that nothing else needs.

use std::ffi::CStr;
use std::ptr;

/// The path that we were executed by; empty where the kernel does not say.
pub fn executed_path() -> &'static CStr {
    // SAFETY: getauxval takes any number.
    let at = unsafe { libc::getauxval(libc::AT_EXECFN) };
    if at == 0 {
        return c"";
    }
    // SAFETY: the kernel put a C string there, on our stack above all frames, where it stays.
    unsafe { CStr::from_ptr(ptr::with_exposed_provenance(at as usize)) }
}

/// The unit of the times in /proc/PID/stat: so many a second. 0 where the kernel does not say.
pub fn clock_ticks() -> u64 {
    // SAFETY: getauxval takes any number.
    let ticks = unsafe { libc::getauxval(libc::AT_CLKTCK) };
    #[allow(clippy::useless_conversion, reason = "a long, which is 32 bits on some machines")]
    u64::from(ticks)
}
