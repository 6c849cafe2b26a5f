"""A runner process, what it has open, and the surroundings it can be put into."""

import os
import subprocess
import tempfile
from pathlib import Path

from stepping import ENDED_FD, NEIGHBOUR_FD, OTHER_FD

OWN_RUN = """mount -t tmpfs -o mode=755 parity /run
mkdir /run/netns
mount --bind /run/netns /run/netns
mount --make-shared /run/netns
exec "$@"
"""

# Of a result line: one that is longer comes from a job that prints where the runner should.
LONGEST = 4 << 20


class Skip(Exception):
    """A case that cannot run here; the text says why."""


class Runner:
    """One process that runs spec after spec."""

    def __init__(self, command, within):
        self.group = None
        # Mounts are looked at where the runner could leave some.
        self.mounts = os.geteuid() == 0
        wrapper = []
        enter = None
        if within and "pids_max" in within:
            self.group = PidsGroup(within["pids_max"])
            enter = self.group.enter
        if within and within.get("user_namespace"):
            # Only the caller's own id is mapped in it, as root.
            wrapper = ["unshare", "--user", "--map-root-user"]
            tried = subprocess.run([*wrapper, "true"], capture_output=True, text=True)
            if tried.returncode != 0:
                raise Skip(tried.stderr.strip())
        if within and within.get("mount_namespace"):
            # With a /run of its own, ready for the names of "ip netns"; it is root there.
            user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
            wrapper = ["unshare", *user, "--mount", "--propagation", "private", "sh", "-e", "-c", OWN_RUN, "sh"]
            tried = subprocess.run([*wrapper, "true"], capture_output=True, text=True)
            if tried.returncode != 0:
                raise Skip(tried.stderr.strip())
            self.mounts = True
        self.process = subprocess.Popen(
            [*wrapper, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=enter,
            pass_fds=(NEIGHBOUR_FD, ENDED_FD, OTHER_FD),
        )
        self.pid = self.process.pid

    def run(self, text, kind=""):
        """The line for a spec, or with the word "steps " for a list of calls, given as JSON text."""
        with tempfile.NamedTemporaryFile("w", prefix="isolate-parity-", suffix=".json") as file:
            file.write(text)
            file.flush()
            self.process.stdin.write(kind + file.name + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline(LONGEST)
        if not line:
            raise SystemExit(f"parity: {self.process.args} ended with status {self.process.wait()}")
        return line.rstrip("\n")

    def state(self):
        """What a job must not leave behind, as sets."""
        return {
            "descriptors": set(descriptors(self.pid)),
            "processes": set(descendants(os.getpid())),
            "mounts": set(mounts(self.pid)) if self.mounts else set(),
            "namespaces of a thread": set(namespaces(self.pid)),
            "cgroups": set(groups(self.pid)),
        }

    def grown(self, before):
        """What is there now and was not."""
        after = self.state()
        return [f"{kind}: {one}" for kind, now in after.items() for one in sorted(now - before[kind])]

    def close(self):
        self.process.stdin.close()
        status = self.process.wait()
        left = [f"{self.process.args}: left behind: cgroup {path}" for path in groups(self.pid)]
        if self.group:
            self.group.remove()
        if status != 0:
            left.append(f"{self.process.args}: ended with status {status}")
        return left


def descriptors(pid):
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            yield f"{entry.name} {os.readlink(entry.path)}"
        except FileNotFoundError:
            pass


def descendants(pid):
    """All processes below one, zombies too, as "pid name"."""
    parents, names = {}, {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                name, rest = Path(entry.path, "stat").read_text(errors="replace").rsplit(")", 1)
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(rest.split()[1])
            names[int(entry.name)] = name.split("(", 1)[1]
    for child in parents:
        above = child
        while above not in (0, pid):
            above = parents.get(above, 0)
        if above == pid and child != pid:
            yield f"{child} {names[child]}"


def mounts(pid):
    """Those of its namespace."""
    return Path(f"/proc/{pid}/mountinfo").read_text().splitlines()


def namespaces(pid):
    """Those in which any of its threads is."""
    for thread in os.scandir(f"/proc/{pid}/task"):
        try:
            yield from (os.readlink(entry.path) for entry in os.scandir(f"{thread.path}/ns"))
        except (FileNotFoundError, ProcessLookupError):
            pass


def groups(pid):
    """The directories that a process has made for its jobs."""
    for top, dirs, _ in os.walk("/sys/fs/cgroup"):
        yield from (os.path.join(top, name) for name in dirs if name.startswith(f"isolate-{pid}-"))


class PidsGroup:
    """A cgroup below this process's own with a limit of processes."""

    def __init__(self, limit):
        self.dir = own_group("pids") / f"isolate-parity-{os.getpid()}-{limit}"
        try:
            self.dir.mkdir(exist_ok=True)
            (self.dir / "pids.max").write_text(str(limit))
        except OSError as error:
            raise Skip(f"{error.filename}: {error.strerror}") from None

    def enter(self):
        (self.dir / "cgroup.procs").write_text("0")

    def remove(self):
        try:
            self.dir.rmdir()
        except OSError:
            pass  # another runner is still in it; the last one removes it


def own_group(controller):
    """This process's directory in the hierarchy of a controller (cgroups(7))."""
    paths = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update((name, path) for name in controllers.split(","))
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, tail = line.split(" - ")
        kind, _, options = tail.split(" ", 2)
        root, point = fields.split()[3:5]
        name = controller if kind == "cgroup" and controller in options.split(",") else None
        if kind == "cgroup2" and controller in Path(point, "cgroup.controllers").read_text().split():
            name = ""
        if name in paths:
            return Path(point) / os.path.relpath(paths[name], root)
    raise Skip(f"no hierarchy with the {controller} controller is mounted")
