"""How fast lines are logged, and what that takes."""
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from peers import Bare, Sink

BLOCK = 65536
# Enough that a logger's start and end count little, and no archive is removed meanwhile.
FLOOD, SHORT_FLOOD, TRACED_FLOOD = 64_000_000, 32_000_000, 16_000_000
LINES, PAUSE = 40, 20
RESTED_LINES, REST = 5, 1500
PAIRS = 11


class Log:
    """A logger that runs, and its directory. `stderr` of whoever writes to it is in `said`."""

    def __init__(self, bench, peer, stamp, longest=1000, before=()):
        self.dir = tempfile.mkdtemp(prefix=peer.name + ".", dir=bench.work)
        self.tool = bench.tool
        reading, self.writing = os.pipe()
        argv = [*before, *peer.log(self.dir, stamp, longest)]
        self.logger = subprocess.Popen(argv, stdin=reading, stderr=subprocess.DEVNULL)
        os.close(reading)

    def write(self, *words):
        """Runs a tool that writes to it; returns the numbers that the tool says."""
        writer = subprocess.run([self.tool, *map(str, words)], stdout=self.writing,
                                stderr=subprocess.PIPE, check=False)
        if writer.returncode != 0:
            raise OSError(f"nothing could be written to {self.logger.args[0]}")
        return [int(line) for line in writer.stderr.split()]

    def end(self):
        """Waits for the logger; returns its processor seconds."""
        os.close(self.writing)
        _, status, usage = os.wait4(self.logger.pid, 0)
        self.logger.returncode = status
        if status != 0:
            raise OSError(f"{self.logger.args[0]} failed")
        return usage.ru_utime + usage.ru_stime

    def size(self):
        with os.scandir(self.dir) as files:
            return sum(file.stat().st_size for file in files if file.name != "journal")

    def remove(self):
        shutil.rmtree(self.dir)


def measure_flood(bench, peer, stamp, length, size=BLOCK, total=FLOOD, before=()):
    """Seconds from the first line's writing until all are in files, and the logger's processor
    seconds, both for 1 GB."""
    log = Log(bench, peer, stamp, 2 * length, before)
    try:
        began, = log.write("flood", length, total, size)
        used = log.end()
        seconds = (time.monotonic_ns() - began) / 1e9
        if peer.keeps and log.size() < total:
            raise OSError(f"of {total} bytes only {log.size()} are in files")
        return seconds * 1e9 / total, used * 1e9 / total
    finally:
        log.remove()


def line_of(name, stamp):
    return name if stamp == "none" else f"{name}-{stamp}"


def flood(name, length, stamps, total=FLOOD):
    """A row: a line for each stamp, and one for the processor time it takes."""
    def measure(bench, peer):
        lines = {}
        for stamp in stamps:
            if peer.logs_with(stamp):
                line = line_of(name, stamp)
                numbers = measure_flood(bench, peer, stamp, length, total=total)
                lines[line], lines[f"{line}-cpu"] = numbers
        return lines
    return measure


def line_by_line(bench, peer):
    """Each line in a write of its own; the floor is what the writer alone takes."""
    lines = {}
    for stamp in ALL:
        if peer.name == "bare":
            sink = Sink(bench.tool)
            lines[line_of("log-line", stamp)], _ = measure_flood(
                bench, sink, stamp, 120, 0, SHORT_FLOOD)
        elif peer.logs_with(stamp):
            line = line_of("log-line", stamp)
            numbers = measure_flood(bench, peer, stamp, 120, 0, SHORT_FLOOD)
            lines[line], lines[f"{line}-cpu"] = numbers
    return lines


def flood_lines(name, stamps):
    return {line_of(name, stamp) + suffix: "s/GB" for stamp in stamps for suffix in ("", "-cpu")}


def calls(bench, peer):
    """System calls for 1 MB, as strace counts them."""
    if not shutil.which("strace") or not peer.logs_with("tai64n"):
        return {}
    counts = os.path.join(bench.work, "calls")
    strace = ["strace", "-c", "-U", "calls", "-o", counts]
    measure_flood(bench, peer, "tai64n", 120, total=TRACED_FLOOD, before=strace)
    with open(counts) as file:
        words = [line.split() for line in file]
    total = sum(int(row[0]) for row in words if row and row[0].isdigit() and row[1] != "total")
    return {"log-calls": total * 1e6 / TRACED_FLOOD}


def lone(bench, peer):
    """How long a line takes that comes alone."""
    if peer.name == "bare" or not peer.logs_with("tai64n"):
        return {}
    return {"log-lone": lone_lines(bench, peer, LINES, PAUSE)}


def rested(bench, peer):
    """The same, after a silence that is long enough for ours to give its memory back."""
    if peer.name != "coppice" or not peer.logs_with("tai64n"):
        return {}
    return {"log-rested": lone_lines(bench, peer, RESTED_LINES, REST)}


def lone_lines(bench, peer, number, pause):
    log = Log(bench, peer, "tai64n")
    try:
        times = log.write("lone", os.path.join(log.dir, "current"), number, pause)
        log.end()
        return statistics.median(times) / 1e3
    finally:
        log.remove()


def journal(bench, peer):
    """What the journal costs: our time by that of the floor, which has none, in pairs."""
    if peer.name != "coppice" or not peer.logs_with("none"):
        return {}
    floor, lines = Bare(bench.tool), {}
    for line, stamp in (("log-journal", "none"), ("log-journal-tai64n", "tai64n")):
        pairs = [[measure_flood(bench, who, stamp, 120) for who in (peer, floor)]
                 for _ in range(PAIRS)]
        lines[line] = statistics.median(ours[0] / theirs[0] for ours, theirs in pairs)
        lines[f"{line}-cpu"] = statistics.median(ours[1] / theirs[1] for ours, theirs in pairs)
    return lines


ALL, STAMPED = ("none", "tai64n", "iso"), ("tai64n",)

ROWS = {
    "log-120": (flood("log-120", 120, ALL), flood_lines("log-120", ALL)),
    "log-20": (flood("log-20", 20, STAMPED, total=SHORT_FLOOD), flood_lines("log-20", STAMPED)),
    "log-2000": (flood("log-2000", 2000, STAMPED), flood_lines("log-2000", STAMPED)),
    "log-line": (line_by_line, flood_lines("log-line", ALL)),
    "log-lone": (lone, {"log-lone": "us"}),
    "log-rested": (rested, {"log-rested": "us"}),
    "log-calls": (calls, {"log-calls": "calls/MB"}),
    "log-journal": (journal, {line: "times" for line in (
        "log-journal", "log-journal-cpu", "log-journal-tai64n", "log-journal-tai64n-cpu")}),
}
# They don't vary, or take their own median of many.
ONCE = ("log-calls", "log-rested", "log-journal")
