"""What the manager takes beside systemd's and dinit: to bring services up in their order, in memory, and
to be told something; and what the compiler of service files takes."""
import statistics
import time

from dinit import Dinit
from managed import Floor, Ours, Starts, Systemd, dag, in_a_row, in_layers, independent, run
from procfs import kilobytes

UP = 1.5
REST = 0.2
COMMANDS = 20
SHOWN = 1000
MANY = 10000
CHANGED = 100
SYSTEMS = {"bare": Floor, "coppice": Ours, "dinit": Dinit, "systemd": Systemd}


def managed(peer, bench, services, down=0):
    """A tree of this peer, or None."""
    make = SYSTEMS.get(peer.name)
    if make is None or peer.name == "coppice" and not peer.where("svc-managerd"):
        return None
    return make(peer, bench, services, down)


def bring_up(line, services):
    """Our time stands in two lines, beside the floor that waits for what is needed to be ready, and
    beside the one that does not."""
    def measure(bench, peer):
        took = time_up(managed(peer, bench, services))
        if peer.name == "bare":
            starts = time_up(Starts(peer, bench, services))
        else:
            starts = took if peer.name == "coppice" else None
        lines = {line: took, f"{line}-starts": starts}
        return {line: number for line, number in lines.items() if number is not None}
    return measure


def time_up(tree):
    if tree is None:
        return None
    try:
        stamps = tree.start_and_wait()
        tree.verify_order(stamps)
        return tree.time_up(stamps)
    finally:
        tree.end()


def change(bench, peer):
    """A command that starts a service: the first time, and when it was up before."""
    tree = None if peer.name == "bare" else managed(peer, bench, independent(2 * COMMANDS), COMMANDS)
    if tree is None:
        return {}
    try:
        tree.start_and_wait()
        time.sleep(UP)
        downs = tree.names[:COMMANDS]
        _, first = starts(tree, downs)
        for name in downs:
            run(tree, tree.down_command(name))
        time.sleep(UP)
        runs, ends = starts(tree, downs)
        return {"change-runs": runs, "change": ends, "change-first": first}
    finally:
        tree.end()


def svctl_start(bench, peer):
    """The command that people type, whole: of a service that was up before, and is down."""
    tree = None if peer.name == "bare" else managed(peer, bench, independent(COMMANDS), COMMANDS)
    if tree is None or peer.name == "coppice" and not peer.where("svctl"):
        return {}
    try:
        tree.start_and_wait()
        time.sleep(UP)
        starts(tree, tree.names)
        for name in tree.names:
            run(tree, tree.down_command(name))
        time.sleep(UP)
        return {"svctl-start": starts(tree, tree.names, tree.start_command)[1]}
    finally:
        tree.end()


def starts(tree, names, command=None):
    """Median microseconds from a command's start until the service runs, and until the command ends."""
    runs, ends = [], []
    for name in names:
        tree.timed((command or tree.up_command)(name))
        at = {who: when for who, when, _ in tree.stamps.wait(3, 5)}
        if name not in at or "command.end" not in at:
            raise OSError(f"{name} was not started")
        runs.append((at[name] - at["command.begin"]) / 1e3)
        ends.append((at["command.end"] - at["command.begin"]) / 1e3)
    return statistics.median(runs), statistics.median(ends)


def status(bench, peer):
    """A table of a thousand services, in milliseconds, from the start of the command to its end; and
    where no daemon of ours is left, so that each process is looked at."""
    tree = None if peer.name == "bare" else managed(peer, bench, independent(SHOWN))
    if tree is None or peer.name == "coppice" and not peer.where("svctl"):
        return {}
    try:
        tree.start_and_wait()
        tree.settle()
        result = {f"status-{SHOWN}": time_status(tree)}
        if peer.name == "coppice":
            tree.kill_daemons()
            result[f"status-{SHOWN}-alone"] = time_status(tree)
        return result
    finally:
        tree.end()


def time_status(tree):
    argv = tree.status_command()
    run(tree, argv)
    return statistics.median(run(tree, argv) for _ in range(COMMANDS)) * 1e3


