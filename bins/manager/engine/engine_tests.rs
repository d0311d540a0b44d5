//! The engine's behaviours, one by one.

use super::*;
use crate::manager::condition::{Compare, Condition, Test};
use crate::manager::graph::{Kind, Link, OnLoss, Relation, Service};
use common::base::death::Death;

const REQUIRES: Relation = Relation::Requires(OnLoss::Stop);
const WANTS: Relation = Relation::Wants(OnLoss::Ignore);
const DONE: Death = Death::Exit(0);
const BROKEN: Death = Death::Exit(1);

fn up(id: Id) -> Event {
    Event::Wish(id, Wish::Up)
}

fn none(id: Id) -> Event {
    Event::Wish(id, Wish::None)
}

fn daemon() -> Service {
    Service { has_readiness: true, ..Service::new("daemon", Kind::Daemon) }
}

fn oneshot() -> Service {
    Service::new("oneshot", Kind::Oneshot)
}

fn engine(services: Vec<Service>, links: &[(Id, Relation, Id)]) -> Engine {
    let link = |(from, relation, to): &(Id, Relation, Id)| Link {
        from: *from,
        relation: *relation,
        to: *to,
    };
    let links: Vec<_> = links.iter().map(link).collect();
    Engine::new(Rc::new(Graph::build(services, &links).unwrap()), None)
}

fn daemons(count: usize, links: &[(Id, Relation, Id)]) -> Engine {
    engine(vec![daemon(); count], links)
}

impl Engine {
    /// A step at time 0, without the notes.
    fn told<const N: usize>(&mut self, events: [Event; N]) -> Vec<Action> {
        self.at(0, events)
    }

    fn at<const N: usize>(&mut self, now: u64, events: [Event; N]) -> Vec<Action> {
        let mut actions = self.step(now, events);
        actions.retain(|action| !matches!(action, Action::Note(..)));
        actions
    }
}

#[test]
fn a_dependency_is_ready_before_the_start_and_down_last() {
    let mut e = daemons(2, &[(1, REQUIRES, 0)]);
    assert_eq!(e.told([up(1)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Started(0)]), []);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Start(1)]);
    assert_eq!(e.told([Event::Started(1), Event::Ready(1)]), []);
    assert_eq!(e.told([none(1)]), [Action::Stop(1)]);
    assert_eq!(e.why(0), [(0, Cause::StopsAfter(1)), (1, Cause::Unwanted)]);
    assert_eq!(e.told([Event::Died(1, DONE)]), []);
    assert_eq!(e.told([Event::Ended(1, DONE)]), [Action::Stop(0)]);
}

#[test]
fn what_is_independent_goes_at_the_same_time() {
    let mut e = daemons(4, &[(3, REQUIRES, 0), (3, REQUIRES, 1), (3, WANTS, 2)]);
    assert_eq!(e.told([up(3)]), [Action::Start(0), Action::Start(1), Action::Start(2)]);
    e.told([Event::Ready(0), Event::Ready(1), Event::Ready(2), Event::Ready(3)]);
    assert_eq!(e.told([none(3)]), [Action::Stop(2), Action::Stop(3)]);
    assert_eq!(e.told([Event::Ended(3, DONE)]), [Action::Stop(0), Action::Stop(1)]);
}

