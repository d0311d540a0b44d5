//! Where the nodes and the edges of a picture are: in columns, each node to the right of all that it
//! leads to. Pure, and the same each time.
//!
//! As Sugiyama has it: columns by longest paths, with a bend where an edge passes a column; an order in each
//! column in which few edges cross; then places that keep that order and let edges run straight.

mod columns;
mod crossings;
mod places;

/// How far the picture's edge is from what is nearest to it.
const MARGIN: f64 = 20.0;
/// Between two nodes of a column.
const GAP: f64 = 14.0;

/// A node that is to be placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) width: f64,
    pub(super) height: f64,
    /// How much of its left and right side edges may end at.
    pub(super) side: f64,
}

/// An edge: `from` needs `to`, and so is to the right of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// It may not lead back: these edges have no cycle. Others give way.
    pub(super) is_order: bool,
}

/// A place in the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A node in its place: its middle, and how large it is drawn. All of a column are of the same width.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spot {
    pub(super) middle: Point,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) nodes: Vec<Spot>,
    /// The points that each edge goes through, from its `from` to its `to`: between the columns a curve, then a
    /// line across a column, in turns; the first and the last are curves.
    pub(super) edges: Vec<Vec<Point>>,
}

/// Nodes, and bends of edges, in columns.
#[derive(Debug, Default)]
struct Web {
    /// How many are nodes: these come first, then the bends.
    nodes: usize,
    column: Vec<usize>,
    /// Who is in each column, from above.
    columns: Vec<Vec<usize>>,
    /// Neighbours in the column before, and in the one behind.
    left: Vec<Vec<usize>>,
    right: Vec<Vec<usize>>,
    /// What each edge goes through from left to right.
    paths: Vec<Vec<usize>>,
}

impl Web {
    /// Whether an edge bends there, and nothing is drawn.
    fn is_bend(&self, vertex: usize) -> bool {
        vertex >= self.nodes
    }
}

/// Draws: every end of an edge is in the list of nodes, and no edge leads from a node to itself.
pub(super) fn layout(nodes: &[Node], edges: &[Edge]) -> Layout {
    let mut web = columns::web(nodes.len(), edges);
    crossings::reduce(&mut web);
    places::place(&web, nodes, edges)
}

#[cfg(test)]
mod tests;
