//! One executable for one program: that which COPPICE_PROGRAM named when this was compiled.
#![no_main]

use std::ffi::OsString;

use common::program::Program;

const NAME: &str = env!("COPPICE_PROGRAM");
// Chosen at compile time, so that the linker leaves the other programs out.
const PROGRAM: &Program = find(&[
    bins::tree::CORE,
    bins::tree::ADMIN,
    bins::log::CORE,
    bins::log::ADMIN,
    bins::manager::ADMIN,
    bins::svctl::ADMIN,
    chainload::PROGRAMS,
]);

const fn find(mut tables: &[&'static [Program]]) -> &'static Program {
    while let Some((table, others)) = tables.split_first() {
        let mut i = 0;
        while i < table.len() {
            if same(table[i].name.as_bytes(), NAME.as_bytes()) {
                return &table[i];
            }
            i += 1;
        }
        tables = others;
    }
    panic!("COPPICE_PROGRAM names no program of the suite")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

fn run(mut argv: Vec<OsString>) -> u8 {
    argv.drain(..1.min(argv.len()));
    common::program::run(PROGRAM, argv)
}

common::entry!(run);
