//! What the shapes and lines of a picture mean: those that are in it.

use super::choose::{Drawn, Edges};
use super::layout::{Point, Spot};
use super::shapes::{line, shape};
use crate::manager::graph::{Id, Kind, OnLoss, Relation};
use crate::manager::graph_file::{kind, words};
use crate::manager::view::View;
use crate::svctl::svg::{SMALL, number, text, width};

/// How wide a sample is, how high a row, and what is between two samples.
const SAMPLE: f64 = 38.0;
const ROW: f64 = 24.0;
const BETWEEN: f64 = 22.0;
const MARGIN: f64 = 20.0;

/// Samples, and what they mean.
pub(super) struct Legend {
    samples: Vec<(Sample, String)>,
    remarks: Vec<String>,
}

enum Sample {
    Shape(Kind, &'static str),
    Line(Relation, bool),
}

impl Legend {
    /// Of a picture with these services and lines.
    pub(super) fn of(view: &View, shown: &[Id], edges: &Edges) -> Legend {
        let mut samples = Vec::new();
        let is_there = |what: Kind| shown.iter().any(|id| view.graph.service(*id).kind == what);
        for what in [Kind::Daemon, Kind::Oneshot, Kind::Group].into_iter().filter(|w| is_there(*w))
        {
            samples.push((Sample::Shape(what, ""), kind(what).to_owned()));
        }
        if shown.iter().any(|id| view.boot.contains(id)) {
            samples.push((Sample::Shape(Kind::Daemon, " enabled"), "enabled".to_owned()));
        }
        for (relation, is_after, meaning) in [
            (Relation::Requires(OnLoss::Stop), false, "requires"),
            (Relation::AnyOf(0), false, "any-of"),
            (Relation::Milestone, false, "milestone"),
            (Relation::Wants(OnLoss::Ignore), false, "wants"),
            (Relation::Wants(OnLoss::Ignore), true, "wants, and after"),
            (Relation::After, false, "after"),
            (Relation::PartOf, false, "part-of"),
            (Relation::Conflicts, false, "conflicts"),
        ] {
            let word = words(relation).0;
            let is_it = |edge: &Drawn| words(edge.relation).0 == word && edge.is_after == is_after;
            if edges.drawn.iter().any(is_it) {
                samples.push((Sample::Line(relation, is_after), meaning.to_owned()));
            }
        }
        let mut remarks = Vec::new();
        if !edges.drawn.is_empty() {
            remarks.push(
                "An arrow leads to what is needed; what is needed starts earlier.".to_owned(),
            );
        }
        if edges.implied > 0 {
            let count = edges.implied;
            let s = if count == 1 { "" } else { "s" };
            let text = format!("Not drawn: {count} relation{s} that others imply (--all).");
            remarks.push(text);
        }
        Legend { samples, remarks }
    }

    /// How wide the picture is at least.
    pub(super) fn width(&self) -> f64 {
        let texts = self.remarks.iter().map(|remark| width(remark, SMALL));
        texts.fold(320.0, f64::max) + 2.0 * MARGIN
    }

    /// Draws it below `top`; where it ends.
    pub(super) fn draw(&self, wide: f64, top: f64) -> (f64, String) {
        if self.samples.is_empty() {
            return (top, String::new());
        }
        let (mut x, mut y) = (MARGIN, top + 22.0);
        let mut svg = format!(
            "<path class=\"faint\" d=\"M{} {}H{}\"/>\n",
            number(MARGIN),
            number(top + 2.0),
            number(wide - MARGIN)
        );
        for (sample, meaning) in &self.samples {
            let across = SAMPLE + 8.0 + width(meaning, SMALL);
            if x > MARGIN && x + across > wide - MARGIN {
                (x, y) = (MARGIN, y + ROW);
            }
            svg += &match sample {
                Sample::Shape(kind, class) => {
                    let middle = Point { x: x + SAMPLE / 2.0, y };
                    let spot = Spot { middle, width: SAMPLE - 4.0, height: 15.0 };
                    format!("<{} class=\"node plain{class}\"/>\n", shape(*kind, &spot))
                }
                Sample::Line(relation, is_after) => line(
                    *relation,
                    *is_after,
                    &format!("M{} {y}H{}", number(x + 2.0), number(x + SAMPLE)),
                ),
            };
            svg += &text("small", (x + SAMPLE + 8.0, y + 4.0), "start", meaning);
            x += across + BETWEEN;
        }
        for remark in &self.remarks {
            y += if remark == &self.remarks[0] { ROW } else { 17.0 };
            svg += &text("small", (MARGIN, y + 4.0), "start", remark);
        }
        (y + 22.0, svg)
    }
}