def compile_files(count):
    def measure(bench, peer):
        if peer.name == "dinit":
            return dinitcheck(bench, peer, count)
        if peer.name != "coppice" or not peer.where("svc-compile"):
            return {}
        tree = Ours(peer, bench, dag(count))
        try:
            # It trusts the stamps only of files that were at rest when it began.
            time.sleep(REST)
            tree.compile()
            same = statistics.median(tree.compile() for _ in range(3))
            check = statistics.median(tree.compile("--check") for _ in range(3))
            times = []
            for number in range(3):
                tree.make_service("once", "s0", [], f"environment.CHANGED = \"{number}\"\n")
                times.append(tree.compile())
            whole = statistics.median(times)
        finally:
            tree.end()
        fresh, alone = (statistics.median(first_compile(bench, peer, services) for _ in range(3))
                        for services in (dag(count), independent(count)))
        return {f"compile-{count}": fresh * 1e6 / count, f"compile-{count}-one": whole * 1e6 / count,
                f"compile-{count}-alone": alone * 1e6 / count,
                f"check-{count}": check * 1e6 / count, f"compile-{count}-same": same / fresh}
    return measure


def dinitcheck(bench, peer, count):
    """The same files as dinit has them, which it only checks."""
    def seconds(services):
        tree = Dinit(peer, bench, services)
        try:
            return run(tree, tree.check_command())
        finally:
            tree.end()
    alone = statistics.median(seconds(independent(count)) for _ in range(3))
    # Long enough for once.
    check = seconds(dag(count)) * 1e6 / count
    return {f"compile-{count}": check, f"check-{count}": check,
            f"compile-{count}-alone": alone * 1e6 / count}


def first_compile(bench, peer, services):
    """Seconds of the first compilation."""
    tree = Ours(peer, bench, services)
    tree.end()
    return tree.compiled


def compile_lines(count):
    return {f"compile-{count}": "us", f"compile-{count}-alone": "us", f"compile-{count}-one": "us",
            f"check-{count}": "us", f"compile-{count}-same": "times"}


def memory(bench, peer):
    if peer.name != "coppice" or not peer.where("svc-managerd"):
        return {}
    tree = managed(peer, bench, independent(bench.services))
    try:
        tree.start_and_wait()
        tree.settle()
        return memory_lines("manager-memory", tree)
    finally:
        tree.end()


def memory_lines(line, tree):
    """Private memory, and with its part of what it shares: of its executable there is nobody else."""
    rollup = f"/proc/{tree.manager()}/smaps_rollup"
    return {line: kilobytes(rollup, ("Private_Dirty",)), f"{line}-pss": kilobytes(rollup, ("Pss",))}


def many(bench, peer):
    """Ten thousand services: up, an apply of which a hundred are restarted, one of which none are, down
    and up again, in seconds."""
    if peer.name != "coppice" or not peer.where("svc-managerd"):
        return {}
    services = independent(MANY)
    tree = managed(peer, bench, services)
    try:
        took = tree.time_up(tree.start_and_wait())
        if took is None:
            return {}
        run(tree, tree.change("wait", "--settled", *tree.names))
        tree.settle()
        result = {"many-up": took / 1e3} | memory_lines("many-memory", tree)
        for kind, name, needed in services[:CHANGED]:
            tree.make_service(kind, name, needed, 'environment.CHANGED = "1"\n')
        tree.compile()
        result["many-apply"] = run(tree, tree.change("apply"))
        tree.stamps.wait(CHANGED, 10)
        result["many-apply-same"] = run(tree, tree.change("apply"))
        result["many-down"] = run(tree, tree.change("down", *tree.names))
        result["many-up-again"] = run(tree, tree.change("up", *tree.names))
        return result
    finally:
        tree.end()


SHAPES = {
    "chain-200": in_a_row(200),
    "layers": in_layers(10, 100),
    "oneshots": dag(1000),
    "managed-1000": independent(1000),
}
ROWS = {
    line: (bring_up(line, services), {line: "ms", f"{line}-starts": "ms"}) for line, services in SHAPES.items()
} | {
    "change": (change, {"change-runs": "us", "change": "us", "change-first": "us"}),
    "svctl-start": (svctl_start, {"svctl-start": "us"}),
    f"status-{SHOWN}": (status, {f"status-{SHOWN}": "ms", f"status-{SHOWN}-alone": "ms"}),
    "compile-1000": (compile_files(1000), compile_lines(1000)),
    "compile-10000": (compile_files(10000), compile_lines(10000)),
    "manager-memory": (memory, {"manager-memory": "kB", "manager-memory-pss": "kB"}),
    "many": (many, {
        "many-up": "s", "many-memory": "kB", "many-memory-pss": "kB", "many-apply": "s",
        "many-apply-same": "s", "many-down": "s", "many-up-again": "s"}),
}
# Those that compare with systemd, and with dinit.
BESIDE_SYSTEMD = (*SHAPES, "change", "svctl-start", f"status-{SHOWN}")
BESIDE_DINIT = (*BESIDE_SYSTEMD, "compile-1000")
ON_DEMAND = ("compile-10000", "many")
ONCE = ("manager-memory", "many")
