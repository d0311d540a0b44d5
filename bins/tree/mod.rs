//! The supervision tree and the tools that speak to it.

use std::path::Path;

use common::program::Program;

mod appearances;
pub(crate) mod client;
pub(crate) mod controls;
mod ctl;
mod events;
mod fifodir;
mod goal;
pub mod listener;
mod notify;
mod ok;
mod perms;
mod report;
mod scan;
mod scanctl;
pub(crate) mod scandir;
mod stat;
mod supervise;
mod sv;
mod upgrade;
mod wait;
mod wait_for;
mod wards;
mod watched;

/// Its programs that run often, or by themselves.
pub const CORE: &[Program] = &[
    ctl::PROGRAM,
    fifodir::PROGRAM,
    notify::PROGRAM,
    ok::PROGRAM,
    supervise::oneshot::PROGRAM,
    scan::PROGRAM,
    scanctl::PROGRAM,
    stat::PROGRAM,
    supervise::PROGRAM,
    wait::PROGRAM,
];

/// Its programs for people.
pub const ADMIN: &[Program] = &[events::PROGRAM, perms::PROGRAM, sv::PROGRAM];

/// Whether a svc-scan looks after this directory.
pub(crate) fn is_running(scan: &Path) -> bool {
    scandir::ScanDir::open(scan.as_os_str()).is_ok_and(|scan| scan.listens())
}
