//! Before what is up is taken down on request, or reloaded, its `before-start` is tried; and before it is
//! taken down, its program is looked for. A request whose tests are not over is held: it is on file as
//! accepted, and nothing of it is done. Whoever is the manager then holds it again, and tests anew.

use std::collections::{BTreeSet, HashSet};

use common::base::death::Death;
use common::base::error::reason;
use common::base::sort::Gather;
use common::os::clock;
use rustix::process::Pid;

use super::answers::Waiting;
use super::manager::Manager;
use super::test_run::{Failure, Running, Subject, Test, Tests, end, spawn};
use crate::manager::change_set::{Change, ChangeSet};
use crate::manager::config_test::{self, Tail};
use crate::manager::engine::State;
use crate::manager::graph::{Graph, Id, Kind, Relation};
use crate::manager::reasons;
use crate::manager::request::Verb;

/// How long a test may take where a start may take any time, ms. As systemd's.
const LIMIT: u32 = 90_000;
/// As many tests as run at the same time: a request may be about very many services.
const AT_ONCE: usize = 16;

impl Manager {
    /// Whether tests are to be run before this is done of these. Then they will be.
    pub(super) fn must_test(&self, waiting: &mut Waiting, targets: &BTreeSet<Id>) -> bool {
        // What a predecessor has begun it had tested.
        let is_begun = |id: &Id| self.known[*id as usize].request >= waiting.order;
        if waiting.request.no_test || targets.iter().any(is_begun) {
            return false;
        }
        let mut ids = match waiting.request.verb {
            Verb::Restart => self.with_restarted(targets),
            Verb::Reload => targets.clone(),
            Verb::Up
            | Verb::Once
            | Verb::Down
            | Verb::Reset
            | Verb::Apply
            | Verb::Confirm
            | Verb::Look
            | Verb::End => return false,
        };
        ids.retain(|id| {
            let is_gone = self.known[*id as usize].gone.is_some();
            is_up(self.engine.state(*id)) && !self.engine.is_restarting(*id) && !is_gone
        });
        let generation = self.header.generation;
        let starts = waiting.request.verb == Verb::Restart;
        self.queue_tests(&mut waiting.tests, &self.graph, generation, ids, starts, |_| None)
    }

    /// The same of what an apply restarts.
    pub(super) fn must_test_changes(&self, waiting: &mut Waiting, set: &ChangeSet) -> bool {
        if waiting.request.no_test {
            return false;
        }
        let (graph, rows) = (&set.live.graph, &set.live.rows);
        let restarted = |(name, change): &(String, Change)| {
            matches!(change, Change::Restart(_)).then(|| graph.find(name)).flatten()
        };
        let restarted = set.changes.iter().filter_map(restarted).gather();
        let mut ids = super::commands::reach(graph, &restarted, Relation::restarts);
        ids.retain(|id| {
            let row = &rows[*id as usize];
            is_up(row.memory.state) && row.gone.is_none()
        });
        let was = |id: Id| rows[id as usize].was.as_deref();
        self.queue_tests(&mut waiting.tests, graph, set.live.header.generation, ids, true, was)
    }

