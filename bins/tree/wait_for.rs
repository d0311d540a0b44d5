//! Waiting until services reach a state: subscribe, read the status, then wait for events. Nothing
//! is ever asked twice without a reason: who waits sleeps in poll.

use std::os::fd::OwnedFd;

use common::base::error::exit;
use common::base::stamp::Boot;
use common::format::event::Line;
use common::format::letters::Event;
use common::format::status::Ended;
use common::os::clock;
use common::os::process::BootId;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::client::Service;
use super::goal::{Goal, Verdict, View};
use super::listener::Listener;

/// How long a service may be without a supervisor: svc-scan starts a dead one again at once, or a
/// second after the last time.
const GRACE_MS: u64 = 2000;

/// How many of the services have to get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HowMany {
    /// All, at the same time.
    All,
    /// One is enough.
    Any,
}

/// Where news of a service comes from.
enum Source {
    /// It has no event directory yet: what appears in the service directory.
    Appearance(OwnedFd),
    /// Its event directory.
    Events(Listener),
}

/// The supervisor, as far as we know.
enum Supervisor {
    /// There has been none yet.
    Awaited,
    /// It lives; the descriptor, if there could be one, becomes readable when it dies.
    Alive(Option<OwnedFd>),
    /// It went away; a successor may come until then.
    Missing(Boot),
    /// No successor came.
    Gone,
}

/// A service that is waited for.
pub(super) struct Watched {
    service: Service,
    goal: Goal,
    view: View,
    source: Source,
    supervisor: Supervisor,
}

/// Makes room for the descriptors of many services, as far as the hard limit goes.
pub(super) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // As many as there may be is not an error: it shows when one is opened too many.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// The end of `-t MS` from now on; 0 is no end, as in s6.
pub(super) fn deadline(ms: u64) -> Option<Boot> {
    (ms > 0).then(|| clock::boot().after(ms))
}

/// Waits. Exit code 99: the deadline passed; 103: a service will not get there by itself; 102: one
/// has lost its supervisor for good.
pub(super) fn wait(
    watched: &mut [Watched],
    how_many: HowMany,
    deadline: Option<Boot>,
) -> Result<()> {
    loop {
        if let Some(result) = settle(watched, how_many) {
            return result;
        }
        let news = sleep(watched, deadline)?;
        for i in news {
            for (event, seq) in watched[i].news()? {
                watched[i].take_event(event, seq)?;
                // A state may be over before the next status can be read.
                if let Some(result) = settle(watched, how_many) {
                    return result;
                }
            }
            watched[i].look()?;
        }
        if let Some(result) = settle(watched, how_many) {
            return result;
        }
        if deadline.is_some_and(|due| due <= clock::boot()) {
            return Err(timed_out(watched));
        }
    }
}

/// Sleeps until something may have changed; returns for which of the services.
fn sleep(watched: &[Watched], deadline: Option<Boot>) -> Result<Vec<usize>> {
    let mut owners = Vec::with_capacity(2 * watched.len());
    let mut fds = Vec::with_capacity(2 * watched.len());
    let mut due = deadline;
    for (i, one) in watched.iter().enumerate() {
        match &one.source {
            Source::Appearance(fd) => fds.push(PollFd::new(fd, PollFlags::IN)),
            Source::Events(fd) => fds.push(PollFd::new(fd, PollFlags::IN)),
        }
        owners.push(i);
        match &one.supervisor {
            Supervisor::Alive(Some(pidfd)) => {
                fds.push(PollFd::new(pidfd, PollFlags::IN));
                owners.push(i);
            }
            Supervisor::Missing(until) => {
                due = Some(due.map_or(*until, |earlier| earlier.min(*until)));
            }
            Supervisor::Awaited | Supervisor::Alive(None) | Supervisor::Gone => {}
        }
    }
    match poll(&mut fds, clock::until(due).as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(e) => return Err(e).unable("wait for events"),
    }
    let now = clock::boot();
    let mut news: Vec<usize> = fds
        .iter()
        .zip(&owners)
        .filter(|(fd, _)| !fd.revents().is_empty())
        .map(|(_, i)| *i)
        .collect();
    let late = |one: &Watched| matches!(one.supervisor, Supervisor::Missing(until) if until <= now);
    news.extend((0..watched.len()).filter(|i| late(&watched[*i])));
    news.sort_unstable();
    news.dedup();
    Ok(news)
}

/// Whether the waiting is over.
fn settle(watched: &[Watched], how_many: HowMany) -> Option<Result<()>> {
    let reached = |one: &Watched| one.verdict() == Verdict::Reached;
    let hopeless = || watched.iter().filter_map(Watched::hopeless);
    match how_many {
        HowMany::All if watched.iter().all(reached) => Some(Ok(())),
        HowMany::Any if watched.iter().any(reached) => Some(Ok(())),
        HowMany::Any if hopeless().count() < watched.len() => None,
        HowMany::All | HowMany::Any => hopeless().next().map(Err),
    }
}

fn timed_out(watched: &[Watched]) -> Error {
    let late: Vec<String> = watched
        .iter()
        .filter(|one| one.verdict() != Verdict::Reached)
        .map(|one| format!("{} is not {}", one.service.path(), one.goal.word()))
        .collect();
    Error::new(exit::TIMED_OUT, format_args!("timed out: {}", late.join(", ")))
}

