//! svc-setuid: run a program as another user.

use std::ffi::OsString;

use common::base::args::unknown;
use common::base::future::Future;
use common::base::sort;
use common::os::account::present_groups;
use common::prelude::*;
use rustix::process::{
    DumpableBehavior, Gid, Pid, Signal, Uid, getpid, getppid, kill_process,
    parent_process_death_signal, set_dumpable_behavior, set_parent_process_death_signal,
};
use rustix::thread::{
    set_keep_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::link::{Change, Link};
use super::{capability, identity};

pub(super) const LINK: Link = Link {
    name: "svc-setuid",
    help: "[-s GROUPS] ACCOUNT PROG...
       svc-setuid -g GROUP [-s GROUPS] PROG...
Becomes PROG as the user ACCOUNT: a NAME, with the groups that the user is in, or USER:GROUP, names or
numbers, with that group alone. There is no way back for PROG: of root's capabilities it has only the
ambient ones, if svc-caps -a gave it any.
  -g GROUP   change only the primary group
  -s GROUPS  these supplementary groups, with commas, instead
",
    read,
};

#[derive(Default)]
struct Setuid {
    account: Option<OsString>,
    group: Option<OsString>,
    supplementary: Option<OsString>,
    found: Found,
}

/// What is to be changed; `None` stays as it is.
#[derive(Default)]
struct Found {
    groups: Option<Vec<u32>>,
    gid: Option<u32>,
    uid: Option<u32>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut setuid = Setuid::default();
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-g" => setuid.group = Some(args.raw_value()?),
            "-s" => setuid.supplementary = Some(args.raw_value()?),
            _ => return Err(unknown(&option)),
        }
    }
    if setuid.group.is_none() {
        setuid.account = Some(args.operand("account")?);
    }
    Ok(Box::new(setuid))
}

impl Change for Setuid {
    fn look_up(&mut self, _: &mut Future) -> Result<()> {
        if let Some(group) = &self.group {
            self.found.gid = Some(identity::group_id(group.to_str().unwrap_or("\u{fffd}"))?);
        }
        if let Some(word) = &self.account {
            let account = identity::account(word)?;
            let (uid, gid, groups) = (Some(account.uid), Some(account.gid), Some(account.groups));
            self.found = Found { groups, gid, uid };
        }
        if let Some(words) = &self.supplementary {
            self.found.groups = Some(identity::group_ids(words)?);
        }
        Ok(())
    }

    /// Groups first: once the uid is dropped, the right to change them is gone.
    fn apply(&self, _: &mut Future) -> Result<()> {
        let at_its_death = parent_process_death_signal()
            .unable("read the parent's death signal")?
            .map(|signal| (signal, getppid()));
        if let Some(groups) = &self.found.groups {
            set_groups(groups)?;
        }
        if let Some(gid) = self.found.gid.map(Gid::from_raw) {
            set_thread_res_gid(gid, gid, gid).unable(format_args!("set gid {}", gid.as_raw()))?;
        }
        if let Some(uid) = self.found.uid {
            set_uid(Uid::from_raw(uid))?;
        }
        // As an exec does: else what is ours in /proc were root's, and a link behind could not write it.
        set_dumpable_behavior(DumpableBehavior::Dumpable).unable("own our files in /proc")?;
        at_its_death.map_or(Ok(()), |(signal, parent)| restore_death_signal(signal, parent))
    }

    fn moves_look_ups(&self) -> bool {
        true
    }

    fn drops_to(&self) -> Option<u32> {
        self.found.uid.filter(|uid| *uid != 0)
    }

    /// Who is it already needs none.
    fn needs(&self, user: u32) -> Option<&'static str> {
        match self.found.uid {
            Some(uid) if uid == user => None,
            Some(_) => Some("CAP_SETUID"),
            // It may be the present group.
            None => None,
        }
    }
}

/// The kernel forgets which signal the death of our parent is to send us when our ids change.
fn restore_death_signal(signal: Signal, parent: Option<Pid>) -> Result<()> {
    set_parent_process_death_signal(Some(signal)).unable("keep the parent's death signal")?;
    if getppid() != parent {
        // It has died meanwhile.
        kill_process(getpid(), signal).unable("end with the parent")?;
    }
    Ok(())
}

/// Who has these groups already needs no right to set them: a user's own tree may name the user.
fn set_groups(groups: &[u32]) -> Result<()> {
    let mut present = present_groups().unable("read supplementary groups")?;
    let mut wanted = groups.to_vec();
    sort::sort(&mut present);
    sort::sort(&mut wanted);
    if present == wanted {
        return Ok(());
    }
    let groups: Vec<Gid> = groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    set_thread_groups(&groups).unable("set supplementary groups")
}

/// The kernel takes the ambient capabilities away from who was root. They are there because svc-caps
/// was told so, for this very moment: only the others go.
fn set_uid(uid: Uid) -> Result<()> {
    let setting = format_args!("set uid {}", uid.as_raw());
    if uid.is_root() {
        return set_thread_res_uid(uid, uid, uid).unable(setting);
    }
    let present = capability::present()?;
    let ambient = capability::ambient(&present).unable("read the ambient capabilities")?;
    if ambient.is_empty() {
        set_thread_res_uid(uid, uid, uid).unable(setting)?;
    } else {
        set_keep_capabilities(true).unable("keep capabilities")?;
        set_thread_res_uid(uid, uid, uid).unable(setting)?;
        capability::set_ambient(ambient)?;
        set_keep_capabilities(false).unable("keep capabilities no longer")?;
    }
    capability::as_after_exec()
}
