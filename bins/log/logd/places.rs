//! Bringing the services in line with the fifos that there are, their scripts and the disk.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, mkdirat, openat};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::daemon::{Daemon, FIRST};
use super::scripts;
use super::service::Service;
use super::stores::Slot;
use crate::log::engine::logger::{Logger, directories};
use crate::log::engine::moving::move_into;
use crate::log::engine::plan::Plan;
use crate::log::script::{Directory, Script, Target};
use common::os::clock;
use common::os::file::Inode;

/// When a fifo could not be taken in, or early lines could not be moved, it is tried again, ms.
const RETRY: u64 = 2000;
/// Descriptors that one service needs while it writes, besides its fifo.
const EACH: usize = 3;

impl Daemon {
    /// Looks for new fifos and for such as have gone.
    pub(super) fn look_for_fifos(&mut self) {
        self.look_at = None;
        let names = match self.fifos.names() {
            Ok(names) => names,
            Err(e) => {
                self.look_later();
                return self.complain_of(".", "read the directory of fifos", e);
            }
        };
        self.content(".");
        let gone: Vec<u64> = self
            .services
            .iter()
            .filter(|(_, s)| !s.is_gone && s.inode != self.fifos.inode(&s.name))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.let_go(id);
        }
        for name in names {
            if !self.ids.contains_key(&name) {
                self.take_in(&name);
            }
        }
        self.count();
    }

    /// Begins to log a service.
    fn take_in(&mut self, name: &str) {
        let fifo = match self.fifos.hold(name) {
            Ok(fifo) => fifo,
            // It has gone again.
            Err(Errno::NOENT) => return,
            Err(e) => {
                // Otherwise it is neither a fifo nor ours, and so it stays.
                if matches!(e, Errno::MFILE | Errno::NFILE | Errno::NOMEM) {
                    self.look_later();
                }
                return self.complain_of(name, &format!("log {name}"), e);
            }
        };
        let id = match self.add(name) {
            Ok(id) => id,
            Err(e) => {
                self.look_later();
                return self.complain_of(name, &format!("log {name}"), e);
            }
        };
        self.content(name);
        // Of what is held: it may have been removed or replaced meanwhile.
        let inode = Inode::of(&fifo).ok();
        let added = epoll::add(&self.epoll, &fifo, EventData::new_u64(id), EventFlags::IN);
        if let Some(service) = self.services.get_mut(&id) {
            (service.fifo, service.inode, service.is_gone) = (Some(fifo), inode, false);
        }
        if let Err(e) = added {
            self.complain_of(name, &format!("wait for {name}"), e);
        }
        // What a predecessor left is written now.
        self.serve(id);
        self.move_one(id);
        self.close_directories();
    }

    /// What is missing may be there in a while.
    fn look_later(&mut self) {
        self.look_at = Some(clock::boot().after(RETRY));
    }

    fn add(&mut self, name: &str) -> rustix::io::Result<u64> {
        let slot = self.stores.take(&label(name))?;
        // What a predecessor kept there may not have been moved.
        let kept = self.options.early_of(name).is_some_and(|dir| dir.is_dir());
        let is_early = self.is_early || kept;
        let logger = self.logger(name, slot, is_early)?;
        let service = Service::new(name, slot, logger, is_early);
        let id = self.next.max(FIRST);
        self.next = id + 1;
        self.services.insert(id, service);
        self.ids.insert(name.to_owned(), id);
        Ok(id)
    }

    fn logger(&mut self, name: &str, slot: Slot, is_early: bool) -> rustix::io::Result<Logger> {
        let (script, error) = self.options.script_of(name);
        let about = format!("script {name}");
        match error {
            Some(e) => self.complain(&about, &format_args!("{} (left out)", e.message)),
            None => self.content(&about),
        }
        let script = match self.options.early_of(name).filter(|_| is_early) {
            Some(dir) => scripts::early(&script, &dir),
            None => script,
        };
        match self.build(name, slot, script) {
            // More directories than a slot has room for.
            Err(Errno::TOOBIG) => {
                self.complain(&about, &format_args!("{name}: too many log directories (left out)"));
                let script =
                    self.options.script(name).unwrap_or(Script { actions: Vec::new(), rate: 0 });
                self.build(name, slot, script)
            }
            result => result,
        }
    }

    fn build(&self, name: &str, slot: Slot, script: Script) -> rustix::io::Result<Logger> {
        let directories = directories(&script);
        // Its patterns were read with it.
        let plan = Plan::new(script, self.options.line_max).map_err(|_| Errno::INVAL)?;
        Logger::new(label(name), plan, directories, self.stores.file(slot)?, slot.number)
    }

    /// A service whose fifo has gone: what was in it is still written.
    fn let_go(&mut self, id: u64) {
        if let Some(service) = self.services.get_mut(&id) {
            let (due, was_blocked) = (service.due, service.is_blocked);
            service.is_gone = true;
            service.finish();
            self.note(id, due, was_blocked);
            self.forget_if_gone(id);
        }
    }

    /// Forgets a service whose fifo has gone, when all is written.
    pub(super) fn forget_if_gone(&mut self, id: u64) {
        let Some(service) = self.services.get_mut(&id) else { return };
        if service.is_gone && !service.is_blocked && service.finish() {
            self.forget(id);
            self.count();
            // There may be a new fifo of its name.
            self.look_at = Some(clock::boot());
        }
    }

    /// What a predecessor had taken of services whose fifos have gone since.
    pub(super) fn take_over_the_rest(&mut self) {
        let known = |of: &str| name(of).is_some_and(|name| self.ids.contains_key(name));
        for label in self.stores.others(known) {
            let Some(name) = name(&label) else { continue };
            match self.add(name) {
                Ok(id) => {
                    self.serve(id);
                    self.move_one(id);
                    self.forget_if_gone(id);
                }
                Err(e) => self.complain_of(name, &format!("log {name}"), e),
            }
        }
    }

    /// Reads the scripts of all services again.
    pub(super) fn read_scripts(&mut self) {
        let ids: Vec<u64> = self.services.keys().copied().collect();
        for id in ids {
            self.renew(id);
        }
    }

    /// Gives a service a logger by its present script; the journal has what the old one did not write.
    fn renew(&mut self, id: u64) {
        let Some(service) = self.services.get(&id) else { return };
        let (name, slot, is_early) = (service.name.clone(), service.slot, service.is_early);
        match self.logger(&name, slot, is_early) {
            Ok(logger) => {
                if let Some(service) = self.services.get_mut(&id) {
                    service.logger.end_processors();
                    service.logger = logger;
                }
                self.serve(id);
            }
            Err(e) => self.complain_of(&name, &format!("log {name} by its new script"), e),
        }
    }

    /// Whether the logs have a disk by now; then what was kept is moved there.
    pub(super) fn look_for_disk(&mut self) {
        self.move_at = None;
        if self.options.early.is_none() || self.options.make {
            self.make_root();
        }
        let is_early = self.options.early.is_some() && !is_usable(&self.options.root);
        if is_early && self.options.make {
            // That a directory can be made is not only a matter of mounts.
            self.move_at = Some(clock::boot().after(RETRY));
        }
        if is_early && self.mounts.is_none() {
            self.watch_mounts();
        }
        if !is_early && self.mounts.take().is_some() {
            common::program::say(
                &"svc-logd",
                "info",
                &format_args!("{} can be written to: logging there", self.options.root.display()),
            );
        }
        self.is_early = is_early;
        if let Some(early) = &self.options.early {
            // It is made when it is needed, and needed only then.
            if is_early {
                let made = mkdirat(CWD, early, Mode::RWXU);
                if let Err(e) = made.or_else(|e| if e == Errno::EXIST { Ok(()) } else { Err(e) }) {
                    let what = format!("make {}", early.display());
                    self.complain_of("early", &what, e);
                }
            }
        }
        let ids: Vec<u64> = self.services.keys().copied().collect();
        for id in ids {
            self.move_one(id);
        }
    }

    fn make_root(&mut self) {
        match make(&self.options.root) {
            Ok(()) => self.content("root"),
            Err(e) => {
                let what = format!("make {}", self.options.root.display());
                self.complain_of("root", &what, e);
            }
        }
    }

    /// Lets the kernel tell of each mount and remount.
    fn watch_mounts(&mut self) {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let opened = openat(CWD, c"/proc/self/mountinfo", flags, Mode::empty());
        let watched = opened.and_then(|fd| {
            let data = EventData::new_u64(super::daemon::MOUNTS);
            epoll::add(&self.epoll, fd.as_fd(), data, EventFlags::PRI)?;
            Ok(fd)
        });
        match watched {
            Ok(fd) => self.mounts = Some(fd),
            Err(e) => self.complain_of("mounts", "learn of mounts (HUP tells too)", e),
        }
    }

    /// Moves what was kept of a service to the disk, if there is one, and logs it there from now on.
    fn move_one(&mut self, id: u64) {
        let Some(service) = self.services.get_mut(&id) else { return };
        if self.is_early || !service.is_early {
            return;
        }
        // A batch that is half written has to be completed first.
        if service.is_blocked {
            self.move_at = Some(clock::boot().after(RETRY));
            return;
        }
        service.logger.close_directories();
        let name = service.name.clone();
        let (script, _) = self.options.script_of(&name);
        let own = self.options.root.join(&name);
        let target = script.actions.into_iter().find_map(|action| match action.to {
            Target::Dir(directory) if directory.path == own => Some(directory),
            Target::Dir(_) | Target::Stdout | Target::Alert(_) | Target::Status(..) => None,
        });
        let target = target.unwrap_or_else(|| self.own_directory(&own));
        let Some(early) = self.options.early_of(&name) else { return };
        match move_into(&early, &target) {
            Ok(()) => {
                if let Some(service) = self.services.get_mut(&id) {
                    service.is_early = false;
                }
                self.content(&name);
                self.renew(id);
            }
            Err(failure) => {
                self.complain(
                    &name,
                    &format_args!("{name}: {failure} (its early lines stay where they are)"),
                );
                self.move_at = Some(clock::boot().after(RETRY));
            }
        }
    }

    /// Where a service's lines would go if nobody said anything.
    fn own_directory(&self, own: &Path) -> Directory {
        self.options.settings.directory(own.to_owned())
    }

    /// Keeps few enough directories open: those of services that are silent are opened again when they
    /// speak.
    pub(super) fn close_directories(&mut self) {
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if self.services.len().saturating_mul(EACH + 1) < limit.saturating_sub(64) {
            return;
        }
        let is_silent =
            |s: &&mut Service| s.active.is_none() && !s.is_blocked && !s.logger.is_processing();
        for service in self.services.values_mut().filter(is_silent) {
            service.logger.close_directories();
        }
    }
}

fn label(name: &str) -> String {
    format!("svc-logd {name}")
}

fn name(label: &str) -> Option<&str> {
    label.strip_prefix("svc-logd ")
}

/// Whether logs can be made there.
fn is_usable(root: &Path) -> bool {
    accessat(CWD, root, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
        && root.is_dir()
}

fn make(root: &Path) -> rustix::io::Result<()> {
    match mkdirat(CWD, root, Mode::from_raw_mode(0o755)) {
        Err(Errno::EXIST) => Ok(()),
        // A read-only parent is no obstacle.
        Err(e) if !root.is_dir() => Err(e),
        Ok(()) | Err(_) => Ok(()),
    }
}
