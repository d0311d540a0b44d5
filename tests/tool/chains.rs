//! Random chains, fused and not: the process that comes out must be the same.

use std::ffi::{CString, OsString};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::base::args::unknown;
use common::os::file::open_dir;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::prelude::*;
use common::program::print;
use common::sys::exec::Argv;
use common::sys::wait::{Ended, wait_for};
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::random::Random;

pub(crate) const PROGRAM: Program = Program {
    name: "chains",
    help: "[-s SEED] [-n COUNT] LINKS DIR
Makes COUNT (100) random chains of links. Each is run as it stands, as words of svc-chain and as a file
of it, from the directory LINKS, in DIR, which is emptied each time. Exits 1 if the process at the end is
not the same. The program at the end is LINKS/process.
",
    main,
};

/// Words of one link each. IN is the directory in which a chain begins; in it there are: the directory sub, the file plain, the directory env of
/// variables, the file vars, and a lock.
const LINKS: &[&str] = &[
    "svc-argv0 name",
    "svc-cd sub",
    "svc-cd ../in",
    "svc-cd sub/..",
    "svc-cd .",
    "svc-cd none",
    "svc-chroot / svc-cd IN",
    "svc-announce 5",
    "svc-announce 6",
    "svc-if -m no { true }",
    "svc-env A=1 B=2",
    "svc-env -u A",
    "svc-env -k PATH -k A",
    "svc-env A=3 --",
    "svc-envdir env",
    "svc-envdir -I none",
    "svc-envdir -f env",
    "svc-envfile vars",
    "svc-envfile -none",
    "svc-envuidgid nobody",
    "svc-envuidgid 7:8",
    "svc-envuidgid -u root",
    "svc-fdclose 5",
    "svc-fdclose 6,7",
    "svc-fdmove 6 5",
    "svc-fdmove -c 7 5",
    "svc-fdmove -c 2 1",
    "svc-fdmove 9 8",
    "svc-ionice idle",
    "svc-ionice best-effort:2",
    "svc-ionice realtime:3",
    "svc-ionice none",
    "svc-limit nofile=64",
    "svc-limit core=0",
    "svc-limit nofile=100:200 cpu=60:",
    "svc-limit stack=:max",
    "svc-limit memlock=64K",
    "svc-mkdir made",
    "svc-mkdir -m 1777 sub",
    "svc-mkdir -p a/b",
    "svc-mkdir -o nobody mine",
    "svc-nice 3",
    "svc-nice -2",
    "svc-nice =5",
    "svc-nnp",
    "svc-nnp -s no-setuid-fixup",
    "svc-nnp -s noroot",
    "svc-oom 100",
    "svc-oom -100",
    "svc-oom 0",
    "svc-redirfd -r 5 plain",
    "svc-redirfd -w 6 new",
    "svc-redirfd -a 7 plain",
    "svc-redirfd -x 8 fresh",
    "svc-redirfd -r -b 0 plain",
    "svc-sched -p batch",
    "svc-sched -p fifo:2",
    "svc-sched -p other -r",
    "svc-sched -c 0",
    "svc-setlock -n lock",
    "svc-setlock -t 9 lock",
    "svc-setlock -d 9 other",
    "svc-setsid",
    "svc-setsid -b",
    "svc-setsid -q",
    "svc-setuid nobody",
    "svc-setuid 7:8",
    "svc-setuid 0:0",
    "svc-setuid -g 9",
    "svc-setuid -s 5,6 0:0",
    "svc-setuid -s 1 nobody",
    "svc-foreground { true }",
    "svc-foreground { none }",
    "svc-foreground { svc-umask 22 false }",
    "svc-if { true }",
    "svc-if { test -e new }",
    "svc-if -n { test -e plain }",
    "svc-try { ./none }",
    "svc-background { true }",
    "svc-background -d { true }",
    "svc-timeout 60",
    "svc-waitfile -t 1000 plain",
    "svc-waitfile -t 1 -d new",
    "svc-caps -b -sys_time,-kill",
    "svc-caps -a net_bind_service",
    "svc-caps -i chown,net_raw",
    "svc-caps -a none",
    "svc-caps -b none",
    "svc-expand",
    "svc-env E=$A",
    "svc-env E=${A}x",
    "svc-expand --shell-defaults",
    "svc-umask 027",
    "svc-umask 0",
    "svc-umask 7777",
];

fn main(mut args: Args) -> Result<Next> {
    let (mut seed, mut count) = (1, 100);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-s" => seed = args.value("seed")?,
            "-n" => count = args.value("count")?,
            _ => return Err(unknown(&option)),
        }
    }
    let (links, dir) = (args.operand("directory of links")?, args.operand("directory")?);
    let work = Work { links: links.into(), top: dir.into() };
    let mut random = Random::new(seed);
    let (mut same, mut ran) = (0, 0);
    for number in 0..count {
        let chain = random_chain(&mut random);
        let unfused = work.run(&chain, How::Apart)?;
        ran += u32::from(unfused.is_some());
        for how in [How::Words, How::File] {
            let fused = work.run(&chain, how)?;
            if fused != unfused {
                print(&difference(&chain, number, how, &unfused, &fused));
                return Ok(Next::Exit(1));
            }
        }
        same += 1;
    }
    print(&format!("{same} chains are the same; {ran} came to their end\n"));
    Ok(Next::Exit(0))
}

