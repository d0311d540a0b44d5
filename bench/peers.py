"""The suites that are compared: what each is called, and how it is told things."""
import os
import shutil
import subprocess

# For floods of lines; multilog has no files larger than 16 MB.
ROTATION = ("n10", "s10000000")


def in_path(name):
    """The full path of a program, or None."""
    return shutil.which(name)


class Peer:
    """A suite. `root` and `up` are command lines; `check` is its program that asks whether a
    supervisor runs; `logger` is the line of shell that becomes its logger."""
    name = package = None
    root_program = None
    up_program = check_program = logger_program = None
    logger_options = ""
    # How its logger is told to stamp lines, and whether they come to files.
    stamps, keeps = {}, True

    def where(self, program):
        return in_path(program)

    def missing(self):
        """Why it is not measured, or None."""
        if self.where(self.root_program) is None:
            return f"it is not installed: apt-get install {self.package}"
        return None

    def environment(self):
        """For its programs, which find each other in PATH."""
        return dict(os.environ)

    def root(self, services):
        return [self.where(self.root_program), services]

    def up(self, service):
        return [self.where(self.up_program), "-u", service] if self.up_program else None

    def check(self, service):
        return [self.where(self.check_program), service] if self.check_program else None

    def chain(self, place, bench):
        """A command line: a lock, variables, a limit, a session and a user, and then a program."""
        return None

    def words(self, place):
        """A command line: a session, two limits, a descriptor closed, another name, and a program."""
        return None

    def link(self):
        """The smallest program that changes something and becomes the next."""
        return None

    def logs(self):
        """Whether there is a logger of its own."""
        return bool(self.logger_program and self.where(self.logger_program))

    def logger(self, directory):
        return f"exec {self.where(self.logger_program)} {self.logger_options} {directory}"

    def logs_with(self, stamp):
        """Whether a logger of its own can stamp like that."""
        return self.logs() and stamp in self.stamps

    def log(self, directory, stamp, longest):
        """The logger for a flood of lines, with rotation."""
        return [self.where(self.logger_program), "-b", *ROTATION, *self.stamps[stamp], directory]

    def listens(self, service):
        """Whether a service can be commanded by now."""
        return read_by_someone(os.path.join(service, "supervise/control"))


class Coppice(Peer):
    name, package = "coppice", "coppice"
    root_program, up_program, check_program = "svc-scan", "svc-ctl", "svc-ok"
    logger_program, logger_options = "svc-log", "-b n10 s1000000"
    stamps = {"none": [], "tai64n": ["t"], "iso": ["T"]}
    shared_logger = "svc-logd"

    def __init__(self, programs):
        self.programs = programs

    def where(self, program):
        path = os.path.join(self.programs, program)
        return path if os.access(path, os.X_OK) else None

    def chain(self, place, bench):
        lines = [["svc-setlock", place.lock], ["svc-envdir", place.environment],
                 ["svc-limit", "nofile=64:"], ["svc-setsid", "-q"], ["svc-setuid", place.user],
                 place.nothing]
        return [self.where("svc-chain"), place.file(bench, lines)]

    def words(self, place):
        return [self.where("svc-chain"), "-c", "svc-setsid", "-q", "svc-limit", "nofile=64:", "svc-limit",
                "core=0:", "svc-fdclose", "0", "svc-argv0", "name", *place.nothing]

    def link(self):
        return [self.where("svc-umask"), "022"]

    def logger(self, directory):
        return super().logger(directory) if self.logs() else "exec cat >/dev/null"

    def logger_for_all(self, fifos, directory):
        return f"exec {self.where(self.shared_logger)} {fifos} {directory} n10 s1000000"

    def root_with_fifos(self, services, fifos):
        return [self.where(self.root_program), "--log-fifos", fifos, services]


class Bare(Peer):
    """The floor: one process that starts, starts again, and does nothing else; one that reads,
    stamps, writes and rotates."""
    name = "bare"
    stamps = {"none": ["none"], "tai64n": ["tai64n"]}

    def __init__(self, tool):
        self.tool = tool

    def missing(self):
        return None

    def root(self, services):
        return [self.tool, "bare", services]

    def check(self, service):
        return [self.tool, "nothing"]

    def chain(self, place, bench):
        return place.nothing

    def words(self, place):
        return place.nothing

    def logs_with(self, stamp):
        return stamp in self.stamps

    def log(self, directory, stamp, longest):
        return [self.tool, "plain", *self.stamps[stamp], directory]


class Sink(Bare):
    """A reader that throws away: the floor of who writes line by line."""
    keeps = False

    def log(self, directory, stamp, longest):
        return [self.tool, "sink"]


