//! Small graphs, built and looked at.

use super::*;
use crate::manager::condition::{Compare, Test};

const REQUIRES: Relation = Relation::Requires(OnLoss::Stop);

fn daemons(names: &[&str]) -> Vec<Service> {
    names.iter().map(|name| Service::new(name, Kind::Daemon)).collect()
}

fn links(list: &[(Id, Relation, Id)]) -> Vec<Link> {
    list.iter()
        .map(|(from, relation, to)| Link { from: *from, relation: *relation, to: *to })
        .collect()
}

fn graph(names: &[&str], list: &[(Id, Relation, Id)]) -> Result<Graph, Cycles> {
    Graph::build(daemons(names), &links(list))
}

#[test]
fn an_edge_is_found_at_both_ends() {
    let graph = graph(&["a", "b", "c"], &[(0, REQUIRES, 1), (2, Relation::After, 1)]).unwrap();
    assert_eq!(graph.outgoing(0), [Edge { relation: REQUIRES, other: 1 }]);
    let after = Edge { relation: Relation::After, other: 2 };
    assert_eq!(graph.incoming(1), [Edge { relation: REQUIRES, other: 0 }, after]);
    assert_eq!(graph.incoming(0), []);
    assert_eq!((graph.find("b"), graph.find("d")), (Some(1), None));
}

#[test]
fn a_name_is_found_whatever_the_order() {
    for names in [["a", "b", "c"], ["c", "a", "b"]] {
        let graph = graph(&names, &[]).unwrap();
        assert_eq!(names.map(|name| graph.find(name)), [Some(0), Some(1), Some(2)]);
        assert_eq!((graph.find(""), graph.find("d")), (None, None));
    }
}

#[test]
fn an_edge_said_twice_is_there_once_and_a_conflict_is_mutual() {
    let twice =
        [(0, Relation::Conflicts, 1), (0, Relation::Conflicts, 1), (1, Relation::Conflicts, 0)];
    let graph = graph(&["a", "b"], &twice).unwrap();
    assert_eq!(graph.outgoing(0), [Edge { relation: Relation::Conflicts, other: 1 }]);
    assert_eq!(graph.outgoing(1), [Edge { relation: Relation::Conflicts, other: 0 }]);
}

#[test]
fn the_sets_of_a_service_keep_the_order_of_their_members() {
    let any = Relation::AnyOf;
    let list = [(1, any(7), 3), (1, any(7), 0), (1, any(2), 2), (3, any(2), 2), (1, REQUIRES, 2)];
    let graph = graph(&["a", "b", "c", "d"], &list).unwrap();
    let members = |set| {
        let (owner, edges) = graph.set(set);
        assert!(edges.iter().all(|edge| edge.relation == any(set)));
        (owner, edges.iter().map(|edge| edge.other).collect::<Vec<_>>())
    };
    assert_eq!(graph.sets(), 3);
    assert_eq!([members(0), members(1), members(2)], [(1, vec![2]), (1, vec![3, 0]), (3, vec![2])]);
    assert_eq!(graph.incoming(0), [Edge { relation: any(1), other: 1 }]);
}

#[test]
fn dependencies_come_first_in_the_order() {
    let list = [
        (0, REQUIRES, 1),
        (1, Relation::After, 2),
        (3, Relation::AnyOf(0), 0),
        (2, Relation::Wants(OnLoss::Ignore), 0),
    ];
    let graph = graph(&["a", "b", "c", "d"], &list).unwrap();
    let order: Vec<_> = (0..4).map(|rank| graph.at_rank(rank)).collect();
    assert_eq!(order, [2, 1, 0, 3]);
    assert_eq!(graph.rank(2), 0);
}

#[test]
fn each_cycle_of_order_is_returned() {
    let list = [
        (0, REQUIRES, 1),
        (1, Relation::After, 2),
        (2, Relation::Milestone, 0),
        (3, Relation::After, 3),
        (4, Relation::Wants(OnLoss::Ignore), 5),
        (5, REQUIRES, 4),
    ];
    let cycles = graph(&["a", "b", "c", "d", "e", "f"], &list).unwrap_err();
    assert_eq!(cycles.of_order, [vec![0, 1, 2], vec![3]]);
    assert_eq!(cycles.of_parts, [] as [Vec<Id>; 0]);
}

#[test]
fn parts_of_each_other_are_refused() {
    let cycles = graph(&["a", "b"], &[(0, Relation::PartOf, 1), (1, Relation::PartOf, 0)]);
    assert_eq!(cycles.unwrap_err().of_parts, [[0, 1]]);
}

#[test]
fn those_that_may_be_wanted_because_of_each_other_are_known() {
    let wants = Relation::Wants(OnLoss::Ignore);
    let list =
        [(0, wants, 1), (1, REQUIRES, 0), (2, wants, 0), (3, Relation::PartOf, 2), (3, wants, 2)];
    let graph = graph(&["a", "b", "c", "d"], &list).unwrap();
    let knot = |id| {
        graph.knot(id).map(|knot| {
            BTreeMap::from_iter(knot.iter().map(|id| (*id, ()))).into_keys().collect::<Vec<_>>()
        })
    };
    assert_eq!(knot(0), Some(vec![0, 1]));
    assert_eq!(knot(3), Some(vec![2, 3]));
}

#[test]
fn a_fact_knows_who_listens() {
    let test = |fact: &str| Test { fact: fact.into(), compare: Compare::Present };
    let mut services = daemons(&["a", "b", "c"]);
    let all = vec![test("power/ac"), test("power/ac")];
    services[0].when = Some(Box::new(Condition { all, ..Condition::default() }));
    let none = vec![test("cmdline/single"), test("power/ac")];
    services[2].when = Some(Box::new(Condition { none, ..Condition::default() }));
    let graph = Graph::build(services, &[]).unwrap();
    assert_eq!(graph.facts().collect::<Vec<_>>(), ["cmdline/single", "power/ac"]);
    assert_eq!(graph.listeners("power/ac"), [0, 2]);
    assert_eq!(graph.listeners("power/low"), []);
}

#[test]
fn restarts_without_end_are_refused() {
    let restart = Relation::Wants(OnLoss::Restart);
    let list = [(0, REQUIRES, 1), (1, restart, 2), (2, Relation::PartOf, 0)];
    assert_eq!(graph(&["a", "b", "c"], &list).unwrap_err().of_restarts, [[1, 2, 0]]);
    let ignore = [(0, REQUIRES, 1), (1, Relation::Wants(OnLoss::Reload), 2), (2, REQUIRES, 0)];
    assert!(graph(&["a", "b", "c"], &ignore).is_ok());
    assert!(graph(&["a", "b"], &[(0, REQUIRES, 1), (1, Relation::PartOf, 0)]).is_ok());
}
