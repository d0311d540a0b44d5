//! What supervisors have on file.

use std::cell::OnceCell;
use std::os::fd::OwnedFd;

use common::base::stamp::Boot;
use common::format::status::{self, Status};
use common::os::file;
use common::os::process::{BootId, Found, Identity, Processes};
use rustix::fs::CWD;

use super::site::Site;
use super::standing::Process;
use crate::manager::graph::{Id, Kind};
use crate::manager::places::ONESHOT;
use crate::manager::view::View;

/// How often a status is read again that was being replaced: each time the window is microseconds.
const TRIES: u32 = 100;

/// What supervisors have on file: of this boot, or nothing. One descriptor leads to all.
pub(super) struct Supervisors {
    scan: Option<OwnedFd>,
    oneshots: Option<OwnedFd>,
    boot: BootId,
    /// Somebody writes down deaths.
    is_scanned: bool,
    now: Boot,
    alive: Processes,
    statuses: Vec<OnceCell<Option<Status>>>,
}

impl Supervisors {
    /// Of so many services.
    pub(super) fn new(site: &Site, count: usize, is_scanned: bool, now: Boot) -> Supervisors {
        let places = site.places();
        let open = |path| file::open_dir(CWD, &path).ok();
        Supervisors {
            scan: open(places.scan),
            oneshots: open(places.manager.join(ONESHOT)),
            boot: BootId::now(),
            is_scanned,
            now,
            alive: Processes::open(),
            statuses: vec![OnceCell::new(); count],
        }
    }

    /// Of one service. Where nobody is left to write down a death, who is dead has no process either.
    pub(super) fn status(&self, view: &View, id: Id) -> Option<&Status> {
        self.statuses[id as usize].get_or_init(|| self.read(view, id)).as_ref()
    }

    fn read(&self, view: &View, id: Id) -> Option<Status> {
        let service = view.graph.service(id);
        let dir = match service.kind {
            Kind::Daemon => self.scan.as_ref()?,
            Kind::Oneshot => self.oneshots.as_ref()?,
            Kind::Group => return None,
        };
        let was = view.rows.as_ref().and_then(|rows| rows.get(id as usize)?.was.as_deref());
        let status = read_status(dir, &service.name).or_else(|| read_status(dir, was?));
        let mut status = status.filter(|status| status.boot.is_none_or(|of| of == self.boot))?;
        if !self.is_scanned && !is_alive(&status, &self.alive) {
            status.pid = None;
        }
        Some(status)
    }

    /// What its process shows. A oneshot that is done has none: what it is then, the manager knows.
    pub(super) fn process(&self, view: &View, id: Id) -> Option<Process> {
        let service = view.graph.service(id);
        let status = self.status(view, id).filter(|_| service.kind == Kind::Daemon)?;
        let is_there = self.is_scanned || status.pid.is_some();
        Some(Process::of(status, service.has_readiness, is_there, self.now))
    }
}

#[inline(never)]
fn read_status(dir: &OwnedFd, name: &str) -> Option<Status> {
    let path = format!("{name}/supervise/status");
    // What is behind them is padding.
    let mut buffer = [0; status::MAX];
    for _ in 0..TRIES {
        let bytes = file::read_once(dir, path.as_str(), &mut buffer).ok()?;
        if bytes.first().is_none_or(|first| *first == b'\n') {
            return None;
        }
        if let Some(status) = Status::unpack(bytes) {
            return Some(status);
        }
    }
    None
}

/// Whether the process of a status lives.
pub(super) fn is_alive(status: &Status, alive: &Processes) -> bool {
    let identity =
        status.pid.map(|pid| Identity { pid, start: status.start, boot: BootId::UNKNOWN });
    identity.is_some_and(|identity| identity.look_among(alive) == Found::Alive)
}
