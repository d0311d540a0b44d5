//! A script at work: which line goes where. Pure.

use common::base::stamp::Wall;

use super::format::Room;
use super::lines::Lines;
use super::stamp;
use crate::log::script::pattern::Rules;
use crate::log::script::{Action, Script, Target, hash};

/// A script, and what is kept for it.
pub(crate) struct Plan {
    pub(super) script: Script,
    /// The longest line.
    pub(super) longest: usize,
    /// What goes in front of each line of each action, at `time`.
    pub(super) heads: Vec<Vec<u8>>,
    pub(super) time: Wall,
    /// The rules before each action.
    rules: Vec<Rules>,
    /// The actions that take the present line.
    takers: Vec<usize>,
}

/// How far an action's file may be filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) room: Room,
    /// Nothing is in it: a line that is longer than any file may have gets it alone.
    pub(super) empty: bool,
}

impl Limit {
    /// For what has no size.
    pub(super) const NONE: Limit =
        Limit { room: Room { soft: usize::MAX, hard: usize::MAX }, empty: true };
}

/// What was distributed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Distributed {
    pub(super) input: usize,
    /// The action whose file had no room for the next line.
    pub(super) full: Option<usize>,
}

impl Plan {
    /// An error: a pattern is none.
    pub(crate) fn new(script: Script, longest: usize) -> Result<Plan, String> {
        let heads = vec![Vec::new(); script.actions.len()];
        let rules =
            script.actions.iter().map(|a| Rules::new(&a.rules)).collect::<Result<_, _>>()?;
        let takers = Vec::new();
        let mut plan = Plan { script, longest, heads, time: Wall(0), rules, takers };
        plan.set_time(Wall(0));
        Ok(plan)
    }

    /// A number that is another one for a script that may format differently.
    pub(super) fn fingerprint(&self) -> u64 {
        hash(&self.script).rotate_left(7) ^ self.longest as u64
    }

    /// The moment that the lines from here on are stamped with.
    pub(super) fn set_time(&mut self, time: Wall) {
        self.time = time;
        for (action, head) in self.script.actions.iter().zip(&mut self.heads) {
            stamp::head(action, time, head);
        }
    }

    /// Whether all lines go to one directory.
    pub(super) fn is_simple(&self) -> bool {
        match self.script.actions.as_slice() {
            [action] => action.rules.is_empty() && matches!(action.to, Target::Dir(_)),
            _ => false,
        }
    }

    /// Adds the lines of `input` to the outputs of the actions that take them, as long as all have
    /// room for the next one. With the same input, time and no limits the outputs are the same.
    pub(super) fn distribute(
        &mut self,
        input: &[u8],
        limits: &[Limit],
        outputs: &mut [Vec<u8>],
    ) -> Distributed {
        let mut done = Distributed::default();
        for line in Lines::new(input, self.longest) {
            self.choose(line.text);
            let size = |taker: usize| {
                let before = outputs.get(taker).map_or(0, Vec::len);
                (before, before + self.heads.get(taker).map_or(0, Vec::len) + line.text.len() + 1)
            };
            let limit = |taker: usize| limits.get(taker).unwrap_or(&Limit::NONE);
            let too_much = |taker: &&usize| {
                let ((before, after), limit) = (size(**taker), limit(**taker));
                after > limit.room.hard && !(before == 0 && limit.empty)
            };
            done.full = self.takers.iter().find(too_much).copied();
            if done.full.is_some() {
                break;
            }
            done.input = line.end;
            let is_last = self.takers.iter().any(|taker| size(*taker).1 >= limit(*taker).room.soft);
            for taker in &self.takers {
                if let (Some(output), Some(head)) =
                    (outputs.get_mut(*taker), self.heads.get(*taker))
                {
                    append(output, &self.script.actions[*taker], head, line.text);
                }
            }
            if is_last {
                break;
            }
        }
        done
    }

