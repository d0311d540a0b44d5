"""What is measured. Each row takes a peer and gives a number for each of its lines."""
import os
import signal
import statistics
import time

import chain
import logd
import logs
import manager
import memory
from dinit import Dinit
from managed import independent
from procfs import switches
from tree import PATIENCE, Tree

# After this long up, a restart is at once in every suite that ever restarts at once.
UP = 1.5
RESTARTS = 20
COMMANDS = 20
IDLE_SERVICES, IDLE_SECONDS = 100, 20


def supervised(peer, bench, count):
    """Services of this peer that start by themselves."""
    return Dinit(peer, bench, independent(count)) if peer.name == "dinit" else Tree(peer, bench, count)


def bring_up(count):
    def measure(bench, peer):
        tree = supervised(peer, bench, count)
        try:
            took = tree.time_up(tree.start_and_wait())
            return {} if took is None else {f"up-{count}": took}
        finally:
            tree.end()
    return measure


def bring_up_ours(count):
    measure = bring_up(count)
    return lambda bench, peer: measure(bench, peer) if peer.name == "coppice" else {}


def restart(bench, peer):
    tree = supervised(peer, bench, RESTARTS)
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


def idle(bench, peer):
    tree = Tree(peer, bench, IDLE_SERVICES, logs=None if peer.name == "bare" else "each")
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


# Row: its measurement, and its lines with their units.
ROWS = {
    "up-100": (bring_up(100), {"up-100": "ms"}),
    "up-1000": (bring_up(1000), {"up-1000": "ms"}),
    "up-10000": (bring_up_ours(10000), {"up-10000": "ms"}),
    "restart": (restart, {"restart": "us"}),
    "control": (control, {"control": "us", "control-command": "us"}),
    "idle": (idle, {"idle": "switches"}),
} | chain.ROWS | memory.ROWS | manager.ROWS | logs.ROWS | logd.ROWS
# Peers that are not compared in all rows.
BESIDE = {"systemd": manager.BESIDE_SYSTEMD,
          "dinit": ("up-100", "up-1000", "restart", *manager.BESIDE_DINIT)}
# Takes long, and is measured only when it is named.
ON_DEMAND = ("up-10000", *manager.ON_DEMAND)
# Does not vary: once is enough.
ONCE = ("idle", *manager.ONCE, *logs.ONCE, *logd.ONCE)
