//! Negative controls: what shows that the kill tests can fail. A build with the feature `controls`
//! dawdles where a kill does the most harm, and leaves out the part of the protocol that
//! COPPICE_CONTROL names; every other build has nothing of it.

/// The parts that can be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// A supervisor takes no lock.
    NoLock,
    /// A death is reaped before it is on file.
    ReapFirst,
    /// A start is not on file before the process is made.
    NoIntent,
    /// What the manager must not forget is not on file.
    NoTable,
}

/// Whether that part is left out.
#[cfg(feature = "controls")]
pub(crate) fn leaves_out(part: Control) -> bool {
    let name = match part {
        Control::NoLock => "no-lock",
        Control::ReapFirst => "reap-first",
        Control::NoIntent => "no-intent",
        Control::NoTable => "no-table",
    };
    std::env::var_os("COPPICE_CONTROL").is_some_and(|left_out| left_out == name)
}

/// Takes so long that a kill hits.
#[cfg(feature = "controls")]
pub(crate) fn dawdle() {
    let moment = rustix::event::Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    // Interrupted: then it is shorter.
    let _ = rustix::event::poll(&mut [], Some(&moment));
}

#[cfg(not(feature = "controls"))]
pub(crate) const fn leaves_out(_: Control) -> bool {
    false
}

#[cfg(not(feature = "controls"))]
pub(crate) const fn dawdle() {}
