//! The root itself: what it opens at the start, and its main loop.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::os::fd::OwnedFd;

use common::base::error::{exit, reason};
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::format::records;
use common::os::lock::Patience;
use common::os::process::{BootId, Identity, Watched};
use common::os::siblings::Siblings;
use common::os::signals::Signals;
use common::os::{clock, fds, fifo, file, lock, stamp};
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, chmodat, mkdirat, openat, renameat};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, set_child_subreaper};

use super::Options;
use super::catch_all::CatchAll;
use super::slots::{Goal, Slots};
use super::wards;

/// The directory of svc-scan's own files, in the scan directory.
pub(super) const OWN: &str = ".svc-scan";
/// How long a person who starts a second svc-scan waits for an answer: a killed one may take a moment
/// to let go of its lock.
const LOCK_SECONDS: u32 = 5;
/// How long a supervisor that is not our child is left alone between two looks, where there are no
/// pidfds, ms.
const LOOK_AGAIN: u64 = 1000;
/// What may divert a signal: a program of the signal's name in [`OWN`].
pub(super) const HOOKED: [Signal; 8] = [
    Signal::TERM,
    Signal::INT,
    Signal::HUP,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::PWR,
    Signal::WINCH,
];

/// How the root is to end, once all supervisors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Services first, then their loggers.
    Terminate,
    /// All at once.
    Quit,
}

/// The root of a tree.
pub(super) struct Root {
    pub(super) options: Options,
    pub(super) siblings: Siblings,
    signals: Signals,
    /// `.svc-scan`.
    pub(super) own: OwnedFd,
    pub(super) lock: OwnedFd,
    pub(super) control: OwnedFd,
    /// The tree's event directory.
    pub(super) events: OwnedFd,
    /// Where oneshots leave word of their processes.
    pub(super) wards: OwnedFd,
    pub(super) null: Option<OwnedFd>,
    pub(super) catch_all: Option<CatchAll>,
    inotify: Option<OwnedFd>,
    pub(super) slots: Slots,
    pub(super) boot: BootId,
    /// What children get back, because we raised our own.
    open_files: Rlimit,
    pub(super) ending: Option<Ending>,
    pub(super) rescan: Option<Boot>,
    /// To become the program now installed, once everything else that was said is done.
    pub(super) renew: bool,
    pub(super) over: Option<Next>,
    /// One of the supervisors that are not our children has ended.
    inherited_ended: bool,
    complaints: BTreeMap<String, String>,
}

