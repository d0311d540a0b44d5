//! What the supervisor writes down and what it says: status, events, complaints.

use std::fmt::Display;

use common::base::error::{Error, errno, reason};
use common::base::text::Text;
use common::format::event::{Line, MAX};
use common::format::letters::Event;
use common::format::records::Kind;
use common::format::servicedir::Settings;
use common::format::status::Phase;
use common::os::fifodir::{self, Notified};
use common::program::warn;
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, openat};
use rustix::io::Errno;

use super::super::controls::{Control, leaves_out};
use super::supervisor::Supervisor;

/// When a logger that was told to end is killed, if no file says otherwise, ms.
const LOGGER_KILL: u64 = 5000;

impl Supervisor {
    /// Writes the status. If that fails the service goes on; only a successor would miss it.
    pub(super) fn record(&mut self) {
        if matches!(self.machine.status.phase, Phase::Starting(_)) && leaves_out(Control::NoIntent)
        {
            self.is_recorded = true;
            return;
        }
        let written = self.files.write_status(&self.machine.status);
        self.is_recorded = written.is_ok();
        match written {
            Ok(()) => self.content("status"),
            Err(e) => {
                self.complain("status", format!("unable to write supervise/status: {}", reason(e)))
            }
        }
    }

    /// Tells the service's subscribers, then the tree's.
    pub(super) fn announce(&mut self, event: Event, seq: u64) {
        let may_wait = match self.oneshot {
            // It has no finish: that it is finished follows at once.
            Some(_) => event == Event::Down,
            // Whoever hears it may rely on what was read together with the letter that it answers.
            None => event == Event::Finished,
        };
        if may_wait && self.unsaid.is_none() {
            self.unsaid = Some((event, seq));
            return;
        }
        let unsaid = self.unsaid.take();
        self.tell(unsaid, (event, seq));
    }

    /// Announces what was to go with another event that has not come.
    pub(super) fn announce_rest(&mut self) {
        if let Some(unsaid) = self.unsaid.take() {
            self.tell(None, unsaid);
        }
    }

    /// One write, as it is far below PIPE_BUF: all of it arrives, or nothing.
    pub(super) fn tell(&mut self, first: Option<(Event, u64)>, last: (Event, u64)) {
        let lines = |name: &[u8]| {
            let mut lines = Text::<{ 2 * MAX }>::new();
            for (event, seq) in first.into_iter().chain([last]) {
                lines.push(Line { event, seq, name }.pack().bytes());
            }
            lines
        };
        if let Some(events) = &self.files.events {
            let ours = || lines(b"");
            let notified = fifodir::notify_unless_quiet(events, ours, &mut self.quiet[0]);
            self.note_notified("event", notified);
        }
        if let Some(tree) = &self.options.under {
            let theirs = || lines(self.machine.status.name.as_bytes());
            let notified = fifodir::notify_unless_quiet(tree, theirs, &mut self.quiet[1]);
            self.note_notified("tree", notified);
        }
    }

    fn note_notified(&mut self, which: &'static str, notified: rustix::io::Result<Notified>) {
        match notified {
            Ok(Notified { surplus: 0, .. }) => self.content(which),
            Ok(_) => self.complain(which, "too many subscribers: some are not served".to_owned()),
            Err(e) => self.complain(which, format!("unable to notify subscribers: {}", reason(e))),
        }
    }

    /// Reads the service directory's small files; what is wrong with one is said once.
    pub(super) fn refresh_settings(&mut self) {
        // Once each time that it wakes up.
        if std::mem::replace(&mut self.is_fresh, true) {
            return;
        }
        let mut wrong = Vec::new();
        self.listing.refresh();
        let complain = |name, e: &Error| wrong.push((name, e.message.clone()));
        self.machine.settings = Settings::read(CWD, |name| self.listing.has(name), complain);
        if self.hurry && self.machine.settings.timeout_kill == 0 {
            self.machine.settings.timeout_kill = LOGGER_KILL;
        }
        if self.oneshot.is_some() {
            // It is not said to be ready, but to have ended.
            self.machine.settings.notification_fd = None;
        }
        self.machine.finish_limited = !self.is_runits();
        if self.complaints.is_empty() && wrong.is_empty() {
            return;
        }
        for name in common::format::servicedir::FILES {
            match wrong.iter().find(|(n, _)| *n == name) {
                Some((_, message)) => self.complain(name, message.clone()),
                None if name != "cgroup" => self.content(name),
                None => {}
            }
        }
    }

    /// Warns, unless the last complaint about the same thing was the same.
    pub(super) fn complain(&mut self, about: &'static str, message: String) {
        match self.complaints.iter_mut().find(|(a, _)| *a == about) {
            Some((_, said)) if *said == message => return,
            Some((_, said)) => said.clone_from(&message),
            None => self.complaints.push((about, message.clone())),
        }
        self.warn(&message);
    }

    /// The next complaint about this is news again.
    pub(super) fn content(&mut self, about: &'static str) {
        self.complaints.retain(|(a, _)| *a != about);
    }

    /// Says once why a program of the service could not be started, and when it is tried again.
    pub(super) fn complain_of_start(&mut self, kind: Kind, error: i32) {
        if self.complaints.iter().any(|(about, _)| ["ready", "service-lock"].contains(about)) {
            // It was named already, and is no fault of the program's.
            return;
        }
        let mut why = reason(errno(error));
        let path = self.program(kind).to_string_lossy().into_owned();
        let is_there = accessat(CWD, path.as_str(), Access::EXISTS, AtFlags::empty()).is_ok();
        if error == Errno::NOENT.raw_os_error() && is_there {
            why += ", which is its interpreter (see its first line)";
        }
        match kind {
            Kind::Run => {
                let again = match self.oneshot {
                    Some(_) => "",
                    None => " (trying again, at the latest every minute)",
                };
                self.warn(&format_args!("unable to start {path}: {why}{again}"));
            }
            Kind::Finish => self.complain("./finish", format!("unable to start ./finish: {why}")),
        }
    }

    pub(super) fn warn(&self, message: &dyn Display) {
        warn(&self.who, message);
    }

    pub(super) fn make_down(&self) {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(0o644);
        if let Err(e) = openat(CWD, c"down", flags | OFlags::NOCTTY | OFlags::CLOEXEC, mode) {
            self.warn(&format_args!("unable to make the file down: {}", reason(e)));
        }
    }
}
