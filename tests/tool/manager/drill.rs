//! The drill itself: a tree, its manager, transactions and kills.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use bins::manager::request::{Request, RequestId, Verb};
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::signals::Signals;
use common::os::{clock, file};
use common::prelude::*;
use common::program::print;
use common::sys::signal::kill;
use common::sys::wait::{Ended, Which, peek, reap, wait_for};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::CWD;
use rustix::process::{Pid, getpid, set_child_subreaper};

use super::client::{self, Client, Told, spawn};
use super::graph::Services;
use super::instance::{FAULTS, OVER, UNKNOWN, UNSTEADY, append};
use super::judge::Judge;
use super::model::Model;
use super::options::{GENERATIONS, HELP, Options, read};
use super::victims::{self, TARGETS, Target, manager};
use crate::drill::{processes, tell};
use crate::files::{SEEN, appender};
use crate::random::Random;
use crate::tree::{make_dir, write};

pub(crate) const PROGRAM: Program = Program { name: "manager-drill", help: HELP, main };

/// How often is looked, ms.
const LOOK: u64 = 5;
/// What is asked for, and how often of a hundred times.
const VERBS: [(Verb, u64); 6] = [
    (Verb::Up, 38),
    (Verb::Down, 25),
    (Verb::Restart, 20),
    (Verb::Once, 6),
    (Verb::Apply, 8),
    (Verb::Look, 3),
];
/// How many services are named: one of these.
const NAMED: [u64; 5] = [1, 1, 2, 3, 6];
/// How many requests at most are under way at the same time: one of these.
const AT_ONCE: [usize; 4] = [1, 1, 2, 4];
/// How many transactions without kills show whether the manager grows, after as many that warm it.
const CALM: u64 = 20;
/// How many KiB it may grow by then: what malloc likes. Descriptors: one for each generation in use.
const GROWTH: u64 = 512;

struct Drill {
    options: Options,
    services: Services,
    signals: Signals,
    random: Random,
    messages: OwnedFd,
    scan: Option<Pid>,
    scan_may_end: bool,
    clients: Vec<Client>,
    model: Model,
    begun: u64,
    /// How many had been begun when a client was killed, whose request may come later than it.
    loose: Option<u64>,
    next_kill: Option<Boot>,
    kills: BTreeMap<Target, usize>,
    told: [usize; 4],
    faults: Vec<String>,
}

fn main(args: Args) -> Result<Next> {
    let options = read(args)?;
    let signals = Signals::take(&[Signal::CHLD]).unable("read signals")?;
    set_child_subreaper(Some(getpid())).unable("become a subreaper")?;
    let mut random = Random::new(options.seed);
    make_dir(&options.root)?;
    for below in ["run", "run/scan", "log", "clients"] {
        make_dir(&options.root.join(below))?;
    }
    let root = file::open_dir(CWD, options.root.as_path()).unable("open the directory")?;
    let mut drill = Drill {
        messages: appender(&root, "messages")?,
        services: Services::new(options.services, &mut random),
        options,
        signals,
        random,
        scan: None,
        scan_may_end: false,
        clients: Vec::new(),
        model: Model::default(),
        begun: 0,
        loose: None,
        next_kill: None,
        kills: BTreeMap::new(),
        told: [0; 4],
        faults: Vec::new(),
    };
    drill.make()?;
    drill.run()
}

impl Drill {
    fn make(&mut self) -> Result<()> {
        for generation in 0..GENERATIONS {
            self.compile(generation)?;
        }
        for service in self.services.all.iter().filter(|service| !service.is_steady) {
            let path = format!("log/{}.{UNSTEADY}", service.tag);
            write(&self.options.root.join(path), "", 0o644)?;
        }
        if self.options.kill_scan {
            write(&self.options.root.join("log").join(UNKNOWN), "", 0o644)?;
        }
        let root = &self.options.root;
        let dir = root.join("run/scan/svc-managerd");
        make_dir(&dir)?;
        let (bin, root) = (self.options.bin.display(), root.display());
        let run = format!(
            "#!/bin/sh\nexec '{bin}/svc-managerd' --dir '{root}/run' --generations '{root}/lib'\n"
        );
        let tool = rustix::fs::readlink("/proc/self/exe", Vec::new()).unable("find the tool")?;
        write(&dir.join("run"), &run, 0o755)?;
        write(&dir.join("finish"), &format!("#!{} told\n", tool.to_string_lossy()), 0o755)?;
        for (name, value) in [("restart-delay", "20"), ("restart-delay-max", "100")] {
            write(&dir.join(name), value, 0o644)?;
        }
        Ok(())
    }

