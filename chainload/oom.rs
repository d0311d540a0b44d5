//! svc-oom: tell the kernel whether to kill a program first, or last, when memory runs out.

use common::base::future::Future;
use common::os::file::write_all;
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::link::{Change, Link};
use super::word::{invalid, signed};

pub(super) const LINK: Link = Link {
    name: "svc-oom",
    help: "SCORE PROG...
Sets the out-of-memory score adjustment, -1000 (never killed) to 1000 (killed first), then becomes
PROG.
",
    read,
};

struct Oom(i32);

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    let word = signed(args, "score")?;
    let score = word.to_str().and_then(|text| text.parse().ok());
    let score = score.filter(|score| (-1000..=1000).contains(score));
    Ok(Box::new(Oom(score.ok_or_else(|| invalid("score (-1000 to 1000)", &word))?)))
}

impl Change for Oom {
    fn apply(&self, _: &mut Future) -> Result<()> {
        const FILE: &str = "/proc/self/oom_score_adj";
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        openat(CWD, FILE, flags, Mode::empty())
            .and_then(|file| write_all(file, self.0.to_string().as_bytes()))
            .unable(format_args!("write {} to {FILE}", self.0))
    }

    fn needs(&self, _: u32) -> Option<&'static str> {
        (self.0 < 0).then_some("CAP_SYS_RESOURCE")
    }
}
