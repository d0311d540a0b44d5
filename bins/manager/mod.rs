//! The service manager: what is to be up, in which order, and why something is not.

mod compile;
pub mod condition;
mod cycles;
pub mod engine;
pub mod graph;
pub mod graph_file;
mod relation;
pub mod service_file;

use common::program::Program;

/// Its programs for people.
pub const ADMIN: &[Program] = &[compile::PROGRAM];
