//! A boot and a shutdown without a process: what the engine would do if each program behaved as it
//! is assumed to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use common::base::death::Death;
use common::base::sort::Gather;

use super::{Action, Cause, Engine, Event, State, Wish};
use crate::manager::graph::{Graph, Id, Kind};

/// How the world is assumed to be. Empty: no facts, and each program is ready at once.
#[derive(Clone, Debug, Default)]
pub struct Assumptions {
    /// These fail to start: a oneshot exits 1, a daemon ends for good.
    pub failing: BTreeSet<Id>,
    /// The facts that are there, with their values.
    pub facts: BTreeMap<String, String>,
}

/// What would come of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is done to bring up what is wanted, in order.
    pub boot: Vec<Action>,
    /// Where each service is then.
    pub states: Vec<State>,
    /// Why those that are needed are not ready then: the causal chain of each.
    pub reasons: BTreeMap<Id, Vec<(Id, Cause)>>,
    /// What is done to bring all of it down again, in order.
    pub shutdown: Vec<Action>,
}

/// Brings up those that are wanted, then takes all down.
pub fn simulate(graph: Rc<Graph>, wanted: &[Id], assumed: &Assumptions) -> Outcome {
    let mut engine = Engine::new(Rc::clone(&graph), None);
    let wish = |wish| wanted.iter().map(move |id| Event::Wish(*id, wish));
    let facts = assumed.facts.iter();
    let facts = facts.map(|(fact, value)| Event::Fact(fact.clone(), Some(value.clone())));
    let boot = run(&mut engine, facts.chain(wish(Wish::Up)).collect(), assumed);
    let lacking = |id: &Id| engine.is_needed(*id) && engine.state(*id) != State::Ready;
    let reasons = graph.ids().filter(lacking).map(|id| (id, engine.why(id))).gather();
    let states = graph.ids().map(|id| engine.state(id)).collect();
    let shutdown = run(&mut engine, wish(Wish::None).collect(), assumed);
    Outcome { boot, states, reasons, shutdown }
}

/// What the engine does about these events and all answers that follow, each in its turn.
fn run(engine: &mut Engine, events: Vec<Event>, assumed: &Assumptions) -> Vec<Action> {
    let actions = engine.step(0, events);
    follow(engine, 0, actions, assumed)
}

/// What an engine that is about to do this does altogether, all of it `now`: what is under way ends
/// as the rest does.
pub fn follow(
    engine: &mut Engine,
    now: u64,
    actions: Vec<Action>,
    assumed: &Assumptions,
) -> Vec<Action> {
    let told: BTreeSet<Id> = actions.iter().filter_map(|action| action.target()).gather();
    let under_way = engine.graph().ids().filter_map(|id| match engine.state(id) {
        State::Starting | State::Up if !told.contains(&id) => Some(Action::Start(id)),
        State::Stopping if !told.contains(&id) => Some(Action::Stop(id)),
        State::Starting | State::Up | State::Stopping => None,
        State::Down | State::Ready | State::Failed => None,
    });
    let begun: Vec<Action> = actions.iter().copied().chain(under_way).collect();
    let mut answers: VecDeque<Event> =
        begun.iter().filter_map(|a| answer(engine, *a, assumed)).collect();
    let mut all = actions;
    while let Some(event) = answers.pop_front() {
        let actions = engine.step(now, [event]);
        answers.extend(actions.iter().filter_map(|action| answer(engine, *action, assumed)));
        all.extend(actions);
    }
    all
}

fn answer(engine: &Engine, action: Action, assumed: &Assumptions) -> Option<Event> {
    match action {
        Action::Start(id) if assumed.failing.contains(&id) => {
            Some(Event::Ended(id, Death::Exit(1)))
        }
        Action::Start(id) => Some(match engine.graph().service(id).kind {
            Kind::Daemon | Kind::Group => Event::Ready(id),
            Kind::Oneshot => Event::Ended(id, Death::Exit(0)),
        }),
        Action::Stop(id) | Action::Kill(id) => Some(Event::Ended(id, Death::Exit(0))),
        Action::Reload(_) | Action::Note(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Failure;
    use super::*;
    use crate::manager::graph::{Link, OnLoss, Relation, Service};

    const REQUIRES: Relation = Relation::Requires(OnLoss::Stop);

    fn web() -> Rc<Graph> {
        let kinds = [Kind::Oneshot, Kind::Daemon, Kind::Daemon, Kind::Group];
        let names = ["disk", "database", "web", "all"];
        let services = names.iter().zip(kinds).map(|(name, kind)| Service::new(name, kind));
        let link = |from, relation, to| Link { from, relation, to };
        let links = [
            link(1, REQUIRES, 0),
            link(2, REQUIRES, 1),
            link(3, Relation::Wants(OnLoss::Ignore), 2),
            link(3, Relation::After, 2),
        ];
        Rc::new(Graph::build(services.collect(), &links).unwrap())
    }

    fn acts(actions: &[Action]) -> Vec<Action> {
        let is_act = |action: &&Action| !matches!(action, Action::Note(..));
        actions.iter().filter(is_act).copied().collect()
    }

    #[test]
    fn a_boot_and_a_shutdown_are_in_order() {
        let outcome = simulate(web(), &[3], &Assumptions::default());
        assert_eq!(acts(&outcome.boot), [0, 1, 2].map(Action::Start));
        assert_eq!(outcome.states, [State::Ready; 4]);
        assert!(outcome.reasons.is_empty());
        assert_eq!(acts(&outcome.shutdown), [2, 1, 0].map(Action::Stop));
    }

    #[test]
    fn what_fails_is_the_root_of_the_reasons() {
        let assumed = Assumptions { failing: BTreeSet::from([0]), ..Assumptions::default() };
        let outcome = simulate(web(), &[3], &assumed);
        assert_eq!(outcome.states, [State::Failed, State::Down, State::Down, State::Ready]);
        let failed = Cause::Failed(Failure::Ended(Death::Exit(1)));
        let chain = [(2, Cause::Needs(1)), (1, Cause::Needs(0)), (0, failed)];
        assert_eq!(outcome.reasons[&2], chain);
        assert_eq!(outcome.reasons.len(), 3);
        assert_eq!(acts(&outcome.shutdown), []);
    }
}
