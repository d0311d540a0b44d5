//! All graphs of two and of three services with every kind of edge, and of four with two kinds, up to
//! isomorphism, and what may happen in them in every order: breadth first, each situation once, as far
//! as is quick.

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
fn between(from: Id, to: Id, relations: &[Relation]) -> Vec<Option<Link>> {
    let both = |relation| [Link { from, relation, to }, Link { from: to, relation, to: from }];
    let links = relations.iter().copied().flat_map(both).map(Some);
    let twice = |link: &Option<Link>| {
        link.is_some_and(|link| link.relation == Relation::Conflicts && link.from != from)
    };
    std::iter::once(None).chain(links.filter(|link| !twice(link))).collect()
}

/// All ways to number so many services.
fn orders(services: usize) -> Vec<Vec<Id>> {
    let mut orders = vec![vec![]];
    for next in 0..services as Id {
        let longer = |order: &Vec<Id>| {
            let order = order.clone();
            (0..=order.len()).map(move |place| {
                let mut order = order.clone();
                order.insert(place, next);
                order
            })
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders
}

/// The least of these ways to number the services of a graph.
fn canonical(links: &[Link], orders: &[Vec<Id>]) -> Vec<(Id, Relation, Id)> {
    let renumber = |order: &Vec<Id>| {
        let new = |id: Id| order[id as usize];
        let turn = |link: &Link| {
            let (from, to) = (new(link.from), new(link.to));
            let turned = link.relation == Relation::Conflicts && from > to;
            if turned { (to, link.relation, from) } else { (from, link.relation, to) }
        };
        let mut links: Vec<_> = links.iter().map(turn).collect();
        links.sort();
        links
    };
    orders.iter().map(renumber).min().unwrap_or_default()
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
    for first in between(0, 1, &RELATIONS) {
        for second in between(0, 1, &RELATIONS).into_iter().filter(|second| *second >= first) {
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
    let (mut found, mut seen, orders) = (0, HashSet::new(), orders(3));
    for first in between(0, 1, &RELATIONS) {
        for second in between(1, 2, &RELATIONS) {
            for third in between(0, 2, &RELATIONS) {
                let links: Vec<_> = [first, second, third].into_iter().flatten().collect();
                if seen.insert(canonical(&links, &orders)) {
                    found += check(services(&[(Kind::Daemon, false); 3]), links, situations);
                }
            }
        }
    }
    found
}

/// All graphs of four daemons with two kinds of relations.
fn graphs_of_four() -> Vec<Vec<Link>> {
    const PAIRS: [(Id, Id); 6] = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
    let orders = orders(4);
    // Their shapes first, with two relations that stand for all: few of them are not the same.
    let shape = [Relation::After, Relation::PartOf];
    let mut shapes = vec![vec![]];
    for (from, to) in PAIRS {
        let ways = between(from, to, &shape);
        let longer = |links: &Vec<Link>| {
            let links = links.clone();
            ways.iter().map(move |way| links.iter().copied().chain(*way).collect())
        };
        shapes = shapes.iter().flat_map(longer).collect();
    }
    let mut seen = HashSet::new();
    shapes.retain(|links| seen.insert(canonical(links, &orders)));
    let (mut graphs, mut seen) = (Vec::new(), HashSet::new());
    for (place, one) in RELATIONS.iter().enumerate() {
        for other in &RELATIONS[place + 1..] {
            for links in &shapes {
                let relation = |link: &Link| if link.relation == shape[0] { *one } else { *other };
                let links = links.iter().map(|link| Link { relation: relation(link), ..*link });
                let links: Vec<_> = links.collect();
                let services = services(&[(Kind::Daemon, false); 4]);
                if seen.insert(canonical(&links, &orders)) && Graph::build(services, &links).is_ok()
                {
                    graphs.push(links);
                }
            }
        }
    }
    graphs
}

#[test]
fn the_invariants_hold_for_all_graphs_of_two_services() {
    assert!(all_of_two(12) > 10_000);
}

#[test]
fn the_invariants_hold_for_all_graphs_of_three_services() {
    assert!(all_of_three(4) > 10_000);
}

/// One of so many graphs of four daemons with two kinds of relations.
fn some_of_four(share: usize, situations: usize) -> usize {
    let graphs = graphs_of_four();
    assert!(graphs.len() > 20_000);
    let daemons = || services(&[(Kind::Daemon, false); 4]);
    graphs.into_iter().step_by(share).map(|links| check(daemons(), links, situations)).sum()
}

#[test]
fn the_invariants_hold_for_graphs_of_four_services() {
    assert!(some_of_four(8, 2) > 100_000);
}

#[test]
#[ignore = "takes minutes, in a release build"]
fn the_invariants_hold_for_long_histories() {
    assert!(all_of_two(2000) > 100_000);
    assert!(all_of_three(500) > 100_000);
}

#[test]
#[ignore = "takes a quarter of an hour, in a release build"]
fn the_invariants_hold_for_all_graphs_of_four_services() {
    assert!(some_of_four(1, 32) > 5_000_000);
}
