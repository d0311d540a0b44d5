"""Chains: what stands in front of a program, and is executed before it."""
import os
import pwd
import subprocess

EXECS = 500


def run_times(bench, peer, argv):
    """The median of what so many runs take, microseconds each."""
    repeat = [bench.tool, "repeat", str(EXECS), *argv]
    answer = subprocess.run(repeat, env=peer.environment(), capture_output=True, text=True,
                            check=False).stdout
    return int(answer) / 1e3


def execs(bench, peer):
    check = peer.check(bench.work)
    result = {"exec": run_times(bench, peer, check)} if check and None not in check else {}
    if peer.name == "bare":
        result["exec-true"] = run_times(bench, peer, ["true"])
    return result


class Place:
    """What a chain finds: a directory of variables, a lock, a user."""

    def __init__(self, bench):
        self.nothing = [bench.tool, "nothing"]
        self.environment = os.path.join(bench.work, "environment")
        self.lock = os.path.join(bench.work, "lock")
        self.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        os.makedirs(self.environment, exist_ok=True)
        for name in ("FIRST", "SECOND", "THIRD"):
            with open(os.path.join(self.environment, name), "w") as file:
                file.write("value\n")

    def file(self, bench, lines):
        path = os.path.join(bench.work, "chain")
        with open(path, "w") as file:
            file.write("".join(" ".join(words) + "\n" for words in lines))
        return path


def chain(bench, peer):
    """A lock, variables, a limit, a session and a user, in front of a program that does nothing, as a
    script; five that look nothing up, as words; and the smallest link alone, without that program."""
    place = Place(bench)
    result, one = {}, peer.link()
    for line, argv in (("chain", peer.chain(place, bench)), ("chain-words", peer.words(place))):
        if argv and None not in argv:
            result[line] = run_times(bench, peer, argv)
    if one and None not in one:
        alone = run_times(bench, peer, place.nothing)
        result["link"] = run_times(bench, peer, one + place.nothing) - alone
    return result


ROWS = {
    "exec": (execs, {"exec": "us", "exec-true": "us"}),
    "chain": (chain, {"chain": "us", "chain-words": "us", "link": "us"}),
}
