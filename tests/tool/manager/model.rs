//! What was asked for, by the answers alone: which wish each service must have in the end.

use std::collections::{BTreeMap, BTreeSet};

use bins::manager::engine::Wish;
use bins::manager::request::{Answer, Progress, Request, RequestId, Verb};

use super::graph::Service;

/// The answers that were seen, by their order.
#[derive(Default)]
pub(super) struct Model {
    answers: BTreeMap<u64, (RequestId, Answer)>,
}

impl Model {
    /// Takes what is answered now: the oldest answers are removed when there are many.
    pub(super) fn take(&mut self, answers: Vec<(RequestId, Answer)>) {
        for (id, answer) in answers {
            // One that was refused as it is has no order.
            if answer.order > 0 {
                self.answers.insert(answer.order, (id, answer));
            }
        }
    }

    /// How many were accepted.
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }

    /// Those that were accepted and are not done.
    pub(super) fn open(&self) -> Vec<String> {
        let open = |answer: &&Answer| answer.progress == Progress::Accepted;
        let answers = self.answers.values().map(|(_, answer)| answer);
        answers.filter(open).map(|answer| answer.request.clone()).collect()
    }

    /// Requests that were accepted more than once.
    pub(super) fn doubled(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let doubled = self.answers.values().filter(|(id, _)| !seen.insert(id.clone()));
        doubled.map(|(_, answer)| answer.request.clone()).collect()
    }

    /// What the code of an answer was.
    pub(super) fn code(&self, id: &RequestId) -> Option<u8> {
        let (_, answer) = self.answers.values().find(|(known, _)| known == id)?;
        match answer.progress {
            Progress::Done(code) => Some(code),
            Progress::Accepted => None,
        }
    }

    /// Which wishes a steady service may have.
    pub(super) fn wishes(&self, service: &Service) -> Vec<Wish> {
        let mut wishes = vec![if service.is_enabled { Wish::Up } else { Wish::None }];
        for (_, answer) in self.answers.values() {
            let Ok(request) = Request::unpack(&answer.request) else { continue };
            if request.names.contains(&service.tag) && !is_refused(answer) {
                wishes = after(request.verb, wishes);
            }
        }
        wishes
    }
}

/// Nothing was changed.
fn is_refused(answer: &Answer) -> bool {
    let says = |line: &String| {
        line.starts_with("there is no service ") || line.starts_with("others need that: ")
    };
    answer.lines.iter().any(says)
}

fn after(verb: Verb, before: Vec<Wish>) -> Vec<Wish> {
    match verb {
        Verb::Up => vec![Wish::Up],
        // Until it has ended.
        Verb::Once => vec![Wish::Once, Wish::None],
        Verb::Down => vec![Wish::Down, Wish::None],
        // What nobody wants is wanted from now on.
        Verb::Restart if before == [Wish::Up] => before,
        Verb::Restart => before.into_iter().chain([Wish::Up]).collect(),
        Verb::Reload | Verb::Reset | Verb::Apply | Verb::Confirm | Verb::Look | Verb::End => before,
    }
}
