//! What two or more programs of the suite share. Layers, lowest first, each using only those
//! below it: `sys` → `base` → `os` → `format` → `program`.
#![deny(unsafe_code)]

pub mod base;
pub mod format;
pub mod os;
pub mod program;
#[allow(unsafe_code)]
pub mod sys;

/// What every program begins with.
pub mod prelude {
    pub use crate::base::args::Args;
    pub use crate::base::error::{Context, Error, Result};
    pub use crate::program::{Next, Program};
}
