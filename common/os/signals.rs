//! Signals as bytes to read: blocked at the start, taken from a signalfd in the main loop.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Result;

use crate::base::signal::Signal;
use crate::sys::signal::{Mask, SIGINFO_SIZE, block_all, default_all, signalfd};

/// The signals that a daemon listens to. Every signal is blocked as long as it lives.
pub struct Signals(OwnedFd);

impl Signals {
    /// Blocks all signals and listens to `wanted`. What arrived since they were blocked is not lost.
    pub fn take(wanted: &[Signal]) -> Result<Signals> {
        block_all();
        let mut numbers = [0; 16];
        for (number, signal) in numbers.iter_mut().zip(wanted) {
            *number = signal.number();
        }
        signalfd(&Mask::of(&numbers[..wanted.len().min(16)])).map(Signals)
    }

    /// Gives each signal its default disposition, so that nothing that a parent ignored reaches a
    /// service. For whom nobody else has done it.
    pub fn reset() {
        default_all();
    }

    /// The next signal that has arrived, if one has.
    pub fn next(&self) -> Option<Signal> {
        let mut record = [0; SIGINFO_SIZE];
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.0, &mut record)) {
            // ssi_signo is the first member, a u32 in the machine's order.
            Ok(SIGINFO_SIZE) => {
                let number = u32::from_ne_bytes([record[0], record[1], record[2], record[3]]);
                u8::try_from(number).ok().map(Signal)
            }
            Ok(_) | Err(_) => None,
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
