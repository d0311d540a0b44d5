//! A service that counts its instances and its lines, and says how it will end before it does; and
//! the finish script that says what it was told.

use common::base::death::Death;
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::signals::Signals;
use common::os::{clock, file};
use common::prelude::*;
use common::sys::signal::{Mask, kill, set_mask};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::write;
use rustix::process::getpid;

use super::files::{self, COUNT, FAULTS, SEEN, SHORT, TRUTH};
use super::random::Random;

pub(crate) const SERVICE: Program = Program {
    name: "service",
    help: "SCRIPT NAME
A run script: writes numbered lines, 200 a second. With a file `short` it ends by itself; at USR1 it
exits 7.
",
    main: service,
};

pub(crate) const FINISH: Program = Program {
    // Not "finish": a program is also found by the name of the file that was executed.
    name: "told",
    help: "SCRIPT CODE SIGNAL NAME GROUP
A finish script: writes down which death it was told of.
",
    main: finish,
};

/// Between two lines, ms.
const PACE: u64 = 5;
/// How a service ends that was told to.
const TOLD: Death = Death::Exit(0);

/// How it ends at USR1.
pub(crate) const ASKED: Death = Death::Exit(7);

struct Instance {
    name: String,
    number: u64,
    lines: u64,
    signals: Signals,
}

fn service(mut args: Args) -> Result<Next> {
    let _script = args.operand("script")?;
    let name = args.operand("name")?.to_string_lossy().into_owned();
    let signals = Signals::take(&[Signal::TERM, Signal::USR1]).unable("read signals")?;
    let _alone = files::alone("run")?;
    let mut instance = Instance { name, number: next_number()?, lines: 0, signals };
    let pid = getpid().as_raw_pid();
    files::append(TRUTH, &format!("start {} {pid}", instance.number))?;
    let seed = clock::wall().0 ^ pid.unsigned_abs() as u64;
    let mut random = Random::new(seed);
    let short = accessat(CWD, SHORT, Access::EXISTS, AtFlags::empty()).is_ok();
    let end = short.then(|| clock::boot().after(20 + random.below(400)));
    let death = instance.talk(end)?.unwrap_or_else(|| some_death(&mut random));
    files::append(TRUTH, &format!("end {} {pid} {} {death}", instance.number, instance.lines))?;
    Ok(Next::Exit(die(death)))
}

fn next_number() -> Result<u64> {
    let mut buffer = [0; 32];
    let last = file::read_small(CWD, COUNT, &mut buffer).ok();
    let last = last.and_then(|text| std::str::from_utf8(text).ok()?.parse::<u64>().ok());
    let number = last.unwrap_or(0) + 1;
    file::replace(CWD, COUNT, number.to_string().as_bytes()).unable("write count")?;
    Ok(number)
}

impl Instance {
    /// Writes lines until the time has come, or until it is told to end: then it says how.
    fn talk(&mut self, end: Option<Boot>) -> Result<Option<Death>> {
        let mut due = clock::boot();
        loop {
            // Nothing is caught up on for longer than a moment.
            due = due.max(Boot(clock::boot().0.saturating_sub(50))).after(PACE);
            while clock::boot() < due {
                self.wait(false, due);
            }
            match self.signals.next() {
                Some(Signal::USR1) => return Ok(Some(ASKED)),
                Some(_) => return Ok(Some(TOLD)),
                None => {}
            }
            if end.is_some_and(|end| end <= clock::boot()) {
                return Ok(None);
            }
            if self.wait(true, due.after(1000)) {
                self.say()?;
            }
        }
    }

    /// Waits until told something, or until there is room for a line if `write`; says whether.
    fn wait(&self, write: bool, due: Boot) -> bool {
        let stdout = rustix::stdio::stdout();
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN)];
        if write {
            fds.push(PollFd::new(&stdout, PollFlags::OUT));
        }
        // Interrupted or not: it is looked for again.
        let _ = poll(&mut fds, clock::until(Some(due)).as_ref());
        fds.get(1).is_some_and(|fd| fd.revents().contains(PollFlags::OUT))
    }

    fn say(&mut self) -> Result<()> {
        let line = format!("{} {} {}\n", self.name, self.number, self.lines + 1);
        match write(rustix::stdio::stdout(), line.as_bytes()) {
            Ok(n) if n == line.len() => {
                self.lines += 1;
                Ok(())
            }
            result => files::append(FAULTS, &format!("lost: a line was refused: {result:?}")),
        }
    }
}

fn some_death(random: &mut Random) -> Death {
    let signals = [Signal::KILL, Signal::TERM, Signal::HUP, Signal::USR1, Signal::ALRM];
    if random.below(2) == 0 {
        Death::Signal(random.one_of(&signals))
    } else {
        Death::Exit(random.below(256) as u8)
    }
}

/// Dies as was said; a code is for `main` to return.
fn die(death: Death) -> u8 {
    match death {
        Death::Exit(code) => code,
        Death::Signal(signal) => {
            set_mask(&Mask::empty());
            // It can't fail: the process is ours.
            let _ = kill(getpid(), false, signal.number());
            99
        }
        Death::Unknown => 99,
    }
}

fn finish(mut args: Args) -> Result<Next> {
    let _script = args.operand("script")?;
    let code: i32 = common::base::args::parse(args.operand("code")?, "code")?;
    let signal: u8 = common::base::args::parse(args.operand("signal")?, "signal")?;
    let _name = args.operand("name")?;
    let group: i32 = common::base::args::parse(args.operand("group")?, "group")?;
    let _alone = files::alone("finish")?;
    let death = match (u8::try_from(code), signal) {
        (Ok(code), _) => Death::Exit(code),
        (Err(_), 0) => Death::Unknown,
        (Err(_), signal) => Death::Signal(Signal(signal)),
    };
    files::append(SEEN, &format!("{group} {death}"))?;
    Ok(Next::Exit(0))
}
