//! Sorting that is compiled once. The standard library's is compiled for each type and each order, and
//! takes some 5 kB of an executable every time; so does `collect` into a map or a set.

use std::cmp::Ordering;

/// Sorts by value; what is equal stays in order.
pub fn sort<T: Ord>(list: &mut [T]) {
    sort_by(list, T::cmp);
}

/// Sorts by what `key` says of each.
pub fn sort_by_key<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(list, |one, other| key(one).cmp(&key(other)));
}

/// Sorts in the order of `compare`.
pub fn sort_by<T>(list: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut order = order(list.len(), &|one, other| compare(&list[one], &list[other]));
    for start in 0..list.len() {
        // Each swap brings one to its place, until the circle is closed.
        let mut at = start;
        while order[at] != start {
            let next = order[at];
            list.swap(at, next);
            order[at] = at;
            at = next;
        }
        order[at] = at;
    }
}

/// Which of `count` things comes at each place.
fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_unstable_by(|one, other| compare(*one, *other).then(one.cmp(other)));
    order
}

/// `collect` for maps and sets.
pub trait Gather: Iterator + Sized {
    /// Puts in one after the other.
    fn gather<A: Default + Extend<Self::Item>>(self) -> A {
        let mut all = A::default();
        all.extend(self);
        all
    }
}

impl<I: Iterator> Gather for I {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in no order, the same each time.
    fn numbers(count: u64) -> Vec<u64> {
        (0..count).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).collect()
    }

    #[test]
    fn as_the_standard_library() {
        for count in 0..200 {
            let mut ours = numbers(count);
            let mut theirs = ours.clone();
            sort(&mut ours);
            theirs.sort();
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn what_is_equal_stays_in_order() {
        let mut ours: Vec<(u64, usize)> =
            numbers(1000).into_iter().map(|n| n % 7).zip(0..).collect();
        let mut theirs = ours.clone();
        sort_by_key(&mut ours, |(number, _)| *number);
        theirs.sort_by_key(|(number, _)| *number);
        assert_eq!(ours, theirs);
    }
}
