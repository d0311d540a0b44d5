//! What the page "How the manager decides" says and no other test shows.

use super::*;

const FACT: &str = "power/ac";

fn fact(value: Option<&str>) -> Event {
    Event::Fact(FACT.into(), value.map(str::to_owned))
}

/// A daemon that is up only while the fact is there.
fn conditional() -> Service {
    let all = vec![Test { fact: FACT.into(), compare: Compare::Present }];
    Service { when: Some(Box::new(Condition { all, ..Condition::default() })), ..daemon() }
}

/// 1 to 4 require 0, 5 to 8 want it, each by another policy: stop, restart, reload, ignore. All are
/// ready.
fn each_policy() -> Engine {
    let on_loss = [OnLoss::Stop, OnLoss::Restart, OnLoss::Reload, OnLoss::Ignore];
    let requires = (1..).zip(on_loss).map(|(id, loss)| (id, Relation::Requires(loss), 0));
    let wants = (5..).zip(on_loss).map(|(id, loss)| (id, Relation::Wants(loss), 0));
    let mut e = daemons(9, &requires.chain(wants).collect::<Vec<_>>());
    for id in 0..9 {
        e.told([up(id)]);
    }
    for id in 0..9 {
        e.told([Event::Ready(id)]);
    }
    assert!((0..9).all(|id| e.state(id) == State::Ready));
    e
}

#[test]
fn when_it_dies() {
    let mut e = each_policy();
    assert_eq!(e.told([Event::Died(0, BROKEN)]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE), Event::Started(0)]), []);
    let back = [3, 7].map(Action::Reload).into_iter();
    let back: Vec<_> = back.chain([2, 6].map(Action::Stop)).chain([Action::Start(1)]).collect();
    let mut actions = e.told([Event::Ready(0)]);
    assert_eq!(actions.len(), back.len());
    actions.retain(|action| !back.contains(action));
    assert_eq!(actions, []);
}

#[test]
fn when_it_is_not_ready_for_a_while() {
    let mut e = each_policy();
    assert_eq!(e.told([Event::NotReady(0)]), [Action::Stop(1)]);
}

#[test]
fn when_it_ends_for_good() {
    let mut e = each_policy();
    assert_eq!(e.told([Event::Ended(0, BROKEN)]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE)]), []);
    assert!((2..9).all(|id| e.state(id) == State::Ready));
    assert_eq!((e.state(0), e.state(1)), (State::Failed, State::Down));
    assert_eq!(e.told([Event::Reset(0)]), [Action::Start(0)]);
}

#[test]
fn when_it_is_restarted() {
    let mut e = each_policy();
    assert_eq!(e.told([Event::Restart(0)]), [1, 2].map(Action::Stop));
    assert_eq!(e.told([Event::Ended(1, DONE)]), []);
    assert_eq!(e.told([Event::Ended(2, DONE)]), [Action::Stop(0)]);
    assert_eq!(e.told([Event::Ended(0, DONE)]), [Action::Start(0)]);
    let mut actions = e.told([Event::Ready(0)]);
    actions.sort_by_key(|action| format!("{action:?}"));
    let back = [Action::Reload(3), Action::Reload(7), Action::Start(1), Action::Start(2)];
    assert_eq!(actions, back.into_iter().chain([Action::Stop(6)]).collect::<Vec<_>>());
}

#[test]
fn when_it_is_to_be_down() {
    let mut e = each_policy();
    assert_eq!(e.told([Event::Wish(0, Wish::Down)]), [1, 2, 3, 4].map(Action::Stop));
    let ended = [1, 2, 3, 4].map(|id| Event::Ended(id, DONE));
    assert_eq!(e.told(ended), [Action::Stop(0)]);
    assert!((5..9).all(|id| e.state(id) == State::Ready));
}

#[test]
fn one_that_starts_is_stopped_when_it_loses_what_it_requires() {
    let mut e = daemons(2, &[(1, REQUIRES, 0)]);
    e.told([up(1)]);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Start(1)]);
    assert_eq!(e.told([Event::Died(0, BROKEN)]), [Action::Stop(1)]);
}

#[test]
fn what_it_requires_is_up_though_its_condition_does_not_hold() {
    let mut e = engine(vec![daemon(), conditional()], &[(1, REQUIRES, 0)]);
    assert_eq!(e.told([up(1)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ready(0)]), []);
    assert_eq!(e.told([fact(Some("1"))]), [Action::Start(1)]);
}

