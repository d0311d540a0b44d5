//! What a service is to be or have that only root can give it, in the tree of somebody else.

use common::base::sort;
use common::os::account::{self, present_groups};
use rustix::process::{getegid, geteuid};

use super::service::Service;

/// The keys that can't be carried out by who runs this.
pub(super) fn beyond(service: &Service) -> Vec<&'static str> {
    let mut keys: Vec<&'static str> = Vec::new();
    let mut note = |key, is_beyond: bool| keys.extend(is_beyond.then_some(key));
    note("user", service.text("user").is_some_and(|name| !is_own(name)));
    note("directory-owner", service.text("directory-owner").is_some_and(|name| !is_own(name)));
    let is_present = |name: &str| group(name) == Some(getegid().as_raw());
    note("group", service.text("group").is_some_and(|name| !is_present(name)));
    let mut groups: Vec<_> = service.list("groups").iter().map(|(name, _)| group(name)).collect();
    sort::sort(&mut groups);
    note("groups", !groups.is_empty() && groups != present());
    note("ambient-capabilities", !service.list("ambient-capabilities").is_empty());
    note("nice", service.number("nice").is_some_and(|nice| nice < 0));
    note("oom-score-adjust", service.number("oom-score-adjust").is_some_and(|score| score < 0));
    keys
}

/// Whether an account, USER or USER:GROUP, is what the caller is already.
fn is_own(account: &str) -> bool {
    let (user, own_group) = account.split_once(':').map_or((account, None), |(u, g)| (u, Some(g)));
    let found = || account::user(user).ok().flatten().map(|found| found.uid);
    let is_user = account::id(user).or_else(found) == Some(geteuid().as_raw());
    is_user && own_group.is_none_or(|name| present() == [group(name)])
}

fn group(name: &str) -> Option<u32> {
    account::id(name).or_else(|| account::group(name).ok().flatten())
}

/// The groups that the caller has, sorted.
fn present() -> Vec<Option<u32>> {
    let mut groups: Vec<_> = present_groups().unwrap_or_default().into_iter().map(Some).collect();
    sort::sort(&mut groups);
    groups
}
