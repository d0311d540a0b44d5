//! A service as all of its files together describe it.

use super::directory::{DIRECTORIES, log_script};
use crate::manager::condition::{Condition, Test};
use crate::manager::service_file::diagnostic::{Code, Diagnostic};
use crate::manager::service_file::keys::{self, KEYS, Kind};
use crate::manager::service_file::read::{Setting, Settings};
use crate::manager::service_file::ready::Readiness;
use crate::manager::service_file::source::Place;
use crate::manager::service_file::value::Value;

/// A service.
#[derive(Debug)]
pub(super) struct Service {
    /// Its name; of an instance `TEMPLATE@PARAMETER`.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: Kind,
    /// Its own file.
    pub(super) top: Place,
    /// What its files say.
    settings: Settings,
}

/// Times that hold where nothing is said, ms. As systemd's.
const TIMEOUT: u64 = 90_000;

impl Service {
    /// From what its files say; what they must not say together is added to `found`.
    pub(super) fn new(
        name: String,
        top: Place,
        settings: Settings,
        found: &mut Vec<Diagnostic>,
    ) -> Service {
        let word = settings.get("type").map(|setting| &setting.value);
        let kind = match word {
            Some(Some(Value::Text(word))) => Kind::WORDS.iter().find(|row| row.0 == word),
            _ => None,
        };
        let kind = kind.map_or(Kind::Daemon, |row| row.1);
        let is_known = word != Some(&None);
        let service = Service { name, kind, top, settings };
        if is_known {
            service.check(found);
        }
        service
    }

    fn check(&self, found: &mut Vec<Diagnostic>) {
        for (name, setting) in &self.settings {
            if !setting.key.is_of(self.kind) {
                let has = Kind::WORDS.iter().filter(|row| setting.key.is_of(row.1));
                let has: Vec<_> = has.map(|row| row.0).collect();
                let what =
                    format!("{name} is for type {}, not {}", has.join(" and "), self.kind.word());
                found.push(Diagnostic::new(Code::WrongKind, setting.at, what));
            }
        }
        let needed = match self.kind {
            Kind::Daemon => "exec",
            Kind::Oneshot => "start",
            Kind::Group => "type",
        };
        if !self.has(needed) {
            let what = format!("{} is missing: a {} must have it", needed, self.kind.word());
            found.push(Diagnostic::new(Code::MissingKey, self.top, what));
        }
        self.check_pairs(found);
        self.check_log(found);
    }

    /// What the logger has to say to its options.
    fn check_log(&self, found: &mut Vec<Diagnostic>) {
        let script = log_script(self).unwrap_or_default();
        let Err(e) = crate::log::number_of_file("log", script.as_bytes()) else { return };
        let what = e.message.split_once("--").map_or(e.message.as_str(), |(_, what)| what);
        let key = format!("log.{}", what.split(':').next().unwrap_or_default());
        let named = self.settings.get(&key).or(self.settings.get("log.directory"));
        let place = named.map_or(self.top, |setting| setting.place);
        found.push(Diagnostic::new(Code::BadValue, place, format!("log.{what}")));
    }

    /// Keys that go together, or don't.
    fn check_pairs(&self, found: &mut Vec<Diagnostic>) {
        let mut refuse = |name: &str, what: String| {
            if let Some(setting) = self.settings.get(name) {
                found.push(Diagnostic::new(Code::Contradiction, setting.at, what));
            }
        };
        for (name, needed) in [
            ("runtime-directory-mode", "runtime-directory"),
            ("runtime-directory-preserve", "runtime-directory"),
            ("state-directory-mode", "state-directory"),
            ("cache-directory-mode", "cache-directory"),
            ("logs-directory-mode", "logs-directory"),
        ] {
            if self.has(name) && !self.has(needed) {
                refuse(name, format!("{name} without {needed}"));
            }
        }
        if self.has("directory-owner") && !DIRECTORIES.iter().any(|(key, _)| self.has(key)) {
            refuse("directory-owner", "directory-owner without a directory".to_owned());
        }
        if self.has("user") && self.has("group") {
            refuse("group", "group with user: write user = \"USER:GROUP\"".to_owned());
        }
        if self.has("groups") && !self.has("user") && !self.has("group") {
            refuse("groups", "groups without user or group".to_owned());
        }
        if !self.has("reload") && !self.has("reload-signal") {
            for (name, _) in self.texts("on-loss").filter(|(_, word)| *word == "reload") {
                let what = format!("on-loss.{name} = \"reload\" without reload or reload-signal");
                refuse(&format!("on-loss.{name}"), what);
            }
        }
        let ready = self.ready();
        for name in ["watchdog", "notify-access"] {
            if self.has(name) && ready != Readiness::SdNotify {
                refuse(name, format!("{name} without ready = \"sd-notify\""));
            }
        }
        if self.has("pid-file") && ready != Readiness::Forked {
            refuse("pid-file", "pid-file without ready = \"forked\"".to_owned());
        }
        let delays = [self.duration("restart-delay"), self.duration("restart-delay-max")];
        if let [delay, Some(Some(max))] = delays
            && delay.unwrap_or(Some(1000)).is_none_or(|delay| delay > max)
        {
            refuse("restart-delay-max", "restart-delay-max is less than restart-delay".to_owned());
        }
        for name in ["restart-delay", "restart-delay-max", "watchdog", "log.rotate-every"] {
            if self.duration(name) == Some(None) {
                refuse(name, format!("{name} can't be infinity"));
            }
        }
        let path = self.text("cgroup.path");
        if path.is_some_and(|path| !path.starts_with('/'))
            && self.cgroup_settings().next().is_some()
        {
            let what = "with other keys of [cgroup], path must begin with a slash";
            refuse("cgroup.path", what.to_owned());
        }
        if self.has_readiness() && self.timeout_start().is_none() && self.kind == Kind::Daemon {
            let setting = self.settings.get("timeout-start").map_or(self.top, |s| s.at);
            let what = "readiness without an end: what needs it may wait for ever";
            found.push(Diagnostic::new(Code::NoTimeout, setting, what));
        }
    }

