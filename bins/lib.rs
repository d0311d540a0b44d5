//! The daemons and tools of the suite: every program that is not a chainloader.

mod json;
pub mod log;
pub mod manager;
pub mod svctl;
pub mod tree;