    /// Makes a generation; by chance it may have conflicts that are refused: then it has none.
    fn compile(&self, generation: usize) -> Result<()> {
        let Options { root, bin, .. } = &self.options;
        let dir = root.join(format!("etc{generation}"));
        for with_conflicts in [true, false] {
            make_dir(&dir)?;
            self.services.write(generation, &dir, &root.join("log"), with_conflicts)?;
            let mut words: Vec<OsString> = vec!["svc-compile".into()];
            words.extend(["--output".into(), root.join("lib").into_os_string()]);
            words.extend(["--programs".into(), bin.clone().into_os_string()]);
            words.push(dir.join("services").into_os_string());
            let output = file::open_dir(CWD, root.as_path()).unable("open the directory")?;
            let output = appender(&output, "compiled")?;
            let compiler = spawn(&bin.join("svc-compile"), words, output.as_fd())?;
            if wait_for(compiler).unable("wait for svc-compile")? == Ended::Exited(0) {
                return Ok(());
            }
            std::fs::remove_dir_all(&dir).unable("remove a directory")?;
        }
        Err(Error::system("svc-compile refuses the services: see compiled"))
    }

    fn run(&mut self) -> Result<Next> {
        self.start_scan()?;
        self.until("a manager", |drill| manager(&drill.options.root).is_some())?;
        self.transact(self.options.transactions, true)?;
        self.settle("after the kills")?;
        self.transact(CALM, false)?;
        self.settle("after some calm")?;
        let before = self.size();
        self.transact(CALM, false)?;
        self.settle("at the end")?;
        self.compare(before, self.size());
        self.stop()?;
        self.read_faults();
        let code = print(&self.text());
        Ok(Next::Exit(if self.faults.is_empty() { code } else { 1 }))
    }

    fn start_scan(&mut self) -> Result<()> {
        let path = self.options.bin.join("svc-scan");
        let words = vec!["svc-scan".into(), self.options.root.join("run/scan").into_os_string()];
        self.scan = Some(spawn(&path, words, self.messages.as_fd())?);
        Ok(())
    }

    /// Asks for so much, one after the other or at the same time, until all is answered.
    fn transact(&mut self, count: u64, kills: bool) -> Result<()> {
        self.next_kill = (kills && self.options.rate > 0).then(clock::boot);
        let end = self.begun + count;
        while self.begun < end {
            let at_once = self.random.one_of(&AT_ONCE);
            while self.clients.len() < at_once && self.begun < end {
                self.ask()?;
            }
            let left = at_once / 2;
            self.until("an answer to each request", |drill| drill.clients.len() <= left)?;
            if !self.faults.is_empty() {
                break;
            }
        }
        self.until("an answer to each request", |drill| drill.clients.is_empty())?;
        self.next_kill = None;
        Ok(())
    }

    fn ask(&mut self) -> Result<()> {
        let request = self.request();
        self.begun += 1;
        let Options { root, bin, .. } = &self.options;
        let mut client = match self.random.below(2) {
            0 => Client::fifo(self.random_id(), self.begun, request),
            _ => {
                let patient = self.random.below(4) > 0;
                Client::change(root, bin, self.begun, request, patient)?
            }
        };
        self.clients.iter_mut().for_each(|other| other.alone = false);
        self.model.take(client::answers(&self.options.root));
        let is_quiet = self.loose.is_none() && self.model.open().is_empty();
        client.alone = is_quiet && self.clients.is_empty();
        self.clients.push(client);
        Ok(())
    }

    fn random_id(&mut self) -> RequestId {
        RequestId::new(std::array::from_fn(|_| self.random.below(256) as u8))
    }

    fn request(&mut self) -> Request {
        let mut chance = self.random.below(100);
        let mut verb = Verb::Up;
        for (what, share) in VERBS {
            verb = what;
            if chance < share {
                break;
            }
            chance -= share;
        }
        let mut names = Vec::new();
        if verb == Verb::Apply {
            names.push((1 + self.random.below(GENERATIONS as u64)).to_string());
        } else if verb.takes_names() {
            let all = match self.random.below(4) {
                0 => self.services.all_names(),
                _ => self.services.steady_names(),
            };
            for _ in 0..self.random.one_of(&NAMED) {
                let index = self.random.below(all.len() as u64) as usize;
                names.extend(all.get(index).filter(|name| !names.contains(name)).cloned());
            }
        }
        let with_dependents = verb == Verb::Down && self.random.below(4) > 0;
        Request { verb, with_dependents, confirm: None, no_test: false, names }
    }

