//! Loggers, and the tools that read what they wrote.

pub(crate) mod script;
