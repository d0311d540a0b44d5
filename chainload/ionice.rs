//! svc-ionice: run a program with another I/O priority.

use common::base::future::Future;
use common::prelude::*;
use common::sys::sched::set_io_priority;

use super::link::{Change, Link};
use super::word::invalid;

pub(super) const LINK: Link = Link {
    name: "svc-ionice",
    help: "CLASS[:LEVEL] PROG...
Sets the I/O priority, then becomes PROG. CLASS is realtime, best-effort or idle, or none (it follows
from the niceness); LEVEL, of the first two, is 0 (first) to 7 (last), 4 by default.
",
    read,
};

/// IOPRIO_CLASS_RT
const REALTIME: i32 = 1;
/// Names, numbers (linux/ioprio.h) and whether there are levels.
const CLASSES: [(&str, i32, bool); 4] = [
    ("none", 0, false),
    ("realtime", REALTIME, true),
    ("best-effort", 2, true),
    ("idle", 3, false),
];
/// What the kernel takes for best-effort when nothing is said (IOPRIO_BE_NORM).
const NORMAL: i32 = 4;
/// The class stands above the level (IOPRIO_CLASS_SHIFT).
const SHIFT: i32 = 13;

struct Ionice(i32);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    let word = args.operand("class")?;
    let priority = word.to_str().and_then(priority);
    Ok(Box::new(Ionice(priority.ok_or_else(|| invalid("I/O priority", &word))?)))
}

fn priority(text: &str) -> Option<i32> {
    let (class, level) = match text.split_once(':') {
        Some((class, level)) => (class, Some(level)),
        None => (text, None),
    };
    let (_, number, has_levels) = CLASSES.iter().find(|(name, _, _)| *name == class)?;
    let level = match (has_levels, level) {
        (true, Some(level)) => level.parse().ok().filter(|n| (0..=7).contains(n))?,
        (true, None) => NORMAL,
        (false, None) => 0,
        (false, Some(_)) => return None,
    };
    Some(number << SHIFT | level)
}

impl Change for Ionice {
    fn apply(&self, _: &mut Future) -> Result<()> {
        set_io_priority(self.0).unable("set the I/O priority")
    }

    fn needs(&self, _: u32) -> Option<&'static str> {
        (self.0 >> SHIFT == REALTIME).then_some("CAP_SYS_NICE")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_stands_above_its_level() {
        assert_eq!(priority("best-effort:7"), Some(0x4007));
        assert_eq!(priority("realtime"), Some(0x2004));
        assert_eq!(priority("idle"), Some(0x6000));
        assert_eq!(priority("none"), Some(0));
        for bad in ["", "idle:1", "best-effort:8", "best-effort:", "best-effort:-1", "fast"] {
            assert_eq!(priority(bad), None, "{bad}");
        }
    }
}
