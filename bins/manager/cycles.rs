//! Knots in a directed graph: sets of nodes each of which leads to all others.

use common::base::sort;
use std::collections::VecDeque;

/// The number of a node that was not seen yet.
const UNSEEN: u32 = u32::MAX;

/// The nodes, knot by knot (a node that is in no cycle is a knot of its own), what a knot leads to
/// before it: Tarjan's algorithm, with a stack of its own since a chain may be long.
pub(super) fn knots<I>(nodes: usize, leads_to: impl Fn(u32) -> I) -> Vec<Vec<u32>>
where
    I: Iterator<Item = u32>,
{
    let mut number = vec![UNSEEN; nodes];
    let mut lowest = vec![UNSEEN; nodes];
    let mut is_open = vec![false; nodes];
    let (mut open, mut found, mut next) = (Vec::new(), Vec::new(), 0);
    for root in 0..nodes as u32 {
        if number[root as usize] != UNSEEN {
            continue;
        }
        let mut path = vec![(root, None)];
        while let Some((node, ways)) = path.last_mut() {
            let at = *node as usize;
            let ways = ways.get_or_insert_with(|| {
                (number[at], lowest[at], is_open[at]) = (next, next, true);
                next += 1;
                open.push(*node);
                leads_to(*node)
            });
            if let Some(to) = ways.next() {
                if number[to as usize] == UNSEEN {
                    path.push((to, None));
                } else if is_open[to as usize] {
                    lowest[at] = lowest[at].min(number[to as usize]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                lowest[*parent as usize] = lowest[*parent as usize].min(lowest[at]);
            }
            if lowest[at] == number[at] {
                let start = open.iter().rposition(|other| *other as usize == at).unwrap_or(0);
                let knot = open.split_off(start);
                knot.iter().for_each(|member| is_open[*member as usize] = false);
                found.push(knot);
            }
        }
    }
    found
}

/// A shortest cycle through this node of a knot, the first node not repeated; `None` when there is
/// none, as in a knot of a single node that does not lead to itself.
pub(super) fn cycle<I>(first: u32, knot: &[u32], leads_to: impl Fn(u32) -> I) -> Option<Vec<u32>>
where
    I: Iterator<Item = u32>,
{
    let mut sorted = knot.to_vec();
    sort::sort(&mut sorted);
    let mut from = vec![None; sorted.len()];
    let mut queue = VecDeque::from([first]);
    while let Some(node) = queue.pop_front() {
        for to in leads_to(node) {
            if to == first {
                let mut cycle = vec![node];
                let mut at = node;
                while at != first {
                    let place = sorted.binary_search(&at).ok()?;
                    at = from[place]?;
                    cycle.push(at);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if let Ok(place) = sorted.binary_search(&to)
                && from[place].is_none()
            {
                from[place] = Some(node);
                queue.push_back(to);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(edges: &[(u32, u32)]) -> impl Fn(u32) -> std::vec::IntoIter<u32> {
        move |node| {
            let out = edges.iter().filter(|edge| edge.0 == node).map(|edge| edge.1);
            out.collect::<Vec<_>>().into_iter()
        }
    }

    #[test]
    fn what_a_node_leads_to_comes_before_it() {
        let edges = [(0, 1), (1, 2), (0, 2), (3, 0)];
        assert_eq!(knots(4, ways(&edges)), [[2], [1], [0], [3]]);
    }

    #[test]
    fn a_knot_holds_all_that_lead_to_each_other() {
        let edges = [(0, 1), (1, 2), (2, 1), (2, 3), (3, 1), (4, 4)];
        assert_eq!(knots(5, ways(&edges)), [vec![1, 2, 3], vec![0], vec![4]]);
    }

    #[test]
    fn the_cycle_is_a_shortest_one() {
        let edges = [(1, 2), (2, 3), (3, 1), (2, 1)];
        assert_eq!(cycle(1, &[3, 2, 1], ways(&edges)), Some(vec![1, 2]));
        assert_eq!(cycle(4, &[4], ways(&[(4, 4)])), Some(vec![4]));
        assert_eq!(cycle(4, &[4], ways(&edges)), None);
    }

    #[test]
    fn a_chain_of_a_million_needs_no_deep_stack() {
        let next = |node: u32| (node + 1 < 1_000_000).then_some(node + 1).into_iter();
        assert_eq!(knots(1_000_000, next).len(), 1_000_000);
    }
}
