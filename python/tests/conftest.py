"""What the tests share: a count of everything that a job must not leave behind, and honest skips."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

import libisolate as iso

MUST_WORK = bool(os.environ.get("ISOLATE_MUST_WORK"))


def skip(reason: str) -> None:
    """Skips, unless this machine is one where everything must work."""
    if MUST_WORK:
        pytest.fail(f"must work here: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def warm() -> None:
    """The library keeps the init's sealed memory open from the first job on."""
    iso.run(["true"], profile="none")


@pytest.fixture
def limited() -> None:
    """For tests that need limits in force: skips where this caller has no cgroup to put them in."""
    try:
        iso.run(["true"], limits=iso.Limits(memory="64M", pids=16))
    except (iso.UnsupportedError, iso.PermissionDeniedError) as error:
        skip(str(error))


def fds() -> List[str]:
    """The open descriptors, but the one that the look itself needs."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
        except FileNotFoundError:
            pass
    return sorted(found)


def children() -> List[str]:
    """The processes whose parent this one is, zombies too."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += (task / "children").read_text().split()
        except FileNotFoundError:
            pass
    return sorted(found)


def cgroups() -> List[str]:
    """The directories of this process's jobs below its own cgroups; others may run jobs beside it."""
    found = []
    own = f"isolate-{os.getpid()}-"
    for hierarchy in iso.host()["cgroup"]["hierarchies"]:
        for top, names, _ in os.walk(hierarchy["dir"] if isinstance(hierarchy["dir"], str) else ""):
            found += [os.path.join(top, name) for name in names if name.startswith(own)]
    return sorted(found)


def mounts() -> List[str]:
    return sorted(Path("/proc/self/mountinfo").read_text().splitlines())


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


def state() -> Dict[str, Any]:
    status = Path("/proc/self/status").read_text().splitlines()
    kept = [line for line in status if line.startswith(("SigBlk", "SigIgn", "SigCgt", "Umask", "Cap", "NoNewPrivs"))]
    return {
        "fds": fds(), "children": children(), "cgroups": cgroups(), "mounts": mounts(),
        "status": kept, "cwd": os.getcwd(),
    }


# The C library takes a signal of its own at the first thread of a process, which no test is to be blamed for.
_first = threading.Thread(target=lambda: None)
_first.start()
_first.join()


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Compares what there is of descriptors, children, cgroups, mounts and the process's own state."""
    before = {**state(), "threads": threads()}
    yield
    # Python is done with a thread a moment before the kernel is, before the test as well as after.
    wait_until(lambda: threads() <= before["threads"], "the test's own threads are gone")
    after = state()
    for key, value in after.items():
        assert before[key] == value, f"{key} differ"


def wait_until(true: Any, what: str) -> None:
    """Waits for something that must come about; the bound only ends a test that hangs."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, f"never came about: {what}"
        time.sleep(0.01)