#[test]
fn what_has_failed_is_tried_again_when_its_condition_holds_anew_or_it_is_wanted_anew() {
    let mut e = engine(vec![conditional()], &[]);
    assert_eq!(e.told([up(0), fact(Some("1"))]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ended(0, BROKEN)]), []);
    assert_eq!(e.state(0), State::Failed);
    assert_eq!(e.told([fact(None)]), []);
    assert_eq!(e.told([fact(Some("1"))]), [Action::Start(0)]);
    e.told([Event::Ended(0, BROKEN)]);
    assert_eq!(e.told([none(0)]), []);
    assert_eq!(e.state(0), State::Down);
    assert_eq!(e.told([up(0)]), [Action::Start(0)]);
}

#[test]
fn a_milestone_is_to_be_ready_at_each_start_and_may_stop_first() {
    let mut e = daemons(2, &[(1, Relation::Milestone, 0)]);
    e.told([up(1), Event::Ready(0)]);
    e.told([Event::Ready(1), Event::Ended(0, BROKEN)]);
    assert_eq!(e.told([Event::Restart(1)]), [Action::Stop(1)]);
    assert_eq!(e.told([Event::Ended(1, DONE)]), []);
    assert_eq!(e.why(1)[0], (1, Cause::Needs(0)));
    assert_eq!(e.told([Event::Reset(0)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Ready(0)]), [Action::Start(1)]);
    e.told([Event::Ready(1)]);
    assert_eq!(e.told([none(1)]), [0, 1].map(Action::Stop));
}

#[test]
fn of_several_the_one_in_use_stays_and_the_last_one_counts_as_required() {
    let any = Relation::AnyOf(0);
    let mut e = daemons(3, &[(2, any, 0), (2, any, 1)]);
    assert_eq!(e.told([up(2)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Died(0, BROKEN)]), [Action::Start(1)]);
    assert_eq!(e.told([Event::Ready(1)]), [Action::Start(2)]);
    e.told([Event::Ready(2)]);
    assert_eq!(e.told([Event::Ready(0)]), []);
    assert_eq!(e.told([Event::Died(1, BROKEN)]), []);
    assert_eq!(e.told([Event::Died(0, BROKEN)]), [Action::Stop(2)]);
}

#[test]
fn a_part_goes_with_the_condition_of_the_whole_and_stays_when_the_whole_dies() {
    let mut e = engine(vec![conditional(), daemon()], &[(1, Relation::PartOf, 0)]);
    e.told([up(0), up(1), fact(Some("1"))]);
    e.told([Event::Ready(0), Event::Ready(1)]);
    assert_eq!(e.told([Event::Died(0, BROKEN)]), []);
    e.told([Event::Ready(0)]);
    assert_eq!(e.told([fact(None)]), [0, 1].map(Action::Stop));
}

#[test]
fn one_that_dies_while_it_starts_gives_its_place_to_others() {
    let graph = Graph::build(vec![daemon(); 2], &[]).unwrap();
    let mut e = Engine::new(Rc::new(graph), Some(1));
    assert_eq!(e.told([up(0), up(1)]), [Action::Start(0)]);
    assert_eq!(e.told([Event::Died(0, BROKEN)]), [Action::Start(1)]);
}

#[test]
fn of_two_that_conflict_and_are_wanted_at_the_same_time_one_starts() {
    let mut e = daemons(2, &[(1, Relation::Conflicts, 0)]);
    assert_eq!(e.told([up(1), up(0)]).len(), 1);
}

#[test]
fn what_somebody_else_has_started_is_stopped_unless_it_is_needed() {
    let mut e = daemons(1, &[]);
    assert_eq!(e.told([Event::Started(0)]), [Action::Stop(0)]);
    let mut e = daemons(1, &[]);
    e.told([up(0), Event::Ended(0, BROKEN)]);
    assert_eq!(e.told([Event::Started(0)]), []);
}

#[test]
fn after_a_death_there_is_no_limit_for_the_next_start() {
    let mut e = engine(vec![Service { start_timeout: 100, ready_timeout: 100, ..daemon() }], &[]);
    e.told([up(0)]);
    assert_eq!(e.next_due(), Some(100));
    e.told([Event::Died(0, BROKEN)]);
    assert_eq!(e.next_due(), None);
    assert_eq!(e.at(5000, [Event::Started(0)]), []);
    assert_eq!(e.next_due(), Some(5100));
}
