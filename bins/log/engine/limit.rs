//! A logger that takes only so many lines a second: the others are counted, and the count is logged.

use std::result::Result;

use common::base::stamp::Boot;
use common::os::clock;

use super::lines::Lines;
use super::logger::{Logger, Stuck};
use super::rate::Bucket;
use crate::log::script::Target;

/// How long lines may be missing before it is said, ms.
const TELL: u64 = 1000;

/// What is allowed to a logger.
pub(super) struct Limit {
    bucket: Bucket,
    /// So much of the input is let through.
    granted: usize,
    /// When it is said that lines are missing.
    tell_at: Option<Boot>,
}

impl Limit {
    pub(super) fn new(rate: u32) -> Limit {
        Limit { bucket: Bucket::new(rate), granted: 0, tell_at: None }
    }

    pub(super) fn due(&self) -> Option<Boot> {
        self.tell_at
    }

    pub(super) fn used(&mut self, input: usize) {
        self.granted = self.granted.saturating_sub(input);
    }
}

impl Logger {
    /// How much of the next `length` bytes, which are lines, is written now. What is not to be
    /// written at all is gone.
    pub(super) fn let_through(&mut self, length: usize) -> usize {
        if !self.limit.bucket.is_limited() {
            return length;
        }
        if self.limit.granted == 0 {
            let (mut lines, mut ends) = (0, Vec::new());
            for line in Lines::new(&self.input()[..length], self.plan.longest) {
                lines += 1;
                ends.push(line.end);
            }
            match self.limit.bucket.take(lines, clock::boot()) {
                0 => self.leave_out(length, lines),
                allowed => self.limit.granted = ends.get(allowed - 1).copied().unwrap_or(length),
            }
        }
        self.limit.granted.min(length)
    }

    fn leave_out(&mut self, length: usize, lines: usize) {
        self.record.start += length;
        self.record.dropped += lines as u64;
        self.commit();
        self.limit.tell_at.get_or_insert_with(|| clock::boot().after(TELL));
    }

    /// Says how many lines are missing, where they would be. In the journal that is a batch without
    /// any input.
    pub(super) fn tell_of_missing(&mut self) -> Result<(), Stuck> {
        if self.record.dropped == 0 {
            return Ok(());
        }
        self.take_time();
        self.announce(0);
        self.put_notice();
        self.write_outputs()
    }

    /// Whether it is time to say so though nothing follows.
    pub(super) fn is_missing_long(&self) -> bool {
        self.record.dropped > 0 && self.limit.tell_at.is_none_or(|due| due <= clock::boot())
    }

    /// What stands in the log for the missing lines.
    pub(super) fn put_notice(&mut self) {
        let text = format!("({} lines left out: too many a second)\n", self.record.dropped);
        self.outputs.resize(self.plan.script.actions.len(), Vec::new());
        let heads = self.plan.script.actions.iter().zip(&self.plan.heads);
        for (output, (action, head)) in self.outputs.iter_mut().zip(heads) {
            output.clear();
            if matches!(action.to, Target::Dir(_)) {
                output.extend_from_slice(head);
                output.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// They have been told of.
    pub(super) fn notice_written(&mut self) {
        self.record.dropped = 0;
        self.limit.tell_at = None;
    }
}
