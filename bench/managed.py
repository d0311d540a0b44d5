"""Services with dependencies, and who starts them: ours, systemd, and the floor."""
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

from tree import PATIENCE, Stamps, Tree, command, write_file

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 7
CGROUPS = ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified")


def independent(count):
    return [("plain", f"s{i}", []) for i in range(count)]


def in_a_row(count):
    """Each needs the one before it to be ready."""
    return [("notify", f"s{i}", [f"s{i - 1}"] if i else []) for i in range(count)]


def in_layers(layers, width):
    """Each needs three of the layer before."""
    choose, services = random.Random(SEED), []
    for layer in range(layers):
        before = [name for _, name, _ in services[-width:]]
        for i in range(width):
            needed = choose.sample(before, 3) if layer else []
            services.append(("notify", f"s{layer * width + i}", needed))
    return services


def dag(count):
    """Oneshots, each of which needs up to five of those before it."""
    choose = random.Random(SEED)
    names = [f"s{i}" for i in range(count)]
    return [("once", name, choose.sample(names[:i], min(i, choose.randint(1, 5))))
            for i, name in enumerate(names)]


class Managed(Tree):
    """Services (how each is known to be ready, its name, what it needs), of which the first `down` are
    not started by themselves."""

    def __init__(self, peer, bench, services, down=0):
        self.peer, self.bench, self.tool = peer, bench, bench.tool
        self.needs, self.down, self.count = services, down, len(services)
        self.names = [name for _, name, _ in services]
        self.dir = tempfile.mkdtemp(prefix=peer.name + ".", dir=bench.work)
        self.fifo = os.path.join(self.dir, "stamps")
        self.stamps = Stamps(self.fifo)
        self.environment = peer.environment()
        self.make_all()

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def command(self, kind, name, sign):
        """What a service is; `sign`: how it says that it is ready."""
        verb = "once" if kind == "once" else "service"
        return [self.tool, verb, self.fifo, name, *([sign] if kind == "notify" else [])]

    def verify_order(self, stamps):
        at = {name: when for name, when, _ in stamps}
        for _, name, needed in self.needs:
            if any(at[name] < at[other] for other in needed if name in at):
                raise OSError(f"{name} was started before what it needs")


class Floor(Managed):
    def make_all(self):
        lines = [" ".join([kind, name, *needed]) for kind, name, needed in self.needs]
        write_file(self.path("plan"), "\n".join(lines))
        self.root = [self.tool, "order", self.fifo, self.path("plan")]


class Starts(Floor):
    """The lower floor: the same services in the same order, and nobody waits for anybody."""

    def __init__(self, peer, bench, services):
        kind = "once" if services[0][0] == "once" else "plain"
        super().__init__(peer, bench, [(kind, name, []) for _, name, _ in services])


class Ours(Managed):
    def make_all(self):
        os.makedirs(self.path("etc", "enabled"))
        os.makedirs(self.path("etc", "services"))
        for service in self.needs:
            self.make_service(*service)
        for name in self.names[self.down:]:
            write_file(self.path("etc", "enabled", name), "")
        # How long the first time took, seconds.
        self.compiled = self.compile()
        managerd = self.path("run", "scan", "svc-managerd")
        os.makedirs(managerd)
        write_file(os.path.join(managerd, "run"), f"#!{self.peer.where('svc-chain')}\n" + " ".join([
            self.peer.where("svc-managerd"), "--dir", self.path("run"),
            "--generations", self.path("lib")]) + "\n", 0o755)
        self.root = self.peer.root(self.path("run", "scan"))

    def make_service(self, kind, name, needed, more=""):
        words = ", ".join(f'"{word}"' for word in self.command(kind, name, "3"))
        text = f'start = [{words}]\ntype = "oneshot"\n' if kind == "once" else f"exec = [{words}]\n"
        if kind == "notify":
            text += 'ready = "notify-fd 3"\n'
        if needed:
            text += "requires = [" + ", ".join(f'"{other}"' for other in needed) + "]\n"
        write_file(self.path("etc", "services", f"{name}.toml"), text + more)

    def compile(self, *options):
        """Runs svc-compile; returns its seconds."""
        argv = [self.peer.where("svc-compile"), "--output", self.path("lib"), "--programs",
                self.peer.programs, *options, self.path("etc", "services")]
        began = time.monotonic()
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"svc-compile: {done.stderr[-300:]}")
        return time.monotonic() - began

    def change(self, *words):
        return [self.peer.where("svc-change"), "--quiet", "--dir", self.path("run"),
                "--generations", self.path("lib"), *words]

    def up_command(self, name):
        return self.change("up", name)

    def start_command(self, name):
        """That of svctl, which finds everything below one directory."""
        for at, there in (("run", "run"), ("var/lib", "lib"), ("etc", "etc")):
            link = self.path("prefix", at, "coppice")
            if not os.path.islink(link):
                os.makedirs(os.path.dirname(link), exist_ok=True)
                os.symlink(self.path(there), link)
        return [self.peer.where("svctl"), "--prefix", self.path("prefix"), "start", name]

    def down_command(self, name):
        return self.change("down", name)

    def status_command(self):
        """All services in a table. svctl wants all below one directory."""
        for path, target in (("run/coppice", "run"), ("var/lib/coppice", "lib"), ("etc/coppice", "etc")):
            link = self.path("prefix", path)
            if not os.path.lexists(link):
                os.makedirs(os.path.dirname(link), exist_ok=True)
                os.symlink(self.path(target), link)
        return [self.peer.where("svctl"), "--prefix", self.path("prefix"), "status"]

    def kill_daemons(self):
        """All but the services. The root is first, and each supervisor before what it would start again."""
        for pid in self.processes():
            if command(pid).startswith("svc-"):
                os.kill(pid, signal.SIGKILL)

    def manager(self):
        with open(self.path("run", "manager", "managerd")) as file:
            return int(next(line for line in file if line.startswith("pid="))[4:])