    /// Runs a line through the script.
    fn choose(&mut self, line: &[u8]) {
        self.takers.clear();
        let mut selected = true;
        for (index, rules) in self.rules.iter_mut().enumerate() {
            selected = rules.selects(selected, !self.takers.is_empty(), line);
            if selected {
                self.takers.push(index);
            }
        }
    }
}

/// Instead of what is cut off an alert, as in s6-log.
const DOTS: &[u8] = b"...";

fn append(output: &mut Vec<u8>, action: &Action, head: &[u8], line: &[u8]) {
    match action.to {
        Target::Alert(most) => {
            output.extend_from_slice(b"svc-log: alert: ");
            output.extend_from_slice(head);
            // What is no longer with the dots than without them stays whole.
            if most > 0 && line.len() > most + DOTS.len() {
                output.extend_from_slice(&line[..most]);
                output.extend_from_slice(DOTS);
            } else {
                output.extend_from_slice(line);
            }
        }
        // Only the newest line counts.
        Target::Status(..) => {
            output.clear();
            output.extend_from_slice(head);
            output.extend_from_slice(line);
        }
        Target::Stdout | Target::Dir(_) => {
            output.extend_from_slice(head);
            output.extend_from_slice(line);
        }
    }
    output.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::script::{Pattern, Rule, Stamp};

    fn action(rules: Vec<Rule>) -> Action {
        Action { rules, stamp: Stamp::None, prefix: Vec::new(), to: Target::Stdout }
    }

    fn pattern(text: &str) -> Pattern {
        Pattern { text: text.as_bytes().to_vec() }
    }

    fn distributed(
        actions: Vec<Action>,
        input: &[u8],
        limits: &[Limit],
    ) -> (Distributed, Vec<String>) {
        let mut outputs = vec![Vec::new(); actions.len()];
        let script = Script { actions, rate: 0 };
        let done = Plan::new(script, 100).unwrap().distribute(input, limits, &mut outputs);
        (done, outputs.into_iter().map(|o| String::from_utf8(o).unwrap()).collect())
    }

    #[test]
    fn rules_change_the_selection_and_the_rest_is_what_nobody_took() {
        let actions = vec![
            action(vec![Rule::Deselect(pattern("")), Rule::Select(pattern("a"))]),
            action(vec![Rule::Rest]),
            action(vec![Rule::Select(pattern("ab"))]),
        ];
        let (done, outputs) = distributed(actions, b"ab\nb\na\n", &[]);
        assert_eq!(outputs, ["ab\na\n", "b\n", "ab\nb\n"]);
        assert_eq!(done, Distributed { input: 7, full: None });
    }

    #[test]
    fn a_line_that_one_has_no_room_for_goes_nowhere() {
        let actions = vec![action(vec![]), action(vec![])];
        let room = Room { soft: 7, hard: 7 };
        let limits = [Limit::NONE, Limit { room, empty: false }];
        let (done, outputs) = distributed(actions.clone(), b"abc\nabc\nabc\n", &limits);
        assert_eq!((done, &*outputs[0]), (Distributed { input: 4, full: Some(1) }, "abc\n"));
        let limits = [Limit { room: Room { soft: 2, hard: 3 }, empty: true }, Limit::NONE];
        let (done, outputs) = distributed(actions, b"abc\nabc\n", &limits);
        assert_eq!((done.input, &*outputs[1]), (4, "abc\n"));
    }

    #[test]
    fn an_alert_is_cut_and_a_status_is_the_last_line() {
        let mut alert = action(vec![]);
        alert.to = Target::Alert(3);
        let mut status = action(vec![]);
        status.to = Target::Status("x".into(), 0);
        let (_, outputs) = distributed(vec![alert, status], b"abcdef\nabcdefg\n", &[]);
        assert_eq!(outputs, ["svc-log: alert: abcdef\nsvc-log: alert: abc...\n", "abcdefg\n"]);
    }
}
