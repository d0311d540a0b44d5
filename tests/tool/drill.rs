//! The drill: a tree of services, in which everything but the services is killed at random.

use std::ffi::{CString, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::fifo::{self, Ends};
use common::os::process::Identity;
use common::os::signals::Signals;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::os::{clock, file};
use common::prelude::*;
use common::sys::exec::Argv;
use common::sys::fork::fork;
use common::sys::signal::kill;
use common::sys::wait::{Ended, Which, peek, reap};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::process::{Pid, getpid, set_child_subreaper};

use super::files;
use super::judge::Verdict;
use super::random::Random;
use super::script::Script;
use super::tree::{self, Tree};

pub(crate) const PROGRAM: Program = Program {
    name: "drill",
    help: "[OPTION...] DIR
Makes a tree of services in the new directory DIR, starts it, kills supervisors and loggers in it,
ends it in order and judges: prints a line for each fault, then what there was.
  --bin BIN         where svc-scan is
  --services N      how many (20)
  --short N         every Nth of them ends by itself, over and over (3)
  --seconds S       for how long (10)
  --rate N          kills per second (10)
  --spare-loggers   only the supervisors of services are killed
  --root            svc-scan is killed as well, and started again
  --reexec MS       every so often all supervisors and svc-scan are told to reexec
  --script NAME     not at random: supervise, adopt or scan, while BIN sees to it that something dies
  --process-1       svc-scan becomes process 1: only as the first process of a pid namespace
  --seed N          for the same again
",
    main,
};

/// How long the tree may take for what it has to do when nobody disturbs it, ms.
const PATIENCE: u64 = 180_000;
/// How soon after its start svc-scan is killed, at first, ms: it is starting supervisors then.
const EARLY: u64 = 40;

struct Options {
    dir: PathBuf,
    bin: OsString,
    services: u64,
    short: u64,
    seconds: u64,
    rate: u64,
    spare_loggers: bool,
    root: bool,
    reexec: Option<u64>,
    script: Option<Script>,
    process_1: bool,
    seed: u64,
}

fn read(mut args: Args) -> Result<Options> {
    let mut options = Options {
        dir: PathBuf::new(),
        bin: OsString::new(),
        services: 20,
        short: 3,
        seconds: 10,
        rate: 10,
        spare_loggers: false,
        root: false,
        reexec: None,
        script: None,
        process_1: false,
        seed: clock::wall().0 / 1000,
    };
    while let Some(option) = args.option()? {
        match option.as_str() {
            "--bin" => options.bin = args.raw_value()?,
            "--services" => options.services = args.value("number")?,
            "--short" => options.short = args.value("number")?,
            "--seconds" => options.seconds = args.value("number")?,
            "--rate" => options.rate = args.value("number")?,
            "--spare-loggers" => options.spare_loggers = true,
            "--root" => options.root = true,
            "--reexec" => options.reexec = Some(args.value("number")?),
            "--script" => {
                let name: String = args.value("script")?;
                options.script = Script::parse(&name);
                options.script.ok_or_else(|| Error::user("no such script"))?;
            }
            "--process-1" => options.process_1 = true,
            "--seed" => options.seed = args.value("number")?,
            _ => return Err(common::base::args::unknown(&option)),
        }
    }
    options.dir = std::path::absolute(args.operand("directory")?).unable("find the directory")?;
    args.end()?;
    Ok(options)
}

fn main(args: Args) -> Result<Next> {
    let options = read(args)?;
    if options.process_1 && getpid() != Pid::INIT {
        return Err(Error::user("--process-1 is for the first process of a pid namespace"));
    }
    let tree = Tree::make(&options.dir, options.services, options.short)?;
    if !options.process_1 {
        return Drill::begin(options, tree)?.run();
    }
    let scan = vec![svc_scan(&options).into_os_string(), tree.dir.clone().into_os_string()];
    let mut drill = Drill::begin(options, tree)?;
    let mut body = || match drill.run() {
        Ok(Next::Exit(code)) => code,
        Ok(Next::Exec(_)) | Err(_) => 111,
    };
    fork(&mut body).unable("fork")?;
    common::sys::signal::set_mask(&common::sys::signal::Mask::empty());
    Ok(Next::Exec(scan.into()))
}

fn svc_scan(options: &Options) -> PathBuf {
    PathBuf::from(&options.bin).join("svc-scan")
}

pub(crate) struct Drill {
    options: Options,
    pub(crate) tree: Tree,
    signals: Signals,
    random: Random,
    /// svc-scan, if it is our child.
    scan: Option<Pid>,
    /// That svc-scan ends is as it should be.
    scan_may_end: bool,
    messages: OwnedFd,
    kills: [usize; 3],
    reexecs: usize,
    verdict: Verdict,
}

/// What may be killed, and how often of a hundred times.
const TARGETS: [(Target, u64); 4] = [
    (Target::Supervisor, 45),
    (Target::LoggerSupervisor, 20),
    (Target::Logger, 25),
    (Target::Scan, 10),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Supervisor,
    LoggerSupervisor,
    Logger,
    Scan,
}

impl Drill {
    fn begin(options: Options, tree: Tree) -> Result<Drill> {
        let signals = Signals::take(&[Signal::CHLD]).unable("read signals")?;
        if !options.process_1 {
            set_child_subreaper(Some(getpid())).unable("become a subreaper")?;
        }
        let random = Random::new(options.seed);
        let dir = file::open_dir(CWD, tree.dir.as_path()).unable("open the directory")?;
        let messages = files::appender(&dir, ".messages")?;
        Ok(Drill {
            options,
            tree,
            signals,
            random,
            scan: None,
            scan_may_end: false,
            messages,
            kills: [0; 3],
            reexecs: 0,
            verdict: Verdict::default(),
        })
    }

    fn run(&mut self) -> Result<Next> {
        match self.options.script {
            Some(script) => self.play(script)?,
            None => {
                self.start()?;
                self.settle()?;
                self.kill_for(self.options.seconds * 1000)?;
                self.settle()?;
            }
        }
        self.stop()?;
        self.judge();
        let code = common::program::print(&self.text());
        if self.options.process_1 {
            tree::write(&self.tree.dir.join(".svc-scan/finish"), "#!/bin/sh\nexit 0\n", 0o755)?;
            // Process 1 has nothing left to do but this. If it does not listen, the caller has to see.
            tell(&self.tree.dir.join(".svc-scan/control"), b"b");
        }
        Ok(Next::Exit(if self.verdict.faults.is_empty() { code } else { 1 }))
    }

    /// Starts svc-scan; if it may be killed, it is at once, a few times.
    fn start(&mut self) -> Result<()> {
        if self.options.process_1 {
            return Ok(());
        }
        self.start_scan()?;
        let early = if self.options.root { 3 } else { 0 };
        for _ in 0..early {
            let due = clock::boot().after(self.random.below(EARLY));
            self.pass(due)?;
            self.kill(Target::Scan);
        }
        Ok(())
    }

    pub(crate) fn start_scan(&mut self) -> Result<()> {
        let path = svc_scan(&self.options);
        let path = CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
        let words = [OsString::from("svc-scan"), self.tree.dir.clone().into()];
        let spawned = Child {
            path: &path,
            argv: &Argv::new(words).unable("start svc-scan")?,
            directory: None,
            fds: &[(1, self.messages.as_fd()), (2, self.messages.as_fd())],
            kept: None,
            open_files: None,
            group: Group::Session,
            blocked: Blocked::None,
            sharing: Sharing::Vfork,
        }
        .spawn(&mut NoHooks)
        .unable("start svc-scan")?;
        if let Some(e) = spawned.failed {
            return Err(e).unable(format_args!("run {}", path.to_string_lossy()));
        }
        self.scan = Some(spawned.pid);
        Ok(())
    }

    /// Lets time pass; whoever dies meanwhile is reaped, and svc-scan started again.
    fn pass(&mut self, due: Boot) -> Result<()> {
        loop {
            self.reap()?;
            if clock::boot() >= due {
                return Ok(());
            }
            let mut fds = [PollFd::new(&self.signals, PollFlags::IN)];
            // Interrupted or not: the time decides.
            let _ = poll(&mut fds, clock::until(Some(due)).as_ref());
            while self.signals.next().is_some() {}
        }
    }

    /// Reaps all that is dead; says whether there are children left.
    fn reap(&mut self) -> Result<bool> {
        loop {
            match peek(Which::Any) {
                Ok(Some((pid, ended))) => {
                    // It was peeked at: it is there.
                    let _ = reap(pid);
                    if self.scan == Some(pid) {
                        self.scan_ended(ended)?;
                    }
                }
                Ok(None) => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
    }

    fn scan_ended(&mut self, ended: Ended) -> Result<()> {
        self.scan = None;
        if self.scan_may_end && ended == Ended::Exited(0) {
            return Ok(());
        }
        if !self.options.root || ended != Ended::Killed(9) {
            let dir = self.tree.dir.clone();
            self.verdict.fault(&dir, format_args!("svc-scan ended by itself: {ended:?}"));
        }
        self.verdict.begun_again |= self.scan_may_end;
        self.start_scan()
    }

    /// Waits until something holds; that it does not come is a fault.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Drill) -> bool) -> Result<()> {
        let end = clock::boot().after(PATIENCE);
        while !holds(self) {
            if clock::boot() > end {
                let dir = self.tree.dir.clone();
                self.verdict
                    .fault(&dir, format_args!("missing: not in {} s: {what}", PATIENCE / 1000));
                return Ok(());
            }
            self.pass(clock::boot().after(10))?;
        }
        Ok(())
    }

    fn kill_for(&mut self, ms: u64) -> Result<()> {
        let end = clock::boot().after(ms);
        let mean = 1000 / self.options.rate.clamp(1, 1000);
        let mut reexec = self.options.reexec.map(|ms| clock::boot().after(ms));
        while clock::boot() < end {
            let due = clock::boot().after(self.random.below(2 * mean + 1));
            self.pass(due.min(end))?;
            self.kill_one();
            if reexec.is_some_and(|due| due <= clock::boot()) {
                self.reexec();
                reexec = self.options.reexec.map(|ms| clock::boot().after(ms));
            }
        }
        Ok(())
    }

    /// Kills something that lives.
    fn kill_one(&mut self) {
        for _ in 0..50 {
            let mut chance = self.random.below(100);
            for (target, share) in TARGETS {
                if chance < share {
                    if self.kill(target) {
                        return;
                    }
                    break;
                }
                chance -= share;
            }
        }
    }

    /// Kills one of a kind, if the one that chance names lives.
    fn kill(&mut self, target: Target) -> bool {
        let index = self.random.below(self.tree.services.len() as u64) as usize;
        let Some(dir) = self.tree.services.get(index).map(|name| self.tree.dir.join(name)) else {
            return false;
        };
        let (found, count) = match target {
            Target::Supervisor => (tree::supervisor(&dir), 0),
            Target::LoggerSupervisor | Target::Logger if self.options.spare_loggers => {
                return false;
            }
            Target::LoggerSupervisor => (tree::supervisor(&dir.join("log")), 0),
            Target::Logger => (tree::process(&dir.join("log")), 1),
            Target::Scan if self.options.root => {
                self.kills[2] += 1;
                return self.scan.is_some_and(|pid| kill(pid, false, 9).is_ok());
            }
            Target::Scan => return false,
        };
        let killed = found.is_some_and(|Identity { pid, .. }| kill(pid, false, 9).is_ok());
        self.kills[count] += usize::from(killed);
        killed
    }

    fn reexec(&mut self) {
        for dir in self.tree.slots() {
            self.reexecs += usize::from(tell(&dir.join("supervise/control"), b"E"));
        }
        self.reexecs += usize::from(tell(&self.tree.dir.join(".svc-scan/control"), b"E"));
    }

    /// Nothing is killed for now: soon everything must be there.
    pub(crate) fn settle(&mut self) -> Result<()> {
        for dir in self.tree.slots() {
            let what = format!("{} has a process", dir.display());
            self.until(&what, |_| tree::process(&dir).is_some())?;
            let what = format!("{} has a supervisor", dir.display());
            self.until(&what, |_| tree::supervisor(&dir).is_some())?;
        }
        Ok(())
    }

    /// Ends the tree in order; then nothing may be left.
    fn stop(&mut self) -> Result<()> {
        self.until("svc-scan is there", |drill| tree::root(&drill.tree.dir).is_some())?;
        self.scan_may_end = true;
        if self.options.process_1 {
            self.tell_to_end();
            self.until("everything has ended", |drill| {
                processes(drill.options.process_1).is_empty()
            })?;
        } else {
            // One that is killed after it was told has to be told again.
            let told = std::cell::Cell::new(None);
            self.until("svc-scan has ended", |drill| {
                if drill.scan != told.get()
                    && tree::root(&drill.tree.dir).map(|r| r.pid) == drill.scan
                {
                    drill.tell_to_end();
                    told.set(drill.scan);
                }
                drill.scan.is_none()
            })?;
            let end = clock::boot().after(1000);
            while self.reap()? && clock::boot() < end {
                self.pass(clock::boot().after(10))?;
            }
        }
        for (pid, name) in processes(self.options.process_1) {
            let dir = self.tree.dir.clone();
            self.verdict.fault(&dir, format_args!("left behind: {name}, pid {pid}"));
            if let Some(pid) = Pid::from_raw(pid) {
                // It may have ended meanwhile.
                let _ = kill(pid, false, 9);
            }
        }
        Ok(())
    }

    fn tell_to_end(&self) {
        // If nobody listens nothing ends, which is noticed.
        tell(&self.tree.dir.join(".svc-scan/control"), b"t");
    }

    fn judge(&mut self) {
        for name in self.tree.services.clone() {
            self.verdict.judge(&self.tree.dir.join(name), self.options.root);
        }
        let messages = std::fs::read_to_string(self.tree.dir.join(".messages"));
        for line in messages.unwrap_or_default().lines() {
            if line.contains("fatal") {
                let dir = self.tree.dir.clone();
                self.verdict.fault(&dir, line);
            }
        }
    }

    fn text(&self) -> String {
        let [supervisors, loggers, roots] = self.kills;
        format!(
            "{}killed: {supervisors} supervisors, {loggers} loggers, {roots} times svc-scan; told to \
             reexec: {}; seed {}\n",
            self.verdict.text(),
            self.reexecs,
            self.options.seed
        )
    }
}

/// Writes a letter to a control fifo, if somebody reads there.
pub(crate) fn tell(path: &std::path::Path, letter: &[u8]) -> bool {
    let write = || -> rustix::io::Result<usize> {
        rustix::io::write(fifo::open(CWD, path, Ends::Write)?, letter)
    };
    write() == Ok(1)
}

/// All processes below us, or, in a pid namespace, all but process 1; without ourselves and zombies.
pub(crate) fn processes(process_1: bool) -> Vec<(i32, String)> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let stat = Pid::from_raw(pid).ok_or(Errno::SRCH).and_then(common::os::process::stat);
        if let Ok(stat) = stat {
            if !matches!(stat.state, b'Z' | b'X') {
                parents.push((pid, stat.parent));
            }
        }
    }
    let me = getpid().as_raw_pid();
    let top = if process_1 { 1 } else { me };
    let mut below = vec![top];
    let mut i = 0;
    while let Some(pid) = below.get(i).copied() {
        below.extend(parents.iter().filter(|(_, parent)| *parent == pid).map(|(pid, _)| *pid));
        i += 1;
    }
    let name = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    below.retain(|pid| *pid != top && *pid != me);
    below.into_iter().map(|pid| (pid, name(pid).trim_end().to_owned())).collect()
}
