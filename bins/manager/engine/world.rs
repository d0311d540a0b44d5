//! A world for the tests: it does what the engine says, lets things happen, and checks each action
//! and what is left after each step against the invariants, by looks at the whole graph.

use super::*;
use crate::manager::graph::{Edge, Kind, Link, OnLoss, Relation, Service};
use common::base::death::Death;

pub(super) const FACT: &str = "power/ac";
/// After so many steps another engine takes over from the heir.
const LIFE: usize = 7;
const DONE: Death = Death::Exit(0);
const BROKEN: Death = Death::Exit(1);

/// How a graph is made, so that it can be made smaller.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) services: Vec<Service>,
    pub(crate) links: Vec<Link>,
    pub(crate) limit: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) engine: Engine,
    /// One that was restored a while ago: it must do the same.
    heir: Engine,
    pub(super) now: u64,
    /// As the notes say.
    states: Vec<State>,
    /// What happened, and what was done about it.
    pub(super) log: Vec<(Option<Event>, Vec<Action>)>,
}

impl World {
    /// All is down. `None` when the graph has cycles.
    pub(super) fn new(plan: &Plan) -> Option<World> {
        let graph = Rc::new(Graph::build(plan.services.clone(), &plan.links).ok()?);
        Some(World::with(Engine::new(graph, plan.limit)))
    }

    /// One in which all is as this engine knows.
    pub(super) fn with(engine: Engine) -> World {
        let states = engine.graph.ids().map(|id| engine.state(id)).collect();
        World { heir: engine.clone(), engine, now: 0, states, log: Vec::new() }
    }

    /// What may happen to a service that is where this one is, by itself or as an answer.
    pub(super) fn answers(&self, id: Id) -> Vec<Event> {
        let oneshot = self.engine.graph().service(id).kind == Kind::Oneshot;
        match self.engine.state(id) {
            State::Starting if oneshot => vec![Event::Ended(id, DONE), Event::Ended(id, BROKEN)],
            State::Starting => {
                vec![Event::Started(id), Event::Died(id, BROKEN), Event::Ended(id, BROKEN)]
            }
            State::Up => vec![Event::Ready(id), Event::Died(id, BROKEN), Event::Ended(id, DONE)],
            State::Ready if oneshot || self.engine.graph().service(id).kind == Kind::Group => {
                vec![]
            }
            State::Ready => vec![
                Event::Died(id, BROKEN),
                Event::NotReady(id),
                Event::Ended(id, DONE),
                Event::Ended(id, BROKEN),
            ],
            State::Stopping => vec![Event::Ended(id, DONE)],
            State::Down | State::Failed => vec![],
        }
    }

    /// What may be asked for, and what may become of the fact.
    pub(super) fn orders(&self, id: Id) -> Vec<Event> {
        let wishes = [Wish::Up, Wish::None, Wish::Down, Wish::Once];
        let new = wishes.into_iter().filter(|wish| *wish != self.engine.wish(id));
        let mut orders: Vec<_> = new.map(|wish| Event::Wish(id, wish)).collect();
        orders.push(Event::Restart(id));
        if self.engine.failure(id).is_some() {
            orders.push(Event::Reset(id));
        }
        if self.engine.graph().service(id).when.is_some() {
            let turned = (!self.engine.facts.contains_key(FACT)).then(|| "1".into());
            orders.push(Event::Fact(FACT.into(), turned));
        }
        orders
    }

