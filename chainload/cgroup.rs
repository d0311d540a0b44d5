//! svc-cgroup: run a program in a cgroup.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::base::future::Future;
use common::os::{cgroup, file};
use common::prelude::*;
use rustix::io::Errno;

use super::link::{Change, Link};
use super::word::{assignment, assignments, invalid};

pub(super) const LINK: Link = Link {
    name: "svc-cgroup",
    help: "PATH [NAME=VALUE]... [--] PROG...
Enters the cgroup PATH (version 2), which is made if it is missing, then becomes PROG. PATH begins at our
own cgroup, or with a slash at the root of all. VALUE is written to the file NAME of the cgroup, as the
kernel takes it: memory.max=200M; the controller (memory) is enabled on the way if it is not.
",
    read,
};

struct Cgroup {
    path: String,
    settings: Vec<(String, OsString)>,
}

fn read(args: &mut Args) -> Result<Box<dyn Change>> {
    args.no_options()?;
    let word = args.operand("cgroup")?;
    let path = word.to_str().filter(|path| !path.is_empty() && !path.split('/').any(|n| n == ".."));
    let path = path.ok_or_else(|| invalid("cgroup", &word))?.to_owned();
    let settings = assignments(args).iter().map(|word| setting(word)).collect::<Result<_>>()?;
    Ok(Box::new(Cgroup { path, settings }))
}

/// A name that no file outside of the cgroup can have.
fn setting(word: &OsStr) -> Result<(String, OsString)> {
    let found = assignment(word).and_then(|(name, value)| {
        let name = name.to_str().filter(|name| is_name(name))?;
        let is_value = !value.is_empty();
        is_value.then(|| (name.to_owned(), value.to_owned()))
    });
    found.ok_or_else(|| invalid("setting", word))
}

/// `CONTROLLER.FILE`.
fn is_name(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    let parts = name.split_once('.');
    plain && parts.is_some_and(|(controller, file)| !controller.is_empty() && !file.is_empty())
}

impl Change for Cgroup {
    fn apply(&self, _: &mut Future) -> Result<()> {
        let dir = self.make()?;
        for (name, value) in &self.settings {
            let setting = format_args!("set {name} of {} to {}", self.path, value.display());
            cgroup::set(&dir, name, value.as_bytes()).unable(setting)?;
        }
        let entering = format_args!("enter {}", self.path);
        // Who is there already needs no right to go there.
        if cgroup::is_ours(&self.path).unable(entering)? {
            return Ok(());
        }
        match cgroup::set(&dir, "cgroup.procs", b"0") {
            Err(Errno::BUSY) => {
                let why = "it has controllers for its children, and so no processes of its own";
                Err(Error::system(format_args!("unable to {entering}: {why}")))
            }
            entered => entered.unable(entering),
        }
    }

    fn moves_look_ups(&self) -> bool {
        true
    }
}

impl Cgroup {
    /// Makes it, and those above it, with what the settings need of controllers.
    fn make(&self) -> Result<OwnedFd> {
        let mut dir = match cgroup::origin(&self.path) {
            Err(Errno::NOTSUP) => {
                return Err(Error::system("cgroup v2 is not mounted at /sys/fs/cgroup"));
            }
            opened => opened.unable("open our own cgroup")?,
        };
        let mut path = PathBuf::from(if self.path.starts_with('/') { "/" } else { "." });
        for name in cgroup::names(&self.path) {
            for controller in self.controllers() {
                enable(&dir, controller, &path)?;
            }
            path.push(name);
            dir = cgroup::child(&dir, name, true)
                .unable(format_args!("make the cgroup {}", path.display()))?;
        }
        Ok(dir)
    }

    /// The files that every cgroup has need none.
    fn controllers(&self) -> impl Iterator<Item = &str> {
        let all = self.settings.iter().filter_map(|(name, _)| name.split('.').next());
        all.filter(|controller| *controller != "cgroup")
    }
}

/// Sees to it that the children of a cgroup have the files of a controller.
fn enable(dir: &OwnedFd, controller: &str, path: &Path) -> Result<()> {
    let mut buffer = [0; 1024];
    let enabling = format_args!("enable {controller} in {}", path.display());
    let enabled = file::read_small(dir, "cgroup.subtree_control", &mut buffer).unable(enabling)?;
    if enabled.split(u8::is_ascii_whitespace).any(|word| word == controller.as_bytes()) {
        return Ok(());
    }
    let why = match cgroup::set(dir, "cgroup.subtree_control", format!("+{controller}").as_bytes())
    {
        Err(Errno::BUSY) => "it has processes of its own",
        Err(Errno::NOENT | Errno::INVAL) => "there is no such controller",
        done => return done.unable(enabling),
    };
    Err(Error::system(format_args!("unable to {enabling}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_a_file_of_a_controller() {
        let ok = |text: &str| setting(text.as_ref()).is_ok();
        assert!(ok("memory.max=200M") && ok("hugetlb.2MB.max=0") && ok("io.max=8:0 rbps=1"));
        for bad in ["max=1", ".max=1", "memory.=1", "memory.max=", "../x.y=1", "a/b.c=1", "=1"] {
            assert!(!ok(bad), "{bad}");
        }
    }
}
