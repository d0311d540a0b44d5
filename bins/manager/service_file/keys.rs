//! The keys of a service file: the one table that reading, the page and the schema are made from.

use super::kinds::Type::{self, *};

/// What is kept up by a service file: the word of the key `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A program that runs.
    Daemon,
    /// Commands that are run once, and others that undo them.
    Oneshot,
    /// Nothing of its own: a name for what it requires and wants.
    Group,
}

impl Kind {
    /// The words, in the order of the letters in [`Key::of`].
    pub(crate) const WORDS: [(&'static str, Kind); 3] =
        [("daemon", Kind::Daemon), ("oneshot", Kind::Oneshot), ("group", Kind::Group)];

    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Daemon => "daemon",
            Kind::Oneshot => "oneshot",
            Kind::Group => "group",
        }
    }
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// With its table in front: `log.keep`. A star stands for any name.
    pub name: &'static str,
    /// What its value is.
    pub(crate) value: Type,
    /// What holds where it is missing, for people.
    pub default: &'static str,
    /// The types of service that have it: d, o, g.
    pub of: &'static str,
    /// A line that may stand in a file.
    pub example: &'static str,
    /// What it does.
    pub text: &'static str,
}

impl Key {
    /// Whether services of this kind have it.
    pub(crate) fn is_of(&self, kind: Kind) -> bool {
        self.of.contains(&kind.word()[..1])
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        self.value.name()
    }

    /// The units that its value carries, the words that it may be, or its range.
    pub fn unit(&self) -> String {
        self.value.unit()
    }
}

const fn key(
    name: &'static str,
    value: Type,
    default: &'static str,
    of: &'static str,
    example: &'static str,
    text: &'static str,
) -> Key {
    Key { name, value, default, of, example, text }
}

/// What `restart` may say.
const RESTART: &[&str] = &["always", "on-failure", "on-success", "on-abnormal", "on-abort", "no"];
/// What `on-loss` may say.
pub(crate) const ON_LOSS: &[&str] = &["stop", "restart", "reload", "ignore"];
const SCOPES: &[&str] = &["process", "group", "cgroup"];

