//! Where the newlines are, 64 bytes at a look: a search for each line, even memchr's, costs as much as
//! all the rest of what is done with a short one.

use common::sys::newlines::{BLOCK, mask};

/// The positions of the newlines in a text, in order.
pub(super) struct Newlines<'a> {
    input: &'a [u8],
    /// Where the block begins whose mask this is.
    at: usize,
    mask: u64,
}

impl<'a> Newlines<'a> {
    pub(super) fn new(input: &'a [u8]) -> Newlines<'a> {
        Newlines { input, at: 0, mask: first(input) }
    }
}

#[inline(always)]
fn first(input: &[u8]) -> u64 {
    match input.first_chunk() {
        Some(block) => mask(block),
        None => rest(input),
    }
}

/// The mask of less than a block.
#[cold]
fn rest(input: &[u8]) -> u64 {
    let mut block = [0; BLOCK];
    let length = input.len().min(BLOCK);
    block[..length].copy_from_slice(&input[..length]);
    mask(&block)
}

impl Iterator for Newlines<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            self.at += BLOCK;
            self.mask = first(self.input.get(self.at..)?);
        }
        let bit = self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(self.at + bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_found_wherever_they_are() {
        for length in 0..200 {
            for step in 1..70 {
                let at = |i: usize| i % step == step / 2;
                let text: Vec<u8> = (0..length).map(|i| if at(i) { b'\n' } else { 0x8a }).collect();
                let expected: Vec<usize> = (0..length).filter(|i| at(*i)).collect();
                assert_eq!(Newlines::new(&text).collect::<Vec<_>>(), expected);
            }
        }
    }
}
