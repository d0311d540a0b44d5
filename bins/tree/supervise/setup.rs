//! The way to a supervisor that is ready to run: directory, signals, files, lock, predecessor.

use std::os::fd::OwnedFd;

use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::format::handover;
use common::format::letters::Event;
use common::format::status::{Phase, Wanted};
use common::os::process::{BootId, Identity, Watched};
use common::os::siblings::Siblings;
use common::os::signals::Signals;
use common::os::{clock, fds, fifodir};
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};

use super::adopt::continued;
use super::files::Files;
use super::log::Input;
use super::options::Options;
use super::supervisor::Supervisor;
use super::turn::For;

/// Between two attempts at a service directory that can't be used: from one second to a minute.
const RETRY: [u64; 2] = [1_000, 60_000];

/// Prepares everything. Under svc-scan it waits for what is missing, and says so once. `None`: there
/// is another supervisor, which svc-scan is to find.
#[inline(never)] // What it needs on the stack is given back before the supervisor runs.
pub(super) fn supervisor(mut options: Options, siblings: Siblings) -> Result<Option<Supervisor>> {
    // svc-scan has cleaned up, and hands down nothing but what it names.
    let signals = if options.under.is_none() { clean_up()? } else { listen()? };
    let name = options.name();
    let who = format!("svc-supervise {name}");
    if options.under.is_none() && options.inherited.is_none() {
        let dir = &options.dir;
        rustix::process::chdir(dir.as_os_str()).unable(format_args!("enter {}", dir.display()))?;
    }
    if let Some(under) = &mut options.under
        && let Ok(own) = fifodir::open(&*under, c".")
    {
        // What svc-scan hands down is to be opened anew for each event.
        *under = own;
    }
    let me = Identity::of_self(options.boot.unwrap_or_else(BootId::now));
    let inherited = options.inherited.take();
    let (held, log, ready) = match inherited {
        Some(all) => (Some((all.lock, all.control)), all.log, all.ready),
        None => (None, None, None),
    };
    let opened = if options.under.is_some() && held.is_none() {
        open_patiently(&options, &signals, &who, me)?
    } else {
        open(&options, held, For::Person, me)?
    };
    let Some((files, input)) = opened else { return Ok(None) };
    if input.is_some() {
        common::sys::env::set(handover::JOURNAL_VARIABLE, &handover::JOURNAL_FD.to_string())
            .unable("tell of the journal")?;
    }
    let mut supervisor = Supervisor::new(who, options, siblings, signals, files, me.boot);
    (supervisor.input, supervisor.output, supervisor.ready) = (input, log, ready);
    supervisor.begin(name);
    Ok(Some(supervisor))
}

/// For whom a person or another program has started: nothing that it inherited reaches the service.
pub(super) fn clean_up() -> Result<Signals> {
    // First of all: what is opened must not become a descriptor of the service.
    fds::fill_stdio();
    let signals = listen()?;
    Signals::reset();
    fds::close_on_exec();
    Ok(signals)
}

pub(super) fn listen() -> Result<Signals> {
    let wanted = [Signal::CHLD, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::INT];
    Signals::take(&wanted).unable("read signals")
}

type Opened = Option<(Files, Option<Input>)>;

fn open(
    options: &Options,
    held: Option<(OwnedFd, OwnedFd)>,
    whom: For<'_>,
    me: Identity,
) -> Result<Opened> {
    let Some(files) = Files::open(held, whom, me)? else { return Ok(None) };
    Ok(Some((files, options.input.as_ref().map(Input::hold).transpose()?)))
}

/// A bad service directory is reported once for each reason, and tried again until it is mended.
fn open_patiently(options: &Options, signals: &Signals, who: &str, me: Identity) -> Result<Opened> {
    let mut delay = RETRY[0];
    let mut said = String::new();
    loop {
        let e = match open(options, None, For::Scan, me) {
            Ok(opened) => return Ok(opened),
            Err(e) => e,
        };
        if e.message != said {
            common::program::warn(&who, &format_args!("{} (trying again)", e.message));
            said = e.message;
        }
        let due = clock::boot().after(delay);
        delay = (delay * 2).min(RETRY[1]);
        wait(signals, due)?;
    }
}

/// Waits until the time has come; an order to end ends us: there is nothing to stop.
fn wait(signals: &Signals, due: Boot) -> Result<()> {
    while clock::boot() < due {
        let mut fds = [PollFd::new(signals, PollFlags::IN)];
        // Interrupted or not: the time decides.
        let _ = poll(&mut fds, clock::until(Some(due)).as_ref());
        while let Some(signal) = signals.next() {
            if signal != Signal::CHLD {
                return Err(Error::new(0, "told to end before the service could be supervised"));
            }
        }
    }
    Ok(())
}

impl Supervisor {
    /// Goes on where a predecessor stopped, or begins.
    fn begin(&mut self, name: String) {
        self.refresh_settings();
        let previous = if self.files.is_new { None } else { self.files.status() };
        let damaged = previous.is_none() && !self.files.is_new;
        let (status, goes_on) = continued(previous, self.boot);
        self.machine.status = status;
        let status = &mut self.machine.status;
        status.boot = Some(self.boot);
        status.left = false;
        if !goes_on {
            let down = self.listing.has("down");
            status.wanted = if down { Wanted::Down } else { Wanted::Up };
            status.start_due = (!down).then(clock::boot);
            (status.changed, status.since) = (clock::wall(), clock::boot());
            if !self.files.is_new {
                // A tally that can't be removed only counts too much.
                let _ = self.files.clear_tally();
            }
        }
        status.name = name;
        if damaged {
            self.warn(&"supervise/status is damaged: beginning anew");
            self.take_over_unknown();
        }
        self.begin_event();
        self.adopt();
        if self.machine.status.leaving && self.watch.is_none() {
            // The predecessor was killed on its way out.
            self.command(common::format::letters::Command::Exit);
        }
    }

    /// Without a status, a process may be there all the same: the record of the last one tells.
    pub(super) fn take_over_unknown(&mut self) {
        let Some(process) = self.files.process() else { return };
        self.machine.status.seq = process.seq;
        let Identity { boot, .. } = process.identity;
        if boot == self.boot && process.identity.look() == common::os::process::Found::Alive {
            self.machine.status.phase = Phase::Starting(process.kind);
            self.machine.status.start_due = None;
            self.watch = Some(Watched::new(process.identity));
        }
    }

    /// Says that the supervision has begun; with the first start, if that comes at once: one write
    /// and one look for subscribers less.
    fn begin_event(&mut self) {
        self.machine.status.event += 1;
        self.unsaid = Some((Event::Supervised, self.machine.status.event));
        let starts = self.machine.next_due().is_some_and(|due| due <= clock::boot());
        if !starts || self.machine.status.phase != Phase::Down {
            self.record();
            self.announce_rest();
        }
    }
}
