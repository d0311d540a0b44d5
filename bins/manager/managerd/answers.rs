//! Requests under way: when they are over, and what is answered.

use std::collections::{BTreeSet, HashMap};
use std::fs;

use common::base::death::Death;
use common::base::error::{exit, reason};
use common::base::sort::{self, Gather};
use common::os::file;
use rustix::io::Errno;

use super::manager::Manager;
use super::requests::Taken;
use super::test_run::Tests;
use crate::manager::announcement::Announcement;
use crate::manager::engine::{Event, State, Wish};
use crate::manager::graph::Id;
use crate::manager::live;
use crate::manager::places::REQUESTS;
use crate::manager::reasons;
use crate::manager::request::{Answer, Progress, Request, RequestId, Verb};

/// The longest answer that is read back: the names of a request, and a line for each.
const LONGEST: usize = 64 << 20;

/// What is told of a service that was to be up.
const STOPPED: &str = "not ready: stopped by another request";

/// A request that is not over.
pub(super) struct Waiting {
    pub(super) principal: String,
    pub(super) id: RequestId,
    pub(super) order: u64,
    pub(super) request: Request,
    /// Whose end is awaited, the services that it names among them.
    pub(super) targets: BTreeSet<Id>,
    /// Those of which it was over, when they were last looked at.
    pub(super) over: BTreeSet<Id>,
    /// What is known already.
    pub(super) lines: Vec<String>,
    pub(super) failed: bool,
    /// What is to be passed before anything is done.
    pub(super) tests: Tests,
}

/// How a service stands to what was asked for.
enum Outcome {
    Pending,
    Reached(&'static str),
    Missed(String),
}

impl Manager {
    /// Takes what has been asked for: each principal in its turn.
    pub(super) fn read_requests(&mut self) {
        for place in 0..self.inbox.len() {
            let principal = self.inbox.principal(place);
            let name = principal.name.clone();
            for line in principal.read() {
                match self.inbox.principal(place).take(&line) {
                    Taken::Request(id, text) => self.request(&name, id, &text),
                    Taken::Part => {}
                    Taken::Garbage => {
                        let text = format!("{name} wrote a line that is no request: left out");
                        self.complain("garbage", &text);
                    }
                }
            }
        }
    }

    fn request(&mut self, principal: &str, id: RequestId, text: &str) {
        if let Some(answer) = self.answer_of(principal, &id) {
            // It was taken already, be it by a predecessor: the client may not know.
            return self.announce_request(&id, answer.progress);
        }
        let refused = match Request::unpack(text) {
            Err(what) => Some((exit::USAGE, what)),
            Ok(request) if self.header.ends && request.verb != Verb::End => {
                Some((exit::NO, "everything goes down".to_owned()))
            }
            Ok(request) => {
                let refused = self.policy.refuses(principal, &request);
                match refused.map(|what| (exit::NO, what)) {
                    Some(refused) => Some(refused),
                    None => return self.accept(principal, id, request),
                }
            }
        };
        if let Some((code, what)) = refused {
            let request = text.to_owned();
            let progress = Progress::Done(code);
            let answer = Answer { request, order: 0, progress, lines: vec![what] };
            self.answer(principal, id, &answer);
        }
    }

    /// From here on it is carried out, whoever dies.
    fn accept(&mut self, principal: &str, id: RequestId, request: Request) {
        self.header.requests += 1;
        let order = self.header.requests;
        let progress = Progress::Accepted;
        let answer = Answer { request: request.pack(), order, progress, lines: Vec::new() };
        if self.answer(principal, id.clone(), &answer) {
            self.write_header();
            self.begin_request(principal, id, order, request);
        }
    }

    /// Begins, or goes on with, what was accepted.
    pub(super) fn begin_request(
        &mut self,
        principal: &str,
        id: RequestId,
        order: u64,
        request: Request,
    ) {
        self.take_up(Waiting {
            principal: principal.to_owned(),
            id,
            order,
            request,
            targets: BTreeSet::new(),
            over: BTreeSet::new(),
            lines: Vec::new(),
            failed: false,
            tests: Tests::default(),
        });
    }

    /// Carries a request out, or holds it until its tests are over.
    pub(super) fn take_up(&mut self, mut waiting: Waiting) {
        let order = waiting.order;
        if self.must_wait(&waiting) {
            return drop(self.held.insert(order, waiting));
        }
        let Some(events) = self.command(&mut waiting) else {
            return drop(self.held.insert(order, waiting));
        };
        let goes_down = matches!(waiting.request.verb, Verb::Down | Verb::End) && !waiting.failed;
        if goes_down {
            self.call_off_tests(&waiting);
            self.disappoint(&waiting);
        }
        self.waiting.push(waiting);
        self.step(events);
        if goes_down {
            self.wait_for_the_rest(order);
        }
    }

