//! Where everything is, once its column and its order in it are known.

use common::base::sort::sort_by;

use super::{Edge, GAP, Layout, MARGIN, Node, Point, Spot, Web};

/// How high a bend is, with the room around it.
const BEND: f64 = 4.0;
/// How often the columns are moved, to and fro.
const SWEEPS: usize = 12;
/// What is between two columns at least, and more for each edge that is there, up to as much again.
const BETWEEN: f64 = 64.0;
const FOR_AN_EDGE: f64 = 1.5;
/// Between the ends of two edges at a node.
const ENDS: f64 = 6.0;
/// How wide the nodes without edges are laid out, in relation to their height.
const SHAPE: f64 = 1.8;

/// Finds the places.
pub(super) fn place(web: &Web, nodes: &[Node], edges: &[Edge]) -> Layout {
    let y = heights(web, nodes);
    let x = sides(web, nodes);
    let mut spots = vec![Spot::default(); nodes.len()];
    let is_placed = web.columns.iter().any(|column| !column.is_empty());
    let (mut width, mut height) = (2.0 * MARGIN, 2.0 * MARGIN);
    if is_placed {
        for vertex in web.columns.iter().flatten().filter(|vertex| !web.is_bend(**vertex)) {
            let (left, right) = x[web.column[*vertex]];
            let middle = Point { x: f64::midpoint(left, right), y: y[*vertex] };
            spots[*vertex] = Spot { middle, width: right - left, height: nodes[*vertex].height };
            height = height.max(y[*vertex] + nodes[*vertex].height / 2.0 + MARGIN);
        }
        let bends = web.columns.iter().flatten().map(|vertex| y[*vertex] + MARGIN);
        height = bends.fold(height, f64::max);
        width = x.last().map_or(width, |(_, right)| right + MARGIN);
    }
    let edges = lines(web, nodes, &x, &y, edges);
    let top = if is_placed { height } else { MARGIN };
    let (wide, high) = alone(web, nodes, &mut spots, top, width);
    Layout { width: width.max(wide), height: height.max(high), nodes: spots, edges }
}

/// The left and the right side of each column.
fn sides(web: &Web, nodes: &[Node]) -> Vec<(f64, f64)> {
    let mut left = MARGIN;
    let mut sides = Vec::new();
    for column in &web.columns {
        let own = column.iter().filter(|vertex| !web.is_bend(**vertex));
        let width = own.map(|vertex| nodes[*vertex].width).fold(0.0, f64::max);
        sides.push((left, left + width));
        let edges: usize = column.iter().map(|vertex| web.right[*vertex].len()).sum();
        left += width + BETWEEN + (edges as f64 * FOR_AN_EDGE).min(BETWEEN);
    }
    sides
}

/// How far down each vertex is.
fn heights(web: &Web, nodes: &[Node]) -> Vec<f64> {
    let mut y = vec![0.0; web.column.len()];
    let half = |vertex: usize| match nodes.get(vertex) {
        Some(node) => (node.height + GAP) / 2.0,
        None => BEND,
    };
    for column in &web.columns {
        let total: f64 = column.iter().map(|vertex| 2.0 * half(*vertex)).sum();
        let mut top = -total / 2.0;
        for vertex in column {
            y[*vertex] = top + half(*vertex);
            top += 2.0 * half(*vertex);
        }
    }
    let last = web.columns.len();
    for sweep in 0..SWEEPS {
        let is_end = sweep + 2 >= SWEEPS;
        for step in 0..last {
            let column = &web.columns[if sweep % 2 == 0 { step } else { last - 1 - step }];
            let wishes = column.iter().map(|vertex| {
                let sides = [(&web.left, sweep % 2 == 0), (&web.right, sweep % 2 == 1)];
                let sides = sides.into_iter().filter(|(_, is_its_turn)| *is_its_turn || is_end);
                let near: Vec<usize> =
                    sides.flat_map(|(side, _)| &side[*vertex]).copied().collect();
                wish(web, *vertex, &near, &y)
            });
            let wishes: Vec<(f64, f64)> = wishes.collect();
            settle(column, &wishes, half, &mut y);
        }
    }
    let tops = web.columns.iter().flatten().map(|vertex| y[*vertex] - half(*vertex) + GAP / 2.0);
    let top = tops.fold(f64::INFINITY, f64::min);
    y.iter_mut().for_each(|y| *y += MARGIN - top);
    y
}

/// Where a vertex would be, were it alone, and how much that counts.
fn wish(web: &Web, vertex: usize, near: &[usize], y: &[f64]) -> (f64, f64) {
    if near.is_empty() {
        return (y[vertex], 0.05);
    }
    let sum: f64 = near.iter().map(|other| y[*other]).sum();
    // A line that is straight over many columns is worth more than one node in the middle of its edges.
    let is_long = web.is_bend(vertex) && near.iter().any(|other| web.is_bend(*other));
    (sum / near.len() as f64, if is_long { 4.0 } else { 1.0 })
}

