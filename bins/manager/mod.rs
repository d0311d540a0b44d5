//! The service manager: what is to be up, in which order, and why something is not.

pub mod announcement;
pub(crate) mod change;
pub mod change_set;
pub(crate) mod compile;
pub mod condition;
pub mod config_test;
mod cycles;
pub(crate) mod db;
pub mod engine;
pub(crate) mod explain;
pub mod files;
pub mod generations;
pub mod graph;
pub mod graph_file;
pub mod live;
mod managerd;
pub mod places;
pub mod policy;
pub mod reasons;
mod relation;
pub mod request;
pub mod service_file;
pub mod table;
pub(crate) mod view;

use common::program::Program;

/// Its programs for people.
pub const ADMIN: &[Program] = &[change::PROGRAM, compile::PROGRAM, db::PROGRAM, managerd::PROGRAM];