    /// Lets it happen; an error says which invariant was broken. `None`: the next due time comes.
    pub(super) fn step(&mut self, event: Option<Event>) -> Result<(), String> {
        if event.is_none() {
            self.now = self.engine.next_due().unwrap_or(self.now).max(self.now);
        }
        let restarting: Vec<_> = self.engine.entries.iter().map(|e| e.restarting).collect();
        let before = self.memories();
        let actions = self.engine.step(self.now, event.clone());
        if self.heir.step(self.now, event.clone()) != actions {
            return Err(format!("{event:?}: one that took over did not do {actions:?}"));
        }
        let changed: Vec<_> = self.engine.take_changed().collect();
        let differs = |id: &Id| before[*id as usize] != self.engine.memory(*id);
        if let Some(id) = self.engine.graph.ids().find(|id| differs(id) && !changed.contains(id)) {
            return Err(format!("{event:?}: nobody is told that the memory of {id} has changed"));
        }
        let started = actions.iter().any(|action| matches!(action, Action::Start(_)));
        self.log.push((event.clone(), actions.clone()));
        for action in actions {
            let checked = match action {
                Action::Note(id, state, _) => {
                    self.states[id as usize] = state;
                    Ok(())
                }
                Action::Start(id) => self.may_start(id),
                Action::Stop(id) => self.may_stop(id, event.as_ref(), &restarting),
                Action::Kill(id) | Action::Reload(id) => {
                    let active = is_active(self.states[id as usize]);
                    active.then_some(()).ok_or(format!("{id} is down: {action:?}"))
                }
            };
            checked.map_err(|error| format!("{event:?}: {error}"))?;
        }
        let starting = self.engine.entries.iter().filter(|entry| entry.is_starting()).count();
        if started && starting > self.engine.limit {
            return Err(format!("{event:?}: too many start"));
        }
        self.settled().map_err(|error| format!("after {event:?}: {error}"))?;
        let heir = self.restored().map_err(|error| format!("after {event:?}: {error}"))?;
        if self.log.len().is_multiple_of(LIFE) {
            self.heir = heir;
        }
        Ok(())
    }

    fn others(
        &self,
        edges: &[Edge],
        is: impl Fn(Relation) -> bool,
        has: impl Fn(State) -> bool,
    ) -> bool {
        let mut edges = edges.iter().filter(|edge| is(edge.relation));
        edges.any(|edge| has(self.states[edge.other as usize]))
    }

    /// Invariant 1, with the states at the moment of the start.
    fn may_start(&self, id: Id) -> Result<(), String> {
        let edges = self.engine.graph().outgoing(id);
        let single = |relation: Relation| relation.needs() && relation.set().is_none();
        if self.others(edges, single, |state| state != State::Ready) {
            return Err(format!("{id} is started before a dependency is ready"));
        }
        for set in edges.iter().filter_map(|edge| edge.relation.set()) {
            let members = |relation: Relation| relation.set() == Some(set);
            if !self.others(edges, members, |state| state == State::Ready) {
                return Err(format!("{id} is started without one of its set"));
            }
        }
        if self.others(edges, |relation| relation == Relation::Conflicts, is_active) {
            return Err(format!("{id} is started beside a conflict"));
        }
        let moving = |edge: &&Edge| {
            let entry = self.engine.entry(edge.other);
            let moves = |state| matches!(state, State::Starting | State::Up | State::Stopping);
            edge.relation == Relation::After
                && moves(self.states[edge.other as usize])
                && entry.failure.is_none()
                && !entry.shown.stalled
        };
        if let Some(edge) = edges.iter().find(moving) {
            return Err(format!("{id} is started while {} moves", edge.other));
        }
        if !self.needed()[id as usize] || !self.engine.unmet(id).is_empty() {
            return Err(format!("{id} is started although nobody needs it"));
        }
        Ok(())
    }

    /// Invariants 2 and 3. What is not seen from outside, that it was to be restarted because one
    /// came back or because it is a part, is the engine's word.
    fn may_stop(&self, id: Id, event: Option<&Event>, was: &[bool]) -> Result<(), String> {
        let graph = self.engine.graph();
        let entry = self.engine.entry(id);
        for edge in graph.incoming(id).iter().filter(|edge| edge.relation.stops_first()) {
            let leaving = self.engine.entry(edge.other).shown.leaving;
            let strict = match edge.relation {
                Relation::Requires(OnLoss::Stop | OnLoss::Restart) => true,
                Relation::Requires(OnLoss::Reload | OnLoss::Ignore) => leaving || entry.shown.away,
                Relation::AnyOf(_)
                | Relation::After
                | Relation::Milestone
                | Relation::Wants(_)
                | Relation::Conflicts
                | Relation::PartOf => leaving,
            };
            if strict && is_active(self.states[edge.other as usize]) {
                return Err(format!("{id} is stopped while {} is up", edge.other));
            }
        }
        let unwanted = !self.needed()[id as usize] || !self.engine.unmet(id).is_empty();
        let restart = event == Some(&Event::Restart(id)) || was[id as usize] || entry.restarting;
        let needs = |edge: &Edge| {
            let other = self.engine.entry(edge.other);
            edge.relation.stops_first()
                && edge.relation.needs()
                && (!other.shown.ready || other.shown.leaving)
        };
        let lost = graph.outgoing(id).iter().any(needs);
        // Who of a set is wanted changes while the step goes on.
        let optional = graph.incoming(id).iter().any(|edge| edge.relation.set().is_some());
        if unwanted || restart || lost || optional {
            Ok(())
        } else {
            Err(format!("{id} is stopped for nothing"))
        }
    }

