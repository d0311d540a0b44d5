//! How the boot went, from what the manager recorded of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::rc::Rc;

use common::base::error::exit;
use common::base::sort::{Gather, sort_by_key};
use common::prelude::*;

use crate::manager::db::replay::graph;
use crate::manager::engine::record::{Head, follow, segments};
use crate::manager::engine::{Action, Engine, Event, State};
use crate::manager::graph::{Id, Kind};
use crate::manager::live;
use crate::manager::places::{BOOT_RECORD, Places};
use crate::manager::view::{Sources, View};

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
    /// It was not ready when the boot was over, and is now.
    pub(super) is_late: bool,
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
        let path = complete.display();
        let bytes = match late.or(early) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let text = format!("there is no {path}: no svc-managerd has recorded a boot there");
                return Err(Error::new(exit::NOT_SUPERVISED, text));
            }
            result => result.unable(format_args!("read {path}"))?,
        };
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
            generation.boot.iter().map(name).gather::<BTreeSet<String>>()
        });
        let mut boot = story.told(&enabled.unwrap_or_default(), is_over);
        boot.look_again(sources);
        Ok(boot)
    }

    /// Who was ready later is in no record.
    fn look_again(&mut self, sources: &Sources) {
        let late = self.rows.iter_mut().filter(|row| row.ready.is_none());
        let Some(live) = View::live(sources).ok().filter(|_| self.is_over) else { return };
        let is_ready = |name: &str| {
            let row = live.rows.as_ref().zip(live.graph.find(name));
            row.is_some_and(|(rows, id)| rows[id as usize].memory.state == State::Ready)
        };
        late.for_each(|row| row.is_late = is_ready(&row.name));
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
                let (after, marks, is_late) = (None, Vec::new(), false);
                let row =
                    Row { name, kind, wanted: now, started, up, ready, after, marks, is_late };
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
        let graph = engine.graph();
        let edges = graph.outgoing(id).iter().filter(|edge| edge.relation.orders());
        // Of those that were ready in the same millisecond, the one that waited for the other.
        let settled = edges.filter_map(|edge| {
            let place = self.place(engine, edge.other)?;
            Some((self.boot.rows[place].settled()?, graph.rank(edge.other), place))
        });
        settled.filter(|(settled, ..)| *settled <= now).max().map(|(.., place)| place)
    }

    /// All of it, in order, and its critical path.
    fn told(mut self, enabled: &BTreeSet<String>, is_over: bool) -> Boot {
        let key = |row: &Row| (row.started.unwrap_or(u64::MAX), row.settled().unwrap_or(u64::MAX));
        let mut order: Vec<usize> = (0..self.boot.rows.len()).collect();
        // Before the one that waited for it, also where both were at once.
        sort_by_key(&mut order, |place| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::graph::{Graph, Link, OnLoss, Relation, Service};

    fn boot(record: &str) -> Boot {
        let ready = |name| Service { has_readiness: true, ..Service::new(name, Kind::Daemon) };
        let services = vec![ready("db"), Service::new("net", Kind::Oneshot), ready("web")];
        let requires = |from, to| Link { from, relation: Relation::Requires(OnLoss::Stop), to };
        let graph = Graph::build(services, &[requires(0, 1), requires(2, 0), requires(2, 1)]);
        let graph = Rc::new(graph.unwrap());
        let mut story = Story::default();
        for segment in segments(record) {
            let head = Head::unpack(segment).unwrap();
            story.begin(head);
            follow(&graph, segment, |now, engine, events, actions| {
                story.step(now, engine, events, actions);
            })
            .unwrap();
            story.generation = head.graph;
        }
        story.told(&BTreeSet::from(["web".to_owned()]), true)
    }

    const RECORD: &str = "segment graph=1 time=1000
memory web wish=up
1200 ended net exit=0
1200 step
1210 started db
1210 step
1300 died db exit=1
1300 step
1400 started db
1400 step
1500 ready db
1500 step
1510 started web
1510 ready web
1510 step
";

    #[test]
    fn each_is_told_with_whom_it_waited_for() {
        let told = boot(RECORD);
        let row = |row: &Row| (row.name.clone(), row.started, row.ready, row.after);
        let rows: Vec<_> = told.rows.iter().map(row).collect();
        assert_eq!(
            rows,
            [
                ("net".to_owned(), Some(1000), Some(1200), None),
                ("db".to_owned(), Some(1200), Some(1500), Some(0)),
                ("web".to_owned(), Some(1500), Some(1510), Some(1)),
            ]
        );
        assert_eq!(told.critical, [0, 1, 2]);
        assert_eq!(told.summary(), "3 services ready in 0.510 s");
        assert_eq!(told.rows[1].marks.first(), Some(&(1300, Mark::Failed)));
    }

    #[test]
    fn what_a_manager_says_that_begins_anew_is_part_of_it() {
        let (first, _) = RECORD.split_at(RECORD.find("1300").unwrap());
        let second = "segment graph=1 time=1350
memory db state=up started=2
memory net state=ready started=1
memory web wish=up
1600 ready db
1600 step
";
        let told = boot(&(first.to_owned() + second));
        assert_eq!(told.seams, [(1350, "svc-managerd anew".to_owned())]);
        assert_eq!((told.rows[1].started, told.rows[1].ready), (Some(1200), Some(1600)));
        assert_eq!(told.rows[2].started, Some(1600));
    }
}
