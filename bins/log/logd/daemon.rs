//! svc-logd at work: all services in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use common::base::error::{exit, reason};
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::signals::Signals;
use common::os::{clock, fds};
use common::prelude::*;
use common::sys::stack;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use super::Options;
use super::fifos::{Fifos, OWN};
use super::service::Service;
use super::status::Status;
use super::stores::Stores;
use crate::log::engine::pace::Pace;

/// What the fds other than fifos are known by.
const SIGNALS: u64 = 0;
const FIFOS: u64 = 1;
pub(super) const MOUNTS: u64 = 2;
/// The first id of a service.
pub(super) const FIRST: u64 = 3;
/// So many fds are told of at a time.
const EVENTS: usize = 64;
/// After so long a silence the memory of a service is given back, ms.
const SILENCE: u64 = 1000;
/// How much a fifo has room for, usually.
const FIFO: usize = 64 * 1024;

pub(super) struct Daemon {
    pub(super) options: Options,
    pub(super) fifos: Fifos,
    signals: Signals,
    pub(super) epoll: OwnedFd,
    /// Tells when something is mounted, while that matters.
    pub(super) mounts: Option<OwnedFd>,
    pub(super) stores: Stores,
    status: Status,
    pub(super) services: BTreeMap<u64, Service>,
    pub(super) ids: BTreeMap<String, u64>,
    pub(super) next: u64,
    /// When loggers want a turn.
    dues: BTreeSet<(Boot, u64)>,
    blocked: BTreeSet<u64>,
    /// Those that had input since their memory was given back.
    active: BTreeSet<u64>,
    rest_at: Option<Boot>,
    /// For output; lent to one logger at a time.
    buffers: Vec<Vec<u8>>,
    /// There is no disk yet.
    pub(super) is_early: bool,
    /// When it is tried again to move early lines.
    pub(super) move_at: Option<Boot>,
    /// When it is looked for fifos though nothing was told of them.
    pub(super) look_at: Option<Boot>,
    complaints: BTreeMap<String, String>,
    pace: Pace,
    over: bool,
}

impl Daemon {
    pub(super) fn begin(options: Options) -> Result<Daemon> {
        fds::fill_stdio();
        let wanted = [Signal::TERM, Signal::INT, Signal::HUP, Signal::ALRM, Signal::CHLD];
        let signals = Signals::take(&wanted).unable("read signals")?;
        fds::close_on_exec();
        fds::raise_open_files();
        let (fifos, own) = Fifos::open(&options.fifos)?;
        let status = Status::open(&own).unable("make the status file")?;
        let stores = Stores::open(own).unable("open the journals")?;
        let epoll = epoll::create(CreateFlags::CLOEXEC).unable("wait for input")?;
        for (fd, id) in [(signals.as_fd(), SIGNALS), (fifos.as_fd(), FIFOS)] {
            epoll::add(&epoll, fd, EventData::new_u64(id), EventFlags::IN)
                .unable("wait for input")?;
        }
        let mut daemon = Daemon {
            options,
            fifos,
            signals,
            epoll,
            mounts: None,
            stores,
            status,
            services: BTreeMap::new(),
            ids: BTreeMap::new(),
            next: FIRST,
            dues: BTreeSet::new(),
            blocked: BTreeSet::new(),
            active: BTreeSet::new(),
            rest_at: None,
            buffers: Vec::new(),
            is_early: false,
            move_at: None,
            look_at: None,
            complaints: BTreeMap::new(),
            pace: Pace::new(),
            over: false,
        };
        // A generation in which nothing is said about logs has no directory for it.
        let is_wrong =
            |dir: &&PathBuf| !dir.is_dir() && !dir.parent().is_some_and(|above| above.is_dir());
        if let Some(dir) = daemon.options.config.as_ref().filter(is_wrong) {
            let text = format!("--config {}: no such directory", dir.display());
            daemon.complain("config", &text);
        }
        daemon.look_for_disk();
        daemon.look_for_fifos();
        daemon.take_over_the_rest();
        if let Some(fd) = daemon.options.notify.take() {
            // Whoever does not listen any more need not know.
            let _ = rustix::io::write(fd, b"\n");
        }
        Ok(daemon)
    }

    pub(super) fn run(mut self) -> Result<Next> {
        let mut ready = Vec::with_capacity(EVENTS);
        while !self.over {
            self.do_what_is_due();
            self.wait(&mut ready)?;
            let mut most = 0;
            for id in &ready {
                match *id {
                    SIGNALS => self.listen(),
                    FIFOS if self.fifos.have_changed() => self.look_for_fifos(),
                    FIFOS => {}
                    MOUNTS => self.look_for_disk(),
                    id => most = most.max(self.serve(id)),
                }
            }
            self.pace.pause(most, FIFO, &self.signals);
        }
        self.finish();
        Ok(Next::Exit(exit::OK))
    }