#[test]
fn a_failure_is_the_root_of_what_it_blocks_and_a_recovery_lets_it_go_on() {
    let mut e = daemons(3, &[(1, REQUIRES, 0), (2, REQUIRES, 1)]);
    e.told([up(2)]);
    assert_eq!(e.told([Event::Ended(0, BROKEN)]), []);
    let failed = Cause::Failed(Failure::Ended(BROKEN));
    assert_eq!(e.why(2), [(2, Cause::Needs(1)), (1, Cause::Needs(0)), (0, failed)]);
    assert_eq!((e.state(0), e.state(1), e.wish(2)), (State::Failed, State::Down, Wish::Up));
    assert_eq!(e.told([Event::Reset(0)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Start(1)]);
    assert_eq!(e.told([Event::Ready(1)]), [Action::Start(2)]);
    assert_eq!(e.why(1), []);
    assert_eq!(e.wanted_by(0), [0, 1, 2]);
}

#[test]
fn a_start_is_interrupted_by_a_stop_and_a_stop_is_waited_for() {
    let mut e = daemons(1, &[]);
    assert_eq!(e.told([up(0)]), [Action::Start(0)]);
    assert_eq!(e.told([none(0)]), [Action::Stop(0)]);
    assert_eq!(e.told([up(0)]), []);
    assert_eq!(e.told([Event::Ready(0)]), []);
    assert_eq!(e.told([Event::Ended(0, DONE)]), [Action::Start(0)]);
}

#[test]
fn what_does_not_stop_in_time_is_killed() {
    let mut e = engine(vec![Service { stop_timeout: 3000, ..daemon() }], &[]);
    e.told([up(0), Event::Ready(0)]);
    assert_eq!(e.next_due(), None);
    assert_eq!(e.at(10_000, [none(0)]), [Action::Stop(0)]);
    assert_eq!(e.next_due(), Some(13_000));
    assert_eq!(e.at(12_999, []), []);
    assert_eq!(e.at(13_000, []), [Action::Kill(0)]);
    assert_eq!((e.next_due(), e.state(0)), (None, State::Stopping));
}

#[test]
fn a_start_command_that_takes_too_long_is_killed_and_has_failed() {
    let mut e = engine(vec![Service { start_timeout: 100, ..oneshot() }], &[]);
    e.told([up(0)]);
    assert_eq!(e.at(100, []), [Action::Kill(0)]);
    assert_eq!(e.at(101, [Event::Ended(0, BROKEN)]), []);
    assert_eq!((e.state(0), e.failure(0)), (State::Failed, Some(Failure::StartTimedOut)));
}

#[test]
fn a_daemon_that_is_ready_late_blocks_its_dependents_until_then() {
    let mut e =
        engine(vec![Service { ready_timeout: 100, ..daemon() }, daemon()], &[(1, REQUIRES, 0)]);
    e.told([up(1)]);
    assert_eq!(e.at(50, [Event::Started(0)]), []);
    assert_eq!(e.at(150, []), []);
    let late = Cause::Failed(Failure::ReadyTimedOut);
    assert_eq!(e.why(1), [(1, Cause::Needs(0)), (0, late)]);
    assert!(!e.is_under_way());
    assert_eq!(e.at(9000, [Event::Ready(0)]), [Action::Start(1)]);
}

#[test]
fn a_restart_takes_the_dependents_along() {
    let mut e = daemons(3, &[(1, REQUIRES, 0), (2, Relation::Requires(OnLoss::Ignore), 0)]);
    e.told([up(1), up(2), Event::Ready(0), Event::Ready(1), Event::Ready(2)]);
    assert_eq!(e.told([Event::Restart(0)]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE)]), [Action::Stop(0)]);
    assert_eq!(e.told([Event::Ended(0, DONE)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Start(1)]);
    assert_eq!(e.told([Event::Ready(1)]), []);
}

#[test]
fn after_a_crash_each_edge_has_its_policy() {
    let on_loss = [OnLoss::Stop, OnLoss::Restart, OnLoss::Reload, OnLoss::Ignore];
    let links = [1, 2, 3, 4].map(|id| (id, Relation::Requires(on_loss[id as usize - 1]), 0));
    let mut e = daemons(5, &links);
    for id in [0, 1, 2, 3, 4] {
        e.told([up(id)]);
        e.told([Event::Ready(id)]);
    }
    assert_eq!(e.told([Event::Died(0, BROKEN)]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE), Event::Started(0)]), []);
    let back = [Action::Reload(3), Action::Stop(2), Action::Start(1)];
    assert_eq!(e.told([Event::Ready(0)]), back);
    // One that is wanted down takes all of them with it.
    e.told([Event::Ended(2, DONE)]);
    e.told([Event::Ready(1), Event::Ready(2)]);
    assert_eq!(e.told([Event::Wish(0, Wish::Down)]), [1, 2, 3, 4].map(Action::Stop));
}

#[test]
fn one_that_is_wanted_may_fail_and_one_that_is_only_before_is_waited_for() {
    let mut e = daemons(3, &[(2, WANTS, 0), (2, Relation::After, 0), (2, Relation::After, 1)]);
    assert_eq!(e.told([up(2)]), [Action::Start(0)]);
    assert_eq!(e.why(2), [(2, Cause::After(0)), (0, Cause::UnderWay)]);
    assert_eq!(e.told([Event::Died(0, BROKEN)]), [Action::Start(2)]);
}

