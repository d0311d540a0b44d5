//! Random graphs and histories. A counterexample is made smaller before it is shown.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::world::{FACT, Plan, World};
use super::*;
use crate::manager::condition::{Compare, Condition, Test};
use crate::manager::graph::{Kind, Link, OnLoss, Relation, Service};

/// Numbers that look random, the same for the same seed (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn service(chance: &mut Chance, id: usize) -> Service {
    let kind = [Kind::Daemon, Kind::Daemon, Kind::Oneshot, Kind::Group][chance.below(4)];
    let mut service = Service::new(&format!("s{id:03}"), kind);
    service.has_readiness = chance.below(2) == 0;
    service.start_timeout = [0, 1000][chance.below(2)];
    service.ready_timeout = [0, 2000][chance.below(2)];
    service.stop_timeout = [0, 3000][chance.below(2)];
    if chance.below(5) == 0 {
        let all = vec![Test { fact: FACT.into(), compare: Compare::Present }];
        service.when = Some(Box::new(Condition { all, ..Condition::default() }));
    }
    service
}

fn link(chance: &mut Chance, services: usize) -> Link {
    let on_loss = [OnLoss::Stop, OnLoss::Restart, OnLoss::Reload, OnLoss::Ignore][chance.below(4)];
    let (from, to) = (chance.below(services) as Id, chance.below(services) as Id);
    let relation = match chance.below(16) {
        0..5 => Relation::Requires(on_loss),
        5..8 => Relation::After,
        8..10 => Relation::AnyOf(0),
        10 => Relation::Milestone,
        11 => Relation::Conflicts,
        12 => Relation::PartOf,
        _ => Relation::Wants(on_loss),
    };
    // What must not have cycles leads downwards; who wants whom may go round.
    let (high, low) = (from.max(to), from.min(to));
    let may_go_round = matches!(relation, Relation::Wants(_));
    if may_go_round { Link { from, relation, to } } else { Link { from: high, relation, to: low } }
}

pub(crate) fn plan(seed: u64, services: usize) -> Plan {
    let mut chance = Chance(seed);
    let links = (0..services * 2).map(|_| link(&mut chance, services));
    let links = links.filter(|link| link.from != link.to).collect();
    let services = (0..services).map(|id| service(&mut chance, id)).collect();
    let limit = [None, None, Some(1), Some(3)][chance.below(4)];
    Plan { services, links, limit }
}

/// Plays a history: each number chooses among what may happen then.
fn play(plan: &Plan, history: &[u64]) -> Result<(), String> {
    let Some(mut world) = World::new(plan) else { return Ok(()) };
    follow(&mut world, plan, history).map_err(|error| {
        let log: Vec<_> = world.log.iter().map(|step| format!("{step:?}")).collect();
        format!("{error}\n{}", log.join("\n"))
    })
}

fn follow(world: &mut World, plan: &Plan, history: &[u64]) -> Result<(), String> {
    for number in history {
        let id = ((number >> 8) % plan.services.len() as u64) as Id;
        let event = match number % 8 {
            0..2 => Some(world.orders(id)),
            2 => None,
            _ => Some(world.engine.graph().ids().flat_map(|id| world.answers(id)).collect()),
        };
        let Some(events) = event else {
            world.step(None)?;
            continue;
        };
        if !events.is_empty() {
            let event = events[(number >> 32) as usize % events.len()].clone();
            world.step(Some(event))?;
        }
    }
    world.come_to_rest()?;
    world.forgets()
}

fn fails(plan: &Plan, history: &[u64]) -> Option<String> {
    let played = catch_unwind(AssertUnwindSafe(|| play(plan, history)));
    played.unwrap_or_else(|_| Err("a panic".into())).err()
}

/// Drops from the list what the failure does not need, in ever smaller pieces.
fn shrink<T: Clone>(list: &mut Vec<T>, fails: impl Fn(&[T]) -> bool) {
    let mut piece = list.len().div_ceil(2);
    while piece > 0 {
        let mut start = 0;
        while start < list.len() {
            let end = (start + piece).min(list.len());
            let mut smaller = list.clone();
            smaller.drain(start..end);
            if fails(&smaller) {
                *list = smaller;
            } else {
                start = end;
            }
        }
        piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
    }
}

fn check(seed: u64, services: usize, events: usize) {
    let mut plan = plan(seed, services);
    let mut chance = Chance(!seed);
    let mut history: Vec<_> = (0..events).map(|_| chance.next()).collect();
    if fails(&plan, &history).is_none() {
        return;
    }
    // A shorter history makes other choices of another graph, so each is tried as it is.
    for _ in 0..3 {
        shrink(&mut history, |history| fails(&plan, history).is_some());
        let mut links = plan.links.clone();
        shrink(&mut links, |links| {
            let plan = Plan { links: links.to_vec(), ..plan.clone() };
            fails(&plan, &history).is_some()
        });
        plan.links = links;
    }
    let error = fails(&plan, &history).unwrap_or_default();
    let services: Vec<_> =
        (0..).zip(&plan.services).map(|(id, service)| brief(id, service)).collect();
    let links: Vec<_> = plan.links.iter().map(|link| format!("{link:?}")).collect();
    panic!("seed {seed}: {error}\n{}\n{}", services.join("\n"), links.join("\n"));
}

fn brief(id: Id, of: &Service) -> String {
    let Service { kind, has_readiness, start_timeout, ready_timeout, stop_timeout, when, .. } = of;
    let limits = [start_timeout, ready_timeout, stop_timeout];
    format!("{id} {kind:?} {limits:?} has_readiness: {has_readiness} {}", when.is_some())
}

#[test]
fn the_invariants_hold_for_small_random_graphs() {
    for seed in 0..4000 {
        check(seed, 2 + seed as usize % 7, 60);
    }
}

#[test]
fn the_invariants_hold_for_large_random_graphs() {
    for (seed, services) in (0..).zip([20, 40, 80, 150, 300]) {
        check(seed, services, 150);
    }
}

fn memory(chance: &mut Chance) -> Memory {
    let mut number = |limit| chance.below(limit);
    Memory {
        wish: Wish::ALL[number(4)],
        state: State::ALL[number(6)],
        failure: [None, Some(Failure::StartTimedOut), Some(Failure::ReadyTimedOut)][number(3)],
        due: [None, None, Some(500)][number(3)],
        restarting: number(4) == 0,
        parts_told: number(4) == 0,
        started: number(9) as u64,
        lost: number(9) as u64,
        chosen: vec![number(3) as u32; number(2)],
    }
}

#[test]
fn an_engine_goes_on_from_memories_of_another_graph() {
    for seed in 0..2000 {
        let (plan, mut chance) = (plan(seed, 2 + seed as usize % 7), Chance(!seed));
        let Ok(graph) = Graph::build(plan.services.clone(), &plan.links) else { continue };
        let facts = [(FACT.to_owned(), "1".to_owned())];
        let restored =
            Engine::restore(Rc::new(graph), plan.limit, 0, facts, |_| memory(&mut chance));
        let mut world = World::with(restored.0);
        for _ in 0..30 {
            let id = chance.below(plan.services.len()) as Id;
            let events = [world.orders(id), world.answers(id)].concat();
            world.engine.step(0, [events[chance.below(events.len())].clone()]);
            world.restored().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
    }
}

#[test]
fn a_counterexample_is_made_small() {
    let mut list: Vec<_> = (0..100).collect();
    shrink(&mut list, |list| list.contains(&17) && list.contains(&71));
    assert_eq!(list, [17, 71]);
}
