//! The command line.

use std::path::PathBuf;

use common::base::args::unknown;
use common::base::near::nearest;
use common::base::span::milliseconds;
use common::prelude::*;

use super::is_name;
use super::voice::{Plain, Voice};
use crate::manager::places::{GENERATIONS, USUAL};
use crate::manager::request::{Request, VERBS, Verb};

/// What holds whatever is asked for.
pub(crate) struct Options {
    pub(crate) dir: PathBuf,
    pub(crate) generations: PathBuf,
    pub(crate) facts: PathBuf,
    pub(crate) principal: Option<String>,
    /// In milliseconds.
    pub(crate) timeout: Option<u64>,
    pub(crate) no_wait: bool,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Who speaks.
    pub(crate) voice: Box<dyn Voice>,
}

/// What services are waited for to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    Ready,
    Down,
    Settled,
}

/// What is asked for.
pub(super) enum Task {
    Ask(Request),
    /// What an apply would do, of this generation or the accepted one.
    Plan(Option<u64>),
    Wait(Goal, Vec<String>),
}

/// What was said, as it was said.
#[derive(Default)]
struct Said {
    dir: Option<PathBuf>,
    generations: Option<PathBuf>,
    facts: Option<PathBuf>,
    principal: Option<String>,
    timeout: Option<u64>,
    no_wait: bool,
    json: bool,
    quiet: bool,
    plan: bool,
    with_dependents: bool,
    confirm: Option<u32>,
    no_test: bool,
    goal: Option<Goal>,
}

/// Reads the command line.
pub(super) fn read(mut args: Args) -> Result<(Options, Task)> {
    let mut said = Said::default();
    said.take(&mut args)?;
    let word = args.operand("verb")?;
    let word = word.to_string_lossy().into_owned();
    said.take(&mut args)?;
    let names = args.rest()?.into_iter().map(|name| {
        let bad = |name: &std::ffi::OsStr| {
            Error::user(format_args!("{} is not the name of a service", name.display()))
        };
        let name = name.into_string().map_err(|name| bad(&name))?;
        if name.starts_with('-') {
            return Err(Error::user(format_args!("{name} belongs before the names")));
        }
        if is_name(&name) { Ok(name) } else { Err(bad(name.as_ref())) }
    });
    let names = names.collect::<Result<Vec<String>>>()?;
    let task = said.task(&word, names)?;
    let dir = said.dir.unwrap_or_else(|| PathBuf::from(USUAL));
    let generations = said.generations.unwrap_or_else(|| PathBuf::from(GENERATIONS));
    let options = Options {
        voice: Box::new(Plain { dir: dir.clone(), generations: generations.clone() }),
        generations,
        facts: said.facts.unwrap_or_else(|| dir.join("events/facts")),
        dir,
        principal: said.principal,
        no_wait: said.no_wait || said.timeout == Some(0),
        timeout: said.timeout.filter(|ms| *ms > 0),
        json: said.json,
        quiet: said.quiet,
    };
    Ok((options, task))
}

impl Said {
    /// Takes the options that are next.
    fn take(&mut self, args: &mut Args) -> Result<()> {
        while let Some(option) = args.option()? {
            match option.as_str() {
                "--dir" => self.dir = Some(args.raw_value()?.into()),
                "--generations" => self.generations = Some(args.raw_value()?.into()),
                "--facts" => self.facts = Some(args.raw_value()?.into()),
                "--as" => self.principal = Some(args.value("principal")?),
                "--timeout" => {
                    let word = args.raw_value()?;
                    let bad = || Error::user(format_args!("invalid time: {}", word.display()));
                    self.timeout = Some(word.to_str().and_then(milliseconds).ok_or_else(bad)?);
                }
                "--no-wait" => self.no_wait = true,
                "--json" => self.json = true,
                "--quiet" => self.quiet = true,
                "--plan" => self.plan = true,
                "--with-dependents" => self.with_dependents = true,
                "--confirm" => self.confirm = Some(args.value("number of seconds")?),
                "--no-test" => self.no_test = true,
                "--ready" => self.aim(Goal::Ready)?,
                "--down" => self.aim(Goal::Down)?,
                "--settled" => self.aim(Goal::Settled)?,
                _ => return Err(unknown(&option)),
            }
        }
        Ok(())
    }

    fn aim(&mut self, goal: Goal) -> Result<()> {
        match self.goal.replace(goal) {
            Some(other) if other != goal => {
                Err(Error::user("only one of --ready, --down and --settled can be waited for"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn task(&self, word: &str, names: Vec<String>) -> Result<Task> {
        let verb = Verb::parse(word);
        if verb.is_none() && word != "wait" {
            let known = VERBS.iter().map(|(_, word)| *word).chain(["wait"]);
            let meant = nearest(word, known).first().map(|word| format!(": did you mean {word}?"));
            let meant = meant.unwrap_or_default();
            return Err(Error::user(format_args!("no verb {word}{meant}")));
        }
        for (is_said, option, goes) in [
            (self.plan, "--plan", verb == Some(Verb::Apply)),
            (self.confirm.is_some(), "--confirm", verb == Some(Verb::Apply)),
            (self.with_dependents, "--with-dependents", verb == Some(Verb::Down)),
            (self.no_test, "--no-test", verb.is_some_and(Verb::is_tested)),
            (self.goal.is_some(), "--ready, --down and --settled", verb.is_none()),
        ] {
            if is_said && !goes {
                return Err(Error::user(format_args!("{option} with {word} makes no sense")));
            }
        }
        for (is_said, option) in
            [(self.confirm.is_some(), "--confirm"), (self.no_test, "--no-test")]
        {
            if self.plan && is_said {
                return Err(Error::user(format_args!("a plan needs no {option}")));
            }
        }
        let Some(verb) = verb else {
            return match names.as_slice() {
                [] => Err(Error::user("wait for which service?")),
                [_, ..] => Ok(Task::Wait(self.goal.unwrap_or(Goal::Ready), names)),
            };
        };
        let number = names.first().filter(|_| verb == Verb::Apply);
        let number = number.map(|word| {
            let bad = || Error::user(format_args!("{word} is not the number of a generation"));
            word.parse::<u64>().map_err(|_| bad())
        });
        let number = number.transpose()?;
        let Said { with_dependents, confirm, no_test, .. } = *self;
        let request = Request { verb, with_dependents, confirm, no_test, names };
        // What the manager would say of it, before it is asked.
        let request = Request::unpack(&request.pack()).map_err(Error::user)?;
        Ok(if self.plan { Task::Plan(number) } else { Task::Ask(request) })
    }
}
