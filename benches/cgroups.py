"""What a group costs, side by side: made with three limits and read back, joined by a process, removed; and
the numbers of 1, 100 and 1,000 groups (cpu, memory, pids).

    cgroups.py --plain PATH --rust PATH [--rounds N] [--cpu N]

By libisolate, by plain system calls in C, and by libcgroup, on the same host in one run. In every round each
method has its turn, in turns forwards and backwards. Needs root. Nothing here passes or fails by time.
"""

import argparse
import os
import platform
import sys
import time

from run import COLD_GAP_US, Method, microseconds, show, times

STAGES = ("make", "join", "remove")
GROUPS = (1, 100, 1000)


class Worker(Method):
    """Orders of benches/cgroups.c."""

    def tell(self, *words):
        if self.failure is not None:
            return []
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if line:
            return [float(word) for word in line.split()]
        self.failure = (self.process.stderr.read().strip().splitlines() or ["it ended"])[-1]
        return []

    def live(self, kind, count, gap):
        # The first one fills caches that the others empty.
        numbers = self.tell("life", count + 1, gap)[len(STAGES):]
        for at, stage in enumerate(STAGES):
            self.samples.setdefault((kind, stage), []).extend(numbers[at::len(STAGES)])
        self.samples.setdefault((kind, "all"), []).extend(
            sum(numbers[at:at + len(STAGES)]) for at in range(0, len(numbers), len(STAGES))
        )

    def read(self, groups, count):
        numbers = self.tell("stat", groups, count + 1)[1:]
        self.samples.setdefault(groups, []).extend(number / groups for number in numbers)


def hierarchies():
    """The directories in which a group of cpu, cpuacct, memory and pids has its places."""
    found = []
    with open("/proc/self/mountinfo") as file:
        for line in file:
            fields, _, rest = line.partition(" - ")
            kind, _, options = rest.split(" ", 2)
            root, point = fields.split()[3:5]
            ours = {"cpu", "cpuacct", "memory", "pids"} & set(options.split()[-1].split(","))
            if root == "/" and point not in found and (kind == "cgroup2" or (kind == "cgroup" and ours)):
                found.append(point)
    return found


def enable(directories):
    """v2: the controllers for the groups below the root; those that are not there are left out."""
    for directory in directories:
        try:
            with open(f"{directory}/cgroup.subtree_control", "r+") as file:
                now = file.read().split()
        except FileNotFoundError:
            continue
        with open(f"{directory}/cgroup.controllers") as file:
            wanted = [c for c in file.read().split() if c in ("cpu", "memory", "pids") and c not in now]
        if wanted:
            with open(f"{directory}/cgroup.subtree_control", "w") as file:
                file.write(" ".join(f"+{c}" for c in wanted))


def remove(paths):
    for path in reversed(paths):
        for _ in range(100):
            try:
                os.rmdir(path)
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.01)
        else:
            print(f"{path} is left", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser()
    for option in ("plain", "rust"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--cpu", type=int, help="everything on this one CPU: steadier on a busy machine")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench-cgroups needs root: libcgroup makes its groups at the root of each hierarchy")
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})

    prefix = f"isolate-bench-{os.getpid()}"
    directories = hierarchies()
    enable(directories)
    made = []
    workers = []
    try:
        for number in range(max(GROUPS)):
            for directory in directories:
                path = f"{directory}/{prefix}-{number}"
                os.mkdir(path)
                made.append(path)
        plain = Worker("plain C", [options.plain, "plain", prefix])
        workers += [plain, Worker("libisolate, Rust", [options.rust, prefix]),
                    Worker("libcgroup", [options.plain, "libcgroup", prefix])]
        for number in range(options.rounds):
            for worker in workers if number % 2 == 0 else reversed(workers):
                worker.live("cold", 4, COLD_GAP_US)
                worker.live("hot", 20, 0)
                for groups in GROUPS:
                    worker.read(groups, max(2, 200 // groups))
    finally:
        for worker in workers:
            worker.close()
        remove(made + [f"{directory}/{prefix}-life" for directory in directories])

    print(f"Medians in microseconds. Linux {platform.release()}, {len(directories)} directories for each group:")
    print(f"{', '.join(directories)} (libcgroup: those with controllers).")
    for kind, title in (("hot", "The life of a group, one after the other:"),
                        ("cold", f"The same, one every {COLD_GAP_US // 1000} ms:")):
        rows = []
        for worker in workers:
            if worker.failure is not None:
                rows.append([f"{worker.name}: {worker.failure}"[:90]] + [""] * 5)
                continue
            medians = [worker.median((kind, stage)) for stage in (*STAGES, "all")]
            rows.append([worker.name, *map(microseconds, medians), times(medians[-1], plain.median((kind, "all")))])
        show(title, ["", *STAGES, "all", "to plain"], rows)
    rows = []
    for worker in workers:
        if worker.failure is None:
            row = [worker.name]
            for groups in GROUPS:
                row += [f"{worker.median(groups):.1f}", times(worker.median(groups), plain.median(groups))]
            rows.append(row)
    show("The numbers of cpu, memory and pids, for each group:",
         ["", *(word for groups in GROUPS for word in (f"{groups} groups" if groups > 1 else "1 group", "to plain"))],
         rows)


if __name__ == "__main__":
    main()
