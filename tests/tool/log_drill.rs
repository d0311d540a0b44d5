//! The drill of a logger: floods write to fifos, the logger is killed over and over, and each line
//! that it leaves is verified.

use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::fifo::{self, Ends};
use common::os::signals::Signals;
use common::os::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use common::os::{clock, exec};
use common::prelude::*;
use common::program::print;
use common::sys::exec::Argv;
use common::sys::signal::kill;
use common::sys::wait::{Ended, Which, peek, reap, wait_for};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, Mode};
use rustix::io::ioctl_fionread;
use rustix::process::Pid;

use super::random::Random;

pub(crate) const PROGRAM: Program = Program {
    name: "log-drill",
    help: "[OPTION...] DIR LOGGER [ARGUMENT...]
Floods a fifo in the new directory DIR, whose end LOGGER reads; it is to log to DIR/log. Kills it over
and over and starts it again at once. Says what became of the lines.
  --services N  LOGGER is one for many: it finds the fifos DIR/fifos/1 to N, and is to log to DIR/log/1
                to N. (0: as above)
  --early MS    the directory DIR/log is not made until then
  --seconds S   for how long (10)
  --rate N      kills per second (20); 0: none
  --writers N   how many write (1)
  --block N     how much at a time (65536); 0: a line each
  --length N    of a line, about (120)
  --pause MS    between two pieces (0)
  --seed N      for the same again
",
    main,
};

/// A logger that is not killed does not end. One that can't start would do so for ever.
const MOST_FAULTS: u64 = 20;

struct Options {
    seconds: u64,
    rate: u64,
    writers: u64,
    block: u64,
    length: u64,
    pause: u64,
    services: u64,
    early: u64,
    seed: u64,
    dir: PathBuf,
    logger: Vec<OsString>,
}

fn read(mut args: Args) -> Result<Options> {
    let (seed, dir) = (clock::wall().0 / 1000, PathBuf::new());
    let mut options = Options {
        seconds: 10,
        rate: 20,
        writers: 1,
        block: 65_536,
        length: 120,
        pause: 0,
        services: 0,
        early: 0,
        seed,
        dir,
        logger: Vec::new(),
    };
    while let Some(option) = args.option()? {
        let number = match option.as_str() {
            "--seconds" => &mut options.seconds,
            "--rate" => &mut options.rate,
            "--writers" => &mut options.writers,
            "--block" => &mut options.block,
            "--length" => &mut options.length,
            "--pause" => &mut options.pause,
            "--services" => &mut options.services,
            "--early" => &mut options.early,
            "--seed" => &mut options.seed,
            _ => return Err(common::base::args::unknown(&option)),
        };
        *number = args.value("number")?;
    }
    options.dir = std::path::absolute(args.operand("directory")?).unable("find the directory")?;
    options.logger = args.operands("logger")?;
    Ok(options)
}

impl Options {
    /// What is written to, below DIR.
    fn fifos(&self) -> Vec<PathBuf> {
        self.each("in", "fifos")
    }

    /// Where that is logged to.
    fn logs(&self) -> Vec<PathBuf> {
        self.each("log", "log")
    }

    fn each(&self, one: &str, many: &str) -> Vec<PathBuf> {
        let many = self.dir.join(many);
        match self.services {
            0 => vec![self.dir.join(one)],
            services => (1..=services).map(|n| many.join(n.to_string())).collect(),
        }
    }
}

struct Drill {
    options: Options,
    signals: Signals,
    random: Random,
    /// Both ends of the fifos: what is in them outlives everybody.
    held: Vec<OwnedFd>,
    logger: Option<Pid>,
    writers: Vec<Pid>,
    checker: Option<Pid>,
    /// When there is a directory for logs.
    log_at: Boot,
    kills: u64,
    faults: u64,
}

fn main(args: Args) -> Result<Next> {
    let options = read(args)?;
    let signals = Signals::take(&[Signal::CHLD, Signal::TERM]).unable("read signals")?;
    std::fs::create_dir(&options.dir).unable("make the directory")?;
    std::fs::create_dir(options.dir.join("fifos")).unable("make the directory")?;
    let hold = |path: PathBuf| {
        fifo::make(CWD, &path, Mode::RUSR | Mode::WUSR).unable("make a fifo")?;
        fifo::open(CWD, &path, Ends::Both).unable("open a fifo")
    };
    let held = options.fifos().into_iter().map(hold).collect::<Result<_>>()?;
    let random = Random::new(options.seed);
    let log_at = clock::boot().after(options.early);
    let (logger, writers) = (None, Vec::new());
    let (checker, kills, faults) = (None, 0, 0);
    let mut drill =
        Drill { options, signals, random, held, logger, writers, checker, log_at, kills, faults };
    let result = drill.run();
    if result.is_err() {
        // Nobody else would end them.
        for pid in drill.writers.iter().chain(&drill.logger).chain(&drill.checker) {
            let _ = kill(*pid, false, 9);
        }
    }
    result
}

