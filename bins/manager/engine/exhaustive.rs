//! All graphs of two and of three services with every kind of edge, up to isomorphism, and what
//! may happen in them in every order: breadth first, each situation once, as far as is quick.

use std::collections::{HashSet, VecDeque};

use super::world::{FACT, Plan, World};
use super::*;
use crate::manager::condition::{Compare, Condition, Test};
use crate::manager::graph::{Kind, Link, OnLoss, Relation, Service};

/// Every relation that makes a difference, each once.
const RELATIONS: [Relation; 12] = [
    Relation::Requires(OnLoss::Stop),
    Relation::Requires(OnLoss::Restart),
    Relation::Requires(OnLoss::Reload),
    Relation::Requires(OnLoss::Ignore),
    Relation::AnyOf(0),
    Relation::Milestone,
    Relation::Wants(OnLoss::Restart),
    Relation::Wants(OnLoss::Reload),
    Relation::Wants(OnLoss::Ignore),
    Relation::After,
    Relation::Conflicts,
    Relation::PartOf,
];

/// How two services may be related: not at all, or by one relation in one of the directions.
fn between(from: Id, to: Id) -> Vec<Option<Link>> {
    let both = |relation| [Link { from, relation, to }, Link { from: to, relation, to: from }];
    let links = RELATIONS.into_iter().flat_map(both).map(Some);
    let twice = |link: &Option<Link>| {
        link.is_some_and(|link| link.relation == Relation::Conflicts && link.from != from)
    };
    std::iter::once(None).chain(links.filter(|link| !twice(link))).collect()
}

/// The least of all ways to number the services of a graph.
fn canonical(links: &[Link]) -> Vec<(Id, Relation, Id)> {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let renumber = |order: [Id; 3]| {
        let new = |id: Id| order[id as usize];
        let turn = |link: &Link| {
            let (from, to) = (new(link.from), new(link.to));
            let turned = link.relation == Relation::Conflicts && from > to;
            if turned { (to, link.relation, from) } else { (from, link.relation, to) }
        };
        let links = links.iter().map(turn);
        let mut links: Vec<_> = links.collect();
        links.sort();
        links
    };
    orders.map(renumber).into_iter().min().unwrap_or_default()
}

/// What is the same, whenever it happens and whatever was before.
fn situation(world: &World) -> (Vec<entry::Entry>, Vec<(u32, Id)>, bool) {
    let mut entries = world.engine.entries.clone();
    let stamps = entries.iter().flat_map(|entry| [entry.started, entry.lost]);
    let stamps: BTreeSet<_> = stamps.collect();
    let place = |stamp: u64| stamps.range(..stamp).count() as u64;
    for entry in &mut entries {
        (entry.started, entry.lost) = (place(entry.started), place(entry.lost));
        entry.due = entry.due.map(|due| due - world.now);
    }
    let chosen = world.engine.chosen.iter().copied().collect();
    (entries, chosen, world.engine.facts.is_empty())
}

/// Follows all histories, until so many situations were gone on from.
fn explore(plan: &Plan, situations: usize) -> Result<usize, String> {
    let Some(world) = World::new(plan) else { return Ok(0) };
    let mut up = world.clone();
    up.step(Some(Event::Fact(FACT.into(), Some("1".into()))))?;
    for id in world.engine.graph().ids() {
        up.step(Some(Event::Wish(id, Wish::Up)))?;
    }
    up.come_to_rest()?;
    let mut edge = VecDeque::from([world, up]);
    let mut seen: HashSet<_> = edge.iter().map(situation).collect();
    for _ in 0..situations {
        let Some(world) = edge.pop_front() else { break };
        let ids = world.engine.graph().ids();
        let events = ids.flat_map(|id| [world.orders(id), world.answers(id)].concat());
        for event in events.map(Some).chain(world.engine.next_due().map(|_| None)) {
            let mut next = world.clone();
            next.step(event)?;
            if seen.insert(situation(&next)) {
                let told = |error| format!("{error}\n{:?}", next.log);
                next.clone().come_to_rest().map_err(told)?;
                edge.push_back(next);
            }
        }
    }
    Ok(seen.len())
}

fn services(kinds: &[(Kind, bool)]) -> Vec<Service> {
    let service = |(number, (kind, has_readiness)): (usize, &(Kind, bool))| {
        let mut service = Service::new(&format!("s{number}"), *kind);
        service.has_readiness = *has_readiness;
        service.start_timeout = 1000;
        service.stop_timeout = 3000;
        service
    };
    kinds.iter().enumerate().map(service).collect()
}

fn check(services: Vec<Service>, links: Vec<Link>, situations: usize) -> usize {
    let plan = Plan { services, links, limit: None };
    let found = explore(&plan, situations);
    found.unwrap_or_else(|error| panic!("{error}\n{:#?}\n{:#?}", plan.links, plan.services))
}

/// All graphs of two, with a relation in each direction, and all kinds of services.
fn all_of_two(situations: usize) -> usize {
    let kinds = [(Kind::Daemon, true), (Kind::Oneshot, false), (Kind::Group, false)];
    let mut found = 0;
    for first in between(0, 1) {
        for second in between(0, 1).into_iter().filter(|second| *second >= first) {
            for (one, other) in kinds.iter().flat_map(|one| kinds.map(|other| (*one, other))) {
                let mut services = services(&[one, other]);
                let all = vec![Test { fact: FACT.into(), compare: Compare::Present }];
                services[0].when = Some(Box::new(Condition { all, ..Condition::default() }));
                found += check(services, first.into_iter().chain(second).collect(), situations);
            }
        }
    }
    found
}

/// All graphs of three daemons, with a relation between any two of them.
fn all_of_three(situations: usize) -> usize {
    let (mut found, mut seen) = (0, HashSet::new());
    for first in between(0, 1) {
        for second in between(1, 2) {
            for third in between(0, 2) {
                let links: Vec<_> = [first, second, third].into_iter().flatten().collect();
                if seen.insert(canonical(&links)) {
                    found += check(services(&[(Kind::Daemon, false); 3]), links, situations);
                }
            }
        }
    }
    found
}

#[test]
fn the_invariants_hold_for_all_graphs_of_two_services() {
    assert!(all_of_two(12) > 10_000);
}

#[test]
fn the_invariants_hold_for_all_graphs_of_three_services() {
    assert!(all_of_three(4) > 10_000);
}

#[test]
#[ignore = "takes minutes, in a release build"]
fn the_invariants_hold_for_long_histories() {
    assert!(all_of_two(2000) > 100_000);
    assert!(all_of_three(500) > 100_000);
}
