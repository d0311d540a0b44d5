//! Another generation on the live system: only what is different is touched.
//!
//! The table is the point of no return: it is replaced as a whole, with the number of the generation
//! and, of each service, what is still to be done about it. Whoever reads it goes on from there.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use common::base::error::reason;
use common::base::sort::Gather;
use common::format::letters::Command;
use common::os::clock;
use common::os::fifo::{self, Ends};

use super::answers::Waiting;
use super::commands::reach;
use super::look::Heard;
use super::manager::{Known, Manager};
use crate::manager::announcement::Announcement;
use crate::manager::change_set::{Change, ChangeSet};
use crate::manager::engine::{Event, Memory, State};
use crate::manager::graph::{Graph, Id, Kind, Relation};
use crate::manager::live::{self, Live};
use crate::manager::table::Table;

/// How long a supervisor that was told to end may take until we look again, ms.
const SWEEP: u64 = 1000;

/// What has come of an apply so far.
#[derive(Default)]
struct Applied {
    /// Whose end is awaited.
    targets: BTreeSet<Id>,
    /// What was done.
    lines: Vec<String>,
    /// What the engine is to be told.
    events: Vec<Event>,
}

impl Manager {
    /// Makes the generation live that is asked for, or that is accepted. None: tests come first.
    pub(super) fn apply(&mut self, waiting: &mut Waiting) -> Option<Vec<Event>> {
        let order = waiting.order;
        if order <= self.header.applied {
            // A predecessor has done so, and may not have seen the end of it.
            waiting.targets = self.unsettled().gather();
            return Some(Vec::new());
        }
        let number = match waiting.request.names.first().map(|word| word.parse::<u64>()) {
            Some(Ok(number)) => Ok(number),
            Some(Err(_)) => Err("the number of a generation is expected".to_owned()),
            None => live::meant(&self.options.generations, &self.header),
        };
        if let (Ok(number), Some(back), None) = (&number, self.way_back(), waiting.request.confirm)
            && *number != back
        {
            waiting.failed = true;
            let live = self.header.generation;
            waiting.lines.push(format!("generation {live} is on trial: confirm keeps it"));
            return Some(Vec::new());
        }
        let planned = number.and_then(|number| self.planned(number));
        if let Ok((_, set)) = &planned
            && self.must_test_changes(waiting, set)
        {
            return None;
        }
        // What is on trial itself is no way back.
        let back = self.way_back().unwrap_or(self.header.generation);
        let back = waiting
            .request
            .confirm
            .map(|seconds| (back, clock::boot().after(u64::from(seconds) * 1000).0));
        Some(match planned.and_then(|(old, set)| self.change_to(old, set, order, back)) {
            Ok(Applied { targets, lines, events }) => {
                waiting.targets = targets;
                waiting.lines.extend(lines);
                events
            }
            Err(what) => {
                waiting.failed = true;
                waiting.lines.push(what);
                Vec::new()
            }
        })
    }

    /// The new generation is kept.
    pub(super) fn confirm(&mut self, waiting: &mut Waiting) -> Vec<Event> {
        let kept = match self.way_back() {
            Some(back) => self.keep_for_boot(back),
            None => Err("nothing waits to be confirmed".to_owned()),
        };
        match kept {
            Ok(()) => {
                // Not before: who dies between the two is asked again.
                self.header.back = None;
                self.write_header();
                let kept = format!("generation {} is kept", self.header.generation);
                waiting.lines.push(kept);
            }
            Err(what) => {
                waiting.failed = true;
                waiting.lines.push(what);
            }
        }
        Vec::new()
    }

    /// Where what is on trial goes back to.
    fn way_back(&self) -> Option<u64> {
        self.header.back.map(|(number, _)| number)
    }

    /// Nobody has confirmed the generation that is live: the one before it is again.
    pub(super) fn go_back_when_due(&mut self) {
        let Some((number, due)) = self.header.back.filter(|(_, due)| *due <= clock::boot().0)
        else {
            return;
        };
        self.say(&format_args!(
            "generation {} was not confirmed: back to {number}",
            self.header.generation
        ));
        // Whatever the tests of the one before would say: this is the way out.
        let planned = self.planned(number);
        match planned.and_then(|(old, set)| self.change_to(old, set, self.header.applied, None)) {
            Ok(applied) => self.step(applied.events),
            Err(what) => {
                self.say(&format_args!("unable to go back: {what}"));
                self.header.back = self.header.back.filter(|(_, at)| *at != due);
                self.write_header();
            }
        }
    }

