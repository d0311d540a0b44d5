//! The files of a service: its service directory, made from what its files say.

use super::chain::{self, Chain, For};
use super::service::Service;
use crate::manager::config_test;
use crate::manager::files::{File, Files as Tree};
use crate::manager::service_file::keys::Kind;
use crate::manager::service_file::ready::Readiness;

/// The keys of directories that are made for a service, and the variables for them.
pub(super) const DIRECTORIES: [(&str, &str); 4] = [
    ("runtime-directory", "RUNTIME_DIRECTORY"),
    ("state-directory", "STATE_DIRECTORY"),
    ("cache-directory", "CACHE_DIRECTORY"),
    ("logs-directory", "LOGS_DIRECTORY"),
];

/// A directory that is made for a service.
pub(super) struct Own {
    pub(super) key: &'static str,
    pub(super) path: String,
}

/// All of them.
pub(super) fn own_directories(service: &Service, paths: &Paths) -> impl Iterator<Item = Own> {
    DIRECTORIES.into_iter().zip(&paths.directories).flat_map(move |((key, _), base)| {
        let names = service.list(key).iter();
        names.map(move |(name, _)| Own { key, path: format!("{base}/{name}") })
    })
}

/// What run scripts name that is not the service's.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// Where svc-chain is, and svc-log.
    pub(crate) programs: String,
    /// Where the log directories of all services are.
    pub(crate) logs: String,
    /// Where the directories that are made for services are: for runtime-directory, state-directory,
    /// cache-directory and logs-directory.
    pub(crate) directories: [String; 4],
    /// Whether they run without root's rights, as this does.
    pub(crate) is_users: bool,
}

impl Default for Paths {
    /// Those of the system.
    fn default() -> Paths {
        Paths {
            programs: "/usr/bin".to_owned(),
            logs: "/var/log/coppice".to_owned(),
            directories: ["/run", "/var/lib", "/var/cache", "/var/log"].map(str::to_owned),
            is_users: false,
        }
    }
}

/// Adds the files of a service to those of a generation.
pub(super) fn add(service: &Service, paths: &Paths, tree: &mut Tree) {
    let dir = format!("services/{}", service.name);
    let mut put = |name: &str, text: String, is_program: bool| {
        tree.insert(format!("{dir}/{name}"), File { text, is_program });
    };
    let commands = match service.kind {
        Kind::Daemon => service.commands("exec"),
        Kind::Oneshot => service.commands("start"),
        Kind::Group => return,
    };
    put("run", chain::of(service, paths, For::Run, commands), true);
    for name in ["stop", "reload"] {
        let commands = service.commands(name);
        if !commands.is_empty() {
            put(name, chain::of(service, paths, For::Other, commands), true);
        }
    }
    for (number, command) in (1..).zip(service.commands("before-start")) {
        let text = chain::of(service, paths, For::Test, std::slice::from_ref(command));
        put(&config_test::file(number), text, true);
    }
    for (name, value) in settings(service) {
        put(name, value + "\n", false);
    }
    if service.kind == Kind::Daemon {
        if let Some(text) = chain::finish(service, paths) {
            put("finish", text, true);
        }
        log(service, paths, tree);
    }
}

/// The small files, for those that are not as usual.
fn settings(service: &Service) -> Vec<(&'static str, String)> {
    // svc-oneshot starts it once, whatever a file says.
    if service.kind == Kind::Oneshot {
        return Vec::new();
    }
    let mut files = Vec::new();
    for (file, key) in [
        ("restart", "restart"),
        ("down-signal", "kill-signal"),
        ("reload-signal", "reload-signal"),
        ("kill-scope", "kill-scope"),
    ] {
        files.extend(service.text(key).map(|text| (file, text.to_owned())));
    }
    for key in ["restart-delay", "restart-delay-max"] {
        files.extend(service.duration(key).flatten().map(|ms| (key, ms.to_string())));
    }
    files.extend(service.timeout_stop().map(|ms| ("timeout-kill", ms.to_string())));
    files.extend(service.cgroup().map(|path| ("cgroup", path)));
    let fd = match service.ready() {
        Readiness::Exec if service.is_announced() => Some(3),
        Readiness::Exec => None,
        Readiness::NotifyFd(fd) => Some(fd),
        Readiness::SdNotify
        | Readiness::Check(_)
        | Readiness::Tcp(_)
        | Readiness::Socket(_)
        | Readiness::File(_)
        | Readiness::Forked => Some(3),
    };
    files.extend(fd.map(|fd| ("notification-fd", fd.to_string())));
    if service.ready() == Readiness::Forked {
        // Without it a second daemon could begin before the first has ended.
        files.push(("lock-fd", "4".to_owned()));
    }
    files
}

/// What becomes of the output: a logger of its own, or a word to the one for all.
fn log(service: &Service, paths: &Paths, tree: &mut Tree) {
    if service.flag("log.own").or(service.flag("essential")) == Some(true) {
        let base = format!("services/{}/log", service.name);
        let file = |text, is_program| File { text, is_program };
        tree.insert(format!("{base}/run"), file(own_logger(service, paths), true));
        tree.insert(format!("{base}/notification-fd"), file("3\n".to_owned(), false));
    } else if let Some(text) = log_script(service) {
        tree.insert(format!("log/{}", service.name), File { text, is_program: false });
    }
}

/// The run script of a logger of its own.
fn own_logger(service: &Service, Paths { programs, logs, .. }: &Paths) -> String {
    let usual = format!("{logs}/{}", service.name);
    let dir = service.text("log.directory").unwrap_or(&usual);
    let program = format!("{programs}/svc-log");
    let mut options = log_options(service);
    if !service.has("log.stamp") {
        options.push(("stamp", "tai64n".to_owned()));
    }
    let options: Vec<_> = options.iter().map(|(name, value)| option(name, value, "=")).collect();
    let mut words = vec![program.as_str(), "-d", "3", "--dir", dir];
    words.extend(options.iter().map(String::as_str));
    Chain::of_lines(programs, &[vec!["svc-mkdir", "-p", dir], words])
}

/// The script that the logger for all has for a service; none: it does as for all.
pub(super) fn log_script(service: &Service) -> Option<String> {
    let options = log_options(service);
    let mut lines: Vec<_> = options.iter().map(|(name, value)| option(name, value, " ")).collect();
    lines.extend(service.text("log.directory").map(str::to_owned));
    (!lines.is_empty()).then(|| lines.join("\n") + "\n")
}

/// The options of svc-log, each with its value.
fn log_options(service: &Service) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    for (name, key) in [
        ("stamp", "log.stamp"),
        ("prefix", "log.prefix"),
        ("compress", "log.compress"),
        ("when-full", "log.when-full"),
    ] {
        options.extend(service.text(key).map(|value| (name, value.to_owned())));
    }
    for (name, key) in [
        ("rotate-size", "log.rotate-size"),
        ("keep", "log.keep"),
        ("max-total", "log.max-total"),
        ("rate", "log.rate"),
    ] {
        options.extend(service.number(key).map(|number| (name, number.to_string())));
    }
    let every = service.duration("log.rotate-every").flatten();
    options.extend(every.map(|ms| ("rotate-every", format!("{ms}ms"))));
    if service.flag("log.sync") == Some(true) {
        options.push(("sync", String::new()));
    }
    options
}

fn option(name: &str, value: &str, between: &str) -> String {
    if value.is_empty() { format!("--{name}") } else { format!("--{name}{between}{value}") }
}
