"""What is measured. Each row takes a peer and gives a number for each of its lines."""
import os
import signal
import statistics
import subprocess
import time

from tree import PATIENCE, Tree, command

# After this long up, a restart is at once in every suite that ever restarts at once.
UP = 1.5
RESTARTS = 20
COMMANDS = 20
IDLE_SERVICES, IDLE_SECONDS = 100, 20
EXECS = 500
# The kernel's memory that grows with processes, files and directories.
KERNEL = ("KernelStack", "PageTables", "SUnreclaim", "SReclaimable", "Percpu", "Shmem")


def kilobytes(path, keys):
    """Sum of some lines of a file like /proc/meminfo."""
    with open(path) as file:
        lines = [line.split(":") for line in file if ":" in line]
    return sum(int(value.split()[0]) for key, value in lines if key in keys)


def user_memory(pids, key):
    total = 0
    for pid in pids:
        try:
            total += kilobytes(f"/proc/{pid}/smaps_rollup", (key,))
        except OSError:
            pass
    return total


def memory_of(bench, peer, logged):
    """Private memory of supervisors, the same with loggers, and all memory; each per service."""
    tree = Tree(peer, bench, bench.services, logged=logged)
    try:
        before = kilobytes("/proc/meminfo", KERNEL)
        tree.start_and_wait()
        tree.settle()
        kernel = kilobytes("/proc/meminfo", KERNEL) - before
        processes = [(pid, command(pid)) for pid in tree.processes()]
        logger = peer.logger_program if peer.logs() else "cat"
        with_loggers = [pid for pid, name in processes if name != "run"]
        supervisors = [pid for pid, name in processes if name not in ("run", logger)]
        sizes = [
            user_memory(supervisors, "Private_Dirty"),
            user_memory(with_loggers, "Private_Dirty"),
            user_memory(with_loggers, "Pss") + kernel,
        ]
        return [size / bench.services for size in sizes]
    finally:
        tree.end()


def memory(bench, peer):
    supervisors, _, everything = memory_of(bench, peer, logged=False)
    return {"memory": supervisors, "memory-all": everything}


def memory_logged(bench, peer):
    if peer.name == "bare":
        # It has no loggers: what the services themselves take.
        return {"memory-logged-all": memory_of(bench, peer, logged=False)[2]}
    supervisors, with_loggers, everything = memory_of(bench, peer, logged=True)
    result = {"memory-logged-supervisors": supervisors}
    if peer.logs():
        result |= {"memory-logged": with_loggers, "memory-logged-all": everything}
    return result


def bring_up(count):
    def measure(bench, peer):
        tree = Tree(peer, bench, count)
        try:
            stamps = tree.start_and_wait()
            began = [at for name, at, _ in stamps if name == "exec"]
            if len(stamps) <= count or not began:
                return {}
            return {f"up-{count}": (max(at for _, at, _ in stamps) - began[0]) / 1e6}
        finally:
            tree.end()
    return measure


def bring_up_ours(count):
    measure = bring_up(count)
    return lambda bench, peer: measure(bench, peer) if peer.name == "coppice" else {}


def restart(bench, peer):
    tree = Tree(peer, bench, RESTARTS)
    try:
        services = [stamp for stamp in tree.start_and_wait() if stamp[0] != "exec"]
        time.sleep(UP)
        killed, came = {}, []
        for name, _, pid in services:
            killed[name] = time.monotonic_ns()
            os.kill(pid, signal.SIGKILL)
            # One at a time, where that does not take for ever.
            came += tree.stamps.wait(1, 0.03)
            time.sleep(0.02)
        came += tree.stamps.wait(len(services) - len(came), 10)
        latencies = [(at - killed[name]) / 1e3 for name, at, _ in came if name in killed]
        return {"restart": statistics.median(latencies)} if latencies else {}
    finally:
        tree.end()


def control(bench, peer):
    if not peer.up("x") or None in peer.up("x"):
        return {}
    tree = Tree(peer, bench, 2 * COMMANDS, down=COMMANDS)
    try:
        tree.start_and_wait()
        downs = tree.names[:COMMANDS]
        end = time.monotonic() + PATIENCE
        while not all(peer.listens(tree.service(name)) for name in downs):
            if time.monotonic() > end:
                return {}
            time.sleep(0.01)
        time.sleep(UP)
        runs, ends = [], []
        for name in downs:
            tree.timed(peer.up(tree.service(name)))
            at = {who: when for who, when, _ in tree.stamps.wait(3, 5)}
            if name in at and "command.end" in at:
                runs.append((at[name] - at["command.begin"]) / 1e3)
                ends.append((at["command.end"] - at["command.begin"]) / 1e3)
        if not runs:
            return {}
        return {"control": statistics.median(runs), "control-command": statistics.median(ends)}
    finally:
        tree.end()


def switches(pids):
    """How often each process has been given the processor."""
    counts = {}
    for pid in pids:
        try:
            with open(f"/proc/{pid}/status") as status:
                lines = [line.split() for line in status if "ctxt_switches" in line]
            counts[pid] = sum(int(value) for _, value in lines)
        except OSError:
            pass
    return counts


def idle(bench, peer):
    tree = Tree(peer, bench, IDLE_SERVICES, logged=peer.name != "bare")
    try:
        tree.start_and_wait()
        tree.settle()
        # A first restart, a first look around: let it pass.
        time.sleep(UP)
        before = switches(tree.processes())
        time.sleep(IDLE_SECONDS)
        after = switches(tree.processes())
        return {"idle": sum(after[pid] - before.get(pid, 0) for pid in after)}
    finally:
        tree.end()


def run_times(bench, argv):
    repeat = [bench.tool, "repeat", str(EXECS), *argv]
    answer = subprocess.run(repeat, capture_output=True, text=True, check=False).stdout
    return int(answer) / 1e3


def execs(bench, peer):
    check = peer.check(bench.work)
    result = {"exec": run_times(bench, check)} if check and None not in check else {}
    if peer.name == "bare":
        result["exec-true"] = run_times(bench, ["true"])
    return result


# Row: its measurement, and its lines with their units.
ROWS = {
    "up-100": (bring_up(100), {"up-100": "ms"}),
    "up-1000": (bring_up(1000), {"up-1000": "ms"}),
    "up-10000": (bring_up_ours(10000), {"up-10000": "ms"}),
    "restart": (restart, {"restart": "us"}),
    "control": (control, {"control": "us", "control-command": "us"}),
    "exec": (execs, {"exec": "us", "exec-true": "us"}),
    "memory": (memory, {"memory": "kB", "memory-all": "kB"}),
    "memory-logged": (memory_logged, {
        "memory-logged-supervisors": "kB", "memory-logged": "kB", "memory-logged-all": "kB"}),
    "idle": (idle, {"idle": "switches"}),
}
# Takes long, and is measured only when it is named.
ON_DEMAND = ("up-10000",)
# Does not vary: once is enough.
ONCE = ("idle",)