    /// Those that are not where they belong.
    fn unsettled(&self) -> impl Iterator<Item = Id> {
        let is_settled = |id: &Id| {
            let expected = if self.engine.is_needed(*id) { State::Ready } else { State::Down };
            self.engine.state(*id) == expected && !self.engine.is_restarting(*id)
        };
        self.graph.ids().filter(move |id| !is_settled(id))
    }

    /// What is live, as another program would read it.
    fn live(&self) -> Live {
        let rows = self.graph.ids().map(|id| self.row(id)).collect();
        let graph = Graph::clone(&self.graph);
        Live { header: self.header.clone(), graph, boot: Vec::new(), rows }
    }

    /// What is live, and what this generation would change about it.
    fn planned(&self, number: u64) -> Result<(Live, ChangeSet), String> {
        let old = self.live();
        let set = ChangeSet::new(&self.options.generations, &old, number)?;
        Ok((old, set))
    }

    fn change_to(
        &mut self,
        old: Live,
        set: ChangeSet,
        order: u64,
        back: Option<(u64, u64)>,
    ) -> Result<Applied, String> {
        let number = set.live.header.generation;
        // What was gone and is down now is left out even if nothing else is different.
        let is_same = set.is_empty() && set.live.graph == old.graph;
        let unsettled: BTreeSet<Id> = self.unsettled().gather();
        let ChangeSet { mut live, changes, graph_changed, .. } = set;
        // Where nothing is tried there is nothing to go back from.
        let is_way_back = back.is_some_and(|(back, _)| back == number);
        let is_other = number != self.header.generation;
        let is_tried = is_other && !is_way_back;
        // ... and what is on trial stays so.
        let on_trial = back.and(self.header.back).filter(|_| !is_way_back);
        let back = if is_tried { back } else { on_trial };
        (live.header.applied, live.header.back) = (order, back);
        let table = Table::create(&self.dir, &live.header, &live.rows)
            .map_err(|e| format!("unable to write manager/state: {}", reason(e)))?;
        // From here on it is done, whoever dies.
        self.table = table;
        self.header = live.header.clone();
        // One that is yet to be confirmed is not good yet.
        self.goal = std::mem::take(&mut live.boot);
        self.announce(Announcement::Generation(number));
        if is_same {
            self.settle_in(&old.graph, &changes);
            let lines = vec![untouched(number, is_other)];
            return Ok(Applied { lines, ..Applied::default() });
        }
        let memories: Vec<Memory> = live.rows.iter().map(|row| row.memory.clone()).collect();
        self.replace_graph(
            &old.graph,
            live.graph.clone(),
            live.rows.iter().map(Known::of).collect(),
        );
        for row in &live.rows {
            self.rename(row.was.as_deref(), &row.name);
        }
        let facts = self.engine.facts().map(|(f, v)| (f.to_owned(), v.to_owned())).collect();
        let actions = self.restore(memories, facts);
        self.settle_in(&old.graph, &changes);
        // Who needs what is mended may come up now.
        let changed = changes.iter().filter_map(|(name, _)| self.graph.find(name)).gather();
        let near = reach(&self.graph, &changed, Relation::needs);
        let is_ours = |id: &Id| {
            let name = &self.graph.service(*id).name;
            let was = old.graph.find(live.rows[*id as usize].was.as_ref().unwrap_or(name));
            let is_changed = |(of, _): &(String, Change)| of == name;
            was.is_none_or(|was| !unsettled.contains(&was))
                || changes.iter().any(is_changed)
                || near.contains(id) && !self.engine.is_stalled(*id)
        };
        let targets = self.unsettled().filter(is_ours).gather();
        let events = self.carry_out(&actions);
        let mut events: Vec<Event> = self.facts().into_iter().chain(events).collect();
        for id in self.graph.ids() {
            // What a service's supervisor said meanwhile by its old name was not heard.
            let is_stopping = self.engine.state(id) == State::Stopping;
            self.look(id, if is_stopping { Heard::Anew } else { Heard::News }, &mut events);
        }
        let line = |(name, change): &(String, Change)| format!("{name}: {}", change.words());
        let mut lines: Vec<String> = changes.iter().map(line).collect();
        if lines.is_empty() {
            let of_others = "only what services say of one another has changed".to_owned();
            lines.push(if graph_changed { of_others } else { untouched(number, is_other) });
        }
        Ok(Applied { targets, lines, events })
    }

