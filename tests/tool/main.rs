//! coppice-test: a service, a logger and a finish script that notice what must not happen, and the
//! drill that kills everything around them; the same for the manager; what cuts a logger's power.
#![cfg_attr(not(test), no_main)]

mod chains;
mod command;
mod disk;
mod drill;
mod files;
mod flood;
mod judge;
mod log_directory;
mod log_drill;
mod logger;
mod manager;
mod numbered;
mod power_cut;
mod process;
mod random;
mod script;
mod service;
mod talker;
mod tree;
mod victim;
mod write_log;

use std::ffi::OsString;

#[cfg_attr(test, allow(dead_code, reason = "the unit tests have a main of their own"))]
fn run(argv: Vec<OsString>) -> u8 {
    let programs = [
        service::SERVICE,
        service::FINISH,
        logger::PROGRAM,
        drill::PROGRAM,
        judge::PROGRAM,
        flood::FLOOD,
        flood::CHECK,
        log_drill::PROGRAM,
        victim::PROGRAM,
        talker::PROGRAM,
        power_cut::PROGRAM,
        chains::PROGRAM,
        manager::PROGRAM,
        manager::MANAGED,
        process::PROGRAM,
    ];
    common::program::dispatch(argv, &[&programs])
}

#[cfg(not(test))]
common::entry!(run);
