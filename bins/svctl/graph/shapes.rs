//! What services and relations look like.

use super::layout::{Point, Spot};
use crate::manager::graph::{Kind, Relation};
use crate::manager::graph_file::words;
use crate::svctl::svg::number;

/// How far the ends of a oneshot's shape stand out.
pub(super) const POINT: f64 = 10.0;

/// The beginning of the element that a service is drawn as.
pub(super) fn shape(kind: Kind, spot: &Spot) -> String {
    let Spot { middle: Point { x, y }, width, height } = *spot;
    let (left, right) = (x - width / 2.0, x + width / 2.0);
    let (top, bottom) = (y - height / 2.0, y + height / 2.0);
    match kind {
        Kind::Daemon => {
            let [left, top, width, height] = [left, top, width, height].map(number);
            format!("rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"6\"")
        }
        Kind::Oneshot => {
            let point = POINT.min(width / 4.0);
            let (inner_left, inner_right) = (left + point, right - point);
            let [left, inner_left, inner_right, right, top, y, bottom] =
                [left, inner_left, inner_right, right, top, y, bottom].map(number);
            format!(
                "path d=\"M{left} {y}L{inner_left} {top}H{inner_right}L{right} {y}L{inner_right} \
                 {bottom}H{inner_left}z\""
            )
        }
        Kind::Group => {
            let [x, y, rx, ry] = [x, y, width / 2.0, height / 2.0].map(number);
            format!("ellipse cx=\"{x}\" cy=\"{y}\" rx=\"{rx}\" ry=\"{ry}\"")
        }
    }
}

/// A line of the look of a relation along a path.
pub(super) fn line(relation: Relation, is_after: bool, path: &str) -> String {
    let (word, _) = words(relation);
    let (class, ends) = match relation {
        Relation::Requires(_) | Relation::AnyOf(_) | Relation::Wants(_) | Relation::After => {
            ("line", "marker-end=\"url(#arrow)\"")
        }
        Relation::Milestone => ("line", "marker-end=\"url(#ring)\""),
        Relation::PartOf => ("line", "marker-end=\"url(#diamond)\""),
        Relation::Conflicts => ("alarm", "marker-start=\"url(#cross)\" marker-end=\"url(#cross)\""),
    };
    let after = if is_after { "-after" } else { "" };
    format!("<path class=\"{class} {word}{after}\" d=\"{path}\" {ends}/>\n")
}