    /// Who is needed, looked up from the wishes.
    fn needed(&self) -> Vec<bool> {
        let engine = &self.engine;
        let mut needed = vec![false; self.states.len()];
        let mut changed = true;
        while changed {
            changed = false;
            for id in engine.graph().ids().filter(|id| engine.wish(*id) != Wish::Down) {
                let parts = engine.graph().outgoing(id).iter();
                let mut parts = parts.filter(|edge| edge.relation == Relation::PartOf);
                let open = |id: Id| needed[id as usize] && engine.unmet(id).is_empty();
                let asked = matches!(engine.wish(id), Wish::Up | Wish::Once)
                    || engine.pullers(id).any(|puller| needed[puller as usize]);
                if asked && !needed[id as usize] && parts.all(|edge| open(edge.other)) {
                    needed[id as usize] = true;
                    changed = true;
                }
            }
        }
        needed
    }

    /// Invariants 4 and 5, after a step.
    fn settled(&self) -> Result<(), String> {
        let engine = &self.engine;
        for id in engine.graph().ids() {
            let entry = engine.entry(id);
            let broken = |what: &str| Err(format!("{id} {what}: {entry:?}"));
            if entry.state != self.states[id as usize] {
                return broken("is not where the notes say");
            }
            if entry.may_stop() {
                return broken("could stop");
            }
            if entry.may_start() && engine.starting < engine.limit {
                return broken("could start");
            }
        }
        for number in 0..engine.sets.len() as u32 {
            let (owner, members) = engine.graph().set(number);
            let stalled = |edge: &&Edge| engine.entry(edge.other).shown.stalled;
            let chosen = |edge: &&Edge| engine.chosen.contains(&(number, edge.other));
            let hopeless = members.iter().filter(chosen).all(|edge| stalled(&edge));
            if engine.entry(owner).needed && hopeless && !members.iter().all(|edge| stalled(&edge))
            {
                return Err(format!("{owner} does not try the others of its set"));
            }
        }
        Ok(())
    }

    /// Invariant 6: another engine that is made of what this one remembers; it has nothing to do.
    pub(super) fn restored(&self) -> Result<Engine, String> {
        let old = &self.engine;
        let facts = old.facts().map(|(fact, value)| (fact.to_owned(), value.to_owned()));
        // As text now and then: it takes longer than the engine.
        let in_text = self.log.len().is_multiple_of(LIFE);
        let known = |id| match old.memory(id) {
            memory if in_text => Memory::unpack(&memory.pack()).unwrap_or_default(),
            memory => memory,
        };
        let limit = (old.limit < usize::MAX).then_some(old.limit);
        let (new, actions) = Engine::restore(Rc::clone(&old.graph), limit, self.now, facts, known);
        if !actions.is_empty() || !new.changed.is_empty() {
            return Err(format!("one that takes over has to do: {actions:?}"));
        }
        for id in old.graph.ids() {
            let (old, new) = (old.entry(id), new.entry(id));
            if old != new {
                return Err(format!("{id} is not what a fresh look says:\n{old:?}\n{new:?}"));
            }
        }
        // All else but the changes so far, which only grow.
        let Engine { graph: _, entries: _, sets, chosen, facts, limit, starting, dues, .. } = &new;
        let Engine { in_doubt, suspects, touched, choices, wholes, moved, runnable, .. } = &new;
        let is_same = (sets, chosen, facts) == (&old.sets, &old.chosen, &old.facts)
            && (limit, starting, dues) == (&old.limit, &old.starting, &old.dues)
            && (in_doubt, suspects, touched) == (&old.in_doubt, &old.suspects, &old.touched)
            && (choices, wholes, moved) == (&old.choices, &old.wholes, &old.moved)
            && runnable == &old.runnable;
        is_same.then_some(new).ok_or("one that takes over differs".into())
    }

