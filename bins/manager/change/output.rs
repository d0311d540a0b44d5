//! What is told on standard output: lines for people, or objects.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use common::base::stamp::Boot;
use common::os::file::write_all;
use common::prelude::*;
use common::program::{say, warn};
use rustix::io::Errno;

use super::hints::DEPENDENTS;
use crate::json::{Object, Value};
use crate::manager::engine::State;
use crate::manager::explain::seconds;
use crate::manager::request::RequestId;

/// What is shown of what is pending to a person who looks, and taken away again.
pub(crate) trait Screen {
    /// Draws, in the place of what was drawn before; returns when it is to be drawn again.
    fn draw(&mut self) -> Result<Option<Boot>>;
    /// Takes away what is drawn.
    fn clear(&mut self);
    /// We were stopped, and others have written below what is drawn: that stays.
    fn leave(&mut self);
}

/// A line of the answer; of very many names, the first ones.
fn few(line: &str) -> Cow<'_, str> {
    const FEW: usize = 20;
    let Some(names) = line.strip_prefix(DEPENDENTS) else { return line.into() };
    match names.match_indices(' ').nth(FEW - 1) {
        None => line.into(),
        Some((at, rest)) => {
            let more = names[at + rest.len()..].split(' ').count();
            format!("{DEPENDENTS}{} and {more} more", &names[..at]).into()
        }
    }
}

/// Where lines go.
pub(crate) struct Output {
    program: &'static str,
    json: bool,
    quiet: bool,
    /// Whether somebody reads.
    open: bool,
    /// The last word about each service: an answer does not say it again.
    told: BTreeMap<String, String>,
    /// What was said to come.
    planned: BTreeSet<String>,
    /// What says whose objects these are; none: those of svc-change.
    schema: Option<&'static str>,
    /// A state that a service has had before, if it is in it and was never said to come to it.
    already: Option<State>,
    screen: Option<Box<dyn Screen>>,
}

impl Output {
    pub(crate) fn new(program: &'static str, json: bool, quiet: bool) -> Output {
        Output {
            program,
            json,
            quiet,
            open: true,
            told: BTreeMap::new(),
            planned: BTreeSet::new(),
            schema: None,
            already: None,
            screen: None,
        }
    }

    /// For the objects of another program.
    pub(crate) fn with_schema(self, schema: &'static str) -> Output {
        Output { schema: Some(schema), ..self }
    }

    /// Says of who is in this state from the beginning that it is so already.
    pub(crate) fn with_already(self, already: State) -> Output {
        Output { already: Some(already), ..self }
    }

    /// That these are in this state, if they are, is nothing new.
    pub(crate) fn with_told(mut self, names: &[String], state: State) -> Output {
        let told = names.iter().map(|name| (name.clone(), state.word().to_owned()));
        self.told.extend(told);
        self
    }

    /// Shows what is pending.
    pub(crate) fn with_screen(self, screen: Box<dyn Screen>) -> Output {
        Output { screen: Some(screen), ..self }
    }

    /// Takes away what is drawn.
    fn clear(&mut self) {
        self.screen.iter_mut().for_each(|screen| screen.clear());
    }

    /// We were stopped, and go on.
    pub(super) fn comes_back(&mut self) {
        self.screen.iter_mut().for_each(|screen| screen.leave());
    }

    /// Somebody is waited for: until when at the latest, if there is something to draw then.
    pub(super) fn pause(&mut self) -> Result<Option<Boot>> {
        self.screen.as_mut().map_or(Ok(None), |screen| screen.draw())
    }

    /// A service is in a state.
    pub(super) fn service(&mut self, name: &str, state: &str) -> Result<()> {
        // It may be announced again because of what else was found out about it.
        if self.told.insert(name.to_owned(), state.to_owned()).is_some_and(|told| told == state) {
            return Ok(());
        }
        self.tell(&format!("{name}: {state}"), "service", &[("name", name), ("state", state)])
    }

    /// The same of one that had to be killed, as it had not ended in its time, ms.
    pub(super) fn killed(&mut self, name: &str, state: &str, ms: u64) -> Result<()> {
        self.told.insert(name.to_owned(), state.to_owned());
        if self.quiet {
            return Ok(());
        }
        if !self.json {
            let after = if ms < 1000 { format!("{ms} ms") } else { seconds(ms) };
            return self.write(&format!("{name}: {state}: it had to be killed after {after}\n"));
        }
        let mut object = self.begin("service");
        object.put("name", &Value::text(name));
        object.put("state", &Value::text(state));
        object.put("killed-after-ms", &Value::number(ms));
        self.write(&object.line())
    }

