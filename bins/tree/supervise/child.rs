//! Starting `./run` and `./finish`, and runit's control scripts.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

use common::base::death::Death;
use common::base::error::reason;
use common::base::signal::Signal;
use common::format::records::{Kind, Process, SIZE};
use common::os::process::{Identity, Watched};
use common::os::spawn::{Blocked, Child, Group, Hooks, NoHooks, Sharing};
use common::os::{clock, file, lock};
use common::sys::exec::Argv;
use common::sys::signal::{Mask, set_mask};
use common::sys::wait::{Ended, wait_for, wait_within};
use rustix::fs::{Access, AtFlags, CWD, FileType, FlockOperation, accessat, flock, statat};
use rustix::io::{Errno, Result};

use super::super::controls::dawdle;
use super::super::wards::Wards;
use super::action::Input;
use super::files::write_padded;
use super::short::Short;
use super::supervisor::Supervisor;

/// How long one of runit's control scripts may take. runsv waits for ever, and hears nothing else
/// meanwhile.
const CONTROL_SECONDS: u32 = 10;

/// The child's own part of the protocol: it records itself while it shares the supervisor's lock.
struct Recorder<'a> {
    file: BorrowedFd<'a>,
    process: Process,
    lock: RawFd,
    /// Where svc-scan finds out whose orphan it is.
    wards: Option<&'a Wards>,
    ward_error: Option<Errno>,
    /// A lock to wait for before the exec, because another instance holds it.
    wait_for: Option<BorrowedFd<'a>>,
    cgroup: Option<BorrowedFd<'a>>,
    cgroup_error: Option<Errno>,
    /// What to become instead, if that can be.
    short: Option<Short>,
}

impl Hooks for Recorder<'_> {
    fn started(&mut self) -> Result<()> {
        dawdle();
        self.process.identity = Identity::of_self(self.process.identity.boot);
        // Before the record: who is on record can be found.
        if let Some(wards) = self.wards {
            self.ward_error = wards.enter(self.process.identity.pid).err();
        }
        write_record(self.file, &self.process)?;
        if let Some(procs) = self.cgroup {
            self.cgroup_error = file::write_all(procs, b"0").err();
        }
        if let Some(service_lock) = self.wait_for {
            // A successor must be able to take over while we wait: we are on record already.
            common::sys::fd::close(self.lock);
            // Told to stop meanwhile, it stops.
            set_mask(&Mask::empty());
            rustix::io::retry_on_intr(|| flock(service_lock, FlockOperation::LockExclusive))?;
        }
        Ok(())
    }

    fn set_up(&mut self) {
        if let Some(short) = &self.short {
            short.exec();
        }
    }

    fn not_executed(&mut self, why: Errno, kept: Option<BorrowedFd<'_>>) {
        self.process.failed = Some(why);
        if let Some(file) = kept {
            // The parent knows as well; this is for a successor.
            let _ = write_record(file, &self.process);
        }
    }
}

fn write_record(file: BorrowedFd<'_>, process: &Process) -> Result<()> {
    write_padded(file, process.pack().ok_or(Errno::OVERFLOW)?.bytes(), SIZE)
}

impl Supervisor {
    /// Starts the process of the present start; says what the machine is to be told.
    pub(super) fn start(&mut self, kind: Kind) -> Input {
        match self.try_start(kind) {
            Ok(input) => input,
            Err(e) => Input::NotStarted(e.raw_os_error()),
        }
    }

