//! `supervise/death_tally`: the last deaths of a service in s6's format, so that s6-permafailon and
//! s6-svdt work on it: 14 bytes a death, a TAI64N label, the exit code (128 + signal when killed),
//! the signal (0 when not).

use crate::base::death::Death;
use crate::base::stamp::Wall;

/// The size of one entry.
pub const ENTRY: usize = 14;
/// How many deaths are kept unless `max-death-tally` says otherwise, and the most it may say, as in s6.
pub const DEFAULT: u32 = 100;
/// The most deaths that can be kept.
pub const MAX: u32 = 4096;

/// One death. An unknown one counts as exit code 255.
pub fn entry(at: Wall, death: Death) -> [u8; ENTRY] {
    let mut bytes = [0; ENTRY];
    bytes[..12].copy_from_slice(&at.tai64n());
    (bytes[12], bytes[13]) = match death {
        Death::Exit(code) => (code, 0),
        Death::Signal(signal) => (128 + signal.0, signal.0),
        Death::Unknown => (255, 0),
    };
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::signal::Signal;

    #[test]
    fn golden() {
        let bytes = entry(Wall(1_000_000_002), Death::Signal(Signal::KILL));
        assert_eq!(bytes, [0x40, 0, 0, 0, 0, 0, 0, 0x0b, 0, 0, 0, 2, 137, 9]);
        assert_eq!(entry(Wall(0), Death::Exit(3))[12..], [3, 0]);
    }
}
