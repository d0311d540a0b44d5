//! A line of the answer, and the reason that stands in it.

use common::base::stamp::Wall;
use common::sys::time::local;

use crate::json::{Object, Value};
use crate::manager::engine::{Cause, Engine, State};
use crate::manager::reasons;
use crate::manager::view::View;
use crate::svctl::call::Call;
use crate::svctl::cut::padded;
use crate::svctl::terminal::Ink;

/// The widest column of names.
pub(super) const WIDEST: usize = 24;

/// A line in the making.
pub(super) struct Said<'a> {
    pub(super) event: &'a str,
    pub(super) name: &'a str,
    pub(super) state: &'a str,
    pub(super) reason: Option<String>,
    pub(super) values: Vec<(&'a str, Value)>,
}

impl Said<'_> {
    /// The line, with names that are so wide.
    pub(super) fn line(&self, call: &Call, width: usize, now: Wall) -> String {
        if call.json {
            let mut object = Object::of("events");
            object.put("time", &Value::text(now.iso()));
            object.put("event", &Value::text(self.event));
            self.values.iter().for_each(|(key, value)| object.put(key, value));
            object.put("state", &Value::text(self.state));
            object.put("reason", &Value::Text(self.reason.clone()));
            return object.line();
        }
        let ink = match self.state {
            "ready" | "done" => Ink::Good,
            "failed" | "died" | "lost" => Ink::Bad,
            "starting" | "up" | "stopping" => Ink::Busy,
            _ => Ink::Strong,
        };
        let terminal = call.terminal;
        let state = terminal.paint(ink, self.state);
        let name = padded(self.name, width.max(self.name.len().min(WIDEST)));
        let reason = self.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{} {name} {state}{reason}\n", shown(now))
    }
}

/// Why services are where they are, as of one look at the state table.
pub(super) struct Why<'a> {
    view: Option<&'a View>,
    engine: Option<Engine>,
}

impl Why<'_> {
    /// Nothing is known of it without a look.
    pub(super) fn new<'a>(call: &Call, view: Option<&'a View>) -> Why<'a> {
        Why { engine: view.map(|view| view.engine(&call.site.sources())), view }
    }

    /// Why it is in this state: not if it is in another one by now, or simply on its way.
    pub(super) fn reason(&self, name: &str, state: State) -> Option<String> {
        let (view, engine) = (self.view?, self.engine.as_ref()?);
        let id = view.graph.find(name).filter(|id| engine.state(*id) == state)?;
        let root = engine.why(id).last().map(|(_, cause)| *cause);
        match root {
            None | Some(Cause::UnderWay) => None,
            Some(_) => Some(reasons::chain(engine, id)),
        }
    }
}

/// As clocks here show it, to the millisecond.
fn shown(time: Wall) -> String {
    let civil = local(i64::try_from(time.seconds()).unwrap_or(i64::MAX));
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
        civil.year,
        civil.month,
        civil.day,
        civil.hour,
        civil.minute,
        civil.second,
        time.nanos() / 1_000_000
    )
}
