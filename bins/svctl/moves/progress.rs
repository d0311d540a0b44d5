//! What a person sees who waits: a line for each service that is not there yet, what it does, for how
//! long, and for whom it waits. Taken away in the end.

use std::collections::BTreeSet;

use common::base::sort::sort_by_key;
use common::base::stamp::{Boot, Wall};
use common::os::clock;
use common::os::file::write_all;
use common::prelude::*;
use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;

use crate::manager::change::output::Screen;
use crate::manager::engine::{Cause, Engine, State};
use crate::manager::graph::Id;
use crate::manager::reasons;
use crate::manager::view::{Sources, View};
use crate::svctl::call::Call;
use crate::svctl::cut::{cut, width};
use crate::svctl::standing::Facts;
use crate::svctl::terminal::{Colour, Terminal};

/// What is done so soon, in ms, needs no picture.
const FIRST: u64 = 300;
/// How long a picture stays at least, and how long at most while something is pending, in ms.
const LEAST: u64 = 100;
const MOST: u64 = 1000;
/// How many lines fit where nobody says how many.
const ROWS: usize = 24;

/// What is drawn, and of what.
pub(super) struct Progress {
    sources: Sources,
    /// None: of all.
    names: Vec<String>,
    /// Not before.
    due: Boot,
    /// How wide the lines are that are there.
    drawn: Vec<usize>,
}

/// A service that is not there yet.
struct Item {
    name: String,
    since: Wall,
    text: String,
}

impl Progress {
    /// Of these services, and those that they wait for; no names: of all.
    pub(super) fn new(call: &Call, names: Vec<String>) -> Progress {
        Progress {
            sources: call.site.sources(),
            names,
            due: clock::boot().after(FIRST),
            drawn: Vec::new(),
        }
    }

    fn items(&self) -> Vec<Item> {
        // What can't be read now is drawn the next time.
        let Ok(view) = View::live(&self.sources) else { return Vec::new() };
        let engine = view.engine(&self.sources);
        let picture = Picture { view: &view, engine: &engine, now: clock::wall() };
        let mut ids: BTreeSet<Id> = BTreeSet::new();
        let named = self.names.iter().filter_map(|name| view.graph.find(name));
        let all = view.graph.ids().filter(|id| self.names.is_empty() && picture.moves(*id));
        for id in named.chain(all) {
            ids.extend(engine.why(id).iter().map(|(at, _)| *at));
        }
        let mut items: Vec<Item> = ids.into_iter().filter_map(|id| picture.item(id)).collect();
        // Who has not moved yet has no time, and is the last.
        sort_by_key(&mut items, |item| item.since.0.wrapping_sub(1));
        items
    }
}

impl Screen for Progress {
    fn draw(&mut self) -> Result<Option<Boot>> {
        let now = clock::boot();
        if now < self.due {
            return Ok(Some(self.due));
        }
        let items = self.items();
        let rows = tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_row));
        let rows = if rows == 0 { ROWS } else { rows }.saturating_sub(2).max(1);
        let text = lines(&items, rows, columns().saturating_sub(1));
        self.clear();
        write_all(stdout(), text.as_bytes()).unable("write to standard output")?;
        self.drawn = text.lines().map(width).collect();
        self.due = now.after(LEAST);
        Ok(Some(now.after(MOST)))
    }

    fn clear(&mut self) {
        // Of a terminal that is narrower by now, a line takes several rows.
        let columns = columns();
        let rows = |width: usize| width.div_ceil(columns).max(1);
        let drawn: usize = std::mem::take(&mut self.drawn).into_iter().map(rows).sum();
        if drawn > 0 {
            // Whoever does not see that it is gone sees nothing at all.
            let _ = write_all(stdout(), format!("\r\x1b[{drawn}A\x1b[J").as_bytes());
        }
    }

    fn leave(&mut self) {
        self.drawn.clear();
        self.due = clock::boot();
    }
}

/// How wide the terminal is now: somebody may pull at its corner.
fn columns() -> usize {
    Terminal::of_output(Colour::Never).width.unwrap_or(80).max(1)
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// As many lines as there is room for: the first ones, and how many more there are.
fn lines(items: &[Item], rows: usize, columns: usize) -> String {
    let shown = if items.len() > rows { rows - 1 } else { items.len() };
    let names = items.iter().take(shown).map(|item| width(&item.name)).max().unwrap_or(0).max(8);
    let line = |item: &Item| {
        let Item { name, text, .. } = item;
        cut(&format!("{name:<names$} {text}"), columns) + "\n"
    };
    let text: String = items.iter().take(shown).map(line).collect();
    match items.len() - shown {
        0 => text,
        more => format!("{text}... and {more} more\n"),
    }
}

/// What is known at one moment.
struct Picture<'a> {
    view: &'a View,
    engine: &'a Engine,
    now: Wall,
}

impl Picture<'_> {
    /// Whether something is to come of it.
    fn moves(&self, id: Id) -> bool {
        let is_down = matches!(self.engine.state(id), State::Down | State::Failed);
        if self.engine.is_needed(id) { !self.engine.is_stalled(id) } else { !is_down }
    }

    /// None: it is where it belongs.
    fn item(&self, id: Id) -> Option<Item> {
        let (_, cause) = *self.engine.why(id).first()?;
        let text = match (cause, cause.leads_to()) {
            (Cause::Unwanted | Cause::HeldDown, _) if !self.moves(id) => return None,
            (Cause::UnderWay | Cause::Unwanted | Cause::HeldDown, _) => self.standing(id),
            (Cause::StopsAfter(_), Some(other)) => {
                format!("stops after {} ({})", self.view.name(other), self.standing(other))
            }
            (_, Some(other)) => {
                format!("waits for {} ({})", self.view.name(other), self.standing(other))
            }
            (cause, None) => {
                let step = reasons::step(self.engine.graph(), id, cause);
                let said = format!("{} ", self.view.name(id));
                step.strip_prefix(&said).unwrap_or(&step).to_owned()
            }
        };
        Some(Item { name: self.view.name(id).to_owned(), since: self.since(id), text })
    }

    fn since(&self, id: Id) -> Wall {
        let row = self.view.rows.as_ref().and_then(|rows| rows.get(id as usize));
        row.map_or(Wall(0), |row| row.since)
    }

    /// Its state, and for how long.
    fn standing(&self, id: Id) -> String {
        // As the manager has it: a look at each process would be more than a picture is worth.
        let facts = Facts {
            state: self.engine.state(id),
            failure: self.engine.failure(id),
            is_needed: self.engine.is_needed(id),
            is_stalled: self.engine.is_stalled(id),
            is_managed: true,
            process: None,
        };
        let word = facts.standing().word();
        match self.since(id) {
            Wall(0) => word.to_owned(),
            since => {
                let tenths = self.now.0.saturating_sub(since.0) / 100_000_000;
                format!("{word} {}.{} s", tenths / 10, tenths % 10)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, text: &str) -> Item {
        Item { name: name.to_owned(), since: Wall(1), text: text.to_owned() }
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let items = [
            item("db", "starting 3.2 s"),
            item("web", "waits for db (starting 3.2 s)"),
            item("proxy-of-all", "waits for web (down)"),
        ];
        assert_eq!(lines(&items, 2, 79), "db       starting 3.2 s\n... and 2 more\n");
        assert_eq!(lines(&items[..2], 2, 20), "db       starting ..\nweb      waits for..\n");
        assert_eq!(lines(&[], 5, 79), "");
    }
}