#[test]
fn one_that_is_blocked_is_not_waited_for() {
    let all = vec![Test { fact: "power/ac".into(), compare: Compare::Present }];
    let when = Some(Box::new(Condition { all, ..Condition::default() }));
    let links = [(3, Relation::After, 1), (3, Relation::After, 2), (0, Relation::Conflicts, 1)];
    let mut e = engine(vec![daemon(), daemon(), Service { when, ..daemon() }, daemon()], &links);
    e.told([up(0)]);
    assert_eq!(e.told([up(1), up(2), up(3)]), [Action::Start(3)]);
}

#[test]
fn only_who_has_lost_another_one_is_reloaded_when_it_is_back() {
    let links = [(1, Relation::Wants(OnLoss::Reload), 0), (2, Relation::Wants(OnLoss::Restart), 0)];
    let mut e = daemons(3, &links);
    e.told([up(1), up(2)]);
    e.told([Event::Ready(1), Event::Ready(2)]);
    assert_eq!(e.told([Event::Ready(0)]), []);
    assert_eq!(e.told([Event::Died(0, BROKEN)]), []);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Reload(1), Action::Stop(2)]);
}

#[test]
fn a_service_is_up_while_its_condition_holds() {
    let all = vec![Test { fact: "net/eth0/carrier".into(), compare: Compare::Equals("up".into()) }];
    let when = Some(Box::new(Condition { all, ..Condition::default() }));
    let mut e = engine(vec![Service { when, ..daemon() }, daemon()], &[(1, REQUIRES, 0)]);
    let carrier = |value: &str| Event::Fact("net/eth0/carrier".into(), Some(value.into()));
    assert_eq!(e.told([up(1)]), []);
    assert_eq!(e.why(1), [(1, Cause::Needs(0)), (0, Cause::Condition)]);
    assert_eq!(e.unmet(0).len(), 1);
    assert_eq!(e.told([carrier("up")]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Start(1)]);
    assert_eq!(e.told([Event::Ready(1), carrier("down")]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE)]), [Action::Stop(0)]);
    assert_eq!(e.told([carrier("up"), Event::Ended(0, DONE)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Fact("power/ac".into(), None)]), []);
}

#[test]
fn of_a_set_the_next_is_tried_when_one_fails() {
    let any = Relation::AnyOf(0);
    let mut e = daemons(4, &[(3, any, 0), (3, any, 1), (3, any, 2)]);
    assert_eq!(e.told([up(3)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ended(0, BROKEN)]), [Action::Start(1)]);
    assert_eq!(e.told([Event::Ready(1)]), [Action::Start(3)]);
    assert_eq!(e.told([none(3)]), [Action::Stop(3)]);
    assert_eq!(e.told([Event::Ended(3, DONE)]), [Action::Stop(1)]);
    e.told([Event::Ended(1, DONE)]);
    // One that is there anyway will do.
    e.told([up(2), Event::Ready(2)]);
    assert_eq!(e.told([up(3)]), [Action::Start(3)]);
}

#[test]
fn one_of_a_set_that_goes_on_without_what_it_required_is_good_enough() {
    let any = Relation::AnyOf(0);
    let ignore = Relation::Requires(OnLoss::Ignore);
    let mut e = daemons(4, &[(3, any, 1), (3, any, 2), (1, ignore, 0)]);
    for id in [0, 1, 3] {
        e.told([up(3), Event::Ready(id)]);
    }
    assert_eq!(e.told([Event::Ended(0, BROKEN)]), []);
}

#[test]
fn who_is_up_stays_when_another_conflicts() {
    let mut e = daemons(2, &[(0, Relation::Conflicts, 1)]);
    assert_eq!(e.told([up(1)]), [Action::Start(1)]);
    assert_eq!(e.told([up(0)]), []);
    assert_eq!(e.why(0)[0], (0, Cause::Conflicts(1)));
    assert_eq!(e.told([none(1)]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE)]), [Action::Start(0)]);
}

