//! The daemons and tools of the suite: every program that is not a chainloader.

mod json;
mod log;
pub mod tree;
