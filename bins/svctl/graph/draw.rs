//! The picture of a graph.

use std::collections::BTreeMap;

use super::choose::{Drawn, Edges};
use super::layout::{self, Point, Spot};
use super::legend::Legend;
use super::shapes::{POINT, line, shape};
use crate::manager::graph::{Id, Kind, OnLoss, Relation};
use crate::manager::graph_file::words;
use crate::manager::view::View;
use crate::svctl::cut::cut;
use crate::svctl::standing::Standing;
use crate::svctl::svg::{LETTERS, SMALL, begin, escaped, number, text, width};
use crate::svctl::terminal::Ink;

/// The longest name that is shown whole.
const LONGEST: usize = 36;
/// What is above the graph.
const HEADER: f64 = 44.0;

const STYLE: &str = "
.node { stroke-width: 1.2 }
.enabled { stroke-width: 3 }
.wants { stroke-dasharray: 7 4 }
.any-of { stroke-dasharray: 14 4 }
.after { stroke-dasharray: 1.5 4 }
.wants-after { stroke-dasharray: 7 4 1.5 4 }
.conflicts { stroke-dasharray: 3 2 }
";

/// The ends of lines: for those that need, for milestones, for parts, for conflicts.
const ENDS: &str = "<defs>
<marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" \
markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head\" d=\"M1 1.5 10 5 1 8.5z\"/></marker>
<marker id=\"ring\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"10\" markerHeight=\"10\" \
markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"hollow\" d=\"M1 1.5 9.5 5 1 8.5z\"/></marker>
<marker id=\"diamond\" viewBox=\"0 0 14 10\" refX=\"14\" refY=\"5\" markerWidth=\"14\" markerHeight=\"10\" \
markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head\" d=\"M0 5 7 1 14 5 7 9z\"/></marker>
<marker id=\"cross\" viewBox=\"0 0 10 10\" refX=\"5\" refY=\"5\" markerWidth=\"10\" markerHeight=\"10\" \
markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"alarm\" d=\"M1 1 9 9M1 9 9 1\"/></marker>
</defs>
";

/// What is drawn.
pub(super) struct Picture<'a> {
    pub(super) view: &'a View,
    pub(super) shown: Vec<Id>,
    /// How each of them stands; none: it is no live system.
    pub(super) standings: Vec<Option<Standing>>,
    pub(super) edges: Edges,
    pub(super) notes: BTreeMap<Id, String>,
}