    fn try_start(&mut self, kind: Kind) -> Result<Input> {
        if kind == Kind::Run {
            self.custom(b'u');
        }
        self.update_output();
        let settings = &self.machine.settings;
        let notification = settings.notification_fd.filter(|_| kind == Kind::Run);
        let lock_fd = settings.lock_fd.filter(|_| kind == Kind::Run);
        let ready = notification.map(|_| self.files.fresh_ready()).transpose();
        let ready = self.named("ready", ready)?;
        let service_lock = lock_fd.map(|_| self.service_lock()).transpose();
        let service_lock = self.named("service-lock", service_lock)?;
        let cgroup = self.enter_cgroup();
        let stdio = self.stdio()?;
        let (path, argv) = self.command_line(kind)?;
        let short = self.short(kind);

        let mut fds: Vec<(RawFd, BorrowedFd<'_>)> = Vec::with_capacity(4);
        fds.extend(stdio.iter().map(|(number, fd)| (*number, fd.as_fd())));
        fds.extend(notification.zip(ready.as_ref().map(|(_, theirs)| theirs.as_fd())));
        fds.extend(lock_fd.zip(service_lock.as_ref().map(|(fd, _)| fd.as_fd())));
        let waits = service_lock.as_ref().filter(|(_, free)| !free).map(|(fd, _)| fd.as_fd());
        let mut recorder = self.recorder(kind, waits, cgroup.as_ref().map(AsFd::as_fd), short);
        let spawned = Child {
            path: &path,
            argv: &argv,
            directory: None,
            fds: &fds,
            kept: Some(self.files.process.as_fd()),
            open_files: None,
            group: Group::Session,
            blocked: Blocked::None,
            sharing: if waits.is_some() { Sharing::Fork } else { Sharing::Vfork },
        }
        .spawn(&mut recorder)?;
        let (cgroup_error, ward_error) = (recorder.cgroup_error, recorder.ward_error);
        // A child with a copy of our memory could not tell us; but it is ours, and has this pid now.
        let start = match recorder.process.identity.start {
            0 => clock::ticks(),
            start => start,
        };
        if let Some(e) = spawned.failed {
            self.leave_ward(spawned.pid);
            // It is on its way out: not yet a zombie, perhaps.
            wait_for(spawned.pid)?;
            return Err(e);
        }
        if let Some(e) = cgroup_error {
            self.complain("cgroup", format!("unable to enter its cgroup: {}", reason(e)));
        }
        if let Some(e) = ward_error {
            self.complain("ward", format!("unable to make its ward: {}", reason(e)));
        }
        self.watch = Some(Watched::Own(spawned.pid));
        self.ready = ready.map(|(ours, _)| ours);
        Ok(Input::Started { pid: spawned.pid, start })
    }

    /// What ./run comes to, if that is short. What once was not is not looked at for each restart: to
    /// execute it is right whatever it has become.
    fn short(&mut self, kind: Kind) -> Option<Short> {
        if kind != Kind::Run || self.is_long {
            return None;
        }
        let short = Short::of(self.program(kind), &self.siblings);
        self.is_long = short.is_none();
        short
    }

    /// Says which file it is that a start fails at.
    fn named<T>(&mut self, file: &'static str, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_) => self.content(file),
            Err(e) => self.complain(
                file,
                format!("unable to use supervise/{file} for a start: {}", reason(*e)),
            ),
        }
        result
    }

