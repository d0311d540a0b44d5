//! All services, a line each.

use common::prelude::*;
use common::program::warn;

use super::{PROGRAM, Query};
use crate::json::{Object, Value};
use crate::manager::graph::Id;
use crate::manager::graph_file::kind;
use crate::manager::table::Row;
use crate::manager::view::{View, is_managed};

/// What stands for a state that nobody knows.
const UNKNOWN: &str = "unknown";

/// What is known of a service that is live.
struct Known<'a> {
    row: &'a Row,
    wanted: bool,
    is_damaged: bool,
}

pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let view = query.view()?;
    if view.rows.is_some() && !is_managed(&query.sources) {
        warn(&PROGRAM.name, &"no svc-managerd is running: it was so when the last one ended");
    }
    let engine = view.rows.as_ref().map(|_| view.engine(&query.sources));
    let known = |id: Id| {
        let row = view.rows.as_ref()?.get(id as usize)?;
        let wanted = engine.as_ref()?.is_needed(id);
        Some(Known { row, wanted, is_damaged: view.damaged.contains(&id) })
    };
    let width = view.graph.ids().map(|id| view.name(id).chars().count()).max().unwrap_or(0);
    for id in view.graph.ids() {
        *text += &match query.json {
            true => object(&view, id, known(id)),
            false => line(&view, id, known(id), width),
        };
    }
    Ok(0)
}

fn line(view: &View, id: Id, known: Option<Known>, width: usize) -> String {
    let enabled = if view.boot.contains(&id) { "enabled" } else { "-" };
    let kind = kind(view.graph.service(id).kind);
    let mut line = format!("{:<width$}  {kind:<7}  {enabled:<7}", view.name(id));
    if let Some(known) = known {
        line += &format!("  {:<8}  {:<8}  {}", known.wanted(), known.state(), known.since());
    }
    format!("{}\n", line.trim_end())
}

fn object(view: &View, id: Id, known: Option<Known>) -> String {
    let mut object = Object::default();
    object.put("name", &Value::text(view.name(id)));
    object.put("kind", &Value::text(kind(view.graph.service(id).kind)));
    object.put("enabled", &Value::Bool(view.boot.contains(&id)));
    if let Some(known) = known {
        object.put("wanted", &Value::text(known.wanted()));
        object.put("asked", &Value::text(known.row.memory.wish.word()));
        object.put("state", &Value::text(known.state()));
        let failure = known.row.memory.failure.map(|failure| failure.to_string());
        object.put("failure", &Value::Text(failure));
        object.put("since", &Value::text(known.since()));
        object.put("gone", &Value::Bool(known.row.gone.is_some()));
    }
    object.line()
}

impl Known<'_> {
    fn wanted(&self) -> &'static str {
        match (self.is_damaged, self.wanted) {
            (true, _) => UNKNOWN,
            (false, true) => "up",
            (false, false) => "down",
        }
    }

    fn state(&self) -> &'static str {
        if self.is_damaged { UNKNOWN } else { self.row.memory.state.word() }
    }

    /// Who has never been anywhere else has no time.
    fn since(&self) -> String {
        if self.row.since.0 == 0 { "-".to_owned() } else { self.row.since.iso() }
    }
}
