//! A service directory's small files: what each may say, and the one complaint when it does not.

use crate::base::death::Death;
use crate::base::error::{Context, Error, Result};
use crate::base::signal::Signal;
use crate::os::file::read_small;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;

/// When a dead service is started again. The words are systemd's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "their words say it")]
pub enum Restart {
    #[default]
    Always,
    OnFailure,
    OnSuccess,
    OnAbnormal,
    OnAbort,
    No,
}

impl Restart {
    const WORDS: [(&'static str, Restart); 6] = [
        ("always", Restart::Always),
        ("on-failure", Restart::OnFailure),
        ("on-success", Restart::OnSuccess),
        ("on-abnormal", Restart::OnAbnormal),
        ("on-abort", Restart::OnAbort),
        ("no", Restart::No),
    ];

    /// Whether a service that ended like this is started again: systemd.service(5), "Exit causes
    /// and the effect of the Restart= settings". An unknown end counts as a failure.
    pub fn after(self, death: Death) -> bool {
        let killed = matches!(death, Death::Signal(_));
        match self {
            Restart::Always => true,
            Restart::OnFailure => !death.is_clean(),
            Restart::OnSuccess => death.is_clean(),
            Restart::OnAbnormal | Restart::OnAbort => killed && !death.is_clean(),
            Restart::No => false,
        }
    }
}

/// Whom the KILL at the deadline, and after a death, is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum KillScope {
    /// The process alone.
    #[default]
    Process,
    /// Its process group.
    Group,
    /// All of its cgroup.
    Cgroup,
}

/// What the files say. Each has a default; see the page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// `restart`.
    pub restart: Restart,
    /// `restart-delay`, ms.
    pub restart_delay: u64,
    /// `restart-delay-max`, ms.
    pub restart_delay_max: u64,
    /// `timeout-kill`, ms; 0 is never.
    pub timeout_kill: u64,
    /// `timeout-finish`, ms; 0 is never. `None`: there is no such file.
    pub timeout_finish: Option<u64>,
    /// `down-signal`.
    pub down_signal: Signal,
    /// `reload-signal`.
    pub reload_signal: Signal,
    /// `kill-scope`.
    pub kill_scope: KillScope,
    /// `notification-fd`.
    pub notification_fd: Option<i32>,
    /// `lock-fd`.
    pub lock_fd: Option<i32>,
    /// `max-death-tally`.
    pub max_death_tally: u32,
    /// `cgroup`: a path, empty for none.
    pub cgroup: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            restart: Restart::Always,
            restart_delay: 1000,
            restart_delay_max: 60_000,
            timeout_kill: 0,
            timeout_finish: None,
            down_signal: Signal::TERM,
            reload_signal: Signal::HUP,
            kill_scope: KillScope::Process,
            notification_fd: None,
            lock_fd: None,
            max_death_tally: super::tally::DEFAULT,
            cgroup: String::new(),
        }
    }
}

/// The names of the files that [`Settings::read`] reads.
pub const FILES: [&str; 12] = [
    "restart",
    "restart-delay",
    "restart-delay-max",
    "timeout-kill",
    "timeout-finish",
    "down-signal",
    "reload-signal",
    "kill-scope",
    "notification-fd",
    "lock-fd",
    "max-death-tally",
    "cgroup",
];

/// The longest that such a file may be: a cgroup's path fits.
const MAX: usize = 4096;