    fn recorder<'a>(
        &'a self,
        kind: Kind,
        wait_for: Option<BorrowedFd<'a>>,
        cgroup: Option<BorrowedFd<'a>>,
        short: Option<Short>,
    ) -> Recorder<'a> {
        let pid = rustix::process::getpid();
        let identity = Identity { pid, start: 0, boot: self.boot };
        let process = Process { seq: self.machine.status.seq, kind, identity, failed: None };
        let file = self.files.process.as_fd();
        let lock = self.files.lock.as_raw_fd();
        let wards = self.oneshot.as_ref().and_then(|oneshot| oneshot.wards.as_ref());
        let (cgroup_error, ward_error) = (None, None);
        Recorder { file, process, lock, wards, ward_error, wait_for, cgroup, cgroup_error, short }
    }

    /// What to execute, and with which arguments.
    fn command_line(&self, kind: Kind) -> Result<(CString, Argv)> {
        let name = OsString::from(&self.machine.status.name);
        let path = self.program(kind);
        let words = match kind {
            Kind::Run => vec![OsStr::from_bytes(path.to_bytes()).into(), name],
            Kind::Finish => {
                let group = self.files.process().filter(|p| p.kind == Kind::Run);
                let group = group.map_or(0, |p| p.identity.pid.as_raw_pid());
                let death = self.machine.status.last_run.unwrap_or(Death::Unknown);
                let mut words: Vec<OsString> = vec!["./finish".into()];
                words.extend(finish_arguments(death, self.is_runits()).map(Into::into));
                if !self.is_runits() {
                    words.extend([name, group.to_string().into()]);
                }
                words
            }
        };
        Ok((path.to_owned(), Argv::new(words).map_err(|_| Errno::INVAL)?))
    }

    /// The file to execute.
    pub(super) fn program(&self, kind: Kind) -> &CStr {
        match (kind, &self.oneshot) {
            (Kind::Run, None) => c"./run",
            (Kind::Run, Some(oneshot)) => &oneshot.program,
            (Kind::Finish, _) => c"./finish",
        }
    }

    /// A lock of the service's own, which its process keeps: free already, or to be waited for.
    fn service_lock(&mut self) -> Result<(OwnedFd, bool)> {
        let fd = lock::open(&self.files.dir, c"service-lock")?;
        match lock::take(&fd, lock::Patience::Seconds(0)) {
            Ok(()) => Ok((fd, true)),
            Err(Errno::WOULDBLOCK) => {
                self.warn(&"another instance still holds the service lock; waiting for it");
                Ok((fd, false))
            }
            Err(e) => Err(e),
        }
    }

    /// Whether there is a finish script to run. One that can't be is named.
    pub(super) fn has_finish(&mut self) -> bool {
        if !self.listing.has("finish") || self.oneshot.is_some() {
            return false;
        }
        match accessat(CWD, c"./finish", Access::EXEC_OK, AtFlags::empty()) {
            Ok(()) => {
                self.content("finish");
                true
            }
            // Removed this very moment, or with all the directory; or a link that leads nowhere.
            Err(Errno::NOENT) if !self.is_link(c"./finish") => false,
            Err(e) => {
                self.complain("finish", format!("./finish is not run: {}", reason(e)));
                false
            }
        }
    }

    fn is_link(&self, path: &CStr) -> bool {
        statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_symlink())
    }

    /// Whether the service directory is one of runit's.
    pub(super) fn is_runits(&self) -> bool {
        self.listing.has("control") || self.listing.has(".meta")
    }

    /// Runs runit's script `control/LETTER`, if there is one. True: it exited 0, and so did what a
    /// signal would have been for.
    pub(super) fn custom(&mut self, letter: u8) -> bool {
        // runsv(8): the loggers' can't be customised.
        if self.options.input.is_some() || !self.listing.has("control") {
            return false;
        }
        let name = format!("./control/{}", char::from(letter));
        accessat(CWD, name.as_str(), Access::EXEC_OK, AtFlags::empty()).is_ok()
            && self.run_control(&name) == Some(Ended::Exited(0))
    }

    fn run_control(&mut self, name: &str) -> Option<Ended> {
        // It may take long.
        self.announce_rest();
        let path = CString::new(name).ok()?;
        let argv = Argv::new([name.into()]).ok()?;
        let stdio = self.stdio().unwrap_or_default();
        let fds: Vec<_> = stdio.iter().map(|(number, fd)| (*number, fd.as_fd())).collect();
        let child = Child {
            path: &path,
            argv: &argv,
            directory: None,
            fds: &fds,
            kept: None,
            open_files: None,
            group: Group::Session,
            blocked: Blocked::None,
            sharing: Sharing::Vfork,
        };
        let spawned = match child.spawn(&mut NoHooks) {
            Ok(spawned) => spawned,
            Err(e) => {
                self.warn(&format_args!("unable to run {name}: {}", reason(e)));
                return None;
            }
        };
        match wait_within(spawned.pid, CONTROL_SECONDS) {
            Ok(Some(ended)) => Some(ended),
            Ok(None) | Err(_) => {
                self.warn(&format_args!("{name} takes longer than {CONTROL_SECONDS} s: killed"));
                // Ours and not reaped: the pid is still its own.
                let _ = common::sys::signal::kill(spawned.pid, true, Signal::KILL.number());
                let _ = wait_for(spawned.pid);
                None
            }
        }
    }
}

/// The first two arguments of finish: exit code and signal, as s6 or as runit gives them.
fn finish_arguments(death: Death, runit: bool) -> [String; 2] {
    let none = if runit { "-1" } else { "256" };
    let (code, signal) = match death {
        Death::Exit(code) => (code.to_string(), 0),
        Death::Signal(signal) => (none.to_owned(), signal.0),
        Death::Unknown => (none.to_owned(), 0),
    };
    [code, signal.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finish_is_told_as_its_author_expects() {
        assert_eq!(finish_arguments(Death::Exit(3), false), ["3", "0"]);
        assert_eq!(finish_arguments(Death::Signal(Signal::KILL), false), ["256", "9"]);
        assert_eq!(finish_arguments(Death::Signal(Signal::KILL), true), ["-1", "9"]);
        assert_eq!(finish_arguments(Death::Unknown, false), ["256", "0"]);
    }
}
