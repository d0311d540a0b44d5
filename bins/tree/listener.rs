//! The reading end of an event directory: whole lines, and whether some may be missing.

use std::os::fd::{AsFd, BorrowedFd};

use common::format::event::Line;
use common::os::fifodir::Subscription;
use rustix::io::Result;

/// As much as is read before the caller has its turn: all that a fifo of the usual largest size has.
const AT_ONCE: usize = 1 << 20;

/// A subscription that is read line by line.
pub struct Listener {
    subscription: Subscription,
    /// The beginning of a line whose end has not been read.
    rest: Vec<u8>,
}

/// What was read at once.
pub struct News {
    text: Vec<u8>,
    /// Lines may be missing, the last one included: the truth is to be read again.
    pub lost: bool,
}

impl News {
    /// The events, in order. What is none is left out: whoever may notify may write anything.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.texts().filter_map(Line::unpack)
    }

    /// The lines as they are, of a directory where other things are announced.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|b| *b == b'\n')
    }
}

impl Listener {
    /// Listens to a subscription.
    pub fn new(subscription: Subscription) -> Listener {
        Listener { subscription, rest: Vec::new() }
    }

    /// Listens to the subscription of a whole tree, with room for many lines while we are busy.
    pub fn large(subscription: Subscription) -> Listener {
        // What an unprivileged user may have. Without it the fifo is enough for all but busy trees.
        let _ = subscription.grow(AT_ONCE);
        Listener::new(subscription)
    }

    /// Reads what has come, without waiting.
    pub fn read(&mut self) -> Result<News> {
        let mut news = News { text: std::mem::take(&mut self.rest), lost: false };
        let mut buffer = [0; 4096];
        while news.text.len() < AT_ONCE {
            let (length, lost) = self.subscription.read(&mut buffer)?;
            news.lost |= lost;
            news.text.extend_from_slice(&buffer[..length]);
            // That was all; what comes now wakes who waits for it.
            if length < buffer.len() {
                break;
            }
        }
        let end = news.text.iter().rposition(|b| *b == b'\n').map_or(0, |newline| newline + 1);
        self.rest = news.text.split_off(end);
        Ok(news)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.subscription.as_fd()
    }
}
