//! svc-nnp: run a program that can get no privileges by executing another.

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;
use rustix::thread::{
    CapabilitiesSecureBits, capabilities_secure_bits, set_capabilities_secure_bits,
    set_no_new_privs,
};

use super::capability;
use super::link::{Change, Link};
use super::word::invalid;

pub(super) const LINK: Link = Link {
    name: "svc-nnp",
    help: "[-s BITS] PROG...
Sets no_new_privs: neither set-user-id files nor file capabilities give PROG, or what it starts, any
privilege. There is no way back. Then becomes PROG.
  -s BITS  set these securebits as well, with commas: noroot, no-setuid-fixup, keep-caps,
           no-cap-ambient-raise, each also with -locked behind
",
    read,
};

const BITS: [(&str, CapabilitiesSecureBits); 8] = [
    ("noroot", CapabilitiesSecureBits::NO_ROOT),
    ("noroot-locked", CapabilitiesSecureBits::NO_ROOT_LOCKED),
    ("no-setuid-fixup", CapabilitiesSecureBits::NO_SETUID_FIXUP),
    ("no-setuid-fixup-locked", CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED),
    ("keep-caps", CapabilitiesSecureBits::KEEP_CAPS),
    ("keep-caps-locked", CapabilitiesSecureBits::KEEP_CAPS_LOCKED),
    ("no-cap-ambient-raise", CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE),
    ("no-cap-ambient-raise-locked", CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED),
];

struct Nnp(CapabilitiesSecureBits);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut bits = CapabilitiesSecureBits::empty();
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-s" => {
                let word = args.raw_value()?;
                for name in word.to_str().unwrap_or("\u{fffd}").split(',') {
                    let bit = BITS.iter().find(|(known, _)| *known == name);
                    bits |= bit.ok_or_else(|| invalid("securebit", name.as_ref()))?.1;
                }
            }
            _ => return Err(unknown(&option)),
        }
    }
    Ok(Box::new(Nnp(bits)))
}

impl Change for Nnp {
    fn apply(&self, _: &mut Future) -> Result<()> {
        if !self.0.is_empty() {
            let present = capabilities_secure_bits().unable("read the securebits")?;
            // An exec takes it away: a link behind shall not have it either.
            let wanted = present | (self.0 - CapabilitiesSecureBits::KEEP_CAPS);
            set_capabilities_secure_bits(wanted).unable("set the securebits")?;
            capability::as_after_exec()?;
        }
        set_no_new_privs(true).unable("set no_new_privs")
    }

    /// Without noroot, root may read what it wants.
    fn moves_look_ups(&self) -> bool {
        !self.0.is_empty()
    }

    fn needs(&self, _: u32) -> Option<&'static str> {
        (!self.0.is_empty()).then_some("CAP_SETPCAP")
    }
}