    /// Those of these that have a `before-start` and have not passed; and, if they are to be started
    /// anew, those of which there is no program. `was`: the name by which a service is still called.
    fn queue_tests<'a>(
        &self,
        tests: &mut Tests,
        graph: &Graph,
        generation: u64,
        ids: BTreeSet<Id>,
        starts: bool,
        was: impl Fn(Id) -> Option<&'a str>,
    ) -> bool {
        for id in ids {
            let service = graph.service(id);
            let (name, kind) = (service.name.clone(), service.kind);
            let limit = if service.start_timeout == 0 { LIMIT } else { service.start_timeout };
            let definition = self.definitions.definition(&name, generation);
            let live = self.definitions.path(was(id).unwrap_or(&name), kind);
            let subject = Subject { name, generation };
            let test = Test { subject, definition, live, number: 1, limit, due: None };
            if kind == Kind::Group {
                continue;
            }
            if starts && let Some(what) = config_test::unable(&test.definition) {
                tests.failed.insert(test.subject.name, Failure { what, lines: Vec::new() });
            } else if !tests.passed.contains(&test.subject) && test.path().exists() {
                tests.queue.push_back(test);
            }
        }
        !tests.queue.is_empty() || !tests.failed.is_empty()
    }

    /// Whether a request has to wait for one that is held: what concerns the same is done in the order
    /// in which it was accepted. To go down nobody has to wait.
    pub(super) fn must_wait(&self, waiting: &Waiting) -> bool {
        self.held.range(..waiting.order).any(|(_, held)| concerns_the_same(held, waiting))
    }

    /// What is to go down now is no more to be restarted: those who have asked for that learn it.
    pub(super) fn call_off_tests(&mut self, down: &Waiting) {
        let is_all = down.request.verb == Verb::End;
        let is_off = |held: &&Waiting| is_all || shares_names(held, down);
        let orders: Vec<u64> = self.held.values().filter(is_off).map(|held| held.order).collect();
        for order in orders {
            let Some(mut held) = self.held.remove(&order) else { continue };
            held.tests.running.iter().for_each(|running| end(running.pid));
            let undone = undone(held.request.verb);
            held.failed = true;
            let line = |name: &String| match is_all || down.request.names.contains(name) {
                true => format!("{name}: {undone}: it is to go down"),
                false => format!("{name}: {undone}"),
            };
            held.lines = held.request.names.iter().map(line).collect();
            self.finish_request(held);
        }
    }

    /// Goes on with all tests, and with the requests of which none is left.
    pub(super) fn attend_tests(&mut self) {
        let now = clock::boot();
        for held in self.held.values_mut() {
            held.tests.running.iter_mut().for_each(Running::read);
            let is_late = |running: &mut Running| running.test.due.is_some_and(|due| due <= now);
            for late in held.tests.running.extract_if(.., is_late).collect::<Vec<_>>() {
                end(late.pid);
                held.tests.fail(&late.test, "timed out", &late.tail);
            }
        }
        loop {
            self.start_tests();
            let is_next = |held: &&Waiting| held.tests.is_over() && !self.must_wait(held);
            let Some(order) = self.held.values().find(is_next).map(|held| held.order) else {
                break;
            };
            match self.held.remove(&order) {
                Some(held) if held.tests.failed.is_empty() => self.take_up(held),
                Some(held) => self.refuse(held),
                None => {}
            }
        }
    }

    fn start_tests(&mut self) {
        let running: usize = self.held.values().map(|held| held.tests.running.len()).sum();
        let mut room = AT_ONCE.saturating_sub(running);
        let open_files = self.open_files;
        for Waiting { tests, .. } in self.held.values_mut() {
            while room > 0
                && let Some(mut test) = tests.queue.pop_front()
            {
                let limit = u64::from(test.limit);
                test.due = test.due.or_else(|| Some(clock::boot().after(limit)));
                match spawn(&test, open_files) {
                    Ok((pid, output)) => {
                        let (output, tail) = (Some(output), Tail::default());
                        tests.running.push(Running { test, pid, output, tail });
                        room -= 1;
                    }
                    Err(e) => {
                        let how = format!("unable to run it: {}", reason(e));
                        tests.fail(&test, &how, &Tail::default());
                    }
                }
            }
        }
    }

    /// A child of this number has ended, and is not reaped yet: so nobody else has its number.
    pub(super) fn test_ended(&mut self, pid: Pid, death: Death) {
        for Waiting { tests, .. } in self.held.values_mut() {
            let is_it = |running: &Running| running.pid == pid;
            let Some(place) = tests.running.iter().position(is_it) else { continue };
            let mut over = tests.running.swap_remove(place);
            // What it has left behind is no service of anybody's.
            end(pid);
            over.read();
            let Running { mut test, tail, .. } = over;
            if !death.is_success() {
                return tests.fail(&test, &reasons::of_death(death), &tail);
            }
            test.number += 1;
            if test.path().exists() {
                tests.queue.push_front(test);
            } else {
                tests.passed.insert(test.subject);
            }
            return;
        }
    }

    /// All or nothing.
    fn refuse(&mut self, mut waiting: Waiting) {
        let undone = undone(waiting.request.verb);
        let failed = std::mem::take(&mut waiting.tests.failed);
        for (name, Failure { what, lines }) in &failed {
            let line = format!("{name}: {undone}: {what}");
            self.say(&line);
            waiting.lines.push(line);
            waiting.lines.extend(lines.iter().map(|line| format!("{name}: {line}")));
        }
        if waiting.request.verb == Verb::Apply {
            waiting.lines.push("nothing was applied".to_owned());
        } else {
            let others = waiting.request.names.iter().filter(|name| !failed.contains_key(*name));
            waiting.lines.extend(others.map(|name| format!("{name}: {undone}")));
        }
        waiting.failed = true;
        self.finish_request(waiting);
    }
}

fn is_up(state: State) -> bool {
    matches!(state, State::Up | State::Ready)
}

fn shares_names(one: &Waiting, other: &Waiting) -> bool {
    if !one.request.verb.takes_names() || !other.request.verb.takes_names() {
        return false;
    }
    // There may be thousands of them.
    let names: HashSet<&String> = one.request.names.iter().collect();
    other.request.names.iter().any(|name| names.contains(name))
}

fn concerns_the_same(held: &Waiting, other: &Waiting) -> bool {
    let (first, second) = (held.request.verb, other.request.verb);
    match second {
        Verb::Down | Verb::Confirm | Verb::Look | Verb::End => false,
        Verb::Apply => first == Verb::Apply,
        Verb::Up | Verb::Once | Verb::Restart | Verb::Reload | Verb::Reset => {
            shares_names(held, other)
        }
    }
}

/// What is told of a service of which nothing was done.
fn undone(verb: Verb) -> &'static str {
    match verb {
        Verb::Restart | Verb::Apply => "not restarted",
        Verb::Reload => "not reloaded",
        Verb::Up
        | Verb::Once
        | Verb::Down
        | Verb::Reset
        | Verb::Confirm
        | Verb::Look
        | Verb::End => "not done",
    }
}
