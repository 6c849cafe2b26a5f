"""Makes tables of the rows that the demo's programs print, and checks that each row is as it should be.

    report.py ROWS...

The status is 0 when every job of every face ended as expected.
"""

import json
import sys

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
JOBS = ("build", "memory-bomb", "fork-bomb", "network", "endless-loop")
LIMITS = ("memory", "swap", "pids", "timeout")
TESTS = ("zlib test OK", "zlib shared test OK", "zlib 64-bit test OK")


def size(count):
    if count is None:
        return "-"
    return f"{count >> 20} MiB" if count % (1 << 20) == 0 else f"{count / (1 << 20):.1f} MiB"


def limit(name, value):
    if name == "memory":
        return size(int(value))
    if name == "swap":
        return "swap " + size(int(value)) if value.strip("0").isdigit() else "no swap"
    return f"{value} pids" if name == "pids" else f"{value} s"


class Row:
    """One job of one face, with what the table says of it and what is wrong with it."""

    def __init__(self, line):
        data = json.loads(line)
        self.face, self.job = data["face"], data["job"]
        self.outcome, self.error = data.get("outcome"), data.get("error")
        self.pids, self.caller, self.product = data.get("pids"), data.get("caller"), data.get("product")
        rows = self.outcome["enforcement"] if self.outcome else []
        self.enforced = {row["name"]: row for row in rows}
        self.words = [line.split() for line in self.stdout.splitlines()]

    @property
    def stdout(self):
        return (self.outcome or {}).get("stdout") or ""

    @property
    def stderr(self):
        return (self.outcome or {}).get("stderr") or ""

    @property
    def usage(self):
        return self.outcome["usage"] if self.outcome else {}

    def said(self, word):
        """What the job itself printed after a word."""
        return next((words[1:] for words in self.words if words[:1] == [word]), [])

    def inside(self):
        return {words[1]: int(words[2]) for words in self.words if words[:1] == ["namespace"] and len(words) == 3}

    def holds(self, name):
        return self.enforced.get(name, {}).get("status") == "enforced"

    def refused(self):
        return self.error is not None and self.error["kind"] in ("permission", "unsupported")

    def asked(self):
        if not self.enforced:
            return "512 MiB, no swap, 64 pids"
        return ", ".join(limit(name, self.enforced[name]["requested"]) for name in LIMITS)

    def in_force(self):
        if not self.enforced:
            return "nothing started"
        return ", ".join(self.limit_in_force(name) for name in LIMITS)

    def limit_in_force(self, name):
        if not self.holds(name):
            return f"{name} skipped"
        row = self.enforced[name]
        value = self.counted(row.get("value") or row["requested"])
        if name == "swap" and "memsw" in (row.get("file") or ""):
            # There the file holds the sum of memory and swap.
            value = str(int(value) - int(self.enforced["memory"]["value"]))
        return limit(name, value)

    @staticmethod
    def counted(value):
        """The value without the init, which cgroup v2 counts among the pids: "65 (1 is the init)"."""
        number, _, remark = value.partition(" ")
        return str(int(number) - 1) if remark == "(1 is the init)" else value

    def ended(self):
        if self.outcome is None:
            return "refused before the start" if self.refused() else "failed to start"
        reason, code = self.outcome["reason"], self.outcome["exit_code"]
        how = f"exit {code}" if reason == "exit" else reason.replace("_", " ").replace("timeout", "timed out")
        if self.job == "build":
            return f"{how}: {self.tests_passed()} of {len(TESTS)} zlib tests OK"
        if self.job == "memory-bomb":
            return f"{how}: {self.usage.get('oom_kills')} process killed"
        if self.job == "fork-bomb":
            denied = self.usage.get("pids_denied")
            return f"pids limit reached: {denied} refused; {how}" if denied else how
        if self.job == "network":
            last = self.stderr.strip().rpartition(": ")[2]
            return f"{last[:1].lower()}{last[1:]}; {how}"
        return how

    def tests_passed(self):
        return sum(f"*** {test} ***" in self.stdout for test in TESTS)

    def problems(self):
        """What is not as it should be."""
        if self.job in ("memory-bomb", "fork-bomb") and self.refused():
            return
        if self.outcome is None:
            yield self.error["message"] if self.error else "no outcome"
            return
        reason, code = self.outcome["reason"], self.outcome["exit_code"]
        if self.job == "build":
            yield from self.build_problems(reason, code)
        elif self.job == "memory-bomb" and reason != "out_of_memory":
            yield f"ended as {reason} {code}, not out of memory"
        elif self.job == "fork-bomb" and not self.usage["pids_denied"]:
            yield f"ended as {reason} {code}, and no process was refused"
        elif self.job == "network" and (code != 1 or "Network is unreachable" not in self.stderr):
            yield f"ended as {reason} {code}, and not because the network is unreachable: {self.stderr.strip()}"
        elif self.job == "endless-loop" and reason != "timeout":
            yield f"ended as {reason} {code}, not at its timeout"
        for name in LIMITS:
            row = self.enforced[name]
            if self.holds(name) and name in ("memory", "pids") and self.counted(row["value"]) != row["requested"]:
                yield f"{name}: asked {row['requested']}, read back {row['value']}"

    def build_problems(self, reason, code):
        if reason != "exit" or code != 0 or self.tests_passed() != len(TESTS):
            tail = (self.stderr or self.stdout).strip().splitlines()[-3:]
            yield f"ended as {reason} {code}, {self.tests_passed()} tests passed: {' / '.join(tail)}"
        inside = self.inside()
        for kind in KINDS:
            if inside.get(kind) in (None, self.caller[kind]):
                yield f"{kind} namespace: {inside.get(kind)} inside, {self.caller[kind]} outside"
        if inside != self.outcome["namespaces"]:
            yield f"the job sees other namespaces than the library tells: {inside}, {self.outcome['namespaces']}"
        if self.said("interfaces") != ["lo"]:
            yield f"network interfaces inside: {self.said('interfaces')}"
        if not self.pids or self.pids["init"][1:] != [1] or self.said("program") != [str(self.pids["program"][1])]:
            yield f"pids: {self.pids}, and {self.said('program')} as the job sees itself"
        if not self.product or self.product["uid"] != self.product["caller"]:
            yield f"the library it built, as the caller sees it: {self.product}"


