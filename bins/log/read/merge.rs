//! Which of several logs has the oldest line.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use common::base::stamp::Wall;

/// The times of the next lines of logs, which are known by number. Of equal times the log with the
/// lowest number comes first.
#[derive(Default)]
pub(super) struct Merge(BinaryHeap<Reverse<(Wall, usize)>>);

impl Merge {
    /// The next line of this log has this time.
    pub(super) fn put(&mut self, time: Wall, log: usize) {
        self.0.push(Reverse((time, log)));
    }

    /// The log whose turn it is; it has to be `put` again.
    pub(super) fn take(&mut self) -> Option<usize> {
        self.0.pop().map(|Reverse((_, log))| log)
    }

    /// Whether it is this log's turn anyway, with a line of this time.
    pub(super) fn is_next(&self, time: Wall, log: usize) -> bool {
        self.0.peek().is_none_or(|Reverse(other)| (time, log) < *other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(logs: &[&[u64]]) -> Vec<(usize, u64)> {
        let mut rest: Vec<_> = logs.iter().map(|log| log.iter().copied().peekable()).collect();
        let mut merge = Merge::default();
        for (number, log) in rest.iter_mut().enumerate() {
            log.peek().inspect(|time| merge.put(Wall(**time), number));
        }
        let mut found = Vec::new();
        while let Some(number) = merge.take() {
            found.push((number, rest[number].next().unwrap()));
            rest[number].peek().inspect(|time| merge.put(Wall(**time), number));
        }
        found
    }

    #[test]
    fn lines_come_by_time_and_then_by_log() {
        let found = merged(&[&[2, 4, 9], &[1, 4], &[], &[3]]);
        assert_eq!(found, [(1, 1), (0, 2), (3, 3), (0, 4), (1, 4), (0, 9)]);
    }

    #[test]
    fn a_log_keeps_its_order_when_a_clock_was_set_back() {
        assert_eq!(merged(&[&[5, 1, 6], &[4]]), [(1, 4), (0, 5), (0, 1), (0, 6)]);
    }
}