class S6(Peer):
    name = package = "s6"
    root_program, up_program, check_program = "s6-svscan", "s6-svc", "s6-svok"
    logger_program, logger_options = "s6-log", "-b n10 s1000000"
    stamps = Coppice.stamps

    def where(self, program):
        return shutil.which(program, path=f"{os.environ['PATH']}:/usr/lib/execline/bin")

    def root(self, services):
        # The most services that there may be: -c, then -C from 2.12 on, which -? tells.
        svscan = self.where("s6-svscan")
        usage = subprocess.run([svscan, "-?"], capture_output=True, text=True)
        option = "-C" if "[ -C " in usage.stderr else "-c"
        return [svscan, option, "16000", services]

    def chain(self, place, bench):
        links = [["s6-setlock", place.lock], ["s6-envdir", place.environment],
                 ["s6-softlimit", "-o", "64"], ["s6-setsid", "-q"], ["s6-setuidgid", place.user]]
        lines = [[self.where(name) or name, *words] for name, *words in links]
        return [self.where("execlineb"), "-P", place.file(bench, [*lines, place.nothing])]

    def words(self, place):
        softlimit = self.where("s6-softlimit")
        return [self.where("s6-setsid"), "-q", softlimit, "-o", "64", softlimit, "-c", "0",
                self.where("fdclose"), "0", self.where("exec"), "-a", "name", *place.nothing]

    def link(self):
        return [self.where("s6-setsid"), "-q"]


class InDirectory:
    """A suite whose programs are in a directory that a variable names: bench/build-peers makes it."""
    variable = None

    def __init__(self):
        self.directory = os.path.abspath(os.environ.get(self.variable) or "/nonexistent")

    def where(self, program):
        return shutil.which(program, path=self.directory)

    def missing(self):
        if self.where(self.root_program):
            return None
        if os.environ.get(self.variable):
            return f"there is no {self.root_program} in {self.variable}={self.directory}"
        return f"build it with bench/build-peers, and name its directory in {self.variable}"

    def environment(self):
        return super().environment() | {"PATH": f"{self.directory}:{os.environ['PATH']}"}


class S6Static(InDirectory, S6):
    """s6 and execline as they are fastest: static, with musl."""
    name, variable = "s6-musl", "S6_STATIC"


class Dinit(InDirectory, Peer):
    """A manager, static; its trees are in dinit.py."""
    name, variable = "dinit", "DINIT"
    root_program = "dinit"


class Runit(Peer):
    name = package = "runit"
    root_program, up_program = "runsvdir", "sv"
    logger_program = "svlogd"
    stamps = {"none": [], "tai64n": ["-t"], "iso": ["-ttt"]}

    def root(self, services):
        return [in_path("runsvdir"), "-P", services]

    def up(self, service):
        return [in_path("sv"), "up", service]

    def chain(self, place, bench):
        return [in_path("chpst"), "-l", place.lock, "-e", place.environment, "-o", "64", "-P",
                "-u", place.user, *place.nothing]

    def words(self, place):
        program, *rest = place.nothing
        return [in_path("chpst"), "-P", "-o", "64", "-c", "0", "-0", "-b", "name", program, *rest]

    def link(self):
        return [in_path("chpst"), "-P"]

    def log(self, directory, stamp, longest):
        with open(os.path.join(directory, "config"), "w") as config:
            config.write("".join(f"{word}\n" for word in ROTATION))
        # It has room for 1000 bytes.
        buffer = ["-l", str(longest), "-b", str(2 * longest)] if longest > 1000 else []
        return [in_path("svlogd"), *buffer, *self.stamps[stamp], directory]


class Daemontools(Peer):
    name = package = "daemontools"
    root_program, up_program, check_program = "svscan", "svc", "svok"
    logger_program, logger_options = "multilog", "s1000000 n10"
    stamps = {"none": [], "tai64n": ["t"]}

    def log(self, directory, stamp, longest):
        return [in_path("multilog"), *self.stamps[stamp], *ROTATION, directory]


class Systemd(Peer):
    """Not a suite of supervisors: only what managers do is compared."""
    name = package = "systemd"
    root_program = "/lib/systemd/systemd"


def read_by_someone(fifo):
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return True
    except OSError:
        return False


def all_peers(programs, tool):
    """Those that are here; of those that are not it is said how to get them."""
    here = []
    for peer in [Coppice(programs), Bare(tool), S6(), S6Static(), Runit(), Daemontools(), Dinit(),
                 Systemd()]:
        if why := peer.missing():
            print(f"{peer.name} is not measured: {why}")
        else:
            here.append(peer)
    return here
