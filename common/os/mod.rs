//! The kernel made convenient: files, locks, fifos, children, signals, processes.

pub mod account;
pub mod cgroup;
pub mod clock;
pub mod exec;
pub mod fds;
pub mod fifo;
pub mod fifodir;
pub mod file;
pub mod group;
pub mod lock;
pub mod process;
pub mod siblings;
pub mod signals;
pub mod spawn;
pub mod stamp;