/// Moves the vertices of a column as near to their wishes as their order and their sizes allow: the
/// least squares, by pooling those that would overlap.
fn settle(column: &[usize], wishes: &[(f64, f64)], half: impl Fn(usize) -> f64, y: &mut [f64]) {
    // Each pool: the sum of its wishes, their weight, and how many it has.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    let mut offsets = Vec::with_capacity(column.len());
    let mut offset = 0.0;
    for (at, (vertex, (wish, weight))) in column.iter().zip(wishes).enumerate() {
        if at > 0 {
            offset += half(column[at - 1]) + half(*vertex);
        }
        offsets.push(offset);
        let mut pool = ((wish - offset) * weight, *weight, 1);
        while let Some(last) = pools.pop_if(|last| last.0 / last.1 >= pool.0 / pool.1) {
            pool = (pool.0 + last.0, pool.1 + last.1, pool.2 + last.2);
        }
        pools.push(pool);
    }
    let places = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.0 / pool.1, pool.2));
    for ((vertex, offset), place) in column.iter().zip(offsets).zip(places) {
        y[*vertex] = place + offset;
    }
}

/// What the edges go through.
fn lines(
    web: &Web,
    nodes: &[Node],
    x: &[(f64, f64)],
    y: &[f64],
    edges: &[Edge],
) -> Vec<Vec<Point>> {
    let starts = ends(web, nodes, y, |path| (path.first(), path.get(1)));
    let stops = ends(web, nodes, y, |path| (path.last(), path.iter().rev().nth(1)));
    let line = |(number, path): (usize, &Vec<usize>)| {
        let [from, .., to] = path.as_slice() else { return Vec::new() };
        let mut points = vec![Point { x: x[web.column[*from]].1, y: y[*from] + starts[number] }];
        for bend in path.iter().filter(|vertex| web.is_bend(**vertex)) {
            let (left, right) = x[web.column[*bend]];
            points.extend([left, right].map(|x| Point { x, y: y[*bend] }));
        }
        points.push(Point { x: x[web.column[*to]].0, y: y[*to] + stops[number] });
        if edges[number].to == *from {
            points.reverse();
        }
        points
    };
    web.paths.iter().enumerate().map(line).collect()
}

/// Where on the side of its node each edge ends, from the middle: in the order in which they come.
fn ends<'a>(
    web: &'a Web,
    nodes: &[Node],
    y: &[f64],
    of: impl Fn(&'a [usize]) -> (Option<&'a usize>, Option<&'a usize>),
) -> Vec<f64> {
    let mut at: Vec<Vec<(f64, usize)>> = vec![Vec::new(); web.nodes];
    for (number, path) in web.paths.iter().enumerate() {
        if let (Some(end), Some(next)) = of(path) {
            at[*end].push((y[*next], number));
        }
    }
    let mut offsets = vec![0.0; web.paths.len()];
    for (node, mut edges) in at.into_iter().enumerate() {
        sort_by(&mut edges, |one, other| one.0.total_cmp(&other.0));
        let last = edges.len().saturating_sub(1) as f64;
        let step = if last > 0.0 { ENDS.min(nodes[node].side / last) } else { 0.0 };
        for (place, (_, edge)) in edges.into_iter().enumerate() {
            offsets[edge] = (place as f64 - last / 2.0) * step;
        }
    }
    offsets
}

/// Puts the nodes without edges below all others, in rows; how wide and high it all is with them.
fn alone(web: &Web, nodes: &[Node], spots: &mut [Spot], top: f64, width: f64) -> (f64, f64) {
    let mut has_edge = vec![false; nodes.len()];
    web.paths
        .iter()
        .flatten()
        .filter(|end| !web.is_bend(**end))
        .for_each(|end| has_edge[*end] = true);
    let alone: Vec<usize> = (0..nodes.len()).filter(|node| !has_edge[*node]).collect();
    let widest = alone.iter().map(|node| nodes[*node].width).fold(0.0, f64::max);
    let highest = alone.iter().map(|node| nodes[*node].height).fold(0.0, f64::max);
    if alone.is_empty() {
        return (0.0, 0.0);
    }
    let (across, down) = (widest + 2.0 * GAP, highest + GAP);
    let fitting = ((alone.len() as f64 * across * down * SHAPE).sqrt()).max(width - 2.0 * MARGIN);
    let in_a_row = ((fitting / across).ceil() as usize).clamp(1, alone.len());
    for (number, node) in alone.iter().enumerate() {
        let x = MARGIN + (number % in_a_row) as f64 * across + widest / 2.0;
        let y = top + (number / in_a_row) as f64 * down + highest / 2.0;
        spots[*node] = Spot { middle: Point { x, y }, width: widest, height: nodes[*node].height };
    }
    let rows = alone.len().div_ceil(in_a_row) as f64;
    (in_a_row as f64 * across - 2.0 * GAP + 2.0 * MARGIN, top + rows * down - GAP + MARGIN)
}
