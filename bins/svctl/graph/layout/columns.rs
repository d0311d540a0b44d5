//! In which column each node is, and where edges bend.

use std::collections::BTreeSet;

use common::base::sort::{Gather, sort_by_key};

use super::{Edge, Web};

/// How many bends there are at most: edges beyond that go straight through everything.
const MOST_BENDS: usize = 60_000;

/// Puts nodes into columns; those without an edge are in none.
pub(super) fn web(nodes: usize, edges: &[Edge]) -> Web {
    let turn = turns(nodes, edges);
    let ends = |edge: &Edge| match turn[edge.to] < turn[edge.from] {
        true => (edge.to, edge.from),
        false => (edge.from, edge.to),
    };
    let mut web = Web {
        nodes,
        column: columns(&turn, edges.iter().map(ends)),
        left: vec![Vec::new(); nodes],
        right: vec![Vec::new(); nodes],
        ..Web::default()
    };
    for (left, right) in edges.iter().map(ends) {
        let path = web.path(left, right);
        web.paths.push(path);
    }
    web.fill();
    web
}

/// A turn for each node: after those that it leads to, as far as that can be.
fn turns(nodes: usize, edges: &[Edge]) -> Vec<usize> {
    let mut waits = vec![(0_usize, 0_usize); nodes];
    let mut users = vec![Vec::new(); nodes];
    for edge in edges {
        let (order, other) = &mut waits[edge.from];
        *(if edge.is_order { order } else { other }) += 1;
        users[edge.to].push((edge.from, edge.is_order));
    }
    let key = |waits: &[(usize, usize)], node: usize| (waits[node].0, waits[node].1, node);
    let mut left: BTreeSet<_> = (0..nodes).map(|node| key(&waits, node)).gather();
    let mut turn = vec![0; nodes];
    let mut number = 0;
    while let Some((_, _, node)) = left.pop_first() {
        turn[node] = number;
        number += 1;
        for (user, is_order) in &users[node] {
            if !left.remove(&key(&waits, *user)) {
                continue;
            }
            let (order, other) = &mut waits[*user];
            *(if *is_order { order } else { other }) -= 1;
            left.insert(key(&waits, *user));
        }
    }
    turn
}

/// The longest way to each node.
fn columns(turn: &[usize], ends: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut ends: Vec<_> = ends.collect();
    sort_by_key(&mut ends, |(left, _)| turn[*left]);
    let mut column = vec![0; turn.len()];
    for (left, right) in ends {
        column[right] = column[right].max(column[left] + 1);
    }
    column
}

impl Web {
    /// What an edge goes through: a bend in each column between its ends.
    fn path(&mut self, left: usize, right: usize) -> Vec<usize> {
        let (first, last) = (self.column[left], self.column[right]);
        if self.column.len() - self.nodes + last - first > MOST_BENDS {
            return vec![left, right];
        }
        let mut path = vec![left];
        for column in first + 1..last {
            path.push(self.column.len());
            self.column.push(column);
            self.left.push(Vec::new());
            self.right.push(Vec::new());
        }
        path.push(right);
        for pair in path.windows(2) {
            self.right[pair[0]].push(pair[1]);
            self.left[pair[1]].push(pair[0]);
        }
        path
    }

    /// Who is in each column: first as a walk along the edges finds them, so that neighbours are near.
    fn fill(&mut self) {
        let last = self.column.iter().max().map_or(0, |last| last + 1);
        self.columns = vec![Vec::new(); last];
        let mut ends = vec![false; self.nodes];
        self.paths
            .iter()
            .flatten()
            .filter(|end| **end < self.nodes)
            .for_each(|end| ends[*end] = true);
        let mut seen = vec![false; self.column.len()];
        for node in (0..self.nodes).filter(|node| ends[*node]) {
            let mut next = vec![node];
            while let Some(vertex) = next.pop() {
                if std::mem::replace(&mut seen[vertex], true) {
                    continue;
                }
                self.columns[self.column[vertex]].push(vertex);
                next.extend(self.left[vertex].iter().chain(&self.right[vertex]).rev());
            }
        }
    }
}
