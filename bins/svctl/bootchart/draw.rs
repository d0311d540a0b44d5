//! The picture of a boot: a row for each service, along an axis of time.

use super::boot::{Boot, Mark, Row};
use super::{of_ms, remarks, seconds, took};
use crate::manager::graph::Kind;
use crate::svctl::cut::cut;
use crate::svctl::svg::{LETTERS, SMALL, begin, escaped, number, text, width};

/// The longest name that is shown whole.
const LONGEST: usize = 36;
/// How wide the axis is, and how high a row.
const AXIS: f64 = 860.0;
const ROW: f64 = 24.0;
const MARGIN: f64 = 20.0;
/// What is above the rows.
const HEADER: f64 = 84.0;
/// What is to the right of the axis: the time of who is ready last.
const BEHIND: f64 = 76.0;
/// How many marks of the axis there are about.
const TICKS: f64 = 10.0;
/// How many failures of one service are drawn: it may have failed for minutes.
const MARKS: usize = 20;

const STYLE: &str = "
.wait { fill: #d5d9e0 }
.starting { fill: #f2b84b }
.unready { fill: #7fb2e5 }
.ready { fill: #1f5f3a }
.lasts { fill: #9ccfae }
.critical { stroke: #1f2430; stroke-width: 2; fill: none }
.took { font-size: 11px; fill: #59606e; stroke: #fdfdf9; stroke-width: 3px; paint-order: stroke }
.seam { stroke: #7d8593; stroke-dasharray: 4 3 }
.disc { fill: #b3261e }
.again { fill: #59606e }
.letter { font-size: 10px; font-weight: 700; fill: #ffffff }
@media (prefers-color-scheme: dark) {
.wait { fill: #3a404b }
.starting { fill: #b98216 }
.unready { fill: #3f78b3 }
.ready { fill: #8fe0ac }
.lasts { fill: #2c5a3d }
.critical { stroke: #f2f4f7 }
.took { fill: #a6adb8; stroke: #191c17 }
.disc { fill: #d8453b }
.letter { fill: #ffffff }
}
";

/// Draws it.
pub(super) fn chart(boot: &Boot) -> String {
    let names = boot.rows.iter().map(|row| width(&cut(&row.name, LONGEST), LETTERS));
    let left = MARGIN + names.fold(60.0, f64::max) + 14.0;
    // An axis of no length has no scale.
    let length = boot.length().max(1) as f64;
    let chart = Chart { boot, left, length, bottom: HEADER + boot.rows.len() as f64 * ROW };
    let summary = boot.summary();
    let mut svg = begin(left + AXIS + BEHIND, chart.bottom + 62.0, &summary, STYLE);
    svg += &text("name", (MARGIN, 28.0), "start", &summary);
    svg += &text("small", (MARGIN, 46.0), "start", &cut(&chart.path_in_words(), 150));
    svg += &chart.axis();
    svg += &chart.ways();
    for (place, row) in boot.rows.iter().enumerate() {
        svg += &chart.row(place, row);
    }
    svg + &chart.legend() + "</svg>\n"
}

struct Chart<'a> {
    boot: &'a Boot,
    left: f64,
    /// What the axis is long, in milliseconds.
    length: f64,
    bottom: f64,
}

impl Chart<'_> {
    fn path_in_words(&self) -> String {
        let names: Vec<&str> =
            self.boot.critical.iter().map(|place| self.boot.rows[*place].name.as_str()).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("Critical path: {}", names.join(" → "))
        }
    }

    fn x(&self, ms: u64) -> f64 {
        let since = ms.saturating_sub(self.boot.begin) as f64;
        self.left + (since / self.length).min(1.0) * AXIS
    }

    /// The middle of a row.
    fn y(&self, place: usize) -> f64 {
        HEADER + (place as f64 + 0.5) * ROW
    }

    fn axis(&self) -> String {
        let step = step(self.length / TICKS);
        let mut svg = String::new();
        for tick in 0..=(self.length as u64 / step) {
            let x = self.x(self.boot.begin + tick * step);
            let at = number(x);
            let (top, bottom) = (number(HEADER - 6.0), number(self.bottom));
            svg += &format!("<path class=\"faint\" d=\"M{at} {top}V{bottom}\"/>\n");
            svg += &text("small", (x, HEADER - 12.0), "middle", &tick_text(tick * step, step));
        }
        for (ms, what) in &self.boot.seams {
            let x = self.x(*ms);
            let (at, top, bottom) = (number(x), number(HEADER - 6.0), number(self.bottom + 4.0));
            svg += &format!("<path class=\"seam\" d=\"M{at} {top}V{bottom}\"/>\n");
            svg += &text("small", (x, self.bottom + 14.0), "middle", what);
        }
        svg
    }

    fn row(&self, place: usize, row: &Row) -> String {
        let y = self.y(place);
        let is_critical = self.boot.critical.contains(&place);
        let mut svg = format!("<g>\n<title>{}</title>\n", escaped(&self.note(row)));
        let name = cut(&row.name, LONGEST);
        let class = if is_critical { "name" } else { "plain-name" };
        svg += &text(class, (self.left - 12.0, y + 4.5), "end", &name);
        let end = row.marks.first().map(|(ms, _)| *ms).filter(|_| row.ready.is_none());
        let end = row.ready.or(end).unwrap_or(self.boot.begin + self.boot.length());
        let started = row.started.unwrap_or(end);
        let up = row.up.unwrap_or(end);
        svg += &self.bar("wait", y, 6.0, row.wanted, started);
        svg += &self.bar("starting", y, 14.0, started, up);
        svg += &self.bar("unready", y, 14.0, up, end);
        if is_critical {
            svg += &self.frame(place);
        }
        if let Some(ready) = row.ready {
            svg += &self.ready(row, y, ready, is_critical);
        }
        // What was ready and failed later was up in between.
        if let Some((ready, (failed, _))) = row.ready.zip(row.marks.first()) {
            svg += &self.bar("lasts", y, 3.0, ready, (*failed).max(ready));
        }
        for (ms, mark) in row.marks.iter().take(MARKS) {
            svg += &self.mark(y, *ms, *mark);
        }
        svg + "</g>\n"
    }

    /// When it was ready, and how long it took.
    fn ready(&self, row: &Row, y: f64, ready: u64, is_critical: bool) -> String {
        let x = self.x(ready);
        let class = if is_critical { "name took" } else { "took" };
        let mark = if row.kind == Kind::Group {
            let [left, x, right] = [x - 6.0, x, x + 6.0].map(number);
            let [top, y, bottom] = [y - 8.0, y, y + 8.0].map(number);
            format!(
                "<path class=\"ready\" d=\"M{left} {y}L{x} {top} {right} {y} {x} {bottom}z\"/>\n"
            )
        } else {
            let (left, top) = (number(x - 1.5), number(y - 9.0));
            format!("<rect class=\"ready\" x=\"{left}\" y=\"{top}\" width=\"3\" height=\"18\"/>\n")
        };
        let took = match (row.kind, took(row)) {
            (Kind::Group, _) => format!("at {} s", seconds(self.boot, ready)),
            (Kind::Daemon | Kind::Oneshot, took) => format!("{} s", of_ms(took.unwrap_or(0))),
        };
        // Behind what happened to it later.
        let marks = row.marks.iter().take(MARKS).map(|(ms, _)| self.x(*ms) + 5.0);
        let x = marks.fold(x, f64::max);
        mark + &text(class, (x + 9.0, y + 4.0), "start", &took)
    }

    fn bar(&self, class: &str, y: f64, height: f64, from: u64, to: u64) -> String {
        let (left, right) = (self.x(from), self.x(to));
        if right - left < 0.05 {
            return String::new();
        }
        let [x, y, width, height] = [left, y - height / 2.0, right - left, height].map(number);
        format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n"
        )
    }

    fn mark(&self, y: f64, ms: u64, mark: Mark) -> String {
        if ms > self.boot.begin + self.boot.length() {
            return String::new();
        }
        let (class, letter) = match mark {
            Mark::Failed => ("disc", "F"),
            Mark::StartedAgain => ("again", "R"),
        };
        disc(class, letter, (self.x(ms), y))
    }

    /// What a pointer that rests on the row is told.
    fn note(&self, row: &Row) -> String {
        let mut note = format!("{}: wanted {} s", row.name, seconds(self.boot, row.wanted));
        let after = row.after.map(|after| format!(" after {}", self.boot.rows[after].name));
        let times = [("started", row.started), ("up", row.up), ("ready", row.ready)];
        for (word, ms) in times {
            let Some(ms) = ms else { continue };
            note += &format!("\n{word} {} s", seconds(self.boot, ms));
            if word == "started" {
                note += after.as_deref().unwrap_or_default();
            }
        }
        remarks(self.boot, row).iter().for_each(|remark| note += &format!("\n{remark}"));
        note
    }

    /// Lines from each to the next, below all else.
    fn ways(&self) -> String {
        let mut svg = String::new();
        for pair in self.boot.critical.windows(2) {
            let [before, after] = [pair[0], pair[1]].map(|place| &self.boot.rows[place]);
            let (Some(ready), Some(started)) = (before.ready, after.started) else { continue };
            let (from, to) = (self.y(pair[0]) + 7.0, self.y(pair[1]));
            let [x, from, to, left] = [self.x(ready), from, to, self.x(started)].map(number);
            svg += &format!("<path class=\"critical\" d=\"M{x} {from}V{to}H{left}\"/>\n");
        }
        svg
    }

    /// The frame of a bar of the critical path.
    fn frame(&self, place: usize) -> String {
        let row = &self.boot.rows[place];
        let Some((started, ready)) = row.started.zip(row.ready) else { return String::new() };
        let (left, right) = (self.x(started), self.x(ready));
        if right - left <= 3.0 {
            return String::new();
        }
        let [x, top, width] = [left, self.y(place) - 7.0, right - left].map(number);
        format!(
            "<rect class=\"critical\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"14\"/>\n"
        )
    }

    fn legend(&self) -> String {
        let y = self.bottom + 40.0;
        let mut x = MARGIN;
        let mut svg = format!(
            "<path class=\"faint\" d=\"M{} {}H{}\"/>\n",
            number(MARGIN),
            number(y - 20.0),
            number(self.left + AXIS + BEHIND - MARGIN)
        );
        let has =
            |mark: Mark| self.boot.rows.iter().any(|row| row.marks.iter().any(|(_, m)| *m == mark));
        let bar = |class: &str, x: f64, height: f64| {
            let [x, y, height] = [x, y - height / 2.0, height].map(number);
            format!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"26\" height=\"{height}\"/>\n"
            )
        };
        let samples = [
            (bar("wait", x, 6.0), "waits for others", true),
            (bar("starting", x, 14.0), "starts", true),
            (bar("unready", x, 14.0), "runs, not ready", true),
            (
                format!(
                    "<rect class=\"ready\" x=\"{}\" y=\"{}\" width=\"3\" height=\"18\"/>\n",
                    number(x + 12.0),
                    number(y - 9.0)
                ),
                "ready, and how long it took",
                true,
            ),
            (bar("critical", x, 14.0), "critical path", !self.boot.critical.is_empty()),
            (disc("disc", "F", (x + 13.0, y)), "failed", has(Mark::Failed)),
            (disc("again", "R", (x + 13.0, y)), "started again", has(Mark::StartedAgain)),
        ];
        for (sample, meaning, _) in samples.iter().filter(|(_, _, is_there)| *is_there) {
            let moved = number(x - MARGIN);
            svg += &format!("<g transform=\"translate({moved} 0)\">\n{sample}</g>\n");
            svg += &text("small", (x + 34.0, y + 4.0), "start", meaning);
            x += 34.0 + width(meaning, SMALL) + 22.0;
        }
        svg
    }
}

/// A letter in a disc.
fn disc(class: &str, letter: &str, (x, y): (f64, f64)) -> String {
    let [cx, cy] = [x, y].map(number);
    format!("<circle class=\"{class}\" cx=\"{cx}\" cy=\"{cy}\" r=\"7\"/>\n")
        + &text("letter", (x, y + 3.5), "middle", letter)
}

/// The next larger of 1, 2 and 5 milliseconds, times ten as often as needed.
fn step(least: f64) -> u64 {
    let mut step = 1;
    loop {
        for times in [1, 2, 5] {
            if (step * times) as f64 >= least {
                return step * times;
            }
        }
        step *= 10;
    }
}

/// A time of the axis, with the decimals that its steps have.
fn tick_text(ms: u64, step: u64) -> String {
    let decimals = match step {
        1000.. => 0,
        100.. => 1,
        10.. => 2,
        0.. => 3,
    };
    format!("{:.decimals$} s", ms as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!([0.3, 1.0, 1.1, 49.0, 70.0, 240.0].map(step), [1, 1, 2, 50, 100, 500]);
        assert_eq!(
            [(0, 500), (1500, 500), (20, 20), (3, 1)].map(|(ms, s)| tick_text(ms, s)),
            ["0.0 s", "1.5 s", "0.02 s", "0.003 s"]
        );
    }
}