impl Watched {
    /// Begins to watch: no change from now on is missed.
    pub(super) fn new(service: Service, goal: Goal) -> Result<Watched> {
        let source = match service.subscribe() {
            Ok(subscription) => Source::Events(Listener::new(subscription)),
            Err(e) if e.code == exit::NOT_SUPERVISED => {
                Source::Appearance(inotify().unable("watch directories")?)
            }
            Err(e) => return Err(e),
        };
        let (view, supervisor) = (View::default(), Supervisor::Awaited);
        let mut watched = Watched { service, goal, view, source, supervisor };
        watched.subscribe()?;
        // Letters that are not read yet may well change what the status says.
        let undecided = watched.service.has_letters_waiting();
        watched.look()?;
        if undecided {
            watched.view.forgive();
        }
        Ok(watched)
    }

    /// The service.
    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// What is known of it.
    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// A command is about to be sent: an end for good that is known by now may not be the last word.
    pub(super) fn forgive(&mut self) {
        self.view.forgive();
    }

    fn verdict(&self) -> Verdict {
        self.view.verdict(self.goal, matches!(self.supervisor, Supervisor::Alive(_)))
    }

    /// Why there is no point in waiting any longer, if so.
    fn hopeless(&self) -> Option<Error> {
        let path = self.service.path();
        let word = self.goal.word();
        match (self.verdict(), &self.supervisor) {
            (Verdict::Reached, _) => None,
            (Verdict::Never(Ended::Failed), _) => Some(Error::new(
                exit::FAILED_FOR_GOOD,
                format_args!("{path}: failed for good, will not be {word}"),
            )),
            (Verdict::Never(Ended::Policy), _) => Some(Error::new(
                exit::FAILED_FOR_GOOD,
                format_args!("{path}: ended and is not started again, will not be {word}"),
            )),
            (Verdict::Waiting, Supervisor::Gone) => Some(Error::new(
                exit::NOT_SUPERVISED,
                format_args!("{path}: not supervised, will not be {word}"),
            )),
            (Verdict::Waiting, _) => None,
        }
    }

    /// The events that have come, in order.
    fn news(&mut self) -> Result<Vec<(Event, u64)>> {
        let Source::Events(listener) = &mut self.source else {
            return self.subscribe().map(|()| Vec::new());
        };
        let news = listener.read();
        let news = news.unable(format_args!("read events of {}", self.service.path()))?;
        Ok(news.lines().map(|line| (line.event, line.seq)).collect())
    }

    fn take_event(&mut self, event: Event, seq: u64) -> Result<()> {
        self.view.take_event(&Line { event, seq, name: b"" });
        match event {
            Event::Supervised => self.look_for_supervisor(),
            Event::Left => {
                self.supervisor = Supervisor::Missing(clock::boot().after(GRACE_MS));
                Ok(())
            }
            Event::Up
            | Event::Ready
            | Event::Unready
            | Event::Down
            | Event::Finished
            | Event::Failed => Ok(()),
        }
    }

    /// Looks at the supervisor and at the status.
    fn look(&mut self) -> Result<()> {
        if let Some(status) = self.service.status()? {
            // That of an earlier boot, on a disk, says nothing.
            if status.boot.is_none_or(|boot| boot == BootId::now()) {
                self.view.take_status(&status);
            }
        }
        self.look_for_supervisor()
    }

    fn look_for_supervisor(&mut self) -> Result<()> {
        if !self.is_supervisor_due() {
            return Ok(());
        }
        self.supervisor = match (self.service.supervisor()?, &self.supervisor) {
            (Some(pidfd), _) => Supervisor::Alive(pidfd),
            (None, Supervisor::Missing(until)) if *until <= clock::boot() => Supervisor::Gone,
            (None, Supervisor::Missing(until)) => Supervisor::Missing(*until),
            (None, Supervisor::Gone) => Supervisor::Gone,
            (None, Supervisor::Awaited) if !self.view.is_known() => Supervisor::Awaited,
            (None, Supervisor::Awaited | Supervisor::Alive(_)) => {
                Supervisor::Missing(clock::boot().after(GRACE_MS))
            }
        };
        Ok(())
    }

    /// Whether there is a reason to look for the supervisor: not while it is known to live.
    fn is_supervisor_due(&self) -> bool {
        match &self.supervisor {
            Supervisor::Alive(Some(pidfd)) => is_readable(pidfd),
            Supervisor::Awaited
            | Supervisor::Alive(None)
            | Supervisor::Missing(_)
            | Supervisor::Gone => true,
        }
    }

    fn subscribe(&mut self) -> Result<()> {
        if let Source::Appearance(fd) = &self.source {
            drain(fd);
            // Watching first: what appears after this has been missed by nobody.
            watch_for_events(fd, &self.service)?;
            match self.service.subscribe() {
                Ok(subscription) => self.source = Source::Events(Listener::new(subscription)),
                Err(e) if e.code == exit::NOT_SUPERVISED => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

fn is_readable(fd: &OwnedFd) -> bool {
    let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
}

fn inotify() -> rustix::io::Result<OwnedFd> {
    inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)
}

/// Makes `fd` readable when the event directory of the service may have been made.
fn watch_for_events(fd: &OwnedFd, service: &Service) -> Result<()> {
    let (path, directory) = (service.path(), service.location());
    if !service.has("run") && !service.has("supervise") {
        return Err(Error::user(format_args!("{path} is no service directory: no run in it")));
    }
    let appears = inotify::WatchFlags::CREATE | inotify::WatchFlags::MOVED_TO;
    inotify::add_watch(fd, directory, appears).unable(format_args!("watch {path}"))?;
    // A link to where it will be, on a tmpfs.
    if let Ok(target) = std::fs::read_link(directory.join("event"))
        && let Some(parent) = directory.join(target).parent()
    {
        inotify::add_watch(fd, parent, appears)
            .unable(format_args!("watch {}", parent.display()))?;
    }
    Ok(())
}

fn drain(fd: &OwnedFd) {
    let mut buffer = [0; 4096];
    while rustix::io::read(fd, &mut buffer).is_ok_and(|n| n > 0) {}
}
