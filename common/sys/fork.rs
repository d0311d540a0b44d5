//! Making a child, in the two ways a supervisor needs.

use std::ffi::{c_int, c_void};
use std::ptr;

use rustix::io::Result;
use rustix::process::Pid;

/// Left below our own frame for what the C library's clone keeps on the stack while we stand still: a
/// set of signals at most. More would be a page that nothing else touches.
const MARGIN: usize = 1024;
/// As the ABI wants a stack to begin.
const STACK_ALIGN: usize = 16;

/// Runs `child` in a new process that shares this one's memory, and resumes when it has exec'd or
/// ended (the semantics of vfork, which Rust cannot call: it returns twice). `child` returns the
/// exit code and must not allocate. All signals are blocked meanwhile, in the child as well until
/// it unblocks them, so that no handler of ours runs there.
#[inline(never)] // What is below the caller's frame is the child's.
pub fn vfork<F: FnMut() -> u8>(child: &mut F) -> Result<Pid> {
    extern "C" fn trampoline<F: FnMut() -> u8>(child: *mut c_void) -> c_int {
        // SAFETY: `vfork` passes its own `&mut F`, and its frame stands still while we run.
        let child = unsafe { &mut *child.cast::<F>() };
        c_int::from(child())
    }
    // As with vfork itself, the child goes on below us: only the pages that it needs are touched, and
    // most of them have been already. A piece of our own would be touched whole, page by page.
    let here = 0u8;
    let top = (ptr::from_ref(&here).addr() - MARGIN) & !(STACK_ALIGN - 1);
    let before = super::signal::block_all();
    // SAFETY: the stack is ours, and unused from there on: no frame is below the one that is running,
    // no handler runs, and CLONE_VFORK keeps us still until the child is done with the memory; one
    // thread means nobody else touches it.
    let pid = unsafe {
        libc::clone(
            trampoline::<F>,
            ptr::without_provenance_mut::<c_void>(top),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            ptr::from_mut(child).cast(),
        )
    };
    let pid = super::check(pid);
    super::signal::set_mask(&before);
    pid.map(pid_of)
}

/// Runs `child` in a new process with a copy of our memory. For a child that may wait for long
/// before it execs, which would freeze a parent that shares its memory.
pub fn fork<F: FnMut() -> u8>(child: &mut F) -> Result<Pid> {
    let before = super::signal::block_all();
    // SAFETY: one thread, so the child's copy of the memory is whole.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let code = child();
        // SAFETY: ends the process without running anything of its parent's.
        unsafe { libc::_exit(c_int::from(code)) };
    }
    let pid = super::check(pid);
    super::signal::set_mask(&before);
    pid.map(pid_of)
}

/// Divides us in two with a copy of the memory each; `None` in the child. Signals are as they were in
/// both. For programs without handlers: the child goes on with the parent's work.
pub fn divide() -> Result<Option<Pid>> {
    // SAFETY: one thread, so the child's copy of the memory is whole, allocator and all.
    super::check(unsafe { libc::fork() }).map(Pid::from_raw)
}

fn pid_of(raw: c_int) -> Pid {
    // clone and fork return a positive number in the parent; 1 can't be our child.
    Pid::from_raw(raw).unwrap_or(Pid::INIT)
}