    /// Lets time pass; whoever dies meanwhile is reaped, and somebody is killed when it is time.
    fn pass(&mut self, due: Boot) -> Result<()> {
        loop {
            self.reap()?;
            self.look();
            if self.next_kill.is_some_and(|at| at <= clock::boot()) {
                self.kill_one();
                let mean = 1000 / self.options.rate.max(1);
                self.next_kill = Some(clock::boot().after(self.random.below(2 * mean + 1)));
            }
            if clock::boot() >= due {
                return Ok(());
            }
            let soon = due.min(clock::boot().after(LOOK));
            let mut fds = [PollFd::new(&self.signals, PollFlags::IN)];
            // Interrupted or not: the time decides.
            let _ = poll(&mut fds, clock::until(Some(soon)).as_ref());
            while self.signals.next().is_some() {}
        }
    }

    /// Waits until something holds; that it does not come is a fault.
    fn until(&mut self, what: &str, holds: impl Fn(&Drill) -> bool) -> Result<()> {
        let end = clock::boot().after(self.options.patience * 1000);
        while !holds(self) {
            if clock::boot() > end {
                self.faults.push(format!("not in time: {what}"));
                let requests = self.clients.iter().map(|client| client.request.pack());
                self.faults.extend(requests.map(|request| format!("no answer: {request}")));
                self.clients.clear();
                return Ok(());
            }
            self.pass(clock::boot().after(LOOK))?;
        }
        Ok(())
    }

    fn reap(&mut self) -> Result<()> {
        while let Ok(Some((pid, ended))) = peek(Which::Any) {
            // It was peeked at: it is there.
            let _ = reap(pid);
            self.clients.iter_mut().for_each(|client| client.reaped(pid, ended));
            if self.scan == Some(pid) {
                self.scan = None;
                if self.scan_may_end && ended == Ended::Exited(0) {
                    continue;
                }
                if ended != Ended::Killed(9) || !self.options.kill_scan {
                    self.faults.push(format!("svc-scan ended by itself: {ended:?}"));
                }
                self.start_scan()?;
            }
        }
        Ok(())
    }

    /// Who has an answer by now?
    fn look(&mut self) {
        let root = self.options.root.clone();
        let mut clients = std::mem::take(&mut self.clients);
        clients.retain_mut(|client| {
            let (kind, fault) = match client.look(&root) {
                Told::Nothing => return true,
                Told::Answer(code, id) => {
                    self.model.take(client::answers(&root));
                    let known = id.and_then(|id| self.model.code(&id));
                    let differs = known.is_some_and(|known| known != code);
                    let text = format!("{code} was told, and {known:?} is on file");
                    if self.loose.is_some_and(|before| before < client.number) {
                        self.loose = None;
                    }
                    if code == 0 && client.alone {
                        let untrue = self.judge().untrue(&client.request);
                        self.faults.extend(untrue);
                    }
                    (usize::from(code > 1) + usize::from(code > 0), differs.then_some(text))
                }
                Told::Lost(why) => (2, Some(why)),
                Told::Killed => {
                    self.loose = Some(self.begun);
                    (3, None)
                }
            };
            self.told[kind] += 1;
            self.faults.extend(fault.map(|text| format!("{}: {text}", client.request.pack())));
            false
        });
        self.clients = clients;
    }

    fn kill_one(&mut self) {
        for _ in 0..10 {
            let mut chance = self.random.below(100);
            for (target, share) in TARGETS {
                if chance < share {
                    if self.kill(target) {
                        *self.kills.entry(target).or_default() += 1;
                        return;
                    }
                    break;
                }
                chance -= share;
            }
        }
    }

