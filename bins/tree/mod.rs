//! The supervision tree and the tools that speak to it.

use common::program::Program;

mod client;
mod fifodir;
mod notify;
mod ok;
mod scan;
mod supervise;

/// Its programs that run often, or by themselves.
pub const CORE: &[Program] =
    &[fifodir::PROGRAM, notify::PROGRAM, ok::PROGRAM, scan::PROGRAM, supervise::PROGRAM];

/// Its programs for people.
pub const ADMIN: &[Program] = &[];
