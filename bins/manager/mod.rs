//! The service manager: what is to be up, in which order, and why something is not.

pub mod condition;
mod cycles;
pub mod graph;
