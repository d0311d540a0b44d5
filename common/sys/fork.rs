//! Making a child, in the two ways a supervisor needs.

use std::ffi::{c_int, c_void};
use std::ptr;

use rustix::io::Result;
use rustix::process::Pid;

/// The stack of a child that shares our memory until it execs: a few calls deep, no recursion.
const STACK: usize = 32 * 1024;

/// Runs `child` in a new process that shares this one's memory, and resumes when it has exec'd or
/// ended (the semantics of vfork, which Rust cannot call: it returns twice). `child` returns the
/// exit code and must not allocate. All signals are blocked meanwhile, in the child as well until
/// it unblocks them, so that no handler of ours runs there.
pub fn vfork<F: FnMut() -> u8>(child: &mut F) -> Result<Pid> {
    extern "C" fn trampoline<F: FnMut() -> u8>(child: *mut c_void) -> c_int {
        // SAFETY: `vfork` passes its own `&mut F`, and its frame stands still while we run.
        let child = unsafe { &mut *child.cast::<F>() };
        c_int::from(child())
    }
    let stack = Stack::map()?;
    let before = super::signal::block_all();
    // SAFETY: the stack is ours, large enough and unused; CLONE_VFORK keeps this frame still until
    // the child is done with the memory; one thread means nobody else touches it.
    let pid = unsafe {
        libc::clone(
            trampoline::<F>,
            stack.top(),
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

/// Mapped for one child and given back, so that a supervisor keeps no page for it.
struct Stack(*mut c_void);

impl Stack {
    fn map() -> Result<Self> {
        // SAFETY: a fresh private mapping touches no memory that exists.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                STACK,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED { Err(super::last_errno()) } else { Ok(Stack(base)) }
    }

    fn top(&self) -> *mut c_void {
        // SAFETY: one past the end of the mapping; stacks grow down from there.
        unsafe { self.0.byte_add(STACK) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: mapped by `map` with this length; the child has left it.
        unsafe { libc::munmap(self.0, STACK) };
    }
}
