//! How the boot went, from what the manager recorded of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::rc::Rc;

use common::base::error::exit;
use common::prelude::*;

use crate::manager::db::replay::graph;
use crate::manager::engine::record::{Head, follow, segments};
use crate::manager::engine::{Action, Engine, Event, State};
use crate::manager::graph::{Id, Kind};
use crate::manager::live;
use crate::manager::places::{BOOT_RECORD, Places};
use crate::manager::view::Sources;

/// Something besides the first start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Failed,
    StartedAgain,
}

impl Mark {
    pub(super) fn word(self) -> &'static str {
        match self {
            Mark::Failed => "failed",
            Mark::StartedAgain => "started again",
        }
    }
}

/// A service that was wanted. Times are in milliseconds since the machine began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) wanted: u64,
    /// When it was first told to start, when its process was there, when it was ready.
    pub(super) started: Option<u64>,
    pub(super) up: Option<u64>,
    pub(super) ready: Option<u64>,
    /// Whom it waited for longest.
    pub(super) after: Option<usize>,
    pub(super) marks: Vec<(u64, Mark)>,
}

impl Row {
    /// When those who wait for it could go on.
    fn settled(&self) -> Option<u64> {
        self.ready.or_else(|| Some(self.marks.first()?.0))
    }
}

/// A boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Boot {
    pub(super) begin: u64,
    /// Nothing more belongs to it.
    pub(super) is_over: bool,
    /// In the order of their starts.
    pub(super) rows: Vec<Row>,
    /// Each waited for the one before; the last was the last to be ready.
    pub(super) critical: Vec<usize>,
    /// When a manager began anew, or made another generation live, and which of both.
    pub(super) seams: Vec<(u64, String)>,
}

impl Boot {
    /// From the record, complete or not.
    pub(super) fn read(sources: &Sources) -> Result<Boot> {
        let [complete, new] =
            BOOT_RECORD.map(|name| Places::below(&sources.dir).manager.join(name));
        // In this order: it gets its name while we look.
        let [early, late] = [&new, &complete].map(fs::read);
        let is_over = late.is_ok();
        let bytes = late.or(early).map_err(|e| {
            let is_missing = e.kind() == std::io::ErrorKind::NotFound;
            let code = if is_missing { exit::NOT_SUPERVISED } else { exit::SYSTEM };
            let path = complete.display();
            Error::new(code, format_args!("no svc-managerd has recorded a boot: {path}: {e}"))
        })?;
        let record = String::from_utf8_lossy(&bytes);
        let mut story = Story::default();
        for segment in segments(&record) {
            let head = Head::unpack(segment).ok_or_else(|| damaged("it begins with no segment"))?;
            let graph = Rc::new(graph(&sources.generations, head.graph, segment).map_err(|e| {
                Error::new(e.code, format_args!("the boot can't be told any more: {}", e.message))
            })?);
            story.begin(head);
            follow(&graph, segment, |now, engine, events, actions| {
                story.step(now, engine, events, actions);
            })
            .map_err(|what| damaged(&what))?;
            story.generation = head.graph;
        }
        let enabled = live::generation(&sources.generations, story.generation);
        let enabled = enabled.map(|generation| {
            let name = |id: &Id| generation.graph.service(*id).name.clone();
            generation.boot.iter().map(name).collect::<BTreeSet<String>>()
        });
        Ok(story.told(&enabled.unwrap_or_default(), is_over))
    }

    /// How long it took until the last was ready, in milliseconds.
    pub(super) fn length(&self) -> u64 {
        let settled = self.rows.iter().filter_map(|row| row.settled().or(row.started));
        settled.max().unwrap_or(self.begin).saturating_sub(self.begin)
    }

    /// How it went, in a line.
    pub(super) fn summary(&self) -> String {
        let ready = self.rows.iter().filter(|row| row.ready.is_some()).count();
        let all = self.rows.len();
        let of = if ready == all { String::new() } else { format!(" of {all}") };
        let going_on = if self.is_over { "" } else { "; not over yet" };
        let s = if ready == 1 && ready == all { "" } else { "s" };
        format!("{ready}{of} service{s} ready in {} s{going_on}", super::of_ms(self.length()))
    }
}

fn damaged(what: &str) -> Error {
    Error::system(format_args!("the record of the boot is damaged: {what}"))
}

/// A boot in the making.
#[derive(Default)]
struct Story {
    boot: Boot,
    places: BTreeMap<String, usize>,
    generation: u64,
}

impl Story {
    fn begin(&mut self, head: Head) {
        if self.generation == 0 {
            self.boot.begin = head.time;
        } else {
            let what = match head.graph == self.generation {
                true => "svc-managerd anew".to_owned(),
                false => format!("generation {}", head.graph),
            };
            self.boot.seams.push((head.time, what));
        }
    }

