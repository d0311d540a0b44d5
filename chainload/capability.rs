//! The capabilities of this process. Links may follow one another in it without an exec between
//! them: each leaves the sets as an exec would, so that the next one finds the same either way.

use common::prelude::*;
use rustix::io::Result as Outcome;
use rustix::process::{geteuid, getuid};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities, capabilities_secure_bits,
    capability_is_in_ambient_set, capability_is_in_bounding_set,
    configure_capability_in_ambient_set, set_capabilities,
};

/// The name of each, in the order of linux/capability.h, where they begin with `CAP_`.
pub(crate) const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// One capability by its number.
pub(crate) fn numbered(number: usize) -> CapabilitySet {
    CapabilitySet::from_bits_retain(1 << number)
}

/// Each capability of a set.
pub(crate) fn each(set: CapabilitySet) -> impl Iterator<Item = CapabilitySet> {
    (0..u64::BITS as usize).map(numbered).filter(move |one| set.contains(*one))
}

/// The name of one; a kernel may have some that are younger than this table.
pub(crate) fn name(one: CapabilitySet) -> String {
    let number = one.bits().trailing_zeros();
    let known = NAMES.get(number as usize).map(|name| (*name).to_owned());
    known.unwrap_or_else(|| format!("capability {number}"))
}

/// What no exec can bring back once it is gone.
pub(crate) fn bounding() -> CapabilitySet {
    let mut set = CapabilitySet::empty();
    // The first that the kernel does not know is an error.
    for one in (0..u64::BITS as usize).map(numbered) {
        match capability_is_in_bounding_set(one) {
            Ok(true) => set |= one,
            Ok(false) => {}
            Err(_) => break,
        }
    }
    set
}

/// What an exec leaves to whoever is not root.
pub(crate) fn ambient(sets: &CapabilitySets) -> Outcome<CapabilitySet> {
    let mut set = CapabilitySet::empty();
    // It is never more than this, which usually is nothing.
    for one in each(sets.inheritable & sets.permitted) {
        if capability_is_in_ambient_set(one)? {
            set |= one;
        }
    }
    Ok(set)
}

/// Makes these the ambient ones; they have to be permitted and inheritable.
pub(crate) fn set_ambient(wanted: CapabilitySet) -> Result<()> {
    let sets = present()?;
    let present = ambient(&sets).unable("read the ambient capabilities")?;
    for one in each(present ^ wanted) {
        let changing = format_args!("change the ambient capability {}", name(one));
        configure_capability_in_ambient_set(one, wanted.contains(one)).unable(changing)?;
    }
    Ok(())
}

/// Takes away what an exec would: root keeps what is in bounds or inheritable, everybody else what is
/// ambient.
pub(crate) fn as_after_exec() -> Result<()> {
    let present = present()?;
    if present.permitted.is_empty() {
        return Ok(());
    }
    let ambient = ambient(&present).unable("read the ambient capabilities")?;
    let bits = capabilities_secure_bits().unable("read the securebits")?;
    let heeds_root = !bits.contains(CapabilitiesSecureBits::NO_ROOT);
    let left = if heeds_root && (getuid().is_root() || geteuid().is_root()) {
        present.permitted & (bounding() | present.inheritable)
    } else {
        ambient
    };
    let effective = if heeds_root && geteuid().is_root() { left } else { ambient };
    let after = CapabilitySets { permitted: left, effective, ..present };
    if after == present { Ok(()) } else { set(after) }
}

/// The permitted, effective and inheritable ones.
pub(crate) fn present() -> Result<CapabilitySets> {
    capabilities(None).unable("read the capabilities")
}

pub(crate) fn set(sets: CapabilitySets) -> Result<()> {
    set_capabilities(None, sets).unable("set the capabilities")
}
