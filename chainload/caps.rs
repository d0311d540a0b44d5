//! svc-caps: run a program with other capabilities.

use std::ffi::OsStr;

use common::base::args::unknown;
use common::base::error::reason;
use common::base::future::Future;
use common::base::near::nearest;
use common::prelude::*;
use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capability_is_in_bounding_set,
    remove_capability_from_bounding_set,
};

use super::capability::{self, NAMES, each, name, numbered};
use super::link::{Change, Link};
use super::word::invalid;

pub(super) const LINK: Link = Link {
    name: "svc-caps",
    help: "[-b LIST] [-i LIST] [-a LIST] PROG...
Sets which capabilities, of which root's power is made, there are for PROG, then becomes PROG. LIST is
NAME,NAME...: these; -NAME,-NAME...: all but these; all; or none.
  -b LIST  bounding: neither PROG nor what it starts can ever get any other
  -i LIST  inheritable: those that a file with inheritable capabilities gives
  -a LIST  ambient: those that stay when svc-setuid, or an exec, takes all others away
",
    read,
};

/// What a LIST says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Only(CapabilitySet),
    AllBut(CapabilitySet),
}

#[derive(Default)]
struct Caps {
    bounding: Option<List>,
    inheritable: Option<List>,
    ambient: Option<List>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut caps = Caps::default();
    while let Some(option) = args.option()? {
        let list = match option.as_str() {
            "-b" => &mut caps.bounding,
            "-i" => &mut caps.inheritable,
            "-a" => &mut caps.ambient,
            _ => return Err(unknown(&option)),
        };
        *list = Some(parse(&args.raw_value()?)?);
    }
    Ok(Box::new(caps))
}

fn parse(word: &OsStr) -> Result<List> {
    let text = word.to_str().unwrap_or("\u{fffd}");
    match text {
        "all" => return Ok(List::AllBut(CapabilitySet::empty())),
        "none" => return Ok(List::Only(CapabilitySet::empty())),
        _ => {}
    }
    let is_without = text.starts_with('-');
    let mut set = CapabilitySet::empty();
    for item in text.split(',') {
        let (minus, name) = item.strip_prefix('-').map_or((false, item), |name| (true, name));
        if name.is_empty() || minus != is_without {
            return Err(invalid("list of capabilities", word));
        }
        set |= named(name)?;
    }
    Ok(if is_without { List::AllBut(set) } else { List::Only(set) })
}

/// Also as it is written in C: `CAP_NET_RAW`.
fn named(word: &str) -> Result<CapabilitySet> {
    let lower = word.to_ascii_lowercase();
    let name = lower.strip_prefix("cap_").unwrap_or(&lower);
    if let Some(number) = NAMES.iter().position(|known| *known == name) {
        return Ok(numbered(number));
    }
    Err(match nearest(name, NAMES).first() {
        Some(meant) => Error::user(format_args!("no capability {word}: did you mean {meant}?")),
        None => Error::user(format_args!("no capability {word}")),
    })
}

impl List {
    /// The set, where `all` are all that there can be.
    fn of(self, all: CapabilitySet) -> CapabilitySet {
        match self {
            List::Only(set) => set,
            List::AllBut(set) => all - set,
        }
    }

    fn named(self) -> CapabilitySet {
        match self {
            List::Only(set) | List::AllBut(set) => set,
        }
    }
}

impl Change for Caps {
    fn look_up(&mut self, _: &mut Future) -> Result<()> {
        let lists = [self.bounding, self.inheritable, self.ambient];
        for one in lists.into_iter().flatten().flat_map(|list| each(list.named())) {
            if capability_is_in_bounding_set(one) == Err(Errno::INVAL) {
                let name = name(one);
                return Err(Error::system(format_args!("this kernel has no capability {name}")));
            }
        }
        Ok(())
    }

    fn apply(&self, _: &mut Future) -> Result<()> {
        let present = capability::present()?;
        let ambient = capability::ambient(&present).unable("read the ambient capabilities")?;
        let bounds = match self.bounding {
            Some(list) => bound(list)?,
            None => CapabilitySet::all(),
        };
        let (inheritable, ambient) = self.wanted(present, ambient, bounds)?;
        if inheritable != present.inheritable {
            capability::set(CapabilitySets { inheritable, ..present })?;
        }
        capability::set_ambient(ambient)?;
        capability::as_after_exec()
    }

    fn moves_look_ups(&self) -> bool {
        true
    }

    fn keeps_privileges(&self) -> bool {
        self.ambient.is_some()
    }
}

/// Drops from the bounding set what is not in a list; returns what is left.
fn bound(list: List) -> Result<CapabilitySet> {
    let present = capability::bounding();
    let bounds = list.of(present) & present;
    for one in each(present - bounds) {
        let dropping = format_args!("drop {} from the bounding set", name(one));
        remove_capability_from_bounding_set(one).unable(dropping)?;
    }
    Ok(bounds)
}