/// One to eight links, a string each.
fn random_chain(random: &mut Random) -> Vec<&'static str> {
    (0..=random.below(8)).map(|_| random.one_of(LINKS)).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Each link is executed.
    Apart,
    /// svc-chain -c
    Words,
    /// svc-chain FILE
    File,
}

struct Work {
    links: PathBuf,
    /// Emptied for each chain, which begins in a directory in it.
    top: PathBuf,
}

impl Work {
    /// What the process at the end shows; none if the chain did not come to it.
    fn run(&self, chain: &[&str], how: How) -> Result<Option<String>> {
        let dir = self.top.join("in");
        self.reset(&dir).unable(format_args!("make {} anew", dir.display()))?;
        let last = self.links.join("process").into_os_string();
        let mut words: Vec<OsString> = Vec::new();
        for link in chain {
            let word = |word| if word == "IN" { dir.clone().into() } else { OsString::from(word) };
            words.extend(link.split(' ').map(word));
        }
        words.push(last.clone());
        match how {
            How::Apart => {}
            How::Words => drop(words.splice(0..0, ["svc-chain", "-c"].map(OsString::from))),
            How::File => {
                let links = chain.join("\n").replace("IN", &dir.display().to_string());
                let text = format!("{links}\n'{}'\n", last.display());
                fs::write(dir.join("chain"), text).unable("write a chain")?;
                words = vec!["svc-chain".into(), "chain".into()];
            }
        }
        let ended = self.spawn(&dir, &words)?;
        if ended != Ended::Exited(0) {
            return Ok(None);
        }
        let seen = fs::read(dir.join("seen")).unable("read what was seen")?;
        Ok(Some(String::from_utf8_lossy(&seen).into_owned()))
    }

    fn reset(&self, dir: &Path) -> std::io::Result<()> {
        match fs::remove_dir_all(&self.top) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            Err(_) | Ok(()) => {}
        }
        fs::create_dir_all(dir.join("sub"))?;
        fs::create_dir(dir.join("env"))?;
        for (name, text) in [
            ("plain", "text\n"),
            ("vars", "A=from vars\nC='quoted'\n"),
            ("env/A", "from env\nmore\n"),
            ("env/D", ""),
            ("lock", ""),
        ] {
            fs::write(dir.join(name), text)?;
        }
        // Whoever a link makes of us can make files here.
        fs::set_permissions(&self.top, fs::Permissions::from_mode(0o777))?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o777))
    }

    fn spawn(&self, dir: &Path, words: &[OsString]) -> Result<Ended> {
        let dir = open_dir(CWD, dir).unable("open the directory")?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
        let open = |name: &str, flags| openat(&dir, name, flags, Mode::from_raw_mode(0o666));
        let seen = open("seen", flags).unable("make seen")?;
        let null = open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC).unable("open /dev/null")?;
        let odd =
            open("plain", OFlags::RDWR | OFlags::APPEND | OFlags::CLOEXEC).unable("open plain")?;
        let fds = [(0, null.as_fd()), (1, seen.as_fd()), (2, null.as_fd()), (5, odd.as_fd())];
        let name = words.first().map(OsString::as_os_str).unwrap_or_default();
        let path = self.links.join(name);
        let child = Child {
            path: &CString::new(path.as_os_str().as_bytes()).unwrap_or_default(),
            argv: &Argv::new(words.iter().cloned()).unable("start a chain")?,
            directory: Some(dir.as_fd()),
            fds: &fds,
            kept: None,
            open_files: None,
            group: Group::Parents,
            blocked: Blocked::None,
            sharing: Sharing::Vfork,
        };
        let spawned = child.spawn(&mut NoHooks).unable("start a chain")?;
        wait_for(spawned.pid).unable("wait for a chain")
    }
}

fn difference(
    chain: &[&str],
    number: u32,
    how: How,
    unfused: &Option<String>,
    fused: &Option<String>,
) -> String {
    let head = format!("chain {number}: {}\n", chain.join(" "));
    let (Some(unfused), Some(fused)) = (unfused, fused) else {
        let end = |seen: &Option<String>| if seen.is_some() { "succeeds" } else { "fails" };
        return format!("{head}apart it {}, with {how:?} it {}\n", end(unfused), end(fused));
    };
    let missing = |from: &str, there: &str, sign: char| {
        let lines = from.lines().filter(|line| !there.lines().any(|other| other == *line));
        lines.fold(String::new(), |all, line| format!("{all}{sign} {line}\n"))
    };
    format!("{head}{}{}", missing(unfused, fused, '-'), missing(fused, unfused, '+'))
}
