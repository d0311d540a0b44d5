//! What is on disk and on the wire: bytes to types and back, no policy, no waiting. Each format is
//! defined here, once, with a golden test, and has a page in doc/html.

pub mod event;
pub mod handover;
pub mod letters;
pub mod logline;
pub mod record;
pub mod records;
pub mod servicedir;
pub mod status;
pub mod tally;
