"""The demo from Python: builds zlib and runs its tests inside the sandbox, then lets four programs misbehave.

    demo.py SOURCE JOBS WORK

SOURCE is zlib's source, JOBS the directory of the scripts, WORK an existing directory to write in.
Prints one JSON object a line for each job; report.py makes a table of them.
"""

import dataclasses
import json
import os
import re
import sys
import tempfile

import libisolate as iso

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


def status(pid):
    """The parent of a process, and its ids from the caller's pid namespace inwards."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    return int(fields["PPid"]), [int(n) for n in fields["NSpid"].split()]


def pids(job):
    """Of the running job's program and of its parent, the init: the pid outside and the pid inside."""
    try:
        parent, program = status(job.pid)
        return {"program": program, "init": status(parent)[1]}
    except FileNotFoundError:
        return None  # it has ended already


def own_namespaces():
    return {kind: int(re.sub(r"\D", "", os.readlink(f"/proc/self/ns/{kind}"))) for kind in KINDS}


def product(work):
    """What the build left in the one place that it may write to."""
    try:
        info = os.stat(f"{work}/libz.so.1.3.1")
    except FileNotFoundError:
        return None
    return {"size": info.st_size, "uid": info.st_uid, "caller": os.geteuid()}


def run(source, jobs, work, script, timeout=60, best_effort=("memory", "swap", "pids")):
    row = {"face": "Python", "job": script}
    # The same for every job: no network, the host's system directories read-only, one place to write.
    try:
        with iso.spawn(
            ["sh", f"/jobs/{script}.sh"],
            net="none",
            root="system",
            binds=[iso.Bind(source, "/source"), iso.Bind(jobs, "/jobs"), iso.Bind(work, "/work", rw=True)],
            cwd="/work",
            limits=iso.Limits(memory="512M", swap=0, pids=64, best_effort=best_effort),
            timeout=timeout,
            stdin="null",
            stdout="capture",
            stderr="capture",
            text=True,
        ) as job:
            row["pids"] = pids(job)
            row["caller"] = own_namespaces()
            outcome = job.wait()
    except iso.IsolateError as error:
        row["error"] = {"kind": error.kind, "message": str(error)}
    else:
        row["outcome"] = dict(dataclasses.asdict(outcome), enforcement=[
            dataclasses.asdict(item) for item in outcome.enforcement.values()
        ])
        row["product"] = product(work)
    print(json.dumps(row), flush=True)


def main():
    source, jobs, parent = sys.argv[1:]
    paths = source, jobs, tempfile.mkdtemp(prefix="python-", dir=parent)
    run(*paths, "build")
    # Nobody lets a bomb go off without its limit: these start only where it holds. Not every kernel
    # counts swap.
    run(*paths, "memory-bomb", best_effort=("swap",))
    run(*paths, "fork-bomb", best_effort=("swap",))
    run(*paths, "network")
    run(*paths, "endless-loop", timeout=2)


if __name__ == "__main__":
    main()
