"""What the tests of cgroups share: groups to try things on, and processes to put into them."""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import subprocess
import sys
from typing import Any, Iterator, Tuple

import libisolate as iso
from conftest import skip, wait_until

_numbers = itertools.count()

MIB = 1 << 20

# Takes 64 MiB of memory and says so.
HOG = "b = bytearray(64 << 20); b[::4096] = b'x' * len(b[::4096]); print('full', flush=True)"


def name() -> str:
    """A name for a group of this process, which nobody else has."""
    return f"isolate-{os.getpid()}-test{next(_numbers)}"


def create(**options: Any) -> iso.Cgroup:
    """Makes a group, or skips where this caller cannot."""
    try:
        return iso.Cgroup.create(name(), **options)
    except (iso.PermissionDeniedError, iso.UnsupportedError) as error:
        skip(str(error))
        raise


def has(controller: str) -> None:
    """Skips where no group of this caller can have the controller."""
    with create() as group:
        if controller not in group.controllers():
            skip(f"a group here has no {controller} controller")


@contextlib.contextmanager
def process(program: str, *args: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python program that runs once a line is written to it, so that it can be put somewhere first."""
    text = f"import sys; sys.stdin.readline(); {program}"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", text, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def go(started: "subprocess.Popen[bytes]") -> None:
    assert started.stdin is not None
    started.stdin.write(b"\n")
    started.stdin.flush()


def sleeper() -> Any:
    return process("import time; time.sleep(600)")


COUNTS = "import mmap, os; m = mmap.mmap(int(sys.argv[1]), 8)\nwhile True: m[:] = (int.from_bytes(m[:], 'little') + 1).to_bytes(8, 'little')"


@contextlib.contextmanager
def counter() -> Iterator[Tuple["subprocess.Popen[bytes]", mmap.mmap]]:
    """A process that counts in memory that is shared with it."""
    memory = os.memfd_create("counter", 0)
    try:
        os.ftruncate(memory, 8)
        shared = mmap.mmap(memory, 8)
        with subprocess.Popen([sys.executable, "-S", "-c", f"import sys\n{COUNTS}", str(memory)], pass_fds=[memory]) as p:
            try:
                wait_until(lambda: any(shared[:]), "the process counts")
                yield p, shared
            finally:
                p.kill()
        shared.close()
    finally:
        os.close(memory)


def place_of(pid: int, controller: str) -> str:
    """Where a process is, as the kernel shows it; "" is the v2 tree."""
    for row in iso.cgroup_paths(pid):
        if controller in row.controllers or (controller == "" and row.hierarchy == 0):
            return row.path
    raise AssertionError(f"no {controller} hierarchy")
