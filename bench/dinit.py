"""A running dinit, which has a file for each service."""
import os

from managed import Managed
from tree import write_file


class Dinit(Managed):
    """What its services say goes to /dev/null, as nothing else is asked for."""

    def make_all(self):
        os.mkdir(self.path("services"))
        for service in self.needs:
            self.make_service(*service)
        wanted = "".join(f"waits-for = {name}\n" for name in self.names[self.down:])
        write_file(self.path("services", "boot"), f"type = internal\n{wanted}")
        self.root = [self.peer.where("dinit"), "--quiet", "--user", "--services-dir",
                     self.path("services"), "--socket-path", self.path("socket"), "boot"]

    def make_service(self, kind, name, needed):
        lines = ["command = " + " ".join(self.command(kind, name, "3"))]
        if kind == "once":
            lines += ["type = scripted"]
        else:
            lines += ["type = process", "restart = true"]
        if kind == "notify":
            lines += ["ready-notification = pipefd:3"]
        lines += [f"depends-on = {other}" for other in needed]
        write_file(self.path("services", name), "\n".join(lines) + "\n")

    def ctl(self, *words):
        return [self.peer.where("dinitctl"), "--socket-path", self.path("socket"), *words]

    def up_command(self, name):
        return self.ctl("--quiet", "start", name)

    def start_command(self, name):
        return self.ctl("start", name)

    def down_command(self, name):
        return self.ctl("--quiet", "stop", name)

    def status_command(self):
        return self.ctl("list")

    def check_command(self):
        return [self.peer.where("dinitcheck"), "--services-dir", self.path("services"), "boot"]
