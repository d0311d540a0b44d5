//! The memory of our executables: a small arena in the executable's own data, then the C library's.
//!
//! A daemon of ours needs a few hundred bytes of heap. From malloc they cost two pages and four system
//! calls at each start, of every program; from here they share a page with the executable's other data.
//! What is freed is kept in lists by size, and given out again; blocks are never joined.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;

/// Enough for a supervisor, a client, a chainloader; only what is touched is memory.
const SIZE: usize = 16 * 1024;
/// Blocks have the sizes 16, 32, 64 ... 2048; what is larger comes from the C library.
const CLASSES: usize = 8;
const SMALLEST: usize = 16;

/// The allocator of an executable with one thread.
pub struct Arena(UnsafeCell<State>);

#[repr(align(16))]
struct Memory([u8; SIZE]);

struct State {
    memory: Memory,
    used: usize,
    free: [*mut u8; CLASSES],
}

// SAFETY: there are no threads anywhere; see clippy.toml.
unsafe impl Sync for Arena {}

impl Arena {
    /// Nothing given out yet.
    #[allow(clippy::new_without_default, reason = "for a static")]
    pub const fn new() -> Self {
        let free = [ptr::null_mut(); CLASSES];
        Arena(UnsafeCell::new(State { memory: Memory([0; SIZE]), used: 0, free }))
    }
}

/// Which list a block of this layout belongs to, if it is one of ours.
fn class(layout: Layout) -> Option<usize> {
    let size = layout.size().max(SMALLEST).next_power_of_two();
    let class = (size / SMALLEST).trailing_zeros() as usize;
    (layout.align() <= SMALLEST && class < CLASSES).then_some(class)
}

impl State {
    fn holds(&self, block: *mut u8) -> bool {
        self.memory.0.as_ptr_range().contains(&block.cast_const())
    }

    fn take(&mut self, class: usize) -> *mut u8 {
        let free = self.free[class];
        if !free.is_null() {
            // SAFETY: a block in a list holds the address of the next one.
            self.free[class] = unsafe { free.cast::<*mut u8>().read() };
            return free;
        }
        let size = SMALLEST << class;
        if self.used + size > SIZE {
            return ptr::null_mut();
        }
        let block = &raw mut self.memory.0[self.used];
        self.used += size;
        block
    }

    fn give_back(&mut self, block: *mut u8, class: usize) {
        // SAFETY: the block is ours, at least 16 bytes and aligned to 16, and nobody uses it any more.
        unsafe { block.cast::<*mut u8>().write(self.free[class]) };
        self.free[class] = block;
    }
}

// SAFETY: a block is given out once until it is given back, is as large and aligned as its class
// says, and never moves.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and nothing in here calls back: there is no other reference.
        let state = unsafe { &mut *self.0.get() };
        match class(layout).map(|class| state.take(class)) {
            Some(block) if !block.is_null() => block,
            // SAFETY: the caller's contract is that of System.
            Some(_) | None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        let state = unsafe { &mut *self.0.get() };
        match class(layout) {
            Some(class) if state.holds(block) => state.give_back(block, class),
            // SAFETY: it is not ours, so `alloc` had it from System.
            Some(_) | None => unsafe { System.dealloc(block, layout) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_apart_aligned_and_given_out_again() {
        let arena = Arena::new();
        let layout = Layout::from_size_align(24, 8).unwrap();
        // SAFETY: the layout has a size.
        let (a, b) = unsafe { (arena.alloc(layout), arena.alloc(layout)) };
        assert_eq!(a.addr() % 16, 0);
        assert!(b.addr().abs_diff(a.addr()) >= 24);
        // SAFETY: allocated above with this layout.
        unsafe { arena.dealloc(a, layout) };
        // SAFETY: the layout has a size.
        assert_eq!(unsafe { arena.alloc(layout) }, a);
    }

    #[test]
    fn what_does_not_fit_comes_from_elsewhere_and_goes_back_there() {
        let arena = Arena::new();
        let layout = Layout::from_size_align(2048, 1).unwrap();
        for _ in 0..4 {
            let mut blocks = Vec::new();
            for _ in 0..20 {
                // SAFETY: the layout has a size.
                let block = unsafe { arena.alloc(layout) };
                assert!(!block.is_null());
                blocks.push(block);
            }
            for block in blocks {
                // SAFETY: allocated above with this layout.
                unsafe { arena.dealloc(block, layout) };
            }
        }
        assert_eq!(class(Layout::from_size_align(2049, 1).unwrap()), None);
        assert_eq!(class(Layout::from_size_align(8, 64).unwrap()), None);
        assert_eq!(class(Layout::from_size_align(1, 1).unwrap()), Some(0));
    }
}
