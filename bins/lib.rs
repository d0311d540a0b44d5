//! The daemons and tools of the suite: every program that is not a chainloader.

pub mod tree;
