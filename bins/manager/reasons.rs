//! Causes and failures in words: one way to say them, for all programs.

use common::base::death::Death;

use super::condition::Test;
use super::engine::{Cause, Engine, Failure};
use super::graph::{Graph, Id};
use super::service_file::conditions::shown;

/// A step of the chain that leads to the root cause.
pub fn step(graph: &Graph, id: Id, cause: Cause) -> String {
    let name = |id: Id| &graph.service(id).name;
    let at = name(id);
    match cause {
        Cause::Unwanted => format!("nothing needs {at}"),
        Cause::HeldDown => format!("{at} is held down"),
        Cause::PartOf(whole) => format!("{at} is part of {}", name(whole)),
        Cause::Condition => format!("the condition of {at} does not hold"),
        Cause::Failed(failure) => format!("{at} failed: {}", of_failure(failure, false)),
        Cause::Needs(other) => format!("{at} needs {}", name(other)),
        Cause::NeedsOneOf(other) => format!("{at} needs one of several, as {}", name(other)),
        Cause::Conflicts(other) => format!("{at} conflicts with {}", name(other)),
        Cause::After(other) => format!("{at} waits for {}", name(other)),
        Cause::StopsAfter(other) => format!("{at} stops after {}", name(other)),
        Cause::Limit => format!("{at} waits for its turn"),
        Cause::Restarting => format!("{at} is being restarted"),
        Cause::UnderWay => format!("{at} is under way"),
    }
}

/// The whole chain of a service that is not where it is wanted, from it to the root cause.
pub fn chain(engine: &Engine, id: Id) -> String {
    let graph = engine.graph();
    let mut steps: Vec<String> = Vec::new();
    for (at, cause) in engine.why(id) {
        let mut text = step(graph, at, cause);
        if cause == Cause::Condition {
            text += &format!(" ({})", tests(engine, at));
        }
        steps.push(text);
    }
    steps.join("; ")
}

/// What must hold for a condition to hold, and does not.
pub fn tests(engine: &Engine, id: Id) -> String {
    let when = engine.graph().service(id).when.as_deref();
    let is_in = |list: &[Test], test: &Test| list.contains(test);
    let (mut texts, mut any) = (Vec::new(), Vec::new());
    for test in engine.unmet(id) {
        match when {
            Some(when) if is_in(&when.none, test) => texts.push(format!("not {}", shown(test))),
            Some(when) if is_in(&when.any, test) => any.push(shown(test)),
            Some(_) | None => texts.push(shown(test)),
        }
    }
    if !any.is_empty() {
        texts.push(format!("one of {}", any.join(", ")));
    }
    texts.join(", ")
}

/// What went wrong, and whether memory ran out then.
pub fn of_failure(failure: Failure, oom: bool) -> String {
    match failure {
        Failure::Died(death) => format!("{}, and is started again", of_end(death, oom)),
        Failure::Ended(death) => of_end(death, oom),
        Failure::StartTimedOut => "not started in time".to_owned(),
        Failure::ReadyTimedOut => "not ready in time".to_owned(),
    }
}

/// How a process ended, and whether the kernel killed any of the service's for want of memory.
pub fn of_end(death: Death, oom: bool) -> String {
    of_death(death) + if oom { " (out of memory)" } else { "" }
}

/// How a process ended.
pub fn of_death(death: Death) -> String {
    match death {
        Death::Exit(code) => format!("exit code {code}"),
        Death::Signal(signal) => format!("killed by {signal}"),
        Death::Unknown => "ended, nobody knows how".to_owned(),
    }
}