impl Picture<'_> {
    pub(super) fn draw(&self) -> String {
        let place = |id: Id| self.shown.binary_search(&id).unwrap_or_default();
        let nodes: Vec<layout::Node> = self.shown.iter().map(|id| self.node(*id)).collect();
        let edges: Vec<layout::Edge> =
            self.edges.drawn.iter().map(|edge| self.edge(edge, place)).collect();
        let drawn = layout::layout(&nodes, &edges);
        let headline = self.headline();
        let legend = Legend::of(self.view, &self.shown, &self.edges);
        let wide = drawn.width.max(width(&headline, LETTERS) + 40.0).max(legend.width());
        let (below, legend) = legend.draw(wide, HEADER + drawn.height);
        let mut svg = begin(wide, below, &headline, STYLE);
        svg += ENDS;
        svg += &text("name", (20.0, 28.0), "start", &headline);
        svg += &format!("<g transform=\"translate(0 {})\">\n", number(HEADER));
        let lines = self.edges.drawn.iter().zip(&drawn.edges);
        lines
            .clone()
            .for_each(|(edge, points)| svg += &line(edge.relation, edge.is_after, &path(points)));
        for (id, spot) in self.shown.iter().zip(&drawn.nodes) {
            svg += &self.service(*id, spot);
        }
        lines.for_each(|(edge, points)| svg += &label(edge.relation, points));
        svg + "</g>\n" + &legend + "</svg>\n"
    }

    fn node(&self, id: Id) -> layout::Node {
        let kind = self.view.graph.service(id).kind;
        let words = [(self.view.name(id), LETTERS + 0.5), (self.state(id), SMALL)];
        let letters = words
            .map(|(word, size)| width(&cut(word, LONGEST), size))
            .into_iter()
            .fold(0.0, f64::max);
        let has_state = self.standing(id).is_some();
        let around = match kind {
            Kind::Daemon => 22.0,
            Kind::Oneshot => 22.0 + 2.0 * POINT,
            Kind::Group => 22.0 + letters * 0.25,
        };
        let height = if has_state { 40.0 } else { 30.0 };
        let side = if kind == Kind::Daemon { height * 0.6 } else { 6.0 };
        layout::Node { width: letters + around, height, side }
    }

    fn edge(&self, edge: &Drawn, place: impl Fn(Id) -> usize) -> layout::Edge {
        let Drawn { from, relation, to, is_after } = *edge;
        layout::Edge { from: place(from), to: place(to), is_order: relation.orders() || is_after }
    }

    fn standing(&self, id: Id) -> Option<Standing> {
        self.standings[self.shown.binary_search(&id).ok()?]
    }

    fn state(&self, id: Id) -> &'static str {
        self.standing(id).map_or("", Standing::word)
    }

    /// How many there are, and where they stand.
    fn headline(&self) -> String {
        let count = self.shown.len();
        let s = if count == 1 { "" } else { "s" };
        let Some(_) = self.view.rows else {
            let number = self.view.path.file_name().unwrap_or_default().display();
            return format!("{count} service{s} of generation {number}");
        };
        let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
        self.standings.iter().flatten().for_each(|one| *counts.entry(*one).or_default() += 1);
        let said = counts.iter().map(|(standing, count)| format!("{count} {}", standing.word()));
        let said: Vec<String> = said.collect();
        let colon = if said.is_empty() { "" } else { ": " };
        format!("{count} service{s}{colon}{}", said.join(", "))
    }

    fn service(&self, id: Id, spot: &Spot) -> String {
        let Spot { middle: Point { x, y }, .. } = *spot;
        let name = cut(self.view.name(id), LONGEST);
        let state = self.state(id);
        let colour = match self.standing(id).map(Standing::ink) {
            Some(Ink::Good) => "good",
            Some(Ink::Busy) => "busy",
            Some(Ink::Bad) => "bad",
            Some(Ink::Faint | Ink::Strong) | None => "plain",
        };
        let enabled = if self.view.boot.contains(&id) { " enabled" } else { "" };
        let shape = shape(self.view.graph.service(id).kind, spot);
        let note = self.notes.get(&id).map(|note| escaped(note)).unwrap_or_default();
        let mut svg =
            format!("<g>\n<title>{note}</title>\n<{shape} class=\"node {colour}{enabled}\"/>\n");
        if state.is_empty() {
            svg += &text("name", (x, y + 4.5), "middle", &name);
        } else {
            svg += &text("name", (x, y - 1.5), "middle", &name);
            svg += &text("small", (x, y + 12.5), "middle", state);
        }
        svg + "</g>\n"
    }
}

/// Between columns a curve that leaves and comes level, then a line across the next column.
fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (at, gap) in points.chunks_exact(2).enumerate() {
        let (from, to) = (gap[0], gap[1]);
        let middle = number(f64::midpoint(from.x, to.x));
        let step = if at == 0 { "M" } else { "L" };
        let [from_x, from_y, to_x, to_y] = [from.x, from.y, to.x, to.y].map(number);
        path += &format!("{step}{from_x} {from_y}C{middle} {from_y} {middle} {to_y} {to_x} {to_y}");
    }
    path
}

/// What is done on a loss, if that is not what usually is.
fn label(relation: Relation, points: &[Point]) -> String {
    let (_, on_loss) = words(relation);
    let is_usual =
        matches!(relation, Relation::Requires(OnLoss::Stop) | Relation::Wants(OnLoss::Ignore));
    match (on_loss, points) {
        (Some(on_loss), [from, to, ..]) if !is_usual => {
            let (x, y) = (f64::midpoint(from.x, to.x), f64::midpoint(from.y, to.y));
            text("label", (x, y + 3.5), "middle", on_loss)
        }
        _ => String::new(),
    }
}