    fn memories(&self) -> Vec<Memory> {
        self.engine.graph.ids().map(|id| self.engine.memory(id)).collect()
    }

    /// Lets all that is under way end well; then nothing may wait without a cause.
    pub(super) fn come_to_rest(&mut self) -> Result<(), String> {
        for _ in 0..20 * self.states.len() + 20 {
            let good = |event: &Event| {
                !matches!(event, Event::Died(..) | Event::Ended(_, BROKEN) | Event::NotReady(_))
            };
            let under_way = |id: &Id| self.engine.state(*id) != State::Ready;
            let next = self
                .engine
                .graph()
                .ids()
                .filter(under_way)
                .flat_map(|id| self.answers(id))
                .find(good);
            match next {
                Some(event) => self.step(Some(event))?,
                None => return self.at_rest(),
            }
        }
        Err("it never comes to rest".into())
    }

    /// Invariant 4.
    fn at_rest(&self) -> Result<(), String> {
        let (needed, roots) = (self.needed(), self.engine.roots());
        for id in self.engine.graph().ids() {
            let state = self.engine.state(id);
            let chain = self.engine.why(id);
            let end = chain.last().copied();
            if roots[id as usize] != end {
                return Err(format!("{id} leads to {end:?}, not to {:?}", roots[id as usize]));
            }
            let root = end.map(|(_, cause)| cause);
            let explained = match root {
                Some(Cause::Failed(_) | Cause::HeldDown | Cause::Condition) => true,
                // Others may have asked for that one.
                Some(Cause::Conflicts(id)) => is_active(self.engine.state(id)),
                Some(Cause::PartOf(_) | Cause::Unwanted) => {
                    chain.iter().any(|(_, cause)| matches!(cause, Cause::PartOf(_)))
                }
                _ => false,
            };
            let good = match (needed[id as usize], state) {
                (false, State::Down) => true,
                (false, _) => false,
                (true, State::Ready) => self.engine.unmet(id).is_empty() && chain.is_empty(),
                (true, State::Down | State::Failed) => explained,
                (true, _) => false,
            };
            if !good {
                return Err(format!("at rest, {id} is {state:?}: {chain:?}"));
            }
        }
        Ok(())
    }

    /// Invariant 7: without failures, what was before does not matter.
    pub(super) fn forgets(&mut self) -> Result<(), String> {
        let graph = Rc::clone(&self.engine.graph);
        for id in graph.ids() {
            self.step(Some(Event::Reset(id)))?;
        }
        self.come_to_rest()?;
        let mut other = World::with(Engine::new(Rc::clone(&graph), None));
        // Once is over when it has ended; the way there is not the same.
        for id in graph.ids().filter(|id| self.engine.wish(*id) != Wish::Once) {
            other.step(Some(Event::Wish(id, self.engine.wish(id))))?;
        }
        for id in graph.ids().filter(|id| self.engine.wish(*id) == Wish::Once) {
            other.step(Some(Event::Wish(id, Wish::Up)))?;
        }
        let value = self.engine.facts.get(FACT).cloned();
        other.step(Some(Event::Fact(FACT.into(), value)))?;
        other.come_to_rest()?;
        let sticks = |edge: &Edge| match edge.relation {
            Relation::Conflicts | Relation::AnyOf(_) | Relation::Milestone => true,
            Relation::Requires(_) | Relation::Wants(_) | Relation::After | Relation::PartOf => {
                false
            }
        };
        let simple = !graph.ids().any(|id| graph.outgoing(id).iter().any(sticks));
        if simple && self.states != other.states {
            return Err(format!("the past matters: {:?}, not {:?}", self.states, other.states));
        }
        Ok(())
    }
}

fn is_active(state: State) -> bool {
    !matches!(state, State::Down | State::Failed)
}
