//! The drill of the manager: transactions over a random graph while what carries them out is killed,
//! and the judge of what came of it.

mod client;
mod drill;
mod graph;
mod instance;
mod judge;
mod model;
mod options;
mod victims;

pub(crate) use drill::PROGRAM;
pub(crate) use instance::PROGRAM as MANAGED;
