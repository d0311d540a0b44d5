"""svc-logd, one logger for all services, beside a svc-log for each."""
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

from procfs import kilobytes, switches

FIFOS, BUSY = 1000, 10
FLOOD, BLOCK, LINE = 3_200_000, 65536, 120
PAIRS = 5
DIRECTIVES = ("t", "n10", "s10000000")
# After a second without a line loggers give memory back.
SILENCE, IDLE_SECONDS = 3, 10
PATIENCE = 20


class Loggers:
    """Fifos, and what logs them to directories."""

    def __init__(self, bench, names):
        self.dir = tempfile.mkdtemp(prefix="logd.", dir=bench.work)
        self.tool, self.names, self.processes = bench.tool, names, []
        self.fifos, self.logs = os.path.join(self.dir, "fifos"), os.path.join(self.dir, "logs")
        os.mkdir(self.fifos)
        os.mkdir(self.logs)
        for name in names:
            os.mkfifo(self.fifo(name))
        # Held open, as by supervisors.
        self.held = [os.open(self.fifo(name), os.O_RDWR) for name in names]

    def fifo(self, name):
        return os.path.join(self.fifos, name)

    def start_shared(self, program):
        self.start(program, [([self.fifos, self.logs, *DIRECTIVES], None)])

    def start_each(self, program):
        self.start(program, [([*DIRECTIVES, os.path.join(self.logs, name)], fd)
                             for name, fd in zip(self.names, self.held)])

    def start(self, program, commands):
        """Starts them, and waits until each has said that it is ready."""
        ready, say = os.pipe()
        for words, stdin in commands:
            self.processes.append(subprocess.Popen(
                [program, "-d", str(say), *words], stdin=stdin, pass_fds=(say,)))
        os.close(say)
        said = 0
        while said < len(commands):
            answer = os.read(ready, 100)
            if not answer:
                raise OSError("a logger ended at its start")
            said += len(answer)
        os.close(ready)

    def flood(self, names, size):
        """All write at once; returns when all is in files."""
        writers = []
        for name in names:
            with open(self.fifo(name), "wb") as fifo:
                argv = [self.tool, "flood", str(LINE), str(FLOOD), str(size)]
                writers.append(subprocess.Popen(argv, stdout=fifo, stderr=subprocess.DEVNULL))
        for writer in writers:
            writer.wait()
        self.wait_for(len(writers) * FLOOD)

    def wait_for(self, total):
        end = time.monotonic() + PATIENCE
        while self.size() < total:
            if time.monotonic() > end:
                raise OSError(f"of {total} bytes only {self.size()} are in files")
            time.sleep(0.001)

    def size(self):
        total = 0
        for top, _, files in os.walk(self.logs):
            total += sum(os.stat(os.path.join(top, name)).st_size
                         for name in files if name == "current" or name.startswith("@"))
        return total

    def used(self):
        """Nanoseconds of processor time so far."""
        total = 0
        for process in self.processes:
            with open(f"/proc/{process.pid}/schedstat") as file:
                total += int(file.read().split()[0])
        return total

    def end(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            process.wait()
        for fd in self.held:
            os.close(fd)
        shutil.rmtree(self.dir)


def names(count):
    return [f"s{i}" for i in range(count)]


def time_used(bench, count, start, size):
    """Processor time of loggers for so many fifos of which ten are busy."""
    loggers = Loggers(bench, names(count))
    try:
        start(loggers)
        before = loggers.used()
        loggers.flood(loggers.names[:BUSY], size)
        return loggers.used() - before
    finally:
        loggers.end()


def busy(bench, peer):
    """Processor time of one svc-logd for 1000 fifos by that of ten svc-logs, in pairs."""
    shared, single = peer.where("svc-logd"), peer.where("svc-log")
    if peer.name != "coppice" or not (shared and single):
        return {}
    lines = {}
    for line, size in (("logd-cpu", BLOCK), ("logd-line-cpu", 0)):
        ratios = []
        for _ in range(PAIRS):
            ours = time_used(bench, FIFOS, lambda all: all.start_shared(shared), size)
            each = time_used(bench, BUSY, lambda ten: ten.start_each(single), size)
            ratios.append(ours / each)
        lines[line] = statistics.median(ratios)
    return lines


def idle(bench, peer):
    """Wakeups of svc-logd when nobody says anything, and its memory; after everybody has."""
    program = peer.where("svc-logd")
    if peer.name != "coppice" or not program:
        return {}
    loggers = Loggers(bench, names(FIFOS))
    try:
        loggers.start_shared(program)
        for fd in loggers.held:
            os.write(fd, b"a line\n")
        loggers.wait_for(len(b"a line\n") * FIFOS)
        time.sleep(SILENCE)
        pids = [process.pid for process in loggers.processes]
        before = switches(pids)
        time.sleep(IDLE_SECONDS)
        woken = sum(switches(pids).values()) - sum(before.values())
        private = kilobytes(f"/proc/{pids[0]}/smaps_rollup", ("Private_Dirty",))
        return {"logd-idle": woken, "logd-memory": private / FIFOS}
    finally:
        loggers.end()


ROWS = {
    "logd": (busy, {"logd-cpu": "times", "logd-line-cpu": "times"}),
    "logd-idle": (idle, {"logd-idle": "switches", "logd-memory": "kB"}),
}
# The first takes its own median; the second does not vary.
ONCE = ("logd", "logd-idle")
