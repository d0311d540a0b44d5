//! Giving back the stack that a daemon used while it was busy.

use std::ffi::c_void;
use std::ptr;

const PAGE: usize = 4096;
/// The deepest that our daemons go.
const DEPTH: usize = 64 * 1024;
/// Left below the caller's frame: the call itself, and what the ABI lets a leaf function use.
const MARGIN: usize = 512;

/// Returns to the kernel the whole pages of the stack below the caller's frame: for a daemon about
/// to sleep, of which there are thousands. They are empty when they are next touched.
#[inline(never)]
pub fn give_back() {
    let here = 0u8;
    let end = (ptr::from_ref(&here).addr() - MARGIN) & !(PAGE - 1);
    let start = ptr::without_provenance_mut::<c_void>(end - DEPTH);
    // SAFETY: nothing lives below the frame of the function that is running, so nobody misses what
    // was there. A part of the range that is not mapped is left alone.
    unsafe { libc::madvise(start, DEPTH, libc::MADV_DONTNEED) };
}
