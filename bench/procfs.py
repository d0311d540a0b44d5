"""What /proc tells."""
# The kernel's memory that grows with processes, files and directories.
KERNEL = ("KernelStack", "PageTables", "SUnreclaim", "SReclaimable", "Percpu", "Shmem")


def kilobytes(path, keys):
    """Sum of some lines of a file like /proc/meminfo."""
    with open(path) as file:
        lines = [line.split(":") for line in file if ":" in line]
    return sum(int(value.split()[0]) for key, value in lines if key in keys)


def kernel_memory():
    return kilobytes("/proc/meminfo", KERNEL)


def user_memory(pids, key):
    total = 0
    for pid in pids:
        try:
            total += kilobytes(f"/proc/{pid}/smaps_rollup", (key,))
        except OSError:
            pass
    return total


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
