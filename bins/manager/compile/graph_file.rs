//! The file `graph` of a generation: who depends on whom, a line a fact, for programs and for people.

use super::edges::Dependencies;
use super::set::Set;
use crate::manager::graph::{Graph, Id, Kind, OnLoss, Relation};
use crate::manager::service_file::conditions::shown;

/// The whole file.
pub(super) fn pack(dependencies: &Dependencies, set: &Set) -> String {
    let Dependencies { graph, boot } = dependencies;
    let mut text = "version 1\n".to_owned();
    for id in boot {
        text += &format!("boot {}\n", graph.service(*id).name);
    }
    // In both the services are in the order of their names.
    for (id, described) in graph.ids().zip(set.services.values()) {
        service(graph, id, described.text("description"), &mut text);
    }
    text
}

fn service(graph: &Graph, id: Id, description: Option<&str>, text: &mut String) {
    let service = graph.service(id);
    let kind = match service.kind {
        Kind::Daemon => "daemon",
        Kind::Oneshot => "oneshot",
        Kind::Group => "group",
    };
    *text += &format!("service {} {kind}\n", service.name);
    if let Some(description) = description {
        *text += &format!(" description {description}\n");
    }
    if service.essential {
        *text += " essential\n";
    }
    if service.has_readiness {
        *text += " readiness\n";
    }
    for (name, ms) in [
        ("start-timeout", service.start_timeout),
        ("ready-timeout", service.ready_timeout),
        ("stop-timeout", service.stop_timeout),
    ] {
        if ms > 0 {
            *text += &format!(" {name} {ms}\n");
        }
    }
    if let Some(when) = &service.when {
        for (word, tests) in [("all", &when.all), ("any", &when.any), ("none", &when.none)] {
            tests.iter().for_each(|test| *text += &format!(" when-{word} {}\n", shown(test)));
        }
    }
    let mut conflicts = Vec::new();
    for edge in graph.outgoing(id) {
        let other = &graph.service(edge.other).name;
        let line = match edge.relation {
            Relation::Requires(loss) => format!(" requires {other} {}\n", word(loss)),
            Relation::Wants(loss) => format!(" wants {other} {}\n", word(loss)),
            Relation::AnyOf(_) => format!(" any-of {other}\n"),
            Relation::Milestone => format!(" milestone {other}\n"),
            Relation::After => format!(" after {other}\n"),
            Relation::PartOf => format!(" part-of {other}\n"),
            // It has no direction: once is enough.
            Relation::Conflicts if edge.other < id => continue,
            Relation::Conflicts => {
                conflicts.push(format!(" conflicts {other}\n"));
                continue;
            }
        };
        *text += &line;
    }
    *text += &conflicts.concat();
}

fn word(loss: OnLoss) -> &'static str {
    match loss {
        OnLoss::Stop => "stop",
        OnLoss::Restart => "restart",
        OnLoss::Reload => "reload",
        OnLoss::Ignore => "ignore",
    }
}
