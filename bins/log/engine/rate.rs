//! A limit on the lines of a second. Pure.

use common::base::stamp::Boot;

/// How many lines may go by: a second's worth can be saved up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// Lines a second; 0: any number.
    rate: u32,
    /// Thousandths of a line.
    saved: u64,
    filled: Boot,
}

impl Bucket {
    pub(super) fn new(rate: u32) -> Bucket {
        Bucket { rate, saved: u64::from(rate) * 1000, filled: Boot(0) }
    }

    pub(super) fn is_limited(&self) -> bool {
        self.rate > 0
    }

    /// How many of `lines` may go by now.
    pub(super) fn take(&mut self, lines: usize, now: Boot) -> usize {
        if self.rate == 0 {
            return lines;
        }
        let rate = u64::from(self.rate);
        let more = now.since(self.filled).min(1000) * rate;
        self.saved = self.saved.saturating_add(more).min(rate * 1000);
        self.filled = now;
        let taken = usize::try_from(self.saved / 1000).map_or(lines, |saved| saved.min(lines));
        self.saved -= taken as u64 * 1000;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_so_many_lines() {
        let mut bucket = Bucket::new(100);
        assert_eq!(bucket.take(150, Boot(5000)), 100);
        assert_eq!(bucket.take(10, Boot(5009)), 0);
        assert_eq!(bucket.take(10, Boot(5010)), 1);
        assert_eq!(bucket.take(1000, Boot(60_000)), 100);
        assert_eq!(bucket.take(1, Boot(60_000)), 0);
    }

    #[test]
    fn without_a_rate_all_go_by() {
        assert_eq!(Bucket::new(0).take(usize::MAX, Boot(0)), usize::MAX);
    }
}