#[test]
fn a_part_is_stopped_and_restarted_with_the_whole() {
    let mut e = daemons(2, &[(1, Relation::PartOf, 0)]);
    assert_eq!(e.told([up(1)]), []);
    assert_eq!(e.why(1), [(1, Cause::PartOf(0)), (0, Cause::Unwanted)]);
    assert_eq!(e.told([up(0)]), [Action::Start(0), Action::Start(1)]);
    e.told([Event::Ready(0), Event::Ready(1)]);
    assert_eq!(e.told([Event::Restart(0)]), [Action::Stop(0), Action::Stop(1)]);
    let ended = [Event::Ended(0, DONE), Event::Ended(1, DONE)];
    assert_eq!(e.told(ended), [Action::Start(0), Action::Start(1)]);
    assert_eq!(e.told([Event::Wish(0, Wish::Down)]), [Action::Stop(0), Action::Stop(1)]);
}

#[test]
fn a_milestone_once_reached_is_forgotten() {
    let mut e = daemons(2, &[(1, Relation::Milestone, 0)]);
    assert_eq!(e.told([up(1)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Start(1)]);
    assert_eq!(e.told([Event::Ready(1), Event::Ended(0, BROKEN)]), []);
    assert_eq!(e.told([Event::Wish(0, Wish::Down)]), []);
    assert_eq!(e.state(1), State::Ready);
}

#[test]
fn no_more_than_the_limit_start_at_the_same_time() {
    let graph = Graph::build(vec![daemon(); 3], &[]).unwrap();
    let mut e = Engine::new(Rc::new(graph), Some(2));
    assert_eq!(e.told([up(2), up(1), up(0)]), [Action::Start(0), Action::Start(1)]);
    assert_eq!(e.why(2), [(2, Cause::Limit)]);
    assert_eq!(e.told([Event::Started(1)]), [Action::Start(2)]);
}

#[test]
fn once_is_over_when_it_has_ended() {
    let mut e = engine(vec![daemon(), oneshot()], &[]);
    let once = |id| Event::Wish(id, Wish::Once);
    assert_eq!(e.told([once(0), once(1)]), [Action::Start(0), Action::Start(1)]);
    assert_eq!(e.told([Event::Started(0), Event::Ended(0, DONE)]), []);
    assert_eq!((e.state(0), e.wish(0)), (State::Down, Wish::None));
    assert_eq!(e.told([Event::Ended(1, DONE)]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE)]), []);
    assert_eq!(e.wish(1), Wish::None);
}

#[test]
fn a_wish_for_down_holds_whoever_needs_it() {
    let mut e = daemons(2, &[(1, REQUIRES, 0)]);
    assert_eq!(e.told([Event::Wish(0, Wish::Down), up(1)]), []);
    assert_eq!(e.why(1), [(1, Cause::Needs(0)), (0, Cause::HeldDown)]);
    assert_eq!(e.told([none(0)]), [Action::Start(0)]);
}

#[test]
fn a_group_is_up_when_what_it_requires_is_ready() {
    let group = Service::new("group", Kind::Group);
    let mut e = engine(vec![daemon(), group, daemon()], &[(1, REQUIRES, 0), (2, REQUIRES, 1)]);
    assert_eq!(e.told([up(2)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Start(2)]);
    assert_eq!(e.state(1), State::Ready);
}

#[test]
fn those_that_pull_each_other_go_down_when_nobody_asks_any_more() {
    let mut e = daemons(2, &[(0, WANTS, 1), (1, REQUIRES, 0)]);
    e.told([up(0), Event::Ready(0), Event::Ready(1)]);
    assert_eq!(e.told([none(0)]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE)]), [Action::Stop(0)]);
}

#[test]
fn an_engine_that_takes_over_disturbs_nothing() {
    let mut e = daemons(3, &[(1, REQUIRES, 0), (2, REQUIRES, 1)]);
    let known = [Event::Started(1), Event::Ready(1), up(2), up(1), Event::Ready(0)];
    assert_eq!(e.told(known), [Action::Start(2)]);
    let mut e = daemons(2, &[(1, REQUIRES, 0)]);
    assert_eq!(e.told([up(1), Event::Ended(0, BROKEN)]), []);
    assert_eq!(e.why(1)[1], (0, Cause::Failed(Failure::Ended(BROKEN))));
}

#[path = "guide_tests.rs"]
mod guide;