impl Settings {
    /// Reads those files of a service directory that are `there`. Each that can't be used keeps its
    /// default and is handed to `complain`, with its name.
    pub fn read(
        dir: impl AsFd,
        there: impl Fn(&str) -> bool,
        mut complain: impl FnMut(&'static str, &Error),
    ) -> Settings {
        let mut settings = Settings::default();
        for name in FILES.into_iter().filter(|name| there(name)) {
            let mut buffer = [0; 64];
            let read = match read_small(&dir, name, &mut buffer) {
                // Removed just now; but a symbolic link that leads nowhere is there.
                Err(Errno::NOENT) if !is_link(&dir, name) => continue,
                Err(Errno::FBIG) if name == "cgroup" => settings.take_long(&dir, name),
                Err(Errno::FBIG) => Err(Error::user(format_args!("{name}: longer than 64 bytes"))),
                Err(Errno::INVAL) => Err(Error::user(format_args!("{name}: not a regular file"))),
                Err(e) => Err(e).unable(format_args!("read {name}")),
                Ok(text) => settings.take(name, text),
            };
            if let Err(e) = read {
                complain(name, &e);
            }
        }
        if settings.lock_fd.is_some() && settings.lock_fd == settings.notification_fd {
            settings.lock_fd = None;
            complain(
                "lock-fd",
                &Error::user("lock-fd: the same number as notification-fd: ignored"),
            );
        }
        settings
    }

    fn take_long(&mut self, dir: impl AsFd, name: &'static str) -> Result<()> {
        let mut buffer = vec![0; MAX];
        let text = read_small(dir, name, &mut buffer).unable(format_args!("read {name}"))?;
        self.take(name, text)
    }

    /// Takes over what one file says.
    pub fn take(&mut self, name: &'static str, bytes: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(bytes).unwrap_or("").trim();
        let bad = |expected: &str| {
            let shown: String = String::from_utf8_lossy(bytes).trim().chars().take(32).collect();
            let shown = shown.escape_debug();
            Error::user(format_args!("{name}: expected {expected}, found \"{shown}\": ignored"))
        };
        let ms = || text.parse::<u64>().map_err(|_| bad("a number of milliseconds"));
        let signal = || Signal::parse(text).ok_or_else(|| bad("the name or number of a signal"));
        let fd = || {
            let number = text.parse::<i32>().ok().filter(|n| (1..65_536).contains(n));
            number.ok_or_else(|| bad("the number of a file descriptor, 1 to 65535"))
        };
        match name {
            "restart" => {
                let row = Restart::WORDS.iter().find(|row| row.0 == text);
                let expected = "always, on-failure, on-success, on-abnormal, on-abort or no";
                self.restart = row.ok_or_else(|| bad(expected))?.1;
            }
            "restart-delay" => self.restart_delay = ms()?,
            "restart-delay-max" => self.restart_delay_max = ms()?,
            "timeout-kill" => self.timeout_kill = ms()?,
            "timeout-finish" => self.timeout_finish = Some(ms()?),
            "down-signal" => self.down_signal = signal()?,
            "reload-signal" => self.reload_signal = signal()?,
            "kill-scope" => {
                self.kill_scope = match text {
                    "process" => KillScope::Process,
                    "group" => KillScope::Group,
                    "cgroup" => KillScope::Cgroup,
                    _ => return Err(bad("process, group or cgroup")),
                }
            }
            "notification-fd" => self.notification_fd = Some(fd()?),
            "lock-fd" => self.lock_fd = Some(fd()?),
            "max-death-tally" => {
                let number = text.parse().ok().filter(|n| *n <= super::tally::MAX);
                self.max_death_tally = number.ok_or_else(|| bad("a number up to 4096"))?;
            }
            "cgroup" => {
                let plain = !text.is_empty() && !text.contains(|c: char| c.is_control());
                let inside = text.split('/').all(|part| part != ".." && part != ".");
                if !plain || !inside || text == "/" {
                    return Err(bad("the path of a cgroup, without . and .."));
                }
                text.clone_into(&mut self.cgroup);
            }
            _ => return Err(bad("nothing: no such setting")),
        }
        Ok(())
    }
}

fn is_link(dir: impl AsFd, name: &str) -> bool {
    statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_its_words() {
        let mut s = Settings::default();
        assert!(s.take("restart", b"on-failure\n").is_ok());
        assert!(s.take("restart-delay", b" 250 \n").is_ok());
        assert!(s.take("down-signal", b"SIGINT\n").is_ok());
        assert!(s.take("kill-scope", b"cgroup").is_ok());
        assert!(s.take("notification-fd", b"3").is_ok());
        assert!(s.take("cgroup", b"a/b\n").is_ok());
        let expected = Settings {
            restart: Restart::OnFailure,
            restart_delay: 250,
            down_signal: Signal::INT,
            kill_scope: KillScope::Cgroup,
            notification_fd: Some(3),
            cgroup: "a/b".to_owned(),
            ..Settings::default()
        };
        assert_eq!(s, expected);
    }

    #[test]
    fn garbage_is_named_and_changes_nothing() {
        let mut s = Settings::default();
        for name in FILES {
            assert!(s.take(name, b"\xff\x00garbage ..").is_err(), "{name}");
            assert!(s.take(name, b"").is_err(), "{name}");
        }
        assert_eq!(s, Settings::default());
        let e = s.take("timeout-kill", b"soon\n").unwrap_err();
        let text = "timeout-kill: expected a number of milliseconds, found \"soon\": ignored";
        assert_eq!(e.message, text);
        assert!(s.take("notification-fd", b"0").is_err());
        assert!(s.take("cgroup", b"a/../b").is_err());
    }

    #[test]
    fn policies_are_systemds() {
        use Death::{Exit, Unknown};
        let term = Death::Signal(Signal::TERM);
        let segv = Death::Signal(Signal(11));
        let row = |p: Restart| [Exit(0), Exit(1), term, segv, Unknown].map(|d| p.after(d));
        assert_eq!(row(Restart::Always), [true; 5]);
        assert_eq!(row(Restart::OnFailure), [false, true, false, true, true]);
        assert_eq!(row(Restart::OnSuccess), [true, false, true, false, false]);
        assert_eq!(row(Restart::OnAbnormal), [false, false, false, true, false]);
        assert_eq!(row(Restart::OnAbort), [false, false, false, true, false]);
        assert_eq!(row(Restart::No), [false; 5]);
    }
}
