"""Lists of calls: what they are told apart from what differs by run, and what they should have come to."""

import ctypes
import os
import re
import signal
from pathlib import Path

# How a runner finds them open: a pidfd of the neighbour, one of a process that has ended, one of /dev/null.
NEIGHBOUR_FD, ENDED_FD, OTHER_FD = 100, 101, 102
FLAGS = {"user": 0x10000000, "uts": 0x04000000, "net": 0x40000000, "ipc": 0x08000000, "time": 0x80}
PR_SET_PDEATHSIG = 1
SHOWN = re.compile(r"\b([a-z]+):\[(\d+)\]")


class Process:
    """A process that sleeps in new namespaces of these kinds, a user namespace without maps among them."""

    def __init__(self, kinds):
        ready, done = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            libc = ctypes.CDLL(None, use_errno=True)
            # However the driver ends.
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            failed = libc.unshare(sum(FLAGS[kind] for kind in kinds)) and ctypes.get_errno()
            os.write(done, b"%d" % failed)
            os.close(done)
            while True:
                signal.pause()
        os.close(done)
        self.refusal = os.strerror(failed) if (failed := int(os.read(ready, 9))) else None
        os.close(ready)

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Neighbours:
    """The processes that every case can name, and the descriptors that every runner has."""

    def __init__(self):
        self.alive = Process(["uts"] if os.geteuid() == 0 else ["user", "uts"])
        gone = Process([])
        pidfds = [os.pidfd_open(one.pid) for one in (self.alive, gone)]
        gone.end()
        self.gone = gone.pid
        for fd, number in zip([*pidfds, os.open(os.devnull, os.O_RDWR)], (NEIGHBOUR_FD, ENDED_FD, OTHER_FD)):
            os.dup2(fd, number, inheritable=True)
            os.close(fd)

    def close(self):
        self.alive.end()


def own_namespaces(pid):
    """The inode numbers of a process's own namespaces by kind."""
    links = (os.readlink(entry) for entry in Path(f"/proc/{pid}/ns").iterdir())
    return {match[1]: match[2] for match in map(SHOWN.fullmatch, links) if match}


class Answers:
    """What a list of calls came to in one face."""

    def __init__(self, steps, found, runner_pid, known):
        self.steps = steps
        self.variables = {
            step["as"]: value
            for step, value in zip(steps, found)
            if "as" in step and isinstance(value, (int, str)) and not isinstance(value, bool)
        }
        # Numbers that differ by run, by the words for them.
        self.numbers = {number: f"${name}" for name, number in known.items()}
        self.numbers[runner_pid] = "$RUNNER"
        for step, value in zip(steps, found):
            if "as" in step and isinstance(value, int) and not isinstance(value, bool):
                self.numbers[value] = f"${step['as']}"
        self.labels = {(kind, number): "own" for kind, number in own_namespaces(runner_pid).items()}
        picked = [self.picked(step, value) for step, value in zip(steps, found)]
        # What "any" is said of depends on what else the machine does.
        self.found = ["any" if "any" in step else self.plain(value) for step, value in zip(steps, picked)]
        for at, step in enumerate(steps):
            # Hex that stands for a namespace, and numbers that an "as" gave, are for later calls alone.
            if step["call"] == "file_handle" and isinstance(self.found[at], str):
                self.found[at] = len(self.found[at])

    def picked(self, step, value):
        """Of a list only the rows that are asked for, and of these, or of an object, only the columns."""
        if isinstance(value, dict) and "keep" in step and "error" not in value:
            return {path: at(value, path) for path in step["keep"]}
        if not isinstance(value, list):
            return value
        if step["call"] == "tree":
            value = list(flat(value))
        for path, wanted in step.get("where", {}).items():
            if isinstance(wanted, str) and wanted.startswith("$"):
                wanted = self.variables.get(wanted[1:], wanted)
            value = [row for row in value if str(at(row, path)) == str(wanted)]
        if "keep" in step:
            value = [{path: at(row, path) for path in step["keep"]} for row in value]
        if "distinct" in step:
            value = [row for number, row in enumerate(value) if row not in value[:number]]
        return value

    def plain(self, value):
        """With words in the place of what differs by run; whole numbers are one kind of number."""
        if isinstance(value, str):
            value = SHOWN.sub(self.label, value)
            return re.sub(r"\b\d+\b", lambda match: str(self.numbers.get(int(match[0]), match[0])), value)
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value if isinstance(value, bool) else self.numbers.get(value, value)

    def label(self, match):
        """`net:[own]` is the runner's; others are numbered in the order in which they are told of."""
        kind, number = match.groups()
        if (kind, number) not in self.labels:
            self.labels[kind, number] = 1 + sum(1 for one, label in self.labels.items() if one[0] == kind and label != "own")
        return f"{kind}:[{self.labels[kind, number]}]"

    def wrong(self, case, fill):
        """How they differ from what the case says."""
        for step, found in zip(case["steps"], self.found):
            about = f"{step['call']} {step.get('of', step.get('path', step.get('kind', '')))}"
            error = found["error"] if isinstance(found, dict) and "error" in found else None
            told = case if "error" in case and step is case["steps"][-1] else step
            if "error" in told:
                wanted = {"kind": told["error_kind"], "message": told["error"]}
                given = {key: error[key] for key in wanted} if error else found
                if not matches(given, fill(wanted)):
                    yield f"{about}: is {given!r}, not {wanted!r}"
            elif error:
                yield f"{about}: {error}"
            elif "gives" in step and not matches(found, fill(step["gives"])):
                yield f"{about}: is {found!r}, not {step['gives']!r}"


def flat(nodes, above=None):
    """The rows of a tree, with the inode number of the one above."""
    for node in nodes:
        yield {**node["entry"], "above": above}
        yield from flat(node["children"], node["entry"]["id"]["inode"])


def at(row, path):
    """The part of a row that a path such as id.inode names; of a list that of each item."""
    key, _, rest = path.partition(".")
    if isinstance(row, list):
        return [at(item, path) for item in row]
    return at(row[key], rest) if rest else row[key]


def matches(found, wanted):
    if isinstance(wanted, dict) and "regex" in wanted:
        return isinstance(found, str) and re.fullmatch(wanted["regex"], found, re.DOTALL) is not None
    if isinstance(wanted, dict) and isinstance(found, dict):
        return found.keys() == wanted.keys() and all(matches(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(matches, found, wanted))
    return type(found) is type(wanted) and found == wanted
