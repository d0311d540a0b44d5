//! Signals as bytes to read: blocked at the start, taken from a signalfd in the main loop.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Result;

use crate::base::signal::Signal;
use crate::sys::signal::{Mask, SIGINFO_SIZE, block_all, default_all, signalfd, unblock};

/// Who sent a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The kernel: what is typed at a terminal, a timer.
    Kernel,
    /// A process, by kill, or by its own end.
    Process,
}

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

    /// The same for a command that somebody waits for at a terminal, who may stop it there and let it
    /// go on.
    pub fn take_at_terminal(wanted: &[Signal]) -> Result<Signals> {
        let signals = Signals::take(wanted)?;
        unblock(&[Signal::TSTP, Signal::TTIN, Signal::TTOU].map(Signal::number));
        Ok(signals)
    }

    /// Listens to all of them. They are blocked already, since before what they may be about.
    pub fn all() -> Result<Signals> {
        signalfd(&Mask::full()).map(Signals)
    }

    /// Gives each signal its default disposition, so that nothing that a parent ignored reaches a
    /// service. For whom nobody else has done it.
    pub fn reset() {
        default_all();
    }

    /// The next signal that has arrived, if one has.
    pub fn next(&self) -> Option<Signal> {
        self.next_from().map(|(signal, _)| signal)
    }

    /// The same, and where it came from.
    pub fn next_from(&self) -> Option<(Signal, Origin)> {
        const SI_KERNEL: u32 = 0x80; // asm-generic/siginfo.h
        let mut record = [0; SIGINFO_SIZE];
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.0, &mut record)) {
            // ssi_signo, ssi_errno, ssi_code: four bytes each in the machine's order.
            Ok(SIGINFO_SIZE) => {
                let member = |at| {
                    u32::from_ne_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
                };
                let from = if member(8) == SI_KERNEL { Origin::Kernel } else { Origin::Process };
                u8::try_from(member(0)).ok().map(|number| (Signal(number), from))
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