    /// The request will be carried out.
    pub(super) fn accepted(&mut self, id: &RequestId) -> Result<()> {
        self.only_json("accepted", &[("id", id.as_str())])
    }

    /// The manager has died.
    pub(super) fn died(&mut self) -> Result<()> {
        self.clear();
        warn(&self.program, &"svc-managerd died; waiting for the next one");
        self.only_json("manager-died", &[])
    }

    /// A part of a plan.
    pub(crate) fn planned(&mut self, name: &str, what: &str) -> Result<()> {
        self.planned.insert(format!("{name}: {what}"));
        self.tell(&format!("{name}: {what}"), "change", &[("name", name), ("change", what)])
    }

    /// A step of a plan.
    pub(crate) fn step(&mut self, what: &str, name: &str) -> Result<()> {
        self.tell(&format!("{what} {name}"), what, &[("name", name)])
    }

    /// The answer. What went wrong is told to whoever wants to hear little.
    pub(crate) fn done(&mut self, exit: u8, lines: &[String]) -> Result<()> {
        self.clear();
        if self.quiet && exit == 0 {
            return Ok(());
        }
        let lines: Vec<String> = lines.iter().map(|line| self.reworded(line)).collect();
        if self.json {
            let mut object = self.begin("done");
            object.put("exit", &Value::number(exit.into()));
            object.put_texts("results", &lines);
            return self.write(&object.line());
        }
        let is_told = |line: &&String| {
            let said = line.split_once(": ");
            said.is_some_and(|(name, state)| self.told.get(name).is_some_and(|told| told == state))
        };
        let left = lines.iter().filter(|line| !is_told(line) && !self.planned.contains(*line));
        let text: String = left.flat_map(|line| [few(line), "\n".into()]).collect();
        self.write(&text)
    }

    /// The answer to what made no sense: whoever typed it is told with the error.
    pub(super) fn refused(&mut self, e: Error, lines: &[String]) -> Result<Error> {
        self.clear();
        if self.json && !self.quiet {
            self.done(e.code, lines)?;
        }
        Ok(e)
    }

    /// What to type next.
    pub(crate) fn hint(&self, text: &str) {
        if !self.quiet {
            say(&self.program, "hint", &text);
        }
    }

    fn only_json(&mut self, event: &str, members: &[(&str, &str)]) -> Result<()> {
        if self.json { self.tell("", event, members) } else { Ok(()) }
    }

    fn tell(&mut self, line: &str, event: &str, members: &[(&str, &str)]) -> Result<()> {
        if self.quiet {
            return Ok(());
        }
        if !self.json {
            return self.write(&format!("{line}\n"));
        }
        let mut object = self.begin(event);
        members.iter().for_each(|(key, value)| object.put(key, &Value::text(*value)));
        self.write(&object.line())
    }

    /// What was so before is told as such.
    fn reworded(&self, line: &str) -> String {
        let said = line.split_once(": ").zip(self.already.map(State::word));
        match said {
            Some(((name, state), already)) if state == already && !self.told.contains_key(name) => {
                format!("{name}: already {state}")
            }
            Some(_) | None => line.to_owned(),
        }
    }

    fn begin(&self, event: &str) -> Object {
        let mut object = self.schema.map_or_else(Object::default, Object::of);
        object.put("event", &Value::text(event));
        object
    }

    fn write(&mut self, text: &str) -> Result<()> {
        if !self.open || text.is_empty() {
            return Ok(());
        }
        self.clear();
        match write_all(rustix::stdio::stdout(), text.as_bytes()) {
            // The exit code is still asked for.
            Err(Errno::PIPE) => self.open = false,
            result => result.unable("write to standard output")?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_names_the_first_are_told() {
        let names = |count: usize| {
            let names: Vec<String> = (0..count).map(|n| format!("s{n}")).collect();
            format!("{DEPENDENTS}{}", names.join(" "))
        };
        assert_eq!(few(&names(20)), names(20));
        assert_eq!(few(&names(22)), names(20) + " and 2 more");
        assert_eq!(few("web: ready"), "web: ready");
    }
}
