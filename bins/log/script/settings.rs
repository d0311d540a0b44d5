//! What the next action of a script is made with: where directives start from, and what they change.

use std::path::PathBuf;

use super::{Directory, Full, Processor, Stamp};

/// The smallest `s`, as in s6-log.
pub(super) const MIN_SIZE: u64 = 4096;

/// The largest `s`, as in s6-log: 2^28 - 1. `--rotate-size` may be more.
pub(super) const MAX_SIZE: u64 = 268_435_455;

/// All that sticks from one action to the next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(super) size: u64,
    pub(super) tolerance: u64,
    pub(super) keep: usize,
    pub(super) total: u64,
    pub(super) period: u64,
    pub(super) retry: u64,
    pub(super) full: Full,
    pub(super) sync: bool,
    pub(super) processor: Option<Processor>,
    /// With the blank that follows it.
    pub(super) prefix: Vec<u8>,
    /// For an action that has no `t` or `T` of its own.
    pub(super) stamp: Stamp,
    pub(super) alert: usize,
    pub(super) status: usize,
    pub(super) rate: u32,
}

/// Those of s6-log.
impl Default for Settings {
    fn default() -> Self {
        Settings {
            size: 99_999,
            tolerance: 2000,
            keep: 10,
            total: 0,
            period: 0,
            retry: 2000,
            full: Full::Wait,
            sync: false,
            processor: None,
            prefix: Vec::new(),
            stamp: Stamp::None,
            alert: 200,
            status: 1001,
            rate: 0,
        }
    }
}

impl Settings {
    /// A log directory as it is set up now.
    pub(crate) fn directory(&self, path: PathBuf) -> Directory {
        Directory {
            path,
            size: self.size,
            // A later `s` may be smaller than the `l` before it allows.
            tolerance: self.tolerance.min(self.size / 2),
            keep: self.keep,
            total: self.total,
            period: self.period,
            retry: self.retry,
            full: self.full,
            sync: self.sync,
            processor: self.processor.clone(),
        }
    }

    /// `p`: this, and a blank, in front of each line; nothing for nothing.
    pub(super) fn set_prefix(&mut self, text: &[u8]) {
        self.prefix = text.to_vec();
        if !text.is_empty() {
            self.prefix.push(b' ');
        }
    }
}
