//! Values: errors, the command line, times, names. Nothing here opens a file or makes a process.

pub mod args;
pub mod death;
pub mod error;
pub mod future;
pub mod name;
pub mod near;
pub mod signal;
pub mod sort;
pub mod span;
pub mod stamp;
pub mod text;
pub mod when;
