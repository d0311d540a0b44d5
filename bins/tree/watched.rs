//! A service that is waited for: what is known of it, and where the news comes from.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use common::base::error::exit;
use common::base::stamp::Boot;
use common::format::event::Line;
use common::format::letters::Event;
use common::format::status::Ended;
use common::os::clock;
use common::os::process::BootId;
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};

use super::appearances::Appearances;
use super::client::Service;
use super::goal::{Goal, Verdict, View};
use super::listener::Listener;

/// How long a service may be without a supervisor: svc-scan starts a dead one again at once, or a
/// second after the last time.
const GRACE_MS: u64 = 2000;

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
    /// `None`: it has no event directory yet.
    events: Option<Listener>,
    supervisor: Supervisor,
    was_there: bool,
}

impl Watched {
    /// Begins to watch: no change from now on is missed.
    pub(super) fn new(
        service: Service,
        goal: Goal,
        appearances: &mut Appearances,
    ) -> Result<Watched> {
        let (view, supervisor) = (View::default(), Supervisor::Awaited);
        let (events, was_there) = (None, false);
        let mut watched = Watched { service, goal, view, events, supervisor, was_there };
        watched.subscribe()?;
        watched.expect_events(appearances)?;
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

    /// `DIR is not STATE`.
    pub(super) fn lack(&self) -> String {
        format!("{} is not {}", self.service.path(), self.goal.word())
    }

    /// What is known of it.
    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// A command is about to be sent: an end for good that is known by now may not be the last word.
    pub(super) fn forgive(&mut self) {
        self.view.forgive();
    }

    /// How things stand.
    pub(super) fn verdict(&self) -> Verdict {
        self.view.verdict(self.goal, matches!(self.supervisor, Supervisor::Alive(_)))
    }

    /// Remembers if it is where it was to get.
    pub(super) fn note(&mut self) {
        self.was_there |= self.verdict() == Verdict::Reached;
    }

    /// Whether it has been there.
    pub(super) fn was_there(&self) -> bool {
        self.was_there
    }

    /// Why there is no point in waiting any longer, if so.
    pub(super) fn hopeless(&self) -> Option<Error> {
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
    pub(super) fn news(&mut self) -> Result<Vec<(Event, u64)>> {
        let Some(listener) = &mut self.events else { return Ok(Vec::new()) };
        let news = listener.read();
        let news = news.unable(format_args!("read events of {}", self.service.path()))?;
        Ok(news.lines().map(|line| (line.event, line.seq)).collect())
    }

    /// What it listens to: events, and the death of the supervisor.
    pub(super) fn fds(&self) -> [Option<BorrowedFd<'_>>; 2] {
        let pidfd = match &self.supervisor {
            Supervisor::Alive(pidfd) => pidfd.as_ref().map(AsFd::as_fd),
            Supervisor::Awaited | Supervisor::Missing(_) | Supervisor::Gone => None,
        };
        [self.events.as_ref().map(AsFd::as_fd), pidfd]
    }

    /// When it has something to do even if nothing happens.
    pub(super) fn due(&self) -> Option<Boot> {
        match &self.supervisor {
            Supervisor::Missing(until) => Some(*until),
            Supervisor::Awaited | Supervisor::Alive(_) | Supervisor::Gone => None,
        }
    }

    /// Whether it has an event directory.
    pub(super) fn listens(&self) -> bool {
        self.events.is_some()
    }

    /// Looks out for its event directory as long as there is none.
    pub(super) fn expect_events(&mut self, appearances: &mut Appearances) -> Result<()> {
        if self.events.is_none() {
            appearances.expect(&self.service)?;
            // What appeared before that is there now.
            self.subscribe()?;
        }
        Ok(())
    }

    fn subscribe(&mut self) -> Result<()> {
        match self.service.subscribe() {
            Ok(subscription) => self.events = Some(Listener::new(subscription)),
            Err(e) if e.code == exit::NOT_SUPERVISED => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Takes over an event.
    pub(super) fn take_event(&mut self, event: Event, seq: u64) -> Result<()> {
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
    pub(super) fn look(&mut self) -> Result<()> {
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
}

fn is_readable(fd: &OwnedFd) -> bool {
    let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
}
