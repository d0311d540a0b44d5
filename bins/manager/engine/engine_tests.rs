//! The engine's behaviours, one by one.
