//! Newlines in a block of bytes, as a CPU finds them at once.

/// As many bytes as a mask has bits.
pub const BLOCK: usize = 64;

/// A bit for each newline, the lowest for the first byte.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn mask(block: &[u8; BLOCK]) -> u64 {
    let mut mask = 0;
    for (i, quarter) in block.chunks_exact(16).enumerate() {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(quarter);
        mask |= u64::from(mask16(bytes)) << (16 * i);
    }
    mask
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn mask16(bytes: [u8; 16]) -> u16 {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_movemask_epi8};
    // SAFETY: both are 16 bytes of which any bits are valid.
    let bytes: __m128i = unsafe { std::mem::transmute(bytes) };
    // SAFETY: likewise.
    let newlines: __m128i = unsafe { std::mem::transmute([b'\n'; 16]) };
    // SAFETY: every x86_64 has SSE2.
    let equal = unsafe { _mm_cmpeq_epi8(bytes, newlines) };
    // SAFETY: likewise.
    unsafe { _mm_movemask_epi8(equal) as u16 }
}

/// A bit for each newline, the lowest for the first byte.
#[cfg(not(target_arch = "x86_64"))]
pub fn mask(block: &[u8; BLOCK]) -> u64 {
    (0..BLOCK).filter(|i| block[*i] == b'\n').fold(0, |mask, i| mask | 1 << i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_its_bit() {
        for i in 0..BLOCK {
            let mut block = [0x8a; BLOCK];
            block[i] = b'\n';
            assert_eq!(mask(&block), 1 << i);
        }
        assert_eq!(mask(&[b'\n'; BLOCK]), u64::MAX);
    }
}
