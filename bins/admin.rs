//! coppice-admin: what administrators type. It may be left out of an initramfs.
#![no_main]

use std::ffi::OsString;

fn run(argv: Vec<OsString>) -> u8 {
    common::program::dispatch(argv, &[bins::tree::ADMIN, bins::log::ADMIN, bins::manager::ADMIN])
}

common::entry!(run);