    /// Who waits for one of these to be up learns that it will not be.
    fn disappoint(&mut self, down: &Waiting) {
        let is_up = |verb| matches!(verb, Verb::Up | Verb::Once | Verb::Restart);
        for waiting in self.waiting.iter_mut().filter(|waiting| is_up(waiting.request.verb)) {
            for id in &down.targets {
                if waiting.targets.remove(id) | waiting.over.remove(id) {
                    waiting.failed = true;
                    let name = &self.graph.service(*id).name;
                    waiting.lines.push(format!("{name}: {STOPPED}"));
                }
            }
        }
    }

    /// A request to go down is over when all are down that go down because of it.
    fn wait_for_the_rest(&mut self, order: u64) {
        let goes = |id: &Id| !self.engine.is_needed(*id) && self.is_active(*id);
        let rest: BTreeSet<Id> = self.graph.ids().filter(goes).gather();
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.order == order) {
            waiting.targets.extend(&rest);
        }
    }

    /// Writes an answer, and says that it is there. False: it could not be written.
    fn answer(&mut self, principal: &str, id: RequestId, answer: &Answer) -> bool {
        let Some(to) = self.inbox.find(principal) else { return true };
        let written = file::replace(&to.answers, id.as_str(), answer.pack().as_bytes());
        if matches!(answer.progress, Progress::Done(_)) {
            to.keep(id.clone());
        }
        match written {
            Ok(()) => {
                self.content("answer");
                self.announce_request(&id, answer.progress);
                true
            }
            Err(e) => {
                let why = reason(e);
                self.complain("answer", &format_args!("unable to write an answer: {why}"));
                self.announce(Announcement::Lost(id.as_str(), &why));
                false
            }
        }
    }

    fn announce_request(&mut self, id: &RequestId, progress: Progress) {
        self.announce(match progress {
            Progress::Accepted => Announcement::Accepted(id.as_str()),
            Progress::Done(_) => Announcement::Done(id.as_str()),
        });
    }

    fn answer_of(&mut self, principal: &str, id: &RequestId) -> Option<Answer> {
        let from = self.inbox.find(principal)?;
        match file::read_up_to(&from.answers, id.as_str(), LONGEST) {
            Err(Errno::NOENT) => None,
            Err(_) => None,
            Ok(bytes) => Answer::unpack(std::str::from_utf8(&bytes).ok()?),
        }
    }

    /// Requests that a predecessor had accepted and not answered, in their order; what is over is
    /// remembered, so that it goes when there are many newer ones.
    pub(super) fn take_over_requests(&mut self) -> Vec<(String, RequestId, u64, Request)> {
        let mut accepted = Vec::new();
        let mut over = Vec::new();
        for place in 0..self.inbox.len() {
            let name = self.inbox.principal(place).name.clone();
            let dir = self.definitions.oneshots.with_file_name(REQUESTS).join(&name);
            let Ok(entries) = fs::read_dir(dir) else { continue };
            for entry in entries.flatten() {
                let Some(id) = entry.file_name().to_str().and_then(RequestId::parse) else {
                    continue;
                };
                let Some(answer) = self.answer_of(&name, &id) else { continue };
                match (answer.progress, Request::unpack(&answer.request)) {
                    (Progress::Accepted, Ok(request)) => {
                        accepted.push((name.clone(), id, answer.order, request));
                    }
                    (Progress::Accepted, Err(_)) | (Progress::Done(_), _) => {
                        over.push((answer.order, name.clone(), id));
                    }
                }
            }
        }
        sort::sort(&mut over);
        for (_, name, id) in over {
            self.inbox.find(&name).into_iter().for_each(|principal| principal.keep(id.clone()));
        }
        sort::sort_by_key(&mut accepted, |(_, _, order, _)| *order);
        accepted
    }

    /// Answers those requests that are over.
    pub(super) fn settle_requests(&mut self) {
        let mut place = 0;
        while place < self.waiting.len() {
            let mut waiting = self.waiting.swap_remove(place);
            self.settle_request(&mut waiting);
            if waiting.targets.is_empty() {
                self.finish_request(waiting);
            } else {
                self.waiting.push(waiting);
                let last = self.waiting.len() - 1;
                self.waiting.swap(place, last);
                place += 1;
            }
        }
    }

    /// A service has failed. One that was to be up once is not wanted any more, and merely down by the
    /// time that requests are settled.
    pub(super) fn fail_once(&mut self, id: Id, why: &str) {
        let name = &self.graph.service(id).name;
        let is_once = |waiting: &&mut Waiting| waiting.request.verb == Verb::Once;
        for waiting in self.waiting.iter_mut().filter(is_once) {
            if waiting.targets.remove(&id) {
                waiting.failed = true;
                waiting.lines.push(format!("{name}: not ready: {name} failed: {why}"));
            }
        }
    }

