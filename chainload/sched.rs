//! svc-sched: run a program under another scheduling policy, or on some CPUs only.

use std::ffi::OsStr;

use common::base::args::unknown;
use common::base::future::Future;
use common::prelude::*;
use common::sys::sched::set_policy;
use rustix::thread::{CpuSet, sched_setaffinity};

use super::link::{Change, Link};
use super::word::invalid;

pub(super) const LINK: Link = Link {
    name: "svc-sched",
    help: "[-p POLICY[:PRIORITY]] [-r] [-c CPUS] PROG...
Sets how the kernel schedules the process, then becomes PROG.
  -p POLICY  other, batch or idle; or fifo or rr, with a PRIORITY from 1 to 99 (1 by default)
  -r         what PROG forks gets the policy other, if PROG's is fifo or rr
  -c CPUS    only on these CPUs: 0,2-3
",
    read,
};

/// Names, numbers (linux/sched.h), and the highest priority.
const POLICIES: [(&str, i32, i32); 5] =
    [("other", 0, 0), ("fifo", 1, 99), ("rr", 2, 99), ("batch", 3, 0), ("idle", 5, 0)];
/// SCHED_RESET_ON_FORK, linux/sched.h.
const RESET_ON_FORK: i32 = 0x4000_0000;

#[derive(Default)]
struct Sched {
    policy: Option<(i32, i32)>,
    resets: bool,
    cpus: Option<CpuSet>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let mut sched = Sched::default();
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-p" => sched.policy = Some(value(args, policy, "policy")?),
            "-r" => sched.resets = true,
            "-c" => sched.cpus = Some(value(args, cpus, "list of CPUs")?),
            _ => return Err(unknown(&option)),
        }
    }
    if sched.resets && sched.policy.is_none() {
        return Err(Error::user("-r needs -p"));
    }
    Ok(Box::new(sched))
}

fn value<T>(args: &mut Args, parse: fn(&str) -> Option<T>, what: &str) -> Result<T> {
    let word = args.raw_value()?;
    word.to_str().and_then(parse).ok_or_else(|| invalid(what, OsStr::new(&word)))
}

/// The number of a policy, and the priority.
fn policy(text: &str) -> Option<(i32, i32)> {
    let (name, priority) = match text.split_once(':') {
        Some((name, priority)) => (name, Some(priority)),
        None => (text, None),
    };
    let (_, number, highest) = POLICIES.iter().find(|(known, _, _)| *known == name)?;
    match (priority, highest) {
        (None, highest) => Some((*number, 1.min(*highest))),
        (Some(_), 0) => None,
        (Some(priority), highest) => {
            let priority = priority.parse().ok().filter(|n| (1..=*highest).contains(n))?;
            Some((*number, priority))
        }
    }
}

/// A list of numbers and ranges.
fn cpus(text: &str) -> Option<CpuSet> {
    let mut set = CpuSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if first > last || last >= CpuSet::MAX_CPU {
            return None;
        }
        (first..=last).for_each(|cpu| set.set(cpu));
    }
    Some(set)
}

impl Change for Sched {
    fn apply(&self, _: &mut Future) -> Result<()> {
        if let Some(cpus) = &self.cpus {
            sched_setaffinity(None, cpus).unable("choose the CPUs")?;
        }
        if let Some((number, priority)) = self.policy {
            let flag = if self.resets { RESET_ON_FORK } else { 0 };
            set_policy(number | flag, priority).unable("set the scheduling policy")?;
        }
        Ok(())
    }

    fn needs(&self, _: u32) -> Option<&'static str> {
        // Only fifo and rr have a priority.
        self.policy.filter(|(_, priority)| *priority > 0).map(|_| "CAP_SYS_NICE")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fifo_and_rr_have_priorities() {
        assert_eq!(policy("other"), Some((0, 0)));
        assert_eq!(policy("fifo"), Some((1, 1)));
        assert_eq!(policy("rr:99"), Some((2, 99)));
        for bad in ["", "rr:0", "rr:100", "rr:", "idle:1", "deadline"] {
            assert_eq!(policy(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_list_of_cpus_has_ranges() {
        let set = cpus("0,2-3").unwrap();
        assert_eq!((0..5).filter(|cpu| set.is_set(*cpu)).collect::<Vec<_>>(), [0, 2, 3]);
        for bad in ["", ",", "3-2", "1-", "-1", "x", "1024"] {
            assert!(cpus(bad).is_none(), "{bad}");
        }
    }
}
