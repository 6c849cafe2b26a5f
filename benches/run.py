"""What a launch costs, side by side: spawn to exit of a program that does nothing.

    run.py --build DIR --isolatectl PATH --rust PATH --python PATH --node PATH [--rounds N] [--cpu N]

DIR holds `noop` and `server` (see mk/bench.mk); results.json is written there. Every method is a process that
stays and runs the program when it is told to. In every round each method has its turn, in turns forwards and
backwards, so that a busy moment of the machine hits them alike. Nothing here passes or fails by time.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

COLD_GAP_US = 20_000
KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
MIB = 1 << 20


class Method:
    """A way to run the program, as a process that waits for orders."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.samples = {}
        self.failure = None
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})},
        )

    def measure(self, kind, count, gap):
        if self.failure is not None:
            return
        # The first one fills caches that the others empty.
        numbers = self.order(count + 1, gap)
        if numbers is not None:
            self.samples.setdefault(kind, []).extend(numbers[1:])

    def order(self, count, gap):
        try:
            self.process.stdin.write(f"{count} {gap}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if line:
            return [float(word) for word in line.split()]
        self.failure = (self.process.stderr.read().strip().splitlines() or ["it ended"])[-1]
        return None

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def median(self, kind):
        numbers = self.samples.get(kind)
        return statistics.median(numbers) if numbers else None

    def best(self, kind):
        return min(self.samples.get(kind, []), default=None)


class Quiet:
    """Waits for a moment in which nothing else runs, but not for ever; and tells how often there was none."""

    def __init__(self, patience):
        self.patience = patience
        self.turns = self.busy = 0

    def wait(self):
        self.turns += 1
        began = time.monotonic()
        while self.others():
            if time.monotonic() - began > min(0.2, self.patience):
                self.busy += 1
                break
            time.sleep(0.005)
        self.patience -= min(self.patience, time.monotonic() - began)

    @staticmethod
    def others():
        with open("/proc/loadavg") as file:
            return int(file.read().split()[3].partition("/")[0]) > 1


def measure(methods, rounds, turns, quiet):
    """turns: (kind, count, gap) in each round."""
    for number in range(rounds):
        for method in methods if number % 2 == 0 else reversed(methods):
            quiet.wait()
            for kind, count, gap in turns:
                method.measure(kind, count, gap)


def own_cgroups():
    """The floor's groups: where this process is, in the hierarchies that have memory and pids."""
    places = {}
    with open("/proc/self/cgroup") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            places.update({name: path for name in (controllers or "unified").split(",")})
    found = {}
    with open("/proc/self/mountinfo") as file:
        for line in file:
            fields, _, rest = line.partition(" - ")
            kind, _, options = rest.split(" ", 2)
            root, point = fields.split()[3:5]
            names = options.split()[-1].split(",") if kind == "cgroup" else ["unified"] if kind == "cgroup2" else []
            for name in names:
                if name in places:
                    found[name] = point + os.path.normpath("/" + os.path.relpath(places[name], root)).rstrip("/")
    if "memory" in found and "pids" in found:
        return {"FLOOR_MEMORY": found["memory"], "FLOOR_PIDS": found["pids"]}
    try:
        with open(f"{found['unified']}/cgroup.subtree_control") as file:
            if {"memory", "pids"} <= set(file.read().split()):
                return {"FLOOR_UNIFIED": found["unified"]}
    except (KeyError, OSError):
        pass
    return None


def bubblewrap(level, noop):
    every = ["bwrap", "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup"]
    if level == "namespaces":
        return every + ["--bind", "/", "/", "--dev-bind", "/dev", "/dev", noop]
    root = []
    for path in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"):
        if os.path.islink(path):
            root += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            root += ["--ro-bind", path, path]
    return every + root + [
        "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm", "--tmpfs", "/tmp", "--ro-bind", noop, "/noop",
        "--cap-drop", "ALL", "--new-session", "--die-with-parent", "--clearenv", "/noop",
    ]


class Bench:
    def __init__(self, options):
        self.options = options
        self.directory = os.path.abspath(options.build)
        self.noop = os.path.join(self.directory, "noop")
        self.server = os.path.join(self.directory, "server")

    def spec(self, name, **fields):
        path = os.path.join(self.directory, f"{name}.json")
        with open(path, "w") as file:
            json.dump(fields, file)
        return path

    def c(self, method, *words, name=None, environment=None):
        return Method(name or method, [self.server, method, *words], environment)

    def faces(self, spec):
        here = os.path.dirname(os.path.abspath(__file__))
        yield Method("libisolate, Rust", [self.options.rust, spec])
        yield self.c("isolate", spec, name="libisolate, C")
        yield Method("libisolate, Python", [self.options.python, f"{here}/bench.py", spec])
        yield Method("libisolate, Node", [self.options.node, f"{here}/bench.mjs", spec])
        yield self.c("posix_spawn", self.options.isolatectl, "0", "run", "--spec", spec, name="isolatectl")

    def levels(self):
        """(title, the method that the others are compared with, methods)"""
        noop, sandboxed = self.noop, {"argv": ["/noop"], "binds": [{"source": self.noop, "dest": "/noop"}]}
        limits = {"memory": 512 * MIB, "pids": 64}
        bwrap = shutil.which("bwrap")

        def peer(level):
            if bwrap is None:
                return []
            words = bubblewrap(level, noop)
            return [self.c("posix_spawn", bwrap, "0", *words[1:], name="bubblewrap")]

        yield "nothing", "posix_spawn", [self.c("posix_spawn", noop), self.c("fork", noop, name="fork and exec")]
        spec = self.spec("namespaces", argv=[noop], profile="none", namespaces=dict.fromkeys(KINDS, "new"))
        yield "eight namespaces", "floor", [
            self.c("floor-namespaces", noop, name="floor"), *self.faces(spec), *peer("namespaces"),
        ]
        spec = self.spec("sandbox", **sandboxed, cgroup="none")
        bare = self.spec("sandbox-bare", **sandboxed, cgroup="none", seccomp="off")
        yield "default sandbox, no cgroup", "floor", [
            self.c("floor-sandbox", noop, name="floor"),
            self.c("isolate", bare, name="libisolate, C, no filter"), *self.faces(spec), *peer("sandbox"),
        ]
        spec = self.spec("limits", **sandboxed, limits=limits)
        groups = own_cgroups()
        floor = [] if groups is None else [self.c("floor-sandbox", noop, name="floor", environment=groups)]
        yield "default sandbox, memory and pids limits", "floor", [*floor, *self.faces(spec)]

    def memory(self):
        """(MiB, methods)"""
        with open("/proc/meminfo") as file:
            available = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable")) // 1024
        spec = os.path.join(self.directory, "sandbox.json")
        for mib in (10, 1024, 4096):
            if mib + 1024 > available:
                print(f"{mib} MiB: skipped, {available} MiB are available", file=sys.stderr)
                continue
            yield mib, [
                self.c("posix_spawn", self.noop, str(mib)),
                self.c("fork", self.noop, str(mib), name="fork and exec"),
                self.c("isolate", spec, str(mib), name="libisolate, C"),
            ]


def show(title, head, rows):
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    print(f"\n{title}\n" if title else "")
    for row in [head, ["-" * width for width in widths], *rows]:
        print("  ".join(cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths))).rstrip())


