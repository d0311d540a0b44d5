//! svctl: the one command: what people type to see their services and to move them.

mod advice;
mod ages;
mod boot;
mod bootchart;
mod call;
mod check;
mod command_line;
mod completions;
mod cut;
mod elsewhere;
mod events;
mod files;
mod generations;
mod graph;
mod halt;
mod help;
mod is;
mod known;
mod list;
mod logs;
mod moves;
mod names;
mod plain;
mod refused;
mod root;
mod site;
mod stale;
mod standing;
mod status;
mod supervisors;
mod svg;
mod terminal;
mod tree;
mod verbs;
mod version;
mod warnings;
mod why;

use common::os::fds::fill_stdio;
use common::prelude::*;

/// The programs here.
pub const ADMIN: &[Program] = &[PROGRAM];

const PROGRAM: Program = Program { name: "svctl", help: help::HELP, main };

fn main(args: Args) -> Result<Next> {
    fill_stdio();
    // The line of all verbs is no help with one of them.
    run(args).map_err(|e| Error { usage: false, ..e })
}

fn run(args: Args) -> Result<Next> {
    let call = command_line::read(args, verbs::VERBS)?;
    if call.is_about_itself {
        return Ok(Next::Exit(common::program::print(&help::of(call.verb))));
    }
    (call.verb.run)(&call)
}
