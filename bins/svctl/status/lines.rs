//! Lines of a log.

use common::base::stamp::Wall;

use crate::json::{Object, Value};
use crate::log::read::tail::Line;
use crate::svctl::ages::clock;
use crate::svctl::call::Call;
use crate::svctl::cut::cut;

/// Lines of a log, as they fit.
pub(in crate::svctl) fn tail(call: &Call, lines: &[Line], indent: &str) -> String {
    let draw = |line: &Line| {
        let time = line.time.map(|time| format!("{} ", clock(time)));
        let whole = format!("{indent}{}{}", time.unwrap_or_default(), line.text);
        call.terminal.width.map_or_else(|| whole.clone(), |width| cut(&whole, width)) + "\n"
    };
    lines.iter().map(draw).collect()
}

/// A line of a log.
pub(in crate::svctl) fn line_object(line: &Line) -> Object {
    let mut object = Object::default();
    object.put("time", &Value::Text(line.time.map(Wall::iso)));
    object.put("text", &Value::text(&line.text));
    object
}