impl Root {
    /// Opens everything, and takes the tree over from a predecessor.
    pub(super) fn begin(mut options: Options, siblings: Siblings) -> Result<Root> {
        // First of all: what is opened must not become a descriptor of a service.
        fds::fill_stdio();
        let wanted: Vec<Signal> =
            HOOKED.into_iter().chain([Signal::CHLD, Signal::ALRM, Signal::ABRT]).collect();
        let signals = Signals::take(&wanted).unable("read signals")?;
        Signals::reset();
        fds::close_on_exec();
        if let Some(dir) = &options.dir {
            let shown = dir.display();
            rustix::process::chdir(dir.as_os_str()).unable(format_args!("enter {shown}"))?;
        }
        let own = own_directory()?;
        let (lock, control) = match options.held.take() {
            Some(held) => held,
            None => (take_lock(&own)?, control_fifo(&own)?),
        };
        let events = event_directory(&own)?;
        let wards = wards::directory(&own)?;
        // Each supervisor taken over needs one.
        let open_files = fds::raise_open_files();
        if rustix::process::getpid().as_raw_pid() != 1 {
            set_child_subreaper(Some(rustix::process::getpid())).unable("become a subreaper")?;
        }
        let inotify = options.watch.then(watch).transpose()?;
        let null = openat(CWD, c"/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok();
        let mut root = Root {
            options,
            siblings,
            signals,
            own,
            lock,
            control,
            events,
            wards,
            null,
            catch_all: None,
            inotify,
            slots: Slots::default(),
            boot: BootId::now(),
            open_files,
            ending: None,
            rescan: None,
            renew: false,
            over: None,
            inherited_ended: false,
            complaints: BTreeMap::new(),
        };
        root.open_catch_all();
        root.write_record()?;
        root.catch_panics();
        Ok(root)
    }

    /// Says who and where we are, for those who upgrade the tree.
    fn write_record(&self) -> Result<()> {
        let programs = self.siblings.dir().map(|dir| dir.to_string_lossy().into_owned());
        let identity = Identity::of_self(self.boot);
        let record = records::Root { identity, programs: programs.unwrap_or_default() };
        let bytes = record.pack().unwrap_or_default();
        file::replace(&self.own, "scan", bytes.bytes()).unable(format_args!("write {OWN}/scan"))
    }

    /// Runs the tree; returns what to do when it is over.
    pub(super) fn run(&mut self) -> Result<Next> {
        self.scan();
        if let Some(fd) = self.options.notify.take() {
            // Whoever asked to be told may be gone.
            let _ = file::write_all(&fd, b"\n");
        }
        loop {
            self.take_signals();
            self.reap();
            if self.inherited_ended {
                self.notice_inherited();
            }
            self.read_control();
            self.notice_entries();
            self.do_what_is_due();
            self.end_if_done();
            if std::mem::take(&mut self.renew) {
                self.reexec();
            }
            if let Some(next) = self.over.take() {
                return Ok(next);
            }
            if let Err(e) = self.wait() {
                return self.crash(&format_args!("unable to wait: {}", reason(e)));
            }
        }
    }

    /// Sleeps until something happens or is due.
    fn wait(&mut self) -> rustix::io::Result<()> {
        let next = self.slots.next_due();
        self.slots.sort_inherited();
        let mut fds = vec![
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(&self.control, PollFlags::IN),
        ];
        let ours = fds.len() + self.inotify.iter().len();
        fds.extend(self.inotify.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
        let mut look = None;
        for (_, supervisor) in self.slots.inherited() {
            match supervisor {
                Watched::Adopted(_, Some(pidfd)) => fds.push(PollFd::new(pidfd, PollFlags::IN)),
                // Where the kernel gives no pidfd, nobody tells us of its end.
                Watched::Adopted(_, None) => look = Some(clock::boot().after(LOOK_AGAIN)),
                Watched::Own(_) => {}
            }
        }
        let due = [next, self.rescan, look].into_iter().flatten().min();
        let polled = poll(&mut fds, clock::until(due).as_ref());
        let told = fds[ours..].iter().any(|fd| !fd.revents().is_empty());
        self.inherited_ended = told || look.is_some();
        match polled {
            // Short of memory: what is to be done is looked for again all the same.
            Ok(_) | Err(Errno::INTR | Errno::NOMEM | Errno::AGAIN) => Ok(()),
            Err(e) => Err(e),
        }
    }

    fn take_signals(&mut self) {
        while let Some(signal) = self.signals.next() {
            self.signal(signal);
        }
    }

    fn read_control(&mut self) {
        let mut buffer = [0; 64];
        match rustix::io::read(&self.control, &mut buffer) {
            Ok(n) => self.letters(&buffer[..n]),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(e) => {
                self.complain("control", &format_args!("unable to read control: {}", reason(e)))
            }
        }
    }

    /// With `--watch`: whatever changed in the scan directory, it is looked through.
    fn notice_entries(&mut self) {
        let Some(inotify) = &self.inotify else { return };
        let mut buffer = [0; 4096];
        let mut changed = false;
        while let Ok(1..) = rustix::io::read(inotify, &mut buffer) {
            changed = true;
        }
        if changed {
            self.scan();
        }
    }

    fn do_what_is_due(&mut self) {
        let now = clock::boot();
        if self.rescan.is_some_and(|due| due <= now) {
            self.scan();
        }
        let come = |due: Option<Boot>| due.is_some_and(|due| due <= now);
        for key in self.slots.dated(|slot| come(slot.start_due())) {
            self.start_again(key, now);
        }
        for key in self.slots.dated(|slot| come(slot.drain_due())) {
            if let Some(slot) = self.slots.all.get_mut(&key) {
                slot.forget_drain();
                slot.goal = Goal::End;
            }
            self.tell(key);
        }
    }

    /// The limit on descriptors that children get: ours as it was, under the hard limit of now, which
    /// somebody may have lowered.
    pub(super) fn childrens_open_files(&self) -> Rlimit {
        let maximum = getrlimit(Resource::Nofile).maximum;
        let current = self.open_files.current.into_iter().chain(maximum).min();
        Rlimit { current, maximum }
    }

    /// Warns, unless the last complaint about the same thing was the same.
    pub(super) fn complain(&mut self, about: &str, message: &dyn Display) {
        let message = message.to_string();
        if self.complaints.get(about) != Some(&message) {
            self.warn(&message);
            self.complaints.insert(about.to_owned(), message);
        }
    }

    /// The next complaint about this is news again.
    pub(super) fn content(&mut self, about: &str) {
        self.complaints.remove(about);
    }

    /// Keeps only the complaints about which `still` says so.
    pub(super) fn content_unless(&mut self, still: impl Fn(&str) -> bool) {
        self.complaints.retain(|about, _| still(about));
    }

    pub(super) fn warn(&self, message: &dyn Display) {
        common::program::warn(&"svc-scan", message);
    }
}

fn own_directory() -> Result<OwnedFd> {
    match mkdirat(CWD, OWN, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(e) => Err(e).unable(format_args!("make {OWN}"))?,
    }
    file::open_dir(CWD, OWN).unable(format_args!("open {OWN}"))
}

fn take_lock(own: &OwnedFd) -> Result<OwnedFd> {
    let fd = lock::open(own, c"lock").unable(format_args!("open {OWN}/lock"))?;
    match lock::take(&fd, Patience::Seconds(LOCK_SECONDS)) {
        Err(Errno::WOULDBLOCK) => {
            let mut buffer = [0; 4096];
            let root =
                file::read_small(own, c"scan", &mut buffer).ok().and_then(records::Root::unpack);
            let by =
                root.map_or(String::new(), |r| format!(": pid {}", r.identity.pid.as_raw_pid()));
            Err(Error::new(
                exit::USAGE,
                format_args!("svc-scan is already running on this directory{by}"),
            ))
        }
        result => result.map(|()| fd).unable(format_args!("lock {OWN}/lock")),
    }
}

fn control_fifo(own: &OwnedFd) -> Result<OwnedFd> {
    fifo::make(own, c"control", Mode::RUSR | Mode::WUSR)
        .unable(format_args!("make {OWN}/control"))?;
    fifo::open_own(own, c"control", fifo::Ends::Both).unable(format_args!("open {OWN}/control"))
}

fn event_directory(own: &OwnedFd) -> Result<OwnedFd> {
    let make = || match file::open_dir(own, c"event") {
        Err(Errno::NOENT) => {
            make_event_directory(own)?;
            file::open_dir(own, c"event")
        }
        opened => opened,
    };
    make().unable(format_args!("make {OWN}/event"))
}

/// It gets its name when it is whole: the supervisors can tell that nobody is in it without a look.
fn make_event_directory(own: &OwnedFd) -> rustix::io::Result<()> {
    let (new, mode) = (c"event.new", Mode::from_raw_mode(0o3730));
    match mkdirat(own, new, mode) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(e) => return Err(e),
    }
    // The umask is not asked, and the group bit needs saying again.
    chmodat(own, new, mode, AtFlags::empty())?;
    // Refused: then they look.
    let _ = stamp::never_changed(own, new);
    renameat(own, new, own, c"event")
}

fn watch() -> Result<OwnedFd> {
    let watch = || -> rustix::io::Result<OwnedFd> {
        let fd = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let what = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE | WatchFlags::ONLYDIR;
        add_watch(&fd, c".", what)?;
        Ok(fd)
    };
    watch().unable("watch the scan directory")
}
