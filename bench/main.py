"""Measures Coppice beside other supervision suites; see doc/html/benchmarks.html."""
import os
import resource
import shutil
import signal
import sys
import tempfile

from managed import systemd_runs
from manager import BESIDE_SYSTEMD
from memory import ABOVE_FLOOR
from peers import all_peers, in_path
from rows import BESIDE, ON_DEMAND, ONCE, ROWS
from table import Results, print_goals, print_table
from tree import adopt_orphans, end_descendants

USAGE = f"""usage: bench/run [ROW...]
Measures the rows, or all of them, and prints medians; in brackets how many times ours each is.
Rows: {' '.join(ROWS)}
Only when named: {' '.join(ON_DEMAND)}
ROUNDS=N measures N times (3); SERVICES=N takes so many services for memory (1000).
S6_STATIC=DIR and DINIT=DIR have static programs of those two, which bench/build-peers makes."""
KNOWN = ("coppice", "bare", "s6", "s6-musl", "runit", "daemontools", "dinit", "systemd")


class Bench:
    """What all measurements need."""

    def __init__(self):
        self.rounds = int(os.environ.get("ROUNDS", "3"))
        self.services = int(os.environ.get("SERVICES", "1000"))
        target = os.path.abspath("target/bench")
        self.tool = os.path.join(target, "coppice-bench")
        self.programs = os.path.join(target, "bin")
        self.copy_programs(os.environ["BIN"])
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.work = tempfile.mkdtemp(prefix="coppice-bench.", dir=place)

    def copy_programs(self, source):
        """To a disk, and written out: what is not counts as private memory of who runs it. A build
        during the run does no harm then."""
        shutil.rmtree(self.programs, ignore_errors=True)
        os.makedirs(self.programs)
        inodes = {}
        for name in os.listdir(source):
            path, copy = os.path.join(source, name), os.path.join(self.programs, name)
            first = inodes.setdefault(os.stat(path).st_ino, copy)
            shutil.copy2(path, copy) if first == copy else os.link(first, copy)
        os.sync()

    def close(self):
        end_descendants()
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.rmtree(self.programs, ignore_errors=True)


def measure(bench, peers, names):
    results = Results()
    for number in range(bench.rounds):
        for name in names:
            if number > 0 and name in ONCE:
                continue
            row, _ = ROWS[name]
            for peer in peers:
                if name not in BESIDE.get(peer.name, ROWS):
                    continue
                progress(f"round {number + 1} of {bench.rounds}: {name}: {peer.name}")
                try:
                    results.add(peer.name, number, row(bench, peer))
                except OSError as error:
                    # Somebody else ended what was being measured, or the machine is full.
                    print(f"{name}: {peer.name}: round {number + 1} is left out: {error}")
    progress("")
    for line in ABOVE_FLOOR:
        results.subtract_floor(line)
    return results


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def report(results, names, peers):
    units = {line: unit for name in names for line, unit in ROWS[name][1].items()}
    print_table(results, units, [peer.name for peer in peers])
    print()
    print_goals(results, units, peers[0].name, KNOWN)


def remarks(names, peers):
    ours = peers[0]
    if "control" in names and not ours.where(ours.up_program):
        print(f"control: coppice is not measured: there is no {ours.up_program} in this build")
    if "log-calls" in names and not in_path("strace"):
        print("log-calls: not measured: apt-get install strace")
    if "memory-logged" in names and not ours.logs():
        print("memory-logged: of coppice the supervisors alone, with cat for a logger: there is no "
              f"{ours.logger_program} in this build")


def without_systemd(bench, names, peers):
    """The peers, without systemd where it is not compared, or can't run."""
    is_compared = any(name in BESIDE_SYSTEMD for name in names)
    systemd = next((peer for peer in peers if peer.name == "systemd"), None)
    if systemd is None or is_compared and systemd_runs(bench, systemd):
        return peers
    if is_compared:
        print("systemd is not measured: systemd --user does not run here; it needs root, and to make "
              "cgroups and mounts")
    return [peer for peer in peers if peer is not systemd]


def main():
    names = sys.argv[1:] or [name for name in ROWS if name not in ON_DEMAND]
    if "--help" in names:
        print(USAGE)
        return 0
    if unknown := [name for name in names if name not in ROWS]:
        print(f"bench: unknown row: {' '.join(unknown)}\n{USAGE}", file=sys.stderr)
        return 100
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    adopt_orphans()
    # A logged service takes two descriptors of svscan's and of s6-svscan's.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    bench = Bench()
    try:
        peers = without_systemd(bench, names, all_peers(bench.programs, bench.tool))
        remarks(names, peers)
        print(f"Medians of {bench.rounds} rounds; in brackets, how many times ours.\n")
        report(measure(bench, peers, names), names, peers)
    finally:
        bench.close()
    return 0


sys.exit(main())
