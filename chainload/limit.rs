//! svc-limit: run a program with other resource limits.

use std::ffi::OsStr;

use common::base::future::Future;
use common::base::near::nearest;
use common::prelude::*;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::link::{Change, Link};
use super::quantity::{MICROSECONDS, SECONDS, SIZES, with_unit};
use super::word::{assignment, assignments, invalid};

pub(super) const LINK: Link = Link {
    name: "svc-limit",
    help: "NAME=LIMIT... [--] PROG...
Sets resource limits, then becomes PROG. LIMIT is VALUE, the soft and the hard limit; SOFT:HARD; SOFT:
or :HARD, which leave the other as it is. VALUE is a number, with a unit if it is a size (K M G T) or a
time (us ms s m h d); unlimited; or max, as much as the present hard limit allows.
  bytes: as core data fsize memlock msgqueue rss stack
  time:  cpu (seconds) rttime (microseconds)
  count: locks nofile nproc sigpending rtprio; nice (or a niceness with its sign: -5)
",
    read,
};

/// How a value of a limit is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bytes,
    Seconds,
    Microseconds,
    Count,
    Niceness,
}

const LIMITS: [(&str, Resource, Kind); 16] = [
    ("as", Resource::As, Kind::Bytes),
    ("core", Resource::Core, Kind::Bytes),
    ("cpu", Resource::Cpu, Kind::Seconds),
    ("data", Resource::Data, Kind::Bytes),
    ("fsize", Resource::Fsize, Kind::Bytes),
    ("locks", Resource::Locks, Kind::Count),
    ("memlock", Resource::Memlock, Kind::Bytes),
    ("msgqueue", Resource::Msgqueue, Kind::Bytes),
    ("nice", Resource::Nice, Kind::Niceness),
    ("nofile", Resource::Nofile, Kind::Count),
    ("nproc", Resource::Nproc, Kind::Count),
    ("rss", Resource::Rss, Kind::Bytes),
    ("rtprio", Resource::Rtprio, Kind::Count),
    ("rttime", Resource::Rttime, Kind::Microseconds),
    ("sigpending", Resource::Sigpending, Kind::Count),
    ("stack", Resource::Stack, Kind::Bytes),
];

/// What one of the two limits becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Same,
    Max,
    Unlimited,
    Number(u64),
}

struct One {
    name: &'static str,
    resource: Resource,
    soft: To,
    hard: To,
}

struct Limits(Vec<One>);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    let limits = assignments(args);
    if limits.is_empty() {
        return Err(Error::user("missing limit"));
    }
    Ok(Box::new(Limits(limits.iter().map(|word| one(word)).collect::<Result<_>>()?)))
}

fn one(word: &OsStr) -> Result<One> {
    let (name, value) = assignment(word).unwrap_or_default();
    let name = name.to_str().unwrap_or_default();
    let Some((name, resource, kind)) = LIMITS.iter().find(|(known, _, _)| *known == name) else {
        return Err(unknown_limit(name));
    };
    let (soft, hard) = value
        .to_str()
        .and_then(|text| soft_and_hard(text, *kind))
        .ok_or_else(|| invalid("limit", word))?;
    if let (To::Number(soft), To::Number(hard)) = (soft, hard)
        && soft > hard
    {
        return Err(Error::user(format_args!("limit {name}: soft {soft} is above hard {hard}")));
    }
    Ok(One { name, resource: *resource, soft, hard })
}

fn unknown_limit(name: &str) -> Error {
    match nearest(name, LIMITS.iter().map(|(known, _, _)| *known)).first() {
        Some(meant) => Error::user(format_args!("no limit {name}: did you mean {meant}?")),
        None => Error::user(format_args!("no limit {name}")),
    }
}

fn soft_and_hard(text: &str, kind: Kind) -> Option<(To, To)> {
    match text.split_once(':') {
        None => value(text, kind).map(|both| (both, both)),
        Some(("", "")) => None,
        Some(("", hard)) => value(hard, kind).map(|hard| (To::Same, hard)),
        Some((soft, "")) => value(soft, kind).map(|soft| (soft, To::Same)),
        Some((soft, hard)) => Some((value(soft, kind)?, value(hard, kind)?)),
    }
}

