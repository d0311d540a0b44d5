//! svc-db: answers about services, from files alone: no daemon is asked, no lock taken.

mod contents;
mod dependencies;
mod diff;
pub(crate) mod dot;
mod generations;
mod list;
mod order;
pub(crate) mod replay;
mod why;

use std::path::PathBuf;

use common::base::args::unknown;
use common::base::near::nearest;
use common::prelude::*;
use common::program::{print, warn};

use super::places::{GENERATIONS, USUAL};
use super::view::{Sources, View};

pub(super) const PROGRAM: Program = Program {
    name: "svc-db",
    help: "[OPTION...] QUESTION [ARGUMENT...]
Answers questions about services from files, without asking anybody: about what is live, or about
one generation of service files.
  list                 all services; of what is live, with their states
  why NAME...          why a service is where it is, down to the root cause, and what would help
  dependencies NAME... what a service leads to
  order [NAME...]      in which order a boot, or these alone, would be started
  contents NAME        the files of a service
  diff A B             what is different in generation B: exit code 1, if anything is
  dot                  the graph, for graphviz
  generations          which there are, and what they are
  replay [FILE]        what the manager did, again, from its record
Options, before or behind a question:
  --generation N       of generation N, boot or good; without it, of what is live
  --users              dependencies: who leads to a service
  --all                dependencies: and what these lead to, as a tree
  --stops              order: in which order they would be stopped
  --json               an object a line
  --dir DIR            where scan/ and manager/ are (/run/coppice)
  --generations DIR    where the generations are (/var/lib/coppice)
  --facts DIR          where facts are, a file each (DIR/events/facts)
",
    main,
};

/// What is asked, and of what.
struct Query {
    sources: Sources,
    generation: Option<String>,
    users: bool,
    all: bool,
    stops: bool,
    json: bool,
    names: Vec<String>,
}

impl Query {
    /// What the options ask for.
    fn view(&self) -> Result<View> {
        match &self.generation {
            Some(word) => View::generation(&self.sources, word),
            None => self.live(),
        }
    }

    /// What is live.
    fn live(&self) -> Result<View> {
        let view = View::live(&self.sources)?;
        view.warning.iter().for_each(|what| warn(&PROGRAM.name, what));
        Ok(view)
    }
}

/// A question.
struct Question {
    word: &'static str,
    /// The options that mean something in it, besides those of places.
    options: &'static [&'static str],
    /// How many arguments it takes, and what the first is called.
    arguments: (std::ops::RangeInclusive<usize>, &'static str),
    /// Adds the answer to a text; the exit code.
    answer: fn(&Query, &mut String) -> Result<u8>,
}

const ANY: usize = usize::MAX;
const QUESTIONS: [Question; 9] = [
    Question {
        word: "list",
        options: &["--generation"],
        arguments: (0..=0, ""),
        answer: list::answer,
    },
    Question { word: "why", options: &[], arguments: (1..=ANY, "name"), answer: why::answer },
    Question {
        word: "dependencies",
        options: &["--generation", "--users", "--all"],
        arguments: (1..=ANY, "name"),
        answer: dependencies::answer,
    },
    Question {
        word: "order",
        options: &["--generation", "--stops"],
        arguments: (0..=ANY, ""),
        answer: order::answer,
    },
    Question {
        word: "contents",
        options: &["--generation"],
        arguments: (1..=1, "name"),
        answer: contents::answer,
    },
    Question { word: "diff", options: &[], arguments: (2..=2, "generation"), answer: diff::answer },
    Question {
        word: "dot",
        options: &["--generation"],
        arguments: (0..=0, ""),
        answer: dot::answer,
    },
    Question {
        word: "generations",
        options: &[],
        arguments: (0..=0, ""),
        answer: generations::answer,
    },
    Question { word: "replay", options: &[], arguments: (0..=1, "file"), answer: replay::answer },
];

fn main(args: Args) -> Result<Next> {
    let (question, query) = read(args)?;
    let mut text = String::new();
    let code = (question.answer)(&query, &mut text)?;
    Ok(Next::Exit(print(&text).max(code)))
}

fn read(mut args: Args) -> Result<(&'static Question, Query)> {
    let mut query = Query {
        sources: Sources {
            dir: USUAL.into(),
            generations: GENERATIONS.into(),
            facts: PathBuf::new(),
        },
        generation: None,
        users: false,
        all: false,
        stops: false,
        json: false,
        names: Vec::new(),
    };
    let (mut special, mut facts) = (Vec::new(), None);
    loop {
        while let Some(option) = args.option()? {
            match option.as_str() {
                "--dir" => query.sources.dir = args.raw_value()?.into(),
                "--generations" => query.sources.generations = args.raw_value()?.into(),
                "--facts" => facts = Some(args.raw_value()?.into()),
                "--json" => query.json = true,
                "--generation" => query.generation = Some(args.value("generation")?),
                "--users" => query.users = true,
                "--all" => query.all = true,
                "--stops" => query.stops = true,
                _ => return Err(unknown(&option)),
            }
            special.push(option);
        }
        let Some(word) = args.next_operand() else { break };
        query.names.push(word.to_string_lossy().into_owned());
    }
    query.sources.facts = facts.unwrap_or_else(|| query.sources.dir.join("events/facts"));
    if query.names.is_empty() {
        return Err(Error::user("missing question"));
    }
    let word = query.names.remove(0);
    let question = find(&word)?;
    let everywhere = ["--dir", "--generations", "--facts", "--json"];
    let is_allowed = |option: &&String| {
        everywhere.contains(&option.as_str()) || question.options.contains(&option.as_str())
    };
    if let Some(option) = special.iter().find(|option| !is_allowed(option)) {
        return Err(Error::user(format_args!("{option} does not go with {word}")));
    }
    let (range, what) = &question.arguments;
    if query.names.len() < *range.start() {
        return Err(Error::user(format_args!("missing {what}")));
    }
    match query.names.get(*range.end()) {
        Some(more) => Err(Error::user(format_args!("unexpected argument {more}"))),
        None => Ok((question, query)),
    }
}

fn find(word: &str) -> Result<&'static Question> {
    QUESTIONS.iter().find(|question| question.word == word).ok_or_else(|| {
        let words = QUESTIONS.iter().map(|question| question.word);
        let near = nearest(word, words).first().map(|near| format!(" (did you mean {near}?)"));
        Error::user(format_args!("{word:?} is no question{}", near.unwrap_or_default()))
    })
}