class Systemd(Managed):
    """systemd --user, with a directory of units and a runtime directory of its own."""
    TYPES = {"plain": "exec", "notify": "notify", "once": "oneshot"}

    def make_all(self):
        os.makedirs(self.path("units"))
        os.makedirs(self.path("runtime"), 0o700)
        for service in self.needs:
            self.make_unit(*service)
        wants = "".join(f"Wants={name}.service\n" for name in self.names[self.down:])
        write_file(self.path("units", "bench.target"), f"[Unit]\nDefaultDependencies=no\n{wants}")
        self.environment |= {
            "XDG_RUNTIME_DIR": self.path("runtime"), "SYSTEMD_UNIT_PATH": self.path("units"),
            "HOME": self.dir, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.path('runtime', 'bus')}"}
        self.cgroup = os.path.basename(self.bench.work) + "." + os.path.basename(self.dir)
        self.before = [os.path.join(HERE, "systemd-user"), self.cgroup]
        self.root = [self.peer.where(self.peer.root_program), "--user", "--unit=bench.target",
                     "--log-target=null", "--log-level=err"]

    def make_unit(self, kind, name, needed):
        others = " ".join(f"{other}.service" for other in needed)
        lines = ["[Unit]", "DefaultDependencies=no", "[Service]", f"Type={self.TYPES[kind]}",
                 "StandardOutput=null", "StandardError=null",
                 "RemainAfterExit=yes" if kind == "once" else "Restart=always",
                 "ExecStart=" + " ".join(self.command(kind, name, "socket"))]
        if needed:
            lines[1:1] = [f"Requires={others}", f"After={others}"]
        write_file(self.path("units", f"{name}.service"), "\n".join(lines) + "\n")

    def up_command(self, name):
        return [shutil.which("systemctl"), "--user", "start", f"{name}.service"]

    def start_command(self, name):
        return self.up_command(name)

    def down_command(self, name):
        return [shutil.which("systemctl"), "--user", "stop", f"{name}.service"]

    def status_command(self):
        return [shutil.which("systemctl"), "--user", "--no-pager", "list-units"]

    def end(self):
        super().end()
        for hierarchy in CGROUPS:
            for directory, _, _ in os.walk(os.path.join(hierarchy, self.cgroup), topdown=False):
                remove_cgroup(directory)


def remove_cgroup(directory):
    """The kernel may not be done with who was in it."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            return os.rmdir(directory)
        except FileNotFoundError:
            return None
        except OSError:
            time.sleep(0.01)
    return print(f"a cgroup is left: {directory}")


def systemd_runs(bench, peer):
    """Whether systemd --user can run here."""
    tree = Systemd(peer, bench, independent(1))
    try:
        tree.start()
        return len(tree.stamps.wait(2, 10)) == 2
    finally:
        tree.end()


def run(tree, argv):
    """Runs a command to its end; returns its seconds."""
    began = time.monotonic()
    done = subprocess.run(argv, env=tree.environment, capture_output=True, text=True, check=False,
                          timeout=PATIENCE)
    if done.returncode != 0:
        raise OSError(f"{argv[0]}: {done.stderr[-300:]}")
    return time.monotonic() - began