impl Caps {
    /// The inheritable and the ambient set. All ambient ones are inheritable: those that come are
    /// added there, those that go are taken away. Both stay within bounds: the kernel only sees to it
    /// that they don't grow beyond them.
    fn wanted(
        &self,
        present: CapabilitySets,
        ambient: CapabilitySet,
        bounds: CapabilitySet,
    ) -> Result<(CapabilitySet, CapabilitySet)> {
        let have = present.permitted & bounds;
        let was_ambient = ambient;
        let ambient = self.ambient.map_or(ambient & bounds, |list| list.of(have));
        let others = present.inheritable & bounds;
        let others = match self.inheritable {
            Some(list) => list.of(have | others),
            None => others - was_ambient,
        };
        let missing = (ambient - have) | (others - have - (present.inheritable & bounds));
        if let Some(one) = each(missing).next() {
            let (name, why) = (name(one), reason(Errno::PERM));
            return Err(Error::system(format_args!("unable to hand on {name}: {why}")));
        }
        Ok((others | ambient, ambient))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: CapabilitySet = CapabilitySet::empty();
    const BIND: CapabilitySet = CapabilitySet::NET_BIND_SERVICE;
    const RAW: CapabilitySet = CapabilitySet::NET_RAW;
    const PCAP: CapabilitySet = CapabilitySet::SETPCAP;

    fn list(text: &str) -> Result<List> {
        parse(text.as_ref())
    }

    #[test]
    fn a_list_is_of_names() {
        assert_eq!(list("net_raw"), Ok(List::Only(RAW)));
        assert_eq!(list("CAP_NET_RAW,Setpcap"), Ok(List::Only(RAW | PCAP)));
        assert_eq!(list("-net_raw,-cap_setpcap"), Ok(List::AllBut(RAW | PCAP)));
        assert_eq!(list("all"), Ok(List::AllBut(NONE)));
        assert_eq!(list("none"), Ok(List::Only(NONE)));
        for bad in
            ["", ",", "-", "net_raw,", "net_raw,-setpcap", "-net_raw,setpcap", "all,none", "10"]
        {
            assert!(list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_names_are_in_the_order_of_their_numbers() {
        assert_eq!(named("chown"), Ok(CapabilitySet::CHOWN));
        assert_eq!(named("net_bind_service"), Ok(BIND));
        assert_eq!(named("syslog"), Ok(CapabilitySet::SYSLOG));
        assert_eq!(named("checkpoint_restore"), Ok(CapabilitySet::CHECKPOINT_RESTORE));
        assert_eq!(name(numbered(41)), "capability 41");
    }

    /// Of root, or of a user who has ambient capabilities.
    fn wanted(
        options: [&str; 2],
        inheritable: CapabilitySet,
        ambient: CapabilitySet,
        bounds: CapabilitySet,
    ) -> Option<(CapabilitySet, CapabilitySet)> {
        let [i, a] = options.map(|text| list(text).ok());
        let caps = Caps { bounding: None, inheritable: i, ambient: a };
        let have = BIND | RAW | PCAP;
        let present = CapabilitySets { effective: have, permitted: have, inheritable };
        caps.wanted(present, ambient, bounds).ok()
    }

    #[test]
    fn what_is_ambient_is_inheritable() {
        let all = CapabilitySet::all();
        assert_eq!(wanted(["", ""], RAW | BIND, BIND, all), Some((RAW | BIND, BIND)));
        assert_eq!(wanted(["", "net_raw"], NONE, NONE, all), Some((RAW, RAW)));
        assert_eq!(wanted(["", "none"], RAW | BIND, BIND, all), Some((RAW, NONE)));
        assert_eq!(wanted(["none", ""], RAW | BIND, BIND, all), Some((BIND, BIND)));
        assert_eq!(wanted(["setpcap", "net_raw"], BIND, BIND, all), Some((PCAP | RAW, RAW)));
        assert_eq!(
            wanted(["all", "-net_raw"], NONE, NONE, all),
            Some((BIND | RAW | PCAP, BIND | PCAP))
        );
    }

    #[test]
    fn nothing_is_handed_on_that_is_out_of_bounds_or_not_there() {
        let all = CapabilitySet::all();
        assert_eq!(wanted(["", ""], RAW | BIND | PCAP, BIND | PCAP, BIND), Some((BIND, BIND)));
        assert_eq!(wanted(["all", "all"], NONE, NONE, BIND), Some((BIND, BIND)));
        assert_eq!(wanted(["", "net_raw"], NONE, NONE, BIND), None);
        assert_eq!(wanted(["net_raw", ""], RAW, NONE, BIND), None);
        assert_eq!(wanted(["", "sys_admin"], CapabilitySet::SYS_ADMIN, NONE, all), None);
        assert_eq!(
            wanted(["sys_admin", ""], CapabilitySet::SYS_ADMIN, NONE, all),
            Some((CapabilitySet::SYS_ADMIN, NONE))
        );
    }
}