/// All of them, in the order of the page.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("description", Text, "none", "dog", "description = \"HTTP server\"", "What it is, in one line."),
    key("type", Choice(&["daemon", "oneshot", "group"]), "daemon", "dog", "type = \"oneshot\"", "daemon: exec is kept running. oneshot: start is run once, and what it did holds until stop. group: a name for what it requires and wants."),

    key("exec", Command, "must be there", "d", "exec = [\"/usr/sbin/nginx\", \"-g\", \"daemon off;\"]", "The program and its arguments. It stays in the foreground, unless ready is forked."),
    key("start", Commands, "must be there", "o", "start = \"/sbin/sysctl --system\"", "What brings it up: a command, or a list of commands that are run one after the other until one fails."),
    key("stop", Commands, "none", "o", "stop = [\"/sbin/ip\", \"link\", \"set\", \"eth0\", \"down\"]", "What takes it down again."),
    key("reload", Commands, "none", "do", "reload = \"/usr/sbin/nginx -s reload\"", "What makes it read its configuration again. Without it and reload-signal there is no reload."),
    key("before-start", Commands, "none", "do", "before-start = \"/usr/sbin/nginx -t\"", "Run each time before it, with its user, environment and directory. When one fails, so has the start: a test of the configuration belongs here. It is tried while the service is up, too, before a restart or a reload that somebody asks for."),
    key("after-stop", Commands, "none", "d", "after-stop = \"/usr/bin/rm -f /run/web.pid\"", "Run each time after it has ended, as root, whatever the reason."),
    key("expand", Bool, "false", "do", "expand = true", "Replace $NAME and ${NAME} in its commands by the variables of its environment, as systemd does: see svc-expand."),

    key("user", Account, "that of svc-scan", "do", "user = \"www-data\"", "Who runs it: a name, with all groups of that user, or USER:GROUP, with that group alone."),
    key("group", Group, "that of the user", "do", "group = \"adm\"", "Its primary group, where user is not set. With a user, write user = \"USER:GROUP\"."),
    key("groups", Groups, "those of the user", "do", "groups = [\"adm\", \"ssl-cert\"]", "Its supplementary groups, instead of those that the user is in."),
    key("no-new-privileges", Bool, "false", "do", "no-new-privileges = true", "No set-user-id file gives it, or what it starts, any privilege."),
    key("ambient-capabilities", Capabilities, "none", "do", "ambient-capabilities = [\"net_bind_service\"]", "What of root's power a user keeps."),
    key("umask", Mode, "that of svc-scan", "do", "umask = \"0027\"", "What its new files don't allow, octal."),
    key("nice", Integer(-20, 19), "that of svc-scan", "do", "nice = 5", "Its niceness: -20 gets the CPU first, 19 what others leave."),
    key("oom-score-adjust", Integer(-1000, 1000), "that of svc-scan", "do", "oom-score-adjust = -500", "When memory runs out: 1000 is killed first, -1000 never."),
    key("tty", Path, "none", "do", "tty = \"/dev/tty2\"", "The terminal that it has, and that is its input and output."),

    key("working-directory", Path, "the service directory", "do", "working-directory = \"/srv/web\"", "Where it runs."),
    key("runtime-directory", Directories, "none", "do", "runtime-directory = [\"web\"]", "Directories in /run that are made for it, and belong to its user; removed when it has ended. RUNTIME_DIRECTORY names them."),
    key("runtime-directory-mode", Mode, "0755", "do", "runtime-directory-mode = \"0750\"", "Their mode."),
    key("runtime-directory-preserve", Bool, "false", "d", "runtime-directory-preserve = true", "They stay when it has ended."),
    key("state-directory", Directories, "none", "do", "state-directory = [\"web\"]", "The same in /var/lib; they stay. STATE_DIRECTORY names them."),
    key("state-directory-mode", Mode, "0755", "do", "state-directory-mode = \"0750\"", "Their mode."),
    key("cache-directory", Directories, "none", "do", "cache-directory = [\"web\"]", "The same in /var/cache. CACHE_DIRECTORY names them."),
    key("cache-directory-mode", Mode, "0755", "do", "cache-directory-mode = \"0750\"", "Their mode."),
    key("logs-directory", Directories, "none", "do", "logs-directory = [\"web\"]", "The same in /var/log, for logs that it writes itself. LOGS_DIRECTORY names them."),
    key("logs-directory-mode", Mode, "0755", "do", "logs-directory-mode = \"0750\"", "Their mode."),
    key("directory-owner", Account, "its user", "do", "directory-owner = \"www-data\"", "Whose these directories are: for a daemon that is started as root and becomes somebody else by itself."),

    key("environment-file", Files, "none", "do", "environment-file = [\"-/etc/default/web\"]", "Files of lines NAME=VALUE. They override environment; with a minus in front, one may be missing."),
    key("unset-environment", Words, "none", "do", "unset-environment = [\"LANG\"]", "Variables that it does not get."),
    key("environment.*", Variable, "that of svc-scan", "do", "environment.LANG = \"C.UTF-8\"", "A variable of its environment."),

    key("ready", Ready, "exec", "d", "ready = \"notify-fd 3\"", "How it is known to be ready. exec: once its program is executed, and with before-start that has succeeded. notify-fd N: it writes a newline to descriptor N. sd-notify: it says so by sd_notify(3). check COMMAND: the command exits 0, looked at again and again. listen tcp:ADDRESS:PORT, listen unix:PATH: it accepts connections there. file PATH: the file is there. forked: it has gone into the background."),
    key("notify-access", Choice(&["main", "all"]), "main", "d", "notify-access = \"all\"", "With sd-notify, who may say so: the program, or what it has started as well."),
    key("watchdog", Duration, "none", "d", "watchdog = \"30s\"", "With sd-notify, it must give a sign of life so often, or gets ABRT."),
    key("pid-file", Path, "none", "d", "pid-file = \"/run/web.pid\"", "With forked, the file that tells which process is the daemon."),
    key("timeout-start", Duration, "daemon: 90s; oneshot: infinity", "do", "timeout-start = \"2min\"", "Of a daemon: how long until it runs, and then again until it is ready. Beyond that it has a failure, and those who need it wait; it is not killed, and may still become ready. Of a oneshot: how long its start may take; then it is killed, and has failed. infinity: as long as it likes."),
    key("timeout-stop", Duration, "90s", "do", "timeout-stop = \"10s\"", "How long it may take to end when it was told to; then it is killed. infinity: as long as it likes."),

    key("restart", Choice(RESTART), "always", "d", "restart = \"on-failure\"", "After which ends it is started again, as systemd's Restart=."),
    key("restart-delay", Duration, "1s", "d", "restart-delay = \"5s\"", "The shortest time from one start to the next; doubles while it keeps dying."),
    key("restart-delay-max", Duration, "60s", "d", "restart-delay-max = \"5min\"", "It does not double beyond this."),
    key("kill-signal", Signal, "TERM", "d", "kill-signal = \"INT\"", "The signal that stops it."),
    key("reload-signal", Signal, "none", "d", "reload-signal = \"USR1\"", "The signal that makes it read its configuration again, where there is no reload."),
    key("kill-scope", Choice(SCOPES), "process", "d", "kill-scope = \"group\"", "Who is killed after timeout-stop, and what is killed when it has ended: the process, its process group, all of its cgroup."),

    key("limits.as", Limit("B, K, M, G, T"), "that of svc-scan", "do", "limits.as = \"4G\"", "Address space. A limit is VALUE, SOFT:HARD, unlimited or max: see svc-limit."),
    key("limits.core", Limit("B, K, M, G, T"), "that of svc-scan", "do", "limits.core = \"unlimited\"", "Size of a core file."),
    key("limits.cpu", Limit("s, m, h, d"), "that of svc-scan", "do", "limits.cpu = \"1h\"", "Time on the CPU."),
    key("limits.data", Limit("B, K, M, G, T"), "that of svc-scan", "do", "limits.data = \"1G\"", "Private writable memory."),
    key("limits.fsize", Limit("B, K, M, G, T"), "that of svc-scan", "do", "limits.fsize = \"2G\"", "Size of a file that it writes."),
    key("limits.memlock", Limit("B, K, M, G, T"), "that of svc-scan", "do", "limits.memlock = \"64M\"", "Memory that it may lock."),
    key("limits.nofile", Limit("descriptors"), "that of svc-scan", "do", "limits.nofile = 65536", "Open files."),
    key("limits.nproc", Limit("processes"), "that of svc-scan", "do", "limits.nproc = \"512:1024\"", "Processes of its user."),
    key("limits.rtprio", Limit("priority"), "that of svc-scan", "do", "limits.rtprio = 10", "Realtime priority."),
    key("limits.sigpending", Limit("signals"), "that of svc-scan", "do", "limits.sigpending = 4096", "Signals that wait for its user."),
    key("limits.stack", Limit("B, K, M, G, T"), "that of svc-scan", "do", "limits.stack = \"8M\"", "Size of the stack."),

    key("cgroup.path", Cgroup, "none; with kill-scope cgroup or another key of this table: /coppice/NAME", "do", "cgroup.path = \"/web\"", "The cgroup (version 2) that it runs in."),
    key("cgroup.memory-max", Size, "none", "do", "cgroup.memory-max = \"200M\"", "More memory than that, and something in the cgroup is killed."),
    key("cgroup.memory-high", Size, "none", "do", "cgroup.memory-high = \"150M\"", "More memory than that, and it is slowed down."),
    key("cgroup.memory-swap-max", Size, "none", "do", "cgroup.memory-swap-max = \"0\"", "No more swap than that."),
    key("cgroup.tasks-max", Integer(1, 4_194_304), "none", "do", "cgroup.tasks-max = 64", "Processes and threads."),
    key("cgroup.cpu-weight", Integer(1, 10_000), "none", "do", "cgroup.cpu-weight = 50", "Its share of the CPU when there is not enough for all; 100 is the usual one."),
    key("cgroup.io-weight", Integer(1, 10_000), "none", "do", "cgroup.io-weight = 50", "The same for disks."),

    key("log.own", Bool, "that of essential", "d", "log.own = true", "A logger of its own, svc-log, instead of the one for all."),
    key("log.directory", Path, "/var/log/coppice/NAME", "d", "log.directory = \"/var/log/web\"", "Where its output goes."),
    key("log.stamp", Choice(&["iso", "tai64n", "both", "none"]), "tai64n", "d", "log.stamp = \"iso\"", "What stands in front of each line."),
    key("log.prefix", Text, "none", "d", "log.prefix = \"web:\"", "A text in front of each line."),
    key("log.rotate-size", Size, "99999", "d", "log.rotate-size = \"10M\"", "How large a file of the log may become."),
    key("log.rotate-every", Duration, "never", "d", "log.rotate-every = \"1d\"", "How old."),
    key("log.keep", Integer(0, 1_000_000), "10", "d", "log.keep = 20", "How many old files are kept."),
    key("log.max-total", Size, "any", "d", "log.max-total = \"100M\"", "How large they may be together."),
    key("log.compress", Choice(&["gzip", "zstd", "xz"]), "none", "d", "log.compress = \"gzip\"", "What they are compressed with."),
    key("log.rate", Integer(1, 1_000_000_000), "any", "d", "log.rate = 5000", "Lines a second; how many more there were is logged in their place."),
    key("log.when-full", Choice(&["wait", "drop-oldest"]), "wait", "d", "log.when-full = \"drop-oldest\"", "What happens when the disk is full."),
    key("log.sync", Bool, "false", "d", "log.sync = true", "What is written is on the disk before it counts as written."),

    key("requires", Services, "none", "dog", "requires = [\"network\"]", "Services that are started with it and must be ready before it starts; they are not stopped before it is down, but for a restart of theirs where on-loss is reload or ignore."),
    key("wants", Services, "none", "dog", "wants = [\"chrony\"]", "Services that are started with it; their failure is not its own."),
    key("milestones", Services, "none", "dog", "milestones = [\"disks-checked\"]", "Services that are started with it and must be ready each time it starts; after that it makes no difference what becomes of them."),
    key("any-of", Services, "none", "dog", "any-of = [\"dhcpcd\", \"static-ip\"]", "Services of which one must be ready. One that is needed anyway is preferred; else the first that can be is started with it."),
    key("after", Services, "none", "dog", "after = [\"network\"]", "Services that it waits for if they are to be started too."),
    key("before", Services, "none", "dog", "before = [\"login\"]", "Services that wait for it if they are to be started too."),
    key("conflicts", Services, "none", "dog", "conflicts = [\"apache\"]", "Services that can't be up together with it."),
    key("part-of", Services, "none", "dog", "part-of = [\"mail\"]", "Services that must be wanted too for it to be up, and with which it is restarted."),
    key("on-loss.*", Choice(ON_LOSS), "stop for one that it requires, ignore for one that it wants", "dog", "on-loss.database = \"restart\"", "What it does when a service that it requires or wants goes down although it is wanted. stop: it goes down too, and comes back with it; of one that it only wants, the same as ignore. restart: it stays, and is restarted when the other one is back; but before a planned restart of one that it requires it goes down. reload: it stays, and is reloaded when the other one is back. ignore: nothing."),
    key("essential", Bool, "false", "dog", "essential = true", "When it has ended for good by itself, all services go down, in order, and then svc-scan ends. It has a logger of its own."),
    key("when.all", Conditions, "none", "dog", "when.all = [\"net/eth0/carrier = up\"]", "It is up only while all these facts hold: FACT, FACT = VALUE, !=, or < and > with numbers."),
    key("when.any", Conditions, "none", "dog", "when.any = [\"power/ac\", \"power/battery > 20\"]", "It is up only while one of these holds."),
    key("when.none", Conditions, "none", "dog", "when.none = [\"cmdline/single\"]", "It is up only while none of these holds."),
];

/// The key of that name: where a star stands in the table, any name fits.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| match key.name.strip_suffix('*') {
        Some(table) => name.strip_prefix(table).is_some_and(|rest| !rest.is_empty()),
        None => key.name == name,
    })
}

/// Whether some key's name begins so.
pub(crate) fn is_table(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(table, _)| table == name))
}
