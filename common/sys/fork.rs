//! Making a child, in the two ways a supervisor needs.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use rustix::io::Result;
use rustix::process::Pid;

/// The stack of a child that shares our memory until it execs: a few calls deep, no recursion.
const STACK: usize = if cfg!(debug_assertions) { 64 } else { 16 } * 1024;

/// As the ABI wants a stack to begin.
#[repr(align(16))]
struct Stack([MaybeUninit<u8>; STACK]);

/// Runs `child` in a new process that shares this one's memory, and resumes when it has exec'd or
/// ended (the semantics of vfork, which Rust cannot call: it returns twice). `child` returns the
/// exit code and must not allocate. All signals are blocked meanwhile, in the child as well until
/// it unblocks them, so that no handler of ours runs there.
#[inline(never)] // The piece of stack must not become part of a caller's frame, which lives on.
pub fn vfork<F: FnMut() -> u8>(child: &mut F) -> Result<Pid> {
    extern "C" fn trampoline<F: FnMut() -> u8>(child: *mut c_void) -> c_int {
        // SAFETY: `vfork` passes its own `&mut F`, and its frame stands still while we run.
        let child = unsafe { &mut *child.cast::<F>() };
        c_int::from(child())
    }
    // A piece of our own, which nobody uses while we stand still: no mapping for each child.
    let mut stack = Stack([const { MaybeUninit::uninit() }; STACK]);
    let top = stack.0.as_mut_ptr_range().end;
    let before = super::signal::block_all();
    // SAFETY: the stack is ours, large enough and unused; CLONE_VFORK keeps this frame still until
    // the child is done with the memory; one thread means nobody else touches it.
    let pid = unsafe {
        libc::clone(
            trampoline::<F>,
            top.cast(),
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

fn pid_of(raw: c_int) -> Pid {
    // clone and fork return a positive number in the parent; 1 can't be our child.
    Pid::from_raw(raw).unwrap_or(Pid::INIT)
}
