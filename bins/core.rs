//! coppice-core: process 1, the tree, and all that runs often. It carries no parser of
//! configuration.
#![no_main]

use std::ffi::OsString;

fn run(argv: Vec<OsString>) -> u8 {
    common::program::dispatch(argv, &[bins::tree::CORE, bins::log::CORE, chainload::PROGRAMS])
}

common::entry!(run);