fn value(text: &str, kind: Kind) -> Option<To> {
    let number = match (text, kind) {
        ("max", _) => return Some(To::Max),
        ("unlimited" | "infinity", _) => return Some(To::Unlimited),
        (_, Kind::Bytes) => with_unit(text, SIZES),
        (_, Kind::Seconds) => with_unit(text, SECONDS),
        (_, Kind::Microseconds) => with_unit(text, MICROSECONDS),
        (_, Kind::Count) => with_unit(text, &[]),
        (_, Kind::Niceness) => niceness(text),
    };
    // The last number is the kernel's way to say unlimited.
    number.filter(|n| *n != u64::MAX).map(To::Number)
}

/// The kernel counts 1 to 40 for 19 to -20.
fn niceness(text: &str) -> Option<u64> {
    if text.starts_with(['+', '-']) {
        let level: i64 = text.parse().ok()?;
        return u64::try_from(20 - level).ok().filter(|n| (1..=40).contains(n));
    }
    with_unit(text, &[])
}

impl Change for Limits {
    fn apply(&self, _: &mut Future) -> Result<()> {
        for one in &self.0 {
            let present = getrlimit(one.resource);
            let wanted = one.from(&present)?;
            // As it is: nothing to ask for, and nothing that can be refused.
            if wanted != present {
                setrlimit(one.resource, wanted).unable(one.shown(&present, &wanted))?;
            }
        }
        Ok(())
    }

    /// Up to such a limit a niceness or a priority is anybody's.
    fn keeps_privileges(&self) -> bool {
        self.0.iter().any(|one| matches!(one.resource, Resource::Nice | Resource::Rtprio))
    }
}

impl One {
    fn from(&self, present: &Rlimit) -> Result<Rlimit> {
        let maximum = match self.hard {
            To::Same | To::Max => present.maximum,
            To::Unlimited => None,
            To::Number(n) => Some(n),
        };
        let current = match self.soft {
            To::Same => present.current,
            To::Max => maximum,
            To::Unlimited => None,
            To::Number(n) => Some(n),
        };
        if above(current, maximum) {
            let (soft, hard) = (shown(current), shown(maximum));
            let message = format!("limit {}: soft {soft} is above hard {hard}", self.name);
            return Err(Error::system(message));
        }
        Ok(Rlimit { current, maximum })
    }

    /// What is asked for, for who may not have it.
    fn shown(&self, present: &Rlimit, wanted: &Rlimit) -> String {
        let (name, to, hard) = (self.name, shown(wanted.maximum), shown(present.maximum));
        match above(wanted.maximum, present.maximum) {
            true => format!("set limit {name} to {to}, above the hard limit {hard}"),
            false => format!("set limit {name}"),
        }
    }
}

/// `None` is unlimited.
fn above(a: Option<u64>, b: Option<u64>) -> bool {
    b.is_some_and(|b| a.is_none_or(|a| a > b))
}

fn shown(limit: Option<u64>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |n| n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<(To, To)> {
        soft_and_hard(text, Kind::Bytes)
    }

    #[test]
    fn one_value_is_both_limits() {
        assert_eq!(parse("1K"), Some((To::Number(1024), To::Number(1024))));
        assert_eq!(parse("1:2"), Some((To::Number(1), To::Number(2))));
        assert_eq!(parse("max:"), Some((To::Max, To::Same)));
        assert_eq!(parse(":unlimited"), Some((To::Same, To::Unlimited)));
        for bad in ["", ":", "1:2:3", "-1", "x", "18446744073709551615"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn units_are_those_of_the_kind() {
        assert_eq!(value("1h", Kind::Seconds), Some(To::Number(3600)));
        assert_eq!(value("2ms", Kind::Microseconds), Some(To::Number(2000)));
        assert_eq!(value("1K", Kind::Count), None);
        assert_eq!(value("-5", Kind::Niceness), Some(To::Number(25)));
        assert_eq!(value("+19", Kind::Niceness), Some(To::Number(1)));
        assert_eq!(value("-21", Kind::Niceness), None);
    }

    #[test]
    fn a_soft_limit_stays_below_the_hard_one() {
        let present = Rlimit { current: Some(5), maximum: Some(10) };
        let one = |soft, hard| One { name: "core", resource: Resource::Core, soft, hard };
        let limits = |one: One| one.from(&present).map(|l| (l.current, l.maximum)).ok();
        assert_eq!(limits(one(To::Max, To::Same)), Some((Some(10), Some(10))));
        assert_eq!(limits(one(To::Max, To::Number(8))), Some((Some(8), Some(8))));
        assert_eq!(limits(one(To::Max, To::Max)), Some((Some(10), Some(10))));
        assert_eq!(limits(one(To::Same, To::Number(4))), None);
        assert_eq!(limits(one(To::Unlimited, To::Same)), None);
    }
}