    /// All that its files say.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is said of a key.
    pub(super) fn setting(&self, name: &str) -> Option<&Setting> {
        debug_assert!(keys::find(name).is_some(), "no key {name}");
        self.settings.get(name)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.setting(name)?.value.as_ref()
    }

    /// Whether anything is said of a key.
    pub(super) fn has(&self, name: &str) -> bool {
        self.setting(name).is_some()
    }

    /// Where a key's value stands.
    pub(super) fn place(&self, name: &str) -> Place {
        self.setting(name).map_or(self.top, |setting| setting.place)
    }

    /// The text of a key.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let Value::Text(text) = self.value(name)? else { return None };
        Some(text)
    }

    /// Whether a key says true.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        let Value::Flag(flag) = self.value(name)? else { return None };
        Some(*flag)
    }

    /// The number of a key.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let Value::Number(number) = self.value(name)? else { return None };
        Some(*number)
    }

    /// The milliseconds of a key; `Some(None)`: infinity.
    pub(super) fn duration(&self, name: &str) -> Option<Option<u64>> {
        let Value::Duration(duration) = self.value(name)? else { return None };
        Some(*duration)
    }

    /// The texts of a list, each with its place.
    pub(super) fn list(&self, name: &str) -> &[(String, Place)] {
        match self.value(name) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// The commands of a key.
    pub(super) fn commands(&self, name: &str) -> &[Vec<String>] {
        match self.value(name) {
            Some(Value::Commands(commands)) => commands,
            _ => &[],
        }
    }

    /// The keys of a table, each by the rest of its name with what it says.
    pub(super) fn table<'a>(
        &'a self,
        table: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Setting)> {
        let settings = self.settings.range(format!("{table}.")..);
        settings.map_while(move |(name, setting)| {
            Some((name.strip_prefix(table)?.strip_prefix('.')?, setting))
        })
    }

    /// The same, with the texts that they have.
    pub(super) fn texts<'a>(&'a self, table: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.table(table).filter_map(|(name, setting)| match &setting.value {
            Some(Value::Text(text)) => Some((name, text.as_str())),
            _ => None,
        })
    }

    /// How it is known to be ready.
    pub(super) fn ready(&self) -> Readiness {
        match self.value("ready") {
            Some(Value::Ready(ready)) => ready.clone(),
            _ => Readiness::Exec,
        }
    }

    /// Whether its chain says that it is ready: what runs before its program may fail.
    pub(super) fn is_announced(&self) -> bool {
        let has_commands = !self.commands("before-start").is_empty();
        self.kind == Kind::Daemon && self.ready() == Readiness::Exec && has_commands
    }

    /// Whether somebody says that it is ready: that its process is there is not enough.
    pub(super) fn has_readiness(&self) -> bool {
        self.ready() != Readiness::Exec || self.is_announced()
    }

    /// How long it may take to be ready, or done; none: as long as it likes.
    pub(super) fn timeout_start(&self) -> Option<u64> {
        let usual = if self.kind == Kind::Daemon { Some(TIMEOUT) } else { None };
        self.duration("timeout-start").unwrap_or(usual)
    }

    /// How long it may take to stop; none: as long as it likes.
    pub(super) fn timeout_stop(&self) -> Option<u64> {
        self.duration("timeout-stop").unwrap_or(Some(TIMEOUT))
    }

    /// When it is to be up.
    pub(super) fn condition(&self) -> Condition {
        let tests = |name| match self.value(name) {
            Some(Value::Conditions(tests)) => tests.clone(),
            _ => Vec::<Test>::new(),
        };
        Condition { all: tests("when.all"), any: tests("when.any"), none: tests("when.none") }
    }

    /// The cgroup that it runs in.
    pub(super) fn cgroup(&self) -> Option<String> {
        if let Some(path) = self.text("cgroup.path") {
            return Some(path.to_owned());
        }
        let needs =
            self.text("kill-scope") == Some("cgroup") || self.cgroup_settings().next().is_some();
        needs.then(|| format!("/coppice/{}", self.name))
    }

    /// What is set there, as the kernel names it: `memory.max`, 200 MB.
    pub(super) fn cgroup_settings(&self) -> impl Iterator<Item = (String, i64)> {
        let names = KEYS.iter().filter_map(|key| key.name.strip_prefix("cgroup."));
        names.filter_map(|name| {
            let number = self.number(&format!("cgroup.{name}"))?;
            let (controller, rest) = name.split_once('-')?;
            let controller = if controller == "tasks" { "pids" } else { controller };
            Some((format!("{controller}.{}", rest.replace('-', ".")), number))
        })
    }
}
