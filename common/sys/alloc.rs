//! The memory of our executables: room in the executable's own data, then pages as needed.
//!
//! A program of ours needs a few hundred bytes of heap, or a few thousand. From malloc they cost two
//! pages and four system calls at each start; from here the first of them share a page with the
//! executable's other data, and none costs a system call. What is freed is kept in lists by size, and
//! given out again; blocks are never joined.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;

/// How much there is at first; only what is touched is memory.
const ROOM: usize = 16 * 1024;
/// How much is asked of the kernel at a time once that is used up; likewise.
const MORE: usize = 64 * 1024;
/// Blocks have the sizes 16, 32, 64 ... 2048; what is larger comes from the C library.
const CLASSES: usize = 8;
const SMALLEST: usize = 16;

/// What an executable has for an [`Arena`]: last of its data, so that the variables of all others are
/// together in front of it.
#[repr(C, align(16))]
pub struct Room(UnsafeCell<[u8; ROOM]>);

// SAFETY: only the arena that it is made for looks at it.
unsafe impl Sync for Room {}

impl Room {
    /// Nothing in it.
    #[allow(clippy::new_without_default, reason = "for a static")]
    pub const fn new() -> Self {
        Room(UnsafeCell::new([0; ROOM]))
    }
}

/// The allocator of an executable with one thread.
pub struct Arena(UnsafeCell<State>);

struct State {
    /// Where the present piece goes on, and where it ends.
    next: *mut u8,
    end: *mut u8,
    free: [*mut u8; CLASSES],
}

// SAFETY: there are no threads anywhere; see clippy.toml.
unsafe impl Sync for Arena {}

impl Arena {
    /// Nothing given out yet.
    ///
    /// # Safety
    /// The room is for this arena alone.
    pub const unsafe fn new(room: &'static Room) -> Self {
        let next: *mut u8 = room.0.get().cast();
        let end = next.wrapping_byte_add(ROOM);
        Arena(UnsafeCell::new(State { next, end, free: [ptr::null_mut(); CLASSES] }))
    }
}

/// Which list a block of this layout belongs to, if it is one of ours.
fn class(layout: Layout) -> Option<usize> {
    let size = layout.size().max(SMALLEST).next_power_of_two();
    let class = (size / SMALLEST).trailing_zeros() as usize;
    (layout.align() <= SMALLEST && class < CLASSES).then_some(class)
}

impl State {
    /// A block of a class; null when there is no memory.
    fn take(&mut self, class: usize) -> *mut u8 {
        let free = self.free[class];
        if !free.is_null() {
            // SAFETY: a block in a list holds the address of the next one.
            self.free[class] = unsafe { free.cast::<*mut u8>().read() };
            return free;
        }
        let size = SMALLEST << class;
        if self.end.addr() - self.next.addr() < size && !self.grow() {
            return ptr::null_mut();
        }
        let block = self.next;
        // SAFETY: the piece has `size` bytes left from here.
        self.next = unsafe { block.byte_add(size) };
        block
    }

    /// Goes on in a fresh piece; what is left of the present one is too small to matter.
    fn grow(&mut self) -> bool {
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh private mapping touches no memory that exists.
        let piece = unsafe { libc::mmap(ptr::null_mut(), MORE, access, kind, -1, 0) };
        if piece == libc::MAP_FAILED {
            return false;
        }
        self.next = piece.cast();
        // SAFETY: one past the end of the mapping.
        self.end = unsafe { self.next.byte_add(MORE) };
        true
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
        match class(layout) {
            Some(class) => state.take(class),
            // SAFETY: the caller's contract is that of System.
            None => unsafe { System.alloc(layout) },
        }
    }

    /// Fresh pages are zero: a large buffer takes memory only where it is used.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if class(layout).is_none() {
            // SAFETY: the caller's contract is that of System.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: as the caller's.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block has that size.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    /// A block has the room of its class: most words get their last byte, and most lists their next
    /// entries, where they are.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: by the caller's contract there is such a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class(layout), class(wanted)) {
            // SAFETY: a layout without a class had its block from System; the contract is the caller's.
            (None, None) => return unsafe { System.realloc(block, layout, size) },
            (present, next) if present == next => return block,
            (_, _) => {}
        }
        // SAFETY: the caller asks for a size that is not 0.
        let new = unsafe { self.alloc(wanted) };
        if !new.is_null() {
            // SAFETY: both are so large, and the new one is nobody's yet.
            unsafe { new.copy_from_nonoverlapping(block, layout.size().min(size)) };
            // SAFETY: the block is the caller's, with this layout, and is not used any more.
            unsafe { self.dealloc(block, layout) };
        }
        new
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        let state = unsafe { &mut *self.0.get() };
        match class(layout) {
            Some(class) => state.give_back(block, class),
            // SAFETY: a layout without a class had its block from System.
            None => unsafe { System.dealloc(block, layout) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arena() -> Arena {
        // SAFETY: the room is new, and nobody else gets to know of it.
        unsafe { Arena::new(Box::leak(Box::new(Room::new()))) }
    }

    #[test]
    fn blocks_are_apart_aligned_and_given_out_again() {
        let arena = arena();
        let layout = Layout::from_size_align(24, 8).unwrap();
        // SAFETY: the layout has a size.
        let a = unsafe { arena.alloc(layout) };
        // SAFETY: likewise.
        let b = unsafe { arena.alloc(layout) };
        assert_eq!(a.addr() % 16, 0);
        assert!(b.addr().abs_diff(a.addr()) >= 24);
        // SAFETY: allocated above with this layout.
        unsafe { arena.dealloc(a, layout) };
        // SAFETY: the layout has a size.
        assert_eq!(unsafe { arena.alloc(layout) }, a);
    }

    #[test]
    fn a_block_grows_where_it_is_as_far_as_it_has_room() {
        let arena = arena();
        let layout = |size| Layout::from_size_align(size, 1).unwrap();
        // SAFETY: the layout has a size.
        let block = unsafe { arena.alloc(layout(17)) };
        // SAFETY: the block has 17 bytes.
        unsafe { block.write_bytes(7, 17) };
        // SAFETY: allocated above with this layout.
        assert_eq!(unsafe { arena.realloc(block, layout(17), 32) }, block);
        let (mut block, mut size) = (block, 32);
        for next in [33, 2048, 2049, 100_000, 20] {
            // SAFETY: allocated, or grown, with this size.
            block = unsafe { arena.realloc(block, layout(size), next) };
            size = next;
            // SAFETY: it never had less than 17 bytes.
            assert_eq!(unsafe { std::slice::from_raw_parts(block, 17) }, [7; 17]);
        }
        // SAFETY: its last size.
        unsafe { arena.dealloc(block, layout(size)) };
    }

    #[test]
    fn what_does_not_fit_at_first_comes_from_the_kernel_once() {
        let arena = arena();
        let layout = Layout::from_size_align(2048, 1).unwrap();
        for _ in 0..4 {
            let mut blocks = Vec::new();
            for _ in 0..40 {
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
