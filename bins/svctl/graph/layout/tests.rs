//! Pictures of small graphs and of large ones: what must hold in all of them.

use super::*;

const NODE: Node = Node { width: 80.0, height: 30.0, side: 15.0 };

fn edge(from: usize, to: usize) -> Edge {
    Edge { from, to, is_order: true }
}

/// A graph that looks like chance, and is the same each time: each node needs some before it.
fn many(nodes: usize) -> Vec<Edge> {
    let mut seed = 12_345_u64;
    let mut edges = Vec::new();
    for from in 1..nodes {
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let to = (seed >> 33) as usize % from;
            // Real ones are broad, not deep.
            edges.push(edge(from, if from > 100 { to % 100 } else { to }));
        }
    }
    edges
}

fn overlaps(one: &Spot, other: &Spot) -> bool {
    let near = |a: f64, b: f64, sizes: f64| (a - b).abs() < sizes / 2.0 - 0.01;
    near(one.middle.x, other.middle.x, one.width + other.width)
        && near(one.middle.y, other.middle.y, one.height + other.height)
}

fn check(nodes: usize, edges: &[Edge]) -> Layout {
    let drawn = layout(&vec![NODE; nodes], edges);
    assert_eq!(drawn, layout(&vec![NODE; nodes], edges), "it is not the same each time");
    assert_eq!((drawn.nodes.len(), drawn.edges.len()), (nodes, edges.len()));
    let inside =
        |x: f64, y: f64| (0.0..=drawn.width).contains(&x) && (0.0..=drawn.height).contains(&y);
    for spot in &drawn.nodes {
        let (x, y) = (spot.width / 2.0, spot.height / 2.0);
        assert!(inside(spot.middle.x - x, spot.middle.y - y), "{spot:?}");
        assert!(inside(spot.middle.x + x, spot.middle.y + y), "{spot:?}");
    }
    for (edge, points) in edges.iter().zip(&drawn.edges) {
        assert!(points.len() >= 2 && points.len() % 2 == 0);
        assert!(points.iter().all(|point| inside(point.x, point.y)), "{points:?}");
        let (from, to) = (drawn.nodes[edge.from], drawn.nodes[edge.to]);
        assert!(from.middle.x != to.middle.x);
        assert!(!edge.is_order || from.middle.x > to.middle.x);
        let side = |spot: Spot, point: Point| (spot.middle.x - point.x).abs() - spot.width / 2.0;
        assert!(side(from, points[0]).abs() < 0.01);
        assert!(side(to, points[points.len() - 1]).abs() < 0.01);
    }
    drawn
}

fn none_overlap(drawn: &Layout) {
    for (number, one) in drawn.nodes.iter().enumerate() {
        for other in &drawn.nodes[..number] {
            assert!(!overlaps(one, other), "{one:?} {other:?}");
        }
    }
}

#[test]
fn nothing_is_a_picture_too() {
    assert_eq!(check(0, &[]).nodes, []);
}

#[test]
fn what_has_no_edges_is_in_rows() {
    let drawn = check(10, &[]);
    none_overlap(&drawn);
    assert!(drawn.width > drawn.height);
}

#[test]
fn a_chain_is_a_straight_line() {
    let drawn = check(4, &[edge(1, 0), edge(2, 1), edge(3, 2)]);
    assert!(drawn.nodes.iter().all(|spot| spot.middle.y == drawn.nodes[0].middle.y));
}

#[test]
fn a_long_edge_goes_around() {
    let drawn = check(3, &[edge(1, 0), edge(2, 1), edge(2, 0)]);
    assert_eq!(drawn.edges[2].len(), 4);
    let bend = drawn.edges[2][1];
    assert!((bend.y - drawn.nodes[1].middle.y).abs() >= NODE.height / 2.0);
}

#[test]
fn edges_that_need_not_cross_do_not() {
    let web_of = |edges: &[Edge]| {
        let drawn = check(4, edges);
        let y = |node: usize| drawn.nodes[node].middle.y;
        (y(0) < y(1)) == (y(3) < y(2))
    };
    assert!(web_of(&[edge(3, 0), edge(2, 1)]));
}

#[test]
fn what_is_no_order_gives_way() {
    let loose = Edge { from: 0, to: 1, is_order: false };
    check(2, &[edge(1, 0), loose]);
    check(2, &[loose, Edge { from: 1, to: 0, is_order: false }]);
}

#[test]
fn many_do_not_overlap() {
    none_overlap(&check(500, &many(500)));
}

#[test]
fn ten_thousand_come_to_an_end() {
    let drawn = layout(&[NODE; 10_000], &many(10_000));
    assert!(drawn.height > 10_000.0);
}

#[test]
fn a_deep_one_with_long_edges_comes_to_an_end() {
    let deep = (1..2_000).flat_map(|node| [edge(node, node - 1), edge(node, node / 2)]);
    check(2_000, &deep.collect::<Vec<Edge>>());
}
