//! coppice-admin: what administrators type. It may be left out of an initramfs.
#![no_main]

use std::ffi::OsString;

fn run(argv: Vec<OsString>) -> u8 {
    use bins::{log, manager, svctl, tree};
    common::program::dispatch(argv, &[tree::ADMIN, log::ADMIN, manager::ADMIN, svctl::ADMIN])
}

common::entry!(run);