    fn step(&mut self, now: u64, engine: &Engine, events: &[Event], actions: &[Action]) {
        let graph = engine.graph();
        for id in graph.ids().filter(|id| engine.is_needed(*id)) {
            let name = &graph.service(id).name;
            if !self.places.contains_key(name) {
                self.places.insert(name.clone(), self.boot.rows.len());
                let (name, kind) = (name.clone(), graph.service(id).kind);
                let (started, up, ready) = (None, None, None);
                let (after, marks) = (None, Vec::new());
                let row = Row { name, kind, wanted: now, started, up, ready, after, marks };
                self.boot.rows.push(row);
            }
        }
        for event in events {
            if let Event::Died(id, _) = event {
                self.mark(engine, *id, now, Mark::Failed);
            }
        }
        for action in actions {
            if let Action::Note(id, state, _) = action {
                self.note(engine, now, *id, *state);
            }
        }
    }

    fn place(&self, engine: &Engine, id: Id) -> Option<usize> {
        self.places.get(&engine.graph().service(id).name).copied()
    }

    fn mark(&mut self, engine: &Engine, id: Id, now: u64, mark: Mark) {
        if let Some(place) = self.place(engine, id) {
            self.boot.rows[place].marks.push((now, mark));
        }
    }

    /// A service is in another state.
    fn note(&mut self, engine: &Engine, now: u64, id: Id, state: State) {
        let Some(place) = self.place(engine, id) else { return };
        let after = self.after(engine, id, now);
        let row = &mut self.boot.rows[place];
        let is_first = row.started.is_none();
        if is_first && matches!(state, State::Starting | State::Up | State::Ready) {
            (row.started, row.after) = (Some(now), after);
        }
        match state {
            State::Starting if !is_first => row.marks.push((now, Mark::StartedAgain)),
            State::Failed => row.marks.push((now, Mark::Failed)),
            State::Up => row.up = row.up.or(Some(now)),
            State::Ready => {
                row.up = row.up.or(Some(now));
                row.ready = row.ready.or(Some(now));
            }
            State::Down | State::Starting | State::Stopping => {}
        }
    }

    /// Of those that had to be ready before it starts, the last that was.
    fn after(&self, engine: &Engine, id: Id, now: u64) -> Option<usize> {
        let edges = engine.graph().outgoing(id).iter().filter(|edge| edge.relation.orders());
        let places = edges.filter_map(|edge| self.place(engine, edge.other));
        let settled = places.filter_map(|place| Some((self.boot.rows[place].settled()?, place)));
        settled
            .filter(|(settled, _)| *settled <= now)
            .max_by_key(|(settled, _)| *settled)
            .map(|(_, place)| place)
    }

    /// All of it, in order, and its critical path.
    fn told(mut self, enabled: &BTreeSet<String>, is_over: bool) -> Boot {
        let key = |row: &Row| (row.started.unwrap_or(u64::MAX), row.settled().unwrap_or(u64::MAX));
        let mut order: Vec<usize> = (0..self.boot.rows.len()).collect();
        // Before the one that waited for it, also where both were at once.
        order.sort_by_key(|place| {
            let mut depth = 0;
            let mut next = self.boot.rows[*place].after;
            while let Some(after) = next.filter(|_| depth < self.boot.rows.len()) {
                (depth, next) = (depth + 1, self.boot.rows[after].after);
            }
            (key(&self.boot.rows[*place]).0, depth, key(&self.boot.rows[*place]).1)
        });
        let mut new = vec![0; order.len()];
        order.iter().enumerate().for_each(|(now, was)| new[*was] = now);
        let moved = order.iter().map(|was| {
            let row = self.boot.rows[*was].clone();
            Row { after: row.after.map(|after| new[after]), ..row }
        });
        self.boot.rows = moved.collect();
        self.boot.is_over = is_over;
        self.boot.critical = critical(&self.boot.rows, enabled);
        self.boot
    }
}

/// From the beginning to the last that was to be ready, each waiting for the one before.
fn critical(rows: &[Row], enabled: &BTreeSet<String>) -> Vec<usize> {
    let last = |is: &dyn Fn(&Row) -> bool| {
        let those = rows.iter().enumerate().filter(|(_, row)| is(row));
        let ready = those.filter_map(|(place, row)| Some((row.ready?, place)));
        ready.max().map(|(_, place)| place)
    };
    let mut next = last(&|row| enabled.contains(&row.name)).or_else(|| last(&|_| true));
    let mut chain = Vec::new();
    while let Some(place) = next.filter(|place| !chain.contains(place)) {
        chain.push(place);
        next = rows[place].after;
    }
    chain.reverse();
    chain
}