impl Drill {
    fn run(&mut self) -> Result<Next> {
        let stop = self.options.dir.join("stop");
        let is_early = self.options.early > 0;
        if !is_early {
            self.make_log()?;
            self.check(&stop)?;
        }
        for id in 0..self.options.writers {
            let Options { seconds, block, length, pause, .. } = self.options;
            let numbers = [seconds, block, id, length, pause];
            let mut words = vec![OsString::from("flood")];
            words.extend(numbers.map(|number| number.to_string().into()));
            words.extend(self.options.fifos().into_iter().map(PathBuf::into_os_string));
            let writer = self.own(&words)?;
            self.writers.push(writer);
        }
        self.start()?;
        while !self.writers.is_empty() {
            let mean = 1000 / self.options.rate.max(1);
            let gap = self.random.below(2 * mean + 1);
            self.pass(clock::boot().after(gap))?;
            if clock::boot() >= self.log_at {
                self.make_log()?;
            }
            if let Some(logger) = self.logger.filter(|_| self.options.rate > 0) {
                // A dead child that was not reaped can be killed, too.
                let _ = kill(logger, false, 9);
                self.kills += 1;
            }
        }
        self.make_log()?;
        self.end()?;
        std::fs::write(&stop, "").unable("stop the checker")?;
        if is_early {
            // One that removes archives while they are being moved would have them moved again.
            self.check(&stop)?;
        }
        let Some(checker) = self.checker else { return Ok(Next::Exit(1)) };
        let verdict = wait_for(checker).unable("wait for the checker")?;
        print(&format!("{} kills, {} other faults\n", self.kills, self.faults));
        let is_good = verdict == Ended::Exited(0) && self.faults == 0;
        Ok(Next::Exit(if is_good { 0 } else { 1 }))
    }

    fn make_log(&self) -> Result<()> {
        std::fs::create_dir_all(self.options.dir.join("log")).unable("make the directory")
    }

    /// Starts the checker.
    fn check(&mut self, stop: &Path) -> Result<()> {
        let mut words = vec!["check".into(), stop.into(), self.options.writers.to_string().into()];
        words.extend(self.options.logs().into_iter().map(PathBuf::into_os_string));
        self.checker = Some(self.own(&words)?);
        Ok(())
    }

    /// Lets the logger take what is left, and ends it in order.
    fn end(&mut self) -> Result<()> {
        while self.held.iter().any(|fifo| ioctl_fionread(fifo).unwrap_or(0) > 0) {
            self.pass(clock::boot().after(5))?;
        }
        while let Some(logger) = self.logger {
            kill(logger, false, Signal::TERM.number()).unable("end the logger")?;
            let ended = wait_for(logger).unable("wait for the logger")?;
            self.logger = None;
            match ended {
                // It was killed before, or had not come so far as to listen.
                Ended::Killed(9 | 15) => self.start()?,
                Ended::Exited(0) => {}
                Ended::Exited(_) | Ended::Killed(_) => self.faults += 1,
            }
        }
        Ok(())
    }

    /// Lets time pass; a logger that has died is started again.
    fn pass(&mut self, due: Boot) -> Result<()> {
        loop {
            while let Ok(Some((pid, ended))) = peek(Which::Any) {
                // It was peeked at: it is there.
                let _ = reap(pid);
                self.writers.retain(|writer| *writer != pid);
                if self.logger == Some(pid) {
                    if ended != Ended::Killed(9) {
                        print(&format!("the logger ended by itself: {ended:?}\n"));
                        self.faults += 1;
                    }
                    if self.faults > MOST_FAULTS {
                        return Err(Error::system("the logger ends by itself, over and over"));
                    }
                    self.start()?;
                }
            }
            if clock::boot() >= due || self.writers.is_empty() {
                return Ok(());
            }
            let mut fds = [PollFd::new(&self.signals, PollFlags::IN)];
            // Interrupted or not: the time decides.
            let _ = poll(&mut fds, clock::until(Some(due)).as_ref());
            while let Some(signal) = self.signals.next() {
                if signal == Signal::TERM {
                    return Err(Error::system("told to end"));
                }
            }
        }
    }

    fn start(&mut self) -> Result<()> {
        let words = self.options.logger.clone();
        if self.options.services > 0 {
            self.logger = Some(spawn(&words, &[])?);
            return Ok(());
        }
        let input = self.options.dir.join("in");
        let input = fifo::open(CWD, &input, Ends::Read).unable("open the fifo")?;
        fifo::set_blocking(&input).unable("open the fifo")?;
        self.logger = Some(spawn(&words, &[(0, input.as_fd())])?);
        Ok(())
    }

    fn own(&self, words: &[OsString]) -> Result<Pid> {
        let mut command = vec![OsString::from("/proc/self/exe")];
        command.extend_from_slice(words);
        spawn(&command, &[])
    }
}

fn spawn(words: &[OsString], fds: &[(RawFd, BorrowedFd<'_>)]) -> Result<Pid> {
    let name: &OsStr = words.first().map_or(OsStr::new(""), |word| word);
    let path = exec::find(name).unwrap_or_default();
    let path = CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    let child = Child {
        path: &path,
        argv: &Argv::new(words.iter().cloned()).unable("start a child")?,
        directory: None,
        fds,
        kept: None,
        open_files: None,
        group: Group::Parents,
        blocked: Blocked::None,
        sharing: Sharing::Vfork,
    };
    let spawned = child.spawn(&mut NoHooks).unable("start a child")?;
    match spawned.failed {
        Some(e) => Err(e).unable(format_args!("run {}", name.display())),
        None => Ok(spawned.pid),
    }
}
