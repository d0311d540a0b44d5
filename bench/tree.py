"""A running tree of one peer: made, started, watched, and ended without a trace."""
import ctypes
import fcntl
import os
import select
import shutil
import signal
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
# Nobody's pipe may be larger without privilege.
PIPE_SIZE = 1 << 20
PATIENCE = 120


class Stamps:
    """The fifo that services and stopwatches write to."""

    def __init__(self, path):
        os.mkfifo(path)
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self.fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self.rest = b""

    def read(self, seconds):
        """What has come, waiting so long for the first: (name, nanoseconds, pid)."""
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return []
        self.rest += os.read(self.fd, PIPE_SIZE)
        *lines, self.rest = self.rest.split(b"\n")
        words = [line.decode().split() for line in lines]
        return [(name, int(at), int(pid)) for name, at, pid in words]

    def wait(self, number, seconds=PATIENCE):
        """So many of them, or fewer when they don't come in time."""
        end, found = time.monotonic() + seconds, []
        while len(found) < number and time.monotonic() < end:
            found += self.read(end - time.monotonic())
        return found


class Tree:
    """Services s0, s1 ... of a peer, of which the first `down` are not started by themselves. `logs`:
    with a logger for `each`, or one that is `shared`."""
    # What stands before the command whose exec is stamped.
    before = []

    def __init__(self, peer, bench, count, down=0, logs=None):
        self.peer, self.count, self.down = peer, count, down
        self.tool, self.environment = bench.tool, peer.environment()
        self.dir = tempfile.mkdtemp(prefix=peer.name + ".", dir=bench.work)
        self.services = os.path.join(self.dir, "sv")
        self.stamps = Stamps(os.path.join(self.dir, "stamps"))
        self.names = [f"s{i}" for i in range(count)]
        for i, name in enumerate(self.names):
            self.make(name, i < down)
            if logs == "each":
                self.make_logger(name)
        self.root = peer.root(self.services)
        if logs == "shared":
            self.make_shared_logger()

    def make(self, name, down):
        service = self.service(name)
        os.makedirs(service)
        os.symlink(self.tool, os.path.join(service, "run"))
        if down:
            open(os.path.join(service, "down"), "w").close()

    def make_logger(self, name):
        logs, log = os.path.join(self.dir, "logs", name), os.path.join(self.service(name), "log")
        os.makedirs(logs)
        os.mkdir(log)
        write_script(log, self.peer.logger(logs))
        # daemontools' svscan wants a logger only where the directory is sticky.
        os.chmod(self.service(name), 0o1755)

    def make_shared_logger(self):
        """A service of its own, which has no stamp."""
        fifos, logs = os.path.join(self.dir, "fifos"), os.path.join(self.dir, "logs")
        for path in (fifos, logs, self.service("logger")):
            os.mkdir(path)
        write_script(self.service("logger"), self.peer.logger_for_all(fifos, logs))
        self.root = self.peer.root_with_fifos(self.services, fifos)

    def service(self, name):
        return os.path.join(self.services, name)

    def spawn(self, argv):
        out = os.open(os.path.join(self.dir, "out"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        null = os.open("/dev/null", os.O_RDONLY)
        stdio = [(os.POSIX_SPAWN_DUP2, fd, n) for n, fd in enumerate([null, out, out])]
        pid = os.posix_spawn(argv[0], argv, self.environment, file_actions=stdio, setpgroup=0)
        os.close(out)
        os.close(null)
        return pid

    def start(self):
        """Starts the root; its exec has the stamp `exec`."""
        stamp = [self.tool, "stamp", os.path.join(self.dir, "stamps"), "exec"]
        self.pid = self.spawn(self.before + stamp + self.root)

    def start_and_wait(self):
        """Starts it, and returns the stamps once all services run that should."""
        self.start()
        return self.stamps.wait(self.count - self.down + 1)

    def time_up(self, stamps):
        """Milliseconds from the exec of the root to the last service's stamp; None: some are missing."""
        began = [at for name, at, _ in stamps if name == "exec"]
        if len(stamps) <= self.count - self.down or not began:
            return None
        return (max(at for _, at, _ in stamps) - began[0]) / 1e6

    def timed(self, argv):
        """Runs a command between the stamps `command.begin` and `command.end`."""
        stamp = [self.tool, "timed", os.path.join(self.dir, "stamps"), "command"]
        os.waitpid(self.spawn(stamp + argv), 0)

    def processes(self):
        return [self.pid] + descendants(self.pid)

    def settle(self):
        """Waits until no process comes or goes any more."""
        before, end = None, time.monotonic() + PATIENCE
        while time.monotonic() < end:
            now = [(pid, command(pid)) for pid in sorted(self.processes())]
            if now == before:
                return
            before = now
            time.sleep(1)

    def end(self):
        """Ends all that was started, and leaves nothing."""
        end_descendants()
        os.close(self.stamps.fd)
        shutil.rmtree(self.dir)


def write_file(path, text, mode=0o644):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def write_script(directory, line):
    write_file(os.path.join(directory, "run"), f"#!/bin/sh\n{line}\n", 0o755)


def adopt_orphans():
    """Whatever is started below us stays below us."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_of_all():
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as stat:
                text = stat.read()
        except OSError:
            continue
        state, parent = text[text.rindex(")") + 2:].split()[:2]
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(name))
    return children


def descendants(pid):
    """Its living descendants, parents first."""
    children, found, seen = children_of_all(), [pid], 0
    while seen < len(found):
        found += children.get(found[seen], [])
        seen += 1
    return found[1:]


def command(pid):
    try:
        with open(f"/proc/{pid}/comm") as comm:
            return comm.read().strip()
    except OSError:
        return ""


def end_descendants():
    """Kills what we started, and only that: all stand still first, so that nothing is restarted."""
    while left := descendants(os.getpid()):
        for sent in (signal.SIGSTOP, signal.SIGKILL):
            for pid in left:
                try:
                    os.kill(pid, sent)
                except ProcessLookupError:
                    pass
        reap()
        time.sleep(0.01)
    reap()


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
