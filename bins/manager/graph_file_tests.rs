//! What is written reads back, and nothing else does.

use super::*;
use crate::manager::condition::{Compare, Test};
use crate::manager::engine::random::{Chance, plan};

const ALL: &str = "version 1
boot all
boot web
service all group
 requires web stop
service database daemon
 description keeps what the others forget = all of it
 essential
 readiness
 start-timeout 90000
 ready-timeout 60000
 stop-timeout 5000
 when-all net/eth0/carrier = up
 when-all power/level > -5
 when-any a
 when-none b != c d
 requires disk restart
 any-of tmp
 any-of disk
 milestone disk
 wants tmp reload
 after disk
 part-of tmp
 conflicts web
service disk oneshot
service tmp oneshot
service web daemon
 requires database ignore
";

#[test]
fn a_file_reads_back_as_written() {
    let contents = unpack(ALL).unwrap();
    let Contents { graph, boot, descriptions } = &contents;
    assert_eq!(boot, &[0, 4]);
    assert_eq!(descriptions[&1], "keeps what the others forget = all of it");
    let database = graph.service(1);
    assert_eq!(
        (database.kind, database.essential, database.has_readiness),
        (Kind::Daemon, true, true)
    );
    assert_eq!((database.start_timeout, database.stop_timeout), (90_000, 5_000));
    let when = database.when.as_ref().unwrap();
    let differs = Compare::Differs("c d".to_owned());
    assert_eq!(when.none, [Test { fact: "b".to_owned(), compare: differs }]);
    assert_eq!(graph.set(0).1.iter().map(|edge| edge.other).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(contents.pack(), ALL);
}

#[test]
fn every_graph_reads_back_as_it_was() {
    for seed in 0..500 {
        let plan = plan(seed, 2 + seed as usize % 40);
        let Ok(graph) = Graph::build(plan.services, &plan.links) else { continue };
        let mut chance = Chance(!seed);
        let mut some = || graph.ids().filter(|_| chance.below(3) == 0).collect::<Vec<_>>();
        let (boot, described) = (some(), some());
        let descriptions = described.into_iter().map(|id| (id, format!("this is {id}"))).collect();
        let contents = Contents { graph, boot, descriptions };
        assert_eq!(unpack(&contents.pack()).as_ref(), Ok(&contents));
    }
}

#[test]
fn the_first_line_that_is_wrong_is_named() {
    let after = |lines: &str| format!("version 1\nservice a daemon\n{lines}service b group\n");
    for (text, what) in [
        (String::new(), "the last line is not whole"),
        ("version 1".to_owned(), "the last line is not whole"),
        ("version 2\n".to_owned(), "line 1: it is not \"version 1\""),
        ("version 1\n\n".to_owned(), "line 2: unknown line \"\""),
        ("version 1\n essential\n".to_owned(), "line 2: it belongs to no service"),
        ("version 1\nboot a\n".to_owned(), "line 2: there is no service \"a\""),
        ("version 1\nservice a\n".to_owned(), "line 2: no word for a kind"),
        ("version 1\nservice a dragon\n".to_owned(), "line 2: unknown word \"dragon\""),
        (
            "version 1\nservice ../a group\n".to_owned(),
            "line 2: \"../a\" can't be the name of a service",
        ),
        (after("service a group\n"), "line 3: a is not in the order of names"),
        (after("boot a\n"), "line 3: unknown line \"boot a\""),
        (after(" mood good\n"), "line 3: unknown word \"mood\""),
        (after(" essential\n essential\n"), "line 4: essential is said twice, or with more"),
        (after(" readiness \n"), "line 3: readiness is said twice, or with more"),
        (after(" stop-timeout 05\n"), "line 3: \"05\" is no number of milliseconds"),
        (after(" stop-timeout 0\n"), "line 3: \"0\" is no number of milliseconds"),
        (after(" stop-timeout 5\n stop-timeout 6\n"), "line 4: it has such a limit already"),
        (after(" description\n"), "line 3: unknown word \"description\""),
        (after(" description x\n description x\n"), "line 4: it has a description already"),
        (after(" when-all a=b\n"), "line 3: \"a=b\" is no test of a fact"),
        (after(" requires b\n"), "line 3: no word for a loss"),
        (after(" requires b never\n"), "line 3: unknown word \"never\""),
        (after(" after c\n"), "line 3: there is no service \"c\""),
        (after(" after a\n"), "line 3: a can't be its own after"),
        (
            after(" after b\n") + " after a\n",
            "these wait for one another, or restart one another without end: a, b",
        ),
    ] {
        assert_eq!(unpack(&text).unwrap_err(), what, "{text}");
    }
}
