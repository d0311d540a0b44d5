"""What supervision takes in memory, with loggers and without."""
from procfs import kernel_memory, user_memory
from tree import Tree, command


def measure(bench, peer, logs=None):
    """Private memory of supervisors, the same with loggers, and all memory; each per service."""
    tree = Tree(peer, bench, bench.services, logs=logs)
    try:
        before = kernel_memory()
        tree.start_and_wait()
        tree.settle()
        kernel = kernel_memory() - before
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


def without_loggers(bench, peer):
    supervisors, _, everything = measure(bench, peer)
    return {"memory": supervisors, "memory-all": everything}


def logged(bench, peer):
    """A logger for each service."""
    if peer.name == "bare":
        # It has no loggers: what the services themselves take.
        return {"memory-logged-all": measure(bench, peer)[2]}
    supervisors, with_loggers, everything = measure(bench, peer, logs="each")
    result = {"memory-logged-supervisors": supervisors}
    if peer.logs():
        result |= {"memory-logged": with_loggers, "memory-logged-all": everything}
    return result


def shared(bench, peer):
    """One logger for all, which of these suites only ours has."""
    if peer.name == "bare":
        return {"memory-shared-all": measure(bench, peer)[2]}
    if peer.name != "coppice" or not peer.where(peer.shared_logger):
        return {}
    without, _, _ = measure(bench, peer)
    _, with_logger, everything = measure(bench, peer, logs="shared")
    return {"memory-shared": with_logger, "memory-shared-more": with_logger - without,
            "memory-shared-all": everything}


ROWS = {
    "memory": (without_loggers, {"memory": "kB", "memory-all": "kB"}),
    "memory-logged": (logged, {
        "memory-logged-supervisors": "kB", "memory-logged": "kB", "memory-logged-all": "kB"}),
    "memory-shared": (shared, {
        "memory-shared": "kB", "memory-shared-more": "kB", "memory-shared-all": "kB"}),
}
# Lines that show what is above bare's.
ABOVE_FLOOR = ("memory-all", "memory-logged-all", "memory-shared-all")
