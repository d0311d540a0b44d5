//! The engine of the loggers: input to log directories, each line once, whatever is killed when.
//!
//! The kernel moves the input into a file on a tmpfs and says in a word of that file's journal how far
//! it got ([`store`]); what is about to be written, and where, stands in the journal before it is
//! written ([`record`]). A successor writes the same bytes to the same place again.

mod archive;
pub(crate) mod directory;
mod emit;
mod failure;
mod format;
mod limit;
mod lines;
pub(crate) mod logger;
pub(crate) mod moving;
mod newlines;
pub(crate) mod pace;
pub(crate) mod plan;
mod processor;
mod rate;
mod record;
mod recover;
mod rotation;
mod stamp;
pub(crate) mod store;
mod trim;
mod work;
