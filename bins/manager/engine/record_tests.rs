//! What is recorded is done again.

use super::super::State;
use super::super::random::{Chance, plan};
use super::super::world::{FACT, World};
use super::*;
use crate::manager::graph_file;

const SEGMENT: &str = "segment graph=7 limit=4 time=100
fact power/ac 1
memory web state=up wish=up started=2 due=900
200 died web exit=1
200 gone power/ac
200 step
900 step
";

fn web() -> Rc<Graph> {
    let text = "version 1\nservice disk oneshot\n when-all power/ac\nservice web daemon\n wants disk ignore\n";
    Rc::new(graph_file::unpack(text).unwrap().graph)
}

#[test]
fn a_segment_is_lines_of_words() {
    let facts = [("power/ac".to_owned(), "1".to_owned()), ("other".to_owned(), "1".to_owned())];
    let web_is_up = |id| match id {
        1 => Memory::unpack("state=up wish=up started=2 due=900").unwrap(),
        _ => Memory::default(),
    };
    let (engine, actions) = Engine::restore(web(), Some(4), 100, facts, web_is_up);
    assert_eq!(actions[1], Action::Start(0));
    let text = begin(&engine, 7, 100);
    let disk = "memory disk state=starting started=3\n";
    assert_eq!(
        text,
        "segment graph=7 limit=4 time=100\nfact power/ac 1\n".to_owned()
            + disk
            + "memory web state=up wish=up started=2 due=900\n"
    );
    let events = [
        Event::Died(1, Death::Exit(1)),
        Event::Fact("power/ac".to_owned(), None),
        Event::Fact("other".to_owned(), None),
    ];
    let steps = step(engine.graph(), 200, &events) + &step(engine.graph(), 900, &[]);
    assert!(SEGMENT.ends_with(&steps), "{steps}");
    let head = Head { graph: 7, limit: Some(4), time: 100 };
    assert_eq!(Head::unpack(SEGMENT), Some(head));
}

#[test]
fn a_step_that_was_not_written_to_its_end_was_not_taken() {
    let done = replay(&web(), SEGMENT).unwrap();
    assert!(
        done.iter()
            .any(|(time, action)| matches!(action, Action::Note(1, State::Starting, _))
                && *time == 200)
    );
    let begun = SEGMENT.to_owned() + "1000 started web\n";
    let torn = begun.clone() + "1000 ste";
    assert_eq!(replay(&web(), &begun), Ok(done.clone()));
    assert_eq!(replay(&web(), &torn), Ok(done.clone()));
    let ready = replay(&web(), &(begun + "1000 step\n")).unwrap();
    assert_eq!(ready[done.len()], (1000, Action::Note(1, State::Ready, None)));
}

#[test]
fn a_record_has_segments() {
    let text = SEGMENT.repeat(3);
    assert_eq!(segments(&text).collect::<Vec<_>>(), [SEGMENT; 3]);
    assert_eq!(segments("").count(), 0);
}

#[test]
fn the_line_that_is_wrong_is_named() {
    let after = |line: &str| SEGMENT.to_owned() + line + "\n";
    for (text, number) in [
        (String::new(), 1),
        ("segment graph=7 limit=04 time=100\n".to_owned(), 1),
        ("segment graph=7\n".to_owned(), 1),
        (SEGMENT.replace("memory web", "memory wed"), 3),
        (SEGMENT.replace("state=up", "state=at"), 3),
        (SEGMENT.replace("power/ac 1", "power/ac"), 2),
        (SEGMENT.replace("fact power/ac 1", "mood good"), 2),
        (after("900 died web"), 8),
        (after("900 died web exit=1 exit=1"), 8),
        (after("900 started wed"), 8),
        (after("900 wish web more"), 8),
        (after("900 fact a \\x"), 8),
        (after("800 step"), 8),
        (after("900 started web\n901 step"), 9),
        (after("900"), 8),
        (after(""), 8),
    ] {
        let error = replay(&web(), &text).unwrap_err();
        assert!(error.starts_with(&format!("line {number}: ")), "{error} of {text}");
    }
}

/// What an engine did from some point on, and what was recorded of it.
struct History {
    graph: Rc<Graph>,
    text: String,
    done: Vec<(u64, Action)>,
}

fn history(seed: u64) -> Option<History> {
    let (plan, mut chance) = (plan(seed, 2 + seed as usize % 9), Chance(!seed));
    let mut world = World::new(&plan)?;
    let begins = chance.below(40);
    let (mut text, mut done, mut now) = (String::new(), Vec::new(), 0);
    for number in 0..60 {
        if number == begins {
            text = begin(&world.engine, seed, now);
            done.clear();
        }
        now += [0, 0, 10, 800, 3000][chance.below(5)];
        let mut events = Vec::new();
        for _ in 0..chance.below(4) {
            let id = chance.below(plan.services.len()) as Id;
            let may = [world.orders(id), world.answers(id), world.answers(id)].concat();
            events.push(may[chance.below(may.len())].clone());
        }
        if chance.below(9) == 0 {
            events.push(Event::Fact(FACT.to_owned(), Some("a \\n\\\n b".to_owned())));
        }
        text += &step(world.engine.graph(), now, &events);
        done.extend(world.engine.step(now, events).into_iter().map(|action| (now, action)));
    }
    let graph = Graph::build(plan.services, &plan.links).ok()?;
    Some(History { graph: Rc::new(graph), text, done })
}

#[test]
fn what_is_recorded_is_done_again() {
    for History { graph, text, done } in (0..1000).filter_map(history) {
        assert_eq!(replay(&graph, &text).as_ref(), Ok(&done), "{text}");
    }
}

#[test]
fn a_record_that_was_changed_is_refused_or_done_as_it_is() {
    for seed in 0..300 {
        let Some(History { graph, text, .. }) = history(seed) else { continue };
        let mut chance = Chance(seed);
        for _ in 0..20 {
            let mut words: Vec<_> = text.split_inclusive([' ', '\n', '=']).collect();
            let mut place = || chance.below(words.len());
            let (one, other, third) = (place(), place(), place());
            words[one] = words[other];
            words.remove(third);
            let _ = replay(&graph, &words.concat());
        }
    }
}
