//! The one table of verbs: from it come the command line, `--help`, the completions and the tests.

use super::call::Verbs;
use super::files::{cat, edit, enable, mask, show};
use super::{
    boot, bootchart, check, completions, events, generations, graph, halt, help, is, list, logs,
    moves, stale, status, tree, version, why,
};

pub(super) const VERBS: Verbs = Verbs(&[
    (
        "Look:",
        &[
            status::VERB,
            why::VERB,
            logs::VERB,
            list::VERB,
            tree::VERB,
            events::VERB,
            graph::VERB,
            bootchart::VERB,
            stale::VERB,
            is::UP,
            is::READY,
            is::FAILED,
        ],
    ),
    (
        "Move:",
        &[
            moves::START,
            moves::STOP,
            moves::RESTART,
            moves::RELOAD,
            moves::RESET,
            moves::kill::VERB,
            moves::wait::VERB,
            moves::LOOK,
        ],
    ),
    (
        "Service files:",
        &[
            enable::ENABLE,
            enable::DISABLE,
            mask::MASK,
            mask::UNMASK,
            cat::VERB,
            show::VERB,
            edit::VERB,
            check::VERB,
            moves::apply::PLAN,
            moves::apply::APPLY,
            moves::apply::CONFIRM,
            moves::apply::ROLLBACK,
            generations::VERB,
        ],
    ),
    ("The whole:", &[boot::VERB, halt::VERB, completions::VERB, help::VERB, version::VERB]),
]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svctl::call::{EVERYWHERE, Verb};
    use crate::svctl::help::{HELP, of, options};

    /// The help of all, as the table has it.
    fn whole() -> String {
        let mut text = "[OPTION...] VERB [OPTION...] [ARGUMENT...]
Shows services, moves them, and says why they are where they are.
"
        .to_owned();
        for (title, verbs) in VERBS.0 {
            let line = |verb: &Verb| {
                let word = format!("{} {}", verb.word, verb.arguments);
                format!("  {:<22} {}\n", word.trim_end(), verb.summary)
            };
            text += &format!("{title}\n{}", verbs.iter().map(line).collect::<String>());
        }
        text + "Options, before or behind the verb:\n"
            + &options(EVERYWHERE)
            + "svctl VERB --help tells the options of a verb.\n"
    }

    /// `COPPICE_WRITE=1 cargo test` writes it anew.
    #[test]
    fn the_help_is_that_of_the_table() {
        if std::env::var_os("COPPICE_WRITE").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/svctl/help.txt"), whole())
                .unwrap();
        } else {
            assert_eq!(HELP, whole());
        }
    }

    #[test]
    fn each_line_of_it_fits_a_terminal() {
        for verb in VERBS.all() {
            for line in of(verb).lines().chain(HELP.lines()) {
                assert!(line.chars().count() <= 99, "{line}");
            }
        }
    }
}
