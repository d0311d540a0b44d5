//! Everything `unsafe`, and everything that needs `libc`: what rustix does not offer. Nothing here
//! decides anything; each function is one system call made safe to call, and says why it is.

pub mod alloc;
pub mod auxv;
pub mod datagram;
pub mod env;
pub mod exec;
pub mod fd;
pub mod fork;
pub mod group;
pub mod input;
pub mod newlines;
pub mod pidfd;
pub mod regex;
pub mod sched;
pub mod shared;
pub mod signal;
pub mod stack;
pub mod time;
#[cfg(all(target_feature = "crt-static", panic = "abort", not(debug_assertions)))]
mod unwind;
pub mod wait;

use std::ffi::{CStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStringExt;

/// Defines the C `main` of an executable. Rust's own would first reopen closed fds 0-2 and ignore
/// SIGPIPE, which a chainloader would hand on, and leaves `std::env::args` empty on musl.
#[macro_export]
macro_rules! entry {
    ($run:path) => {
        // Linkers put a section of a kind of their own behind all others of that kind.
        #[allow(unsafe_code, reason = "the name says that it is nothing but zeros, too")]
        #[unsafe(link_section = ".sbss.room")]
        static ROOM: $crate::sys::alloc::Room = $crate::sys::alloc::Room::new();

        #[allow(unsafe_code, reason = "whose room it is is seen here")]
        #[global_allocator]
        // SAFETY: nobody else has a name for it.
        static MEMORY: $crate::sys::alloc::Arena = unsafe { $crate::sys::alloc::Arena::new(&ROOM) };

        #[allow(unsafe_code, reason = "the name and shape of main are the C runtime's contract")]
        #[unsafe(no_mangle)]
        extern "C" fn main(
            argc: ::std::ffi::c_int,
            argv: *const *const ::std::ffi::c_char,
        ) -> ::std::ffi::c_int {
            // SAFETY: the C runtime passes argc valid strings.
            $run(unsafe { $crate::sys::argv(argc, argv) }).into()
        }
    };
}

/// Copies the C command line.
///
/// # Safety
/// `argv` points to `argc` valid C strings.
pub unsafe fn argv(argc: c_int, argv: *const *const c_char) -> Vec<OsString> {
    let count = usize::try_from(argc).unwrap_or(0);
    (0..count)
        .map(|i| {
            // SAFETY: `i` is below argc.
            let word = unsafe { argv.add(i) };
            // SAFETY: by the contract above there is a word.
            let word = unsafe { *word };
            // SAFETY: by the contract above it is a valid C string.
            let text = unsafe { CStr::from_ptr(word) };
            OsString::from_vec(text.to_bytes().to_vec())
        })
        .collect()
}

/// What the last C library call left in `errno`.
fn last_errno() -> rustix::io::Errno {
    let code = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    rustix::io::Errno::from_raw_os_error(code)
}

/// The result of a C library call that says -1 when it fails.
fn check(result: c_int) -> rustix::io::Result<c_int> {
    if result == -1 { Err(last_errno()) } else { Ok(result) }
}