    fn kill(&mut self, target: Target) -> bool {
        let root = &self.options.root;
        match target {
            Target::Manager => manager(root).is_some_and(|pid| kill(pid, false, 9).is_ok()),
            Target::Oneshot => victims::kill_oneshot(root, &mut self.random),
            Target::Supervisor => victims::kill_supervisor(root, &mut self.random),
            Target::Change => {
                let victims = self.clients.iter_mut().filter_map(Client::victim);
                let mut victims: Vec<_> = victims.collect();
                let index = self.random.below(victims.len() as u64) as usize;
                let Some((pid, killed)) = victims.get_mut(index) else { return false };
                **killed = kill(*pid, false, 9).is_ok();
                **killed
            }
            Target::Scan if self.options.kill_scan => {
                self.scan.is_some_and(|pid| kill(pid, false, 9).is_ok())
            }
            Target::Scan => false,
        }
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            dir: &self.options.root,
            services: &self.services,
            model: &self.model,
            unknown_allowed: self.options.kill_scan,
        }
    }

    /// Nothing is killed for now: soon what is wanted is what there is.
    fn settle(&mut self, when: &str) -> Result<()> {
        let end = clock::boot().after(self.options.patience * 1000);
        loop {
            self.pass(clock::boot().after(50))?;
            self.model.take(client::answers(&self.options.root));
            let faults = self.judge().at_rest();
            if faults.is_empty() || clock::boot() > end {
                self.faults.extend(faults.into_iter().map(|fault| format!("{when}: {fault}")));
                return Ok(());
            }
        }
    }

    /// The manager, its descriptors and how much memory it has, KiB.
    fn size(&self) -> Option<(Pid, usize, u64)> {
        let pid = manager(&self.options.root)?;
        let proc = PathBuf::from(format!("/proc/{}", pid.as_raw_pid()));
        let fds = std::fs::read_dir(proc.join("fd")).ok()?.count();
        let status = std::fs::read_to_string(proc.join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some((pid, fds, line.trim().strip_suffix(" kB")?.parse().ok()?))
    }

    fn compare(&mut self, before: Option<(Pid, usize, u64)>, after: Option<(Pid, usize, u64)>) {
        let (Some((old, fds, rss)), Some((new, fds_now, rss_now))) = (before, after) else {
            return self.faults.push("the manager is gone".to_owned());
        };
        if old != new {
            self.faults.push("the manager is another one, and nobody has killed it".to_owned());
        }
        if fds_now > fds + GENERATIONS || rss_now > rss + GROWTH {
            let text = format!("grown: {fds} to {fds_now} descriptors, {rss} to {rss_now} KiB");
            self.faults.push(text);
        }
    }

    /// Ends the tree; then nothing may be left.
    fn stop(&mut self) -> Result<()> {
        write(&self.options.root.join("log").join(OVER), "", 0o644)?;
        self.scan_may_end = true;
        let control = self.options.root.join("run/scan/.svc-scan/control");
        self.until("somebody ends the tree", |_| tell(&control, b"t"))?;
        self.until("svc-scan has ended", |drill| drill.scan.is_none())?;
        self.until("nothing is left", |_| processes(false).is_empty())?;
        for (pid, name) in processes(false) {
            self.faults.push(format!("left behind: {name}, pid {pid}"));
            if let Some(pid) = Pid::from_raw(pid) {
                // It may have ended meanwhile.
                let _ = kill(pid, false, 9);
            }
        }
        Ok(())
    }

    /// What the services have noticed, and how managers have ended.
    fn read_faults(&mut self) {
        let root = &self.options.root;
        let text = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        self.faults.extend(text(root.join("log").join(FAULTS)).lines().map(str::to_owned));
        let seen = text(root.join("run/scan/svc-managerd").join(SEEN));
        let mut deaths = seen.lines().peekable();
        while let Some(death) = deaths.next() {
            let is_last = deaths.peek().is_none();
            let is_right = death.ends_with(" signal=KILL")
                || death.ends_with(" exit=unknown") && self.options.kill_scan
                || is_last && death.ends_with(" exit=0");
            if !is_right {
                self.faults.push(format!("a manager ended by itself: {death}"));
            }
        }
        let messages = text(root.join("messages"));
        // A svc-oneshot may have been too late; it is started again.
        let is_fatal = |line: &&str| line.contains(": fatal: ") && !line.starts_with("svc-oneshot");
        let fatal = messages.lines().filter(is_fatal);
        self.faults.extend(fatal.map(str::to_owned));
        // For whoever looks at the directory afterwards.
        let _ = append(&root.join("seed"), &self.options.seed.to_string());
    }

    fn text(&self) -> String {
        let mut text: String =
            self.faults.iter().map(|fault| format!("fault: {fault}\n")).collect();
        let kills: Vec<String> =
            self.kills.iter().map(|(target, n)| format!("{n} {}", target.name())).collect();
        let [done, refused, lost, killed] = self.told;
        let (faults, begun, accepted) = (self.faults.len(), self.begun, self.model.len());
        text += &format!(
            "{faults} faults; {begun} transactions, {accepted} accepted: {done} done, {refused} \
             answered no, {lost} lost, {killed} clients killed or without a manager\nkilled: {}; seed {}\n",
            kills.join(", "),
            self.options.seed
        );
        text
    }
}