def print_table(head, rows, right=()):
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]

    def show(row):
        cells = (cell.rjust(w) if n in right else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths)))
        print("  ".join(cells).rstrip())

    show(head)
    show(["-" * width for width in widths])
    for row in rows:
        show(row)


def main():
    rows = []
    for path in sys.argv[1:]:
        with open(path) as file:
            rows += [Row(line) for line in file]
    faces = list(dict.fromkeys(row.face for row in rows))
    builds = [row for row in rows if row.job == "build" and row.outcome]

    print("\nEvery job: all eight namespaces, no network, the host's system directories read-only, /work to write in.\n")
    seconds = lambda value: "-" if value is None else f"{value:.2f} s"
    print_table(
        ["face", "job", "asked", "in force, read back", "how it ended", "wall time", "cpu time", "peak memory"],
        [
            [
                row.face, "build zlib" if row.job == "build" else row.job.replace("-", " "), row.asked(),
                row.in_force(), row.ended(), seconds(row.usage.get("wall_time")),
                seconds(row.usage.get("cpu_time")), size(row.usage.get("memory_peak")),
            ]
            for row in rows
        ],
        right=(5, 6, 7),
    )

    print()
    for name in LIMITS:
        files = sorted({row.enforced[name]["file"] for row in rows if row.holds(name) and row.enforced[name].get("value")})
        if files:
            print(f"{name} was read back from {', '.join(files)}")
        for reason in sorted({row.enforced[name]["reason"] for row in builds if not row.holds(name)}):
            print(f"{name} was skipped: {reason}")

    print("\nNamespaces of the builds as each job itself reads them (the kernel reuses numbers), and process ids:\n")
    caller = builds[0].caller if builds else {}
    outside = [["caller", *(str(caller.get(kind, "-")) for kind in KINDS), "", ""]] if builds else []
    print_table(
        ["", *KINDS, "pid 1 inside", "the program"],
        outside
        + [
            [
                f"{row.face} job", *(str(row.inside().get(kind, "-")) for kind in KINDS),
                f"{' '.join(row.said('pid1'))}, {row.pids['init'][0]} outside" if row.pids else "-",
                f"{row.pids['program'][1]} inside, {row.pids['program'][0]} outside" if row.pids else "-",
            ]
            for row in builds
        ],
    )

    problems = [f"{row.face}, {row.job}: {problem}" for row in rows for problem in row.problems()]
    present = {(row.face, row.job) for row in rows}
    problems += [f"{face}, {job}: no row" for face in faces for job in JOBS if (face, job) not in present]
    if len(faces) != len(sys.argv) - 1:
        problems.append(f"rows of {', '.join(faces) or 'no face'} only")
    print()
    for problem in problems:
        print(f"not as expected: {problem}")
    refused = [row for row in rows if row.refused()]
    for row in refused:
        print(f"skipped {row.face}/{row.job}: {row.error['message']}")
    passed = sum(not row.refused() and not list(row.problems()) for row in rows)
    print(f"demo: {passed} passed, {len(problems)} failed, {len(refused)} skipped")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