    /// Sleeps until something happens or is due.
    fn wait(&mut self, ready: &mut Vec<u64>) -> Result<()> {
        let due = self.dues.first().map(|(due, _)| *due);
        let due = [due, self.rest_at, self.move_at, self.look_at].into_iter().flatten().min();
        let mut events = Vec::with_capacity(EVENTS);
        ready.clear();
        match epoll::wait(
            &self.epoll,
            rustix::buffer::spare_capacity(&mut events),
            clock::until(due).as_ref(),
        ) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e).unable("wait for input"),
        }
        ready.extend(events.iter().map(|event| event.data.u64()));
        Ok(())
    }

    /// One turn of one service; how much came in.
    pub(super) fn serve(&mut self, id: u64) -> usize {
        let Some(service) = self.services.get_mut(&id) else { return 0 };
        self.status.writing(&service.name);
        let (due, was_blocked) = (service.due, service.is_blocked);
        service.logger.exchange(&mut self.buffers);
        let turn = service.take_turn();
        service.logger.exchange(&mut self.buffers);
        self.status.writing("");
        if service.active.is_some() && self.active.insert(id) {
            self.rest_at.get_or_insert_with(|| clock::boot().after(SILENCE));
        }
        self.note(id, due, was_blocked);
        turn.taken
    }

    /// Notes when a service wants its next turn, and whether it is to be listened to.
    pub(super) fn note(&mut self, id: u64, due: Option<Boot>, was_blocked: bool) {
        let Some(service) = self.services.get_mut(&id) else { return };
        let is_news = service.note_refusal();
        if due != service.due {
            self.dues.extend(service.due.map(|due| (due, id)));
            if let Some(due) = due {
                self.dues.remove(&(due, id));
            }
        }
        if was_blocked == service.is_blocked {
            if is_news {
                self.tell_blocked();
            }
            return;
        }
        let flags = if service.is_blocked { EventFlags::empty() } else { EventFlags::IN };
        if let Some(fifo) = &service.fifo {
            // It is in there.
            let _ = epoll::modify(&self.epoll, fifo, EventData::new_u64(id), flags);
        }
        if service.is_blocked {
            self.blocked.insert(id)
        } else {
            self.blocked.remove(&id)
        };
        self.tell_blocked();
    }

    fn tell_blocked(&self) {
        let blocked = || self.blocked.iter().filter_map(|id| self.services.get(id));
        self.status.blocked(blocked().map(|service| service.name.as_str()));
        let journals = Path::new(&self.options.fifos).join(OWN);
        self.status.refused(blocked().filter_map(|service| service.refusal(&journals)));
    }

    /// Forgets a service.
    pub(super) fn forget(&mut self, id: u64) {
        let Some(mut service) = self.services.remove(&id) else { return };
        service.logger.end_processors();
        self.ids.remove(&service.name);
        if let Some(due) = service.due {
            self.dues.remove(&(due, id));
        }
        self.active.remove(&id);
        if self.blocked.remove(&id) {
            self.tell_blocked();
        }
        self.stores.free(service.slot);
    }

    pub(super) fn count(&self) {
        self.status.services(self.services.len());
    }

    fn do_what_is_due(&mut self) {
        let now = clock::boot();
        while let Some((due, id)) = self.dues.first().copied().filter(|(due, _)| *due <= now) {
            self.dues.remove(&(due, id));
            if let Some(service) = self.services.get_mut(&id) {
                service.due = None;
            }
            self.serve(id);
            self.forget_if_gone(id);
        }
        if self.rest_at.is_some_and(|due| due <= now) {
            self.rest(now);
        }
        if self.look_at.is_some_and(|due| due <= now) {
            self.look_for_fifos();
        }
        if self.move_at.is_some_and(|due| due <= now) {
            self.look_for_disk();
        }
    }

    /// Gives back the memory of services that have fallen silent.
    fn rest(&mut self, now: Boot) {
        for id in self.active.clone() {
            let Some(service) = self.services.get_mut(&id) else { continue };
            if service.active.is_some_and(|last| last.after(SILENCE) > now) {
                continue;
            }
            service.active = None;
            service.logger.rest();
            self.active.remove(&id);
        }
        self.rest_at = (!self.active.is_empty()).then(|| now.after(SILENCE));
        if self.rest_at.is_none() {
            self.buffers = Vec::new();
            stack::give_back();
        }
        self.close_directories();
    }

    fn listen(&mut self) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::TERM | Signal::INT => self.over = true,
                Signal::HUP => self.begin_again(),
                Signal::ALRM => self.rotate(),
                Signal::CHLD => self.serve_processing(),
                _ => {}
            }
        }
    }

    /// A processor has ended, of whichever service.
    fn serve_processing(&mut self) {
        let processing = self.services.iter().filter(|(_, s)| s.logger.is_processing());
        let ids: Vec<u64> = processing.map(|(id, _)| *id).collect();
        for id in ids {
            self.serve(id);
        }
    }

    fn rotate(&mut self) {
        let ids: Vec<u64> = self.services.keys().copied().collect();
        for id in ids {
            if let Some(service) = self.services.get_mut(&id) {
                service.logger.rotate();
            }
            self.serve(id);
        }
    }

    /// HUP: everything is looked at anew.
    fn begin_again(&mut self) {
        self.look_for_disk();
        self.look_for_fifos();
        self.read_scripts();
    }

    /// Writes what is left of all.
    fn finish(&mut self) {
        for service in self.services.values_mut() {
            self.status.writing(&service.name);
            service.logger.exchange(&mut self.buffers);
            // What can't be written is in the journal.
            service.finish();
            service.logger.end_processors();
            service.logger.exchange(&mut self.buffers);
        }
        self.status.writing("");
    }

    /// Warns, unless the last complaint about the same thing was the same.
    pub(super) fn complain(&mut self, about: &str, message: &dyn Display) {
        let message = message.to_string();
        if self.complaints.get(about) != Some(&message) {
            common::program::warn(&"svc-logd", &message);
            self.complaints.insert(about.to_owned(), message);
        }
    }

    /// The next complaint about this is news again.
    pub(super) fn content(&mut self, about: &str) {
        self.complaints.remove(about);
    }

    /// The same, with the reason that the system gives.
    pub(super) fn complain_of(&mut self, about: &str, what: &str, e: Errno) {
        self.complain(about, &format_args!("unable to {what}: {}", reason(e)));
    }
}