    /// The stop command of a oneshot has failed: it is down, and who took it down learns that.
    pub(super) fn stop_failed(&mut self, id: Id, death: Death) {
        let name = &self.graph.service(id).name;
        let line = format!("{name}: its stop command failed: {}", reasons::of_death(death));
        self.say(&line);
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.targets.contains(&id)) {
            waiting.failed |= waiting.request.verb == Verb::Down;
            waiting.lines.push(line.clone());
        }
    }

    /// Judges all of its services at one moment: what was ready may have had to go while others were
    /// awaited.
    fn settle_request(&self, waiting: &mut Waiting) {
        let verb = waiting.request.verb;
        let is_pending = |id: &Id| matches!(self.outcome(verb, *id), Outcome::Pending);
        let (pending, over) =
            std::mem::take(&mut waiting.targets).into_iter().partition(is_pending);
        waiting.targets = pending;
        waiting.over.extend::<BTreeSet<Id>>(over);
        if !waiting.targets.is_empty() {
            return;
        }
        let (pending, over) = std::mem::take(&mut waiting.over).into_iter().partition(is_pending);
        (waiting.targets, waiting.over) = (pending, over);
        if !waiting.targets.is_empty() {
            return;
        }
        for id in &waiting.over {
            let what = match self.outcome(verb, *id) {
                Outcome::Pending => continue,
                Outcome::Reached(what) => what.to_owned(),
                Outcome::Missed(why) => {
                    waiting.failed = true;
                    why
                }
            };
            waiting.lines.push(format!("{}: {what}", self.graph.service(*id).name));
        }
    }

    pub(super) fn finish_request(&mut self, waiting: Waiting) {
        let Waiting { principal, id, order, request, lines, failed, .. } = waiting;
        let progress = Progress::Done(if failed { exit::NO } else { exit::OK });
        let answer = Answer { request: request.pack(), order, progress, lines };
        self.answer(&principal, id, &answer);
    }

    fn outcome(&self, verb: Verb, id: Id) -> Outcome {
        let goes_down = match verb {
            Verb::Down | Verb::End => true,
            // What an apply has changed is where it belongs, be that up or down.
            Verb::Apply => !self.engine.is_needed(id),
            Verb::Up | Verb::Once | Verb::Restart => false,
            // Its command tells.
            Verb::Reload => return Outcome::Pending,
            // Nothing is awaited.
            Verb::Reset | Verb::Confirm | Verb::Look => return Outcome::Reached("done"),
        };
        if goes_down { self.outcome_of_down(id) } else { self.outcome_of_up(verb, id) }
    }

    fn outcome_of_down(&self, id: Id) -> Outcome {
        match self.engine.state(id) {
            State::Down | State::Failed => Outcome::Reached("down"),
            State::Stopping => Outcome::Pending,
            State::Starting | State::Up | State::Ready if self.engine.is_needed(id) => {
                Outcome::Missed("wanted up again".to_owned())
            }
            State::Starting | State::Up | State::Ready => Outcome::Pending,
        }
    }

    fn outcome_of_up(&self, verb: Verb, id: Id) -> Outcome {
        let state = self.engine.state(id);
        let why = || Outcome::Missed(format!("not ready: {}", reasons::chain(&self.engine, id)));
        match state {
            _ if self.engine.is_restarting(id) => Outcome::Pending,
            // It stops as soon as those have that need it.
            State::Ready if self.engine.is_leaving(id) => Outcome::Pending,
            State::Ready => Outcome::Reached("ready"),
            State::Failed => why(),
            State::Down if self.engine.wish(id) == Wish::None && !self.engine.is_needed(id) => {
                match self.engine.failure(id) {
                    None if verb == Verb::Up => Outcome::Missed(STOPPED.to_owned()),
                    // Run once, it has run.
                    None => Outcome::Reached("done"),
                    Some(_) => why(),
                }
            }
            State::Down | State::Starting | State::Up if self.engine.is_stalled(id) => why(),
            State::Down | State::Starting | State::Up | State::Stopping => Outcome::Pending,
        }
    }

    /// Look at the facts again: what they say now.
    pub(super) fn facts(&self) -> Vec<Event> {
        let mut values: HashMap<String, String> =
            live::facts(&self.options.facts, &self.graph).into_iter().collect();
        let facts = self.graph.facts();
        facts.map(|fact| Event::Fact(fact.to_owned(), values.remove(fact))).collect()
    }
}