    /// Ids are those of the new graph from now on.
    fn replace_graph(&mut self, old: &Graph, new: Graph, known: Vec<Known>) {
        let new = Rc::new(new);
        let by_name = |id: Id| new.find(&old.service(id).name);
        let mut waiting = std::mem::take(&mut self.waiting);
        for request in &mut waiting {
            let over = std::mem::take(&mut request.over);
            for id in std::mem::take(&mut request.targets).into_iter().chain(over) {
                match by_name(id) {
                    Some(id) => drop(request.targets.insert(id)),
                    None => request.lines.push(format!("{}: is gone", old.service(id).name)),
                }
            }
        }
        self.waiting = waiting;
        let children = std::mem::take(&mut self.children).into_iter();
        self.children = children.filter_map(|(pid, id)| Some((pid, by_name(id)?))).collect();
        let reloads = std::mem::take(&mut self.reloads).into_iter();
        self.reloads = reloads.filter_map(|(pid, id)| Some((pid, by_name(id)?))).collect();
        let retries = std::mem::take(&mut self.retries).into_iter();
        self.retries = retries.filter_map(|(due, id)| Some((due, by_name(id)?))).gather();
        self.aliases = HashMap::new();
        self.known = known;
        self.graph = new;
    }

    /// Gives a live directory the name that its service has now, if nobody has.
    pub(super) fn rename(&mut self, was: Option<&str>, name: &str) {
        let (Some(was), Some(id)) = (was, self.graph.find(name)) else { return };
        let kind = self.graph.service(id).kind;
        self.aliases.insert(was.to_owned(), id);
        if self.definitions.is_there(was, kind) && !self.definitions.is_there(name, kind) {
            if let Err(e) = self.definitions.rename(was, name, kind) {
                self.say(&format_args!("unable to rename {was} to {name}: {e}"));
            }
            self.rescan = true;
        }
    }

    /// Definitions, loggers and what is gone, once the engine knows.
    fn settle_in(&mut self, old: &Graph, changes: &BTreeSet<(String, Change)>) {
        for id in old.ids() {
            let service = old.service(id);
            let kept = self.graph.find(&service.name).map(|id| self.graph.service(id).kind);
            let is_kept = kept == Some(service.kind) || self.aliases.contains_key(&service.name);
            if !is_kept && service.kind != Kind::Group {
                self.remove(&service.name, service.kind);
            }
        }
        self.repair();
        self.hold_generations();
        self.tell_logger();
        for (name, change) in changes {
            if *change == Change::RestartLogger {
                self.tell_a_logger(&format!("{name}/log"), Command::Restart);
            }
        }
        // Loggers that are gone, too, are to end.
        self.prune = true;
    }

    /// The logger of all has directives for each service in the generation that is live.
    pub(super) fn tell_logger(&self) {
        if let Some(name) = &self.options.logger {
            self.tell_a_logger(name, Command::Reload);
        }
    }

    fn tell_a_logger(&self, name: &str, command: Command) {
        let path = format!("{name}/supervise/control");
        // Without a supervisor it is not there, and will be started with what is new.
        let _ = fifo::open(self.definitions.dir(Kind::Daemon), path.as_str(), Ends::Write)
            .and_then(|fd| rustix::io::write(fd, &[command.letter()]));
    }

    /// Takes away what is live of a service that is gone and down.
    pub(super) fn remove(&mut self, name: &str, kind: Kind) {
        if self.definitions.is_there(name, kind) {
            if let Err(e) = self.definitions.remove(name, kind) {
                self.say(&format_args!("unable to remove the directory of {name}: {e}"));
            }
            self.prune = true;
            self.sweep_due = Some(clock::boot().after(SWEEP));
        }
    }

    /// Removes what is out of sight and nobody's; what is somebody's still, later.
    pub(super) fn sweep(&mut self) {
        if self.sweep_due.is_some_and(|due| due <= clock::boot()) {
            let is_left = self.definitions.sweep();
            self.sweep_due = is_left.then(|| clock::boot().after(SWEEP));
        }
    }

    /// A service that is gone is down: nothing of it is live any more.
    pub(super) fn forget_when_gone(&mut self, id: Id, state: State) {
        if self.known[id as usize].gone.is_some() && matches!(state, State::Down | State::Failed) {
            let service = self.graph.service(id);
            let (name, kind) = (service.name.clone(), service.kind);
            self.remove(&name, kind);
            // If it comes back it has another supervisor, which counts anew.
            self.known[id as usize].seq = 0;
            self.write_row(id);
        }
    }
}

/// What there is to say where no service has changed.
fn untouched(number: u64, is_other: bool) -> String {
    if is_other {
        format!("generation {number} is live, and no service is touched")
    } else {
        "nothing has changed".to_owned()
    }
}
