//! svc-envuidgid: tell a program in its environment which user it is to become.

use std::ffi::{OsStr, OsString};

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;

use super::identity;
use super::link::{Change, Link};

pub(super) const LINK: Link = Link {
    name: "svc-envuidgid",
    help: "[-u | -g] ACCOUNT PROG...
Sets the variables UID, GID and GIDLIST (the supplementary groups, with commas) to the numbers of the
user ACCOUNT, then becomes PROG. ACCOUNT is a NAME, or USER:GROUP, names or numbers, which leaves
GIDLIST as it is.
  -u  ACCOUNT is a user: set only UID
  -g  ACCOUNT is a group: set only GID
",
    read,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    All,
    User,
    Group,
}

struct Envuidgid {
    what: What,
    account: OsString,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut what = What::All;
    while let Some(option) = args.option()? {
        what = match option.as_str() {
            "-u" => What::User,
            "-g" => What::Group,
            _ => return Err(unknown(&option)),
        };
    }
    Ok(Box::new(Envuidgid { what, account: args.operand("account")? }))
}

impl Change for Envuidgid {
    fn look_up(&mut self, future: &mut Future) -> Result<()> {
        if self.what == What::Group {
            let gid = identity::group_id(self.account.to_str().unwrap_or("\u{fffd}"))?;
            set(future, "GID", gid);
            return Ok(());
        }
        let account = identity::account(&self.account)?;
        set(future, "UID", account.uid);
        if self.what == What::All {
            set(future, "GID", account.gid);
            if !self.account.as_encoded_bytes().contains(&b':') {
                // As in s6: without the primary group.
                let others = account.groups.iter().filter(|gid| **gid != account.gid);
                let list: Vec<String> = others.map(u32::to_string).collect();
                set(future, "GIDLIST", list.join(","));
            }
        }
        Ok(())
    }
}

fn set(future: &mut Future, name: &str, value: impl ToString) {
    future.set(OsStr::new(name), OsStr::new(&value.to_string()));
}