def microseconds(number):
    return "-" if number is None else f"{number:.0f}"


def times(number, base):
    return "" if number is None or base is None else f"{number / base:.2f}x"


def main():
    parser = argparse.ArgumentParser()
    for option in ("build", "isolatectl", "rust", "python", "node"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--cpu", type=int, help="everything on this one CPU: steadier on a busy machine")
    options = parser.parse_args()
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    if os.geteuid() == 0:
        os.nice(-20)
    bench = Bench(options)
    results = {"kernel": platform.release(), "cpus": os.cpu_count(), "levels": {}, "memory": {}}

    print(f"Spawn to exit of a static program of one system call; medians in microseconds. Linux {platform.release()},")
    print(f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} CPUs. Cold: one every {COLD_GAP_US // 1000} ms, as a build tool spawns. Hot: back to back.")
    quiet = Quiet(patience=30)
    levels = list(bench.levels())
    try:
        measure([method for _, _, methods in levels for method in methods], options.rounds,
                [("cold", 6, COLD_GAP_US), ("hot", 20, 0)], quiet)
    finally:
        for _, _, methods in levels:
            for method in methods:
                method.close()
    rows = []
    for title, base_name, methods in levels:
        base = next((method for method in methods if method.name == base_name), None)
        rows.append([title] + [""] * 6)
        for method in methods:
            cold, hot, best = method.median("cold"), method.median("hot"), method.best("hot")
            if method.failure is not None:
                rows.append([f"  {method.name}: {method.failure}"[:90]] + [""] * 6)
                continue
            rows.append([
                f"  {method.name}", microseconds(cold), times(cold, base and base.median("cold")),
                microseconds(hot), times(hot, base and base.median("hot")),
                microseconds(best), times(best, base and base.best("hot")),
            ])
        results["levels"][title] = {
            method.name: {"failure": method.failure, **{k: sorted(v) for k, v in method.samples.items()}} for method in methods
        }
    show("", ["", "cold", "to floor", "hot", "to floor", "best hot", "to floor"], rows)

    columns = {}
    for mib, methods in bench.memory():
        try:
            measure(methods, options.rounds, [("hot", 5, 0)], quiet)
        finally:
            for method in methods:
                method.close()
        columns[mib] = {method.name: method.median("hot") for method in methods}
        results["memory"][mib] = {method.name: sorted(method.samples.get("hot", [])) for method in methods}
    names = list(next(iter(columns.values()), {}))
    show(
        "The same with memory that the calling process has touched (hot; libisolate with its default sandbox):",
        ["", *(f"{mib} MiB" for mib in columns), "last to first"],
        [
            [f"  {name}", *(microseconds(columns[mib][name]) for mib in columns),
             times(columns[max(columns)][name], columns[min(columns)][name])]
            for name in names
        ],
    )
    with open(os.path.join(bench.directory, "results.json"), "w") as file:
        json.dump(results, file)
    if quiet.busy:
        print(f"\nOther programs ran at the start of {quiet.busy} of {quiet.turns} turns: trust the best samples and ratios more.")
    print(f"\nEvery sample: {os.path.relpath(file.name)}")


if __name__ == "__main__":
    main()
