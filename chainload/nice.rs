//! svc-nice: run a program at another niceness.

use common::base::future::Future;
use common::prelude::*;
use rustix::process::{getpriority_process, setpriority_process};

use super::link::{Change, Link};
use super::word::{invalid, signed};

pub(super) const LINK: Link = Link {
    name: "svc-nice",
    help: "NUMBER PROG...
Adds NUMBER, which may be negative, to the niceness, then becomes PROG. =NUMBER sets the niceness, -20
(gets the CPU first) to 19 (gets what others leave).
",
    read,
};

enum Nice {
    Add(i32),
    Set(i32),
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let word = signed(args, "number")?;
    let text = word.to_str().unwrap_or_default();
    let nice = match text.strip_prefix('=') {
        Some(number) => number.parse().ok().filter(|n| (-20..=19).contains(n)).map(Nice::Set),
        None => text.parse().ok().map(Nice::Add),
    };
    Ok(Box::new(nice.ok_or_else(|| invalid("niceness", &word))?))
}

impl Change for Nice {
    fn apply(&self, _: &mut Future) -> Result<()> {
        let niceness = match self {
            Nice::Set(number) => *number,
            Nice::Add(number) => {
                let present = getpriority_process(None).unable("read the niceness")?;
                present.saturating_add(*number).clamp(-20, 19)
            }
        };
        setpriority_process(None, niceness).unable(format_args!("set the niceness to {niceness}"))
    }

    fn needs(&self, _: u32) -> Option<&'static str> {
        matches!(self, Nice::Add(..0) | Nice::Set(..0)).then_some("CAP_SYS_NICE")
    }
}
