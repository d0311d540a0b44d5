//! coppice-test: a service, a logger and a finish script that notice what must not happen, and the
//! drill that kills everything around them.
#![no_main]

mod drill;
mod files;
mod flood;
mod judge;
mod log_drill;
mod logger;
mod random;
mod script;
mod service;
mod tree;
mod victim;

use std::ffi::OsString;

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
    ];
    common::program::dispatch(argv, &[&programs])
}

common::entry!(run);
