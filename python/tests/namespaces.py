"""What the tests of namespaces share: where every thread is, and namespaces to try things on."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from typing import Any, Dict, Iterator, Tuple

import libisolate as iso
from conftest import skip

KINDS: Tuple[iso.NamespaceKind, ...] = ("cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts")
libc = ctypes.CDLL(None, use_errno=True)


def here(kind: str) -> str:
    """The calling thread's own namespace, as the kernel shows it."""
    return os.readlink(f"/proc/thread-self/ns/{kind}")


def places() -> Dict[str, Dict[str, str]]:
    """The namespaces of every thread of this process, those for children too."""
    found = {}
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            top = f"/proc/self/task/{task}/ns"
            found[task] = {kind: os.readlink(f"{top}/{kind}") for kind in os.listdir(top)}
    return found


@contextlib.contextmanager
def unmoved() -> Iterator[None]:
    """Whatever happens, no thread that was there is elsewhere afterwards."""
    before = places()
    try:
        yield
    finally:
        after = places()
        for task in before.keys() & after.keys():
            assert before[task] == after[task], f"thread {task} has moved"


def create(kinds: Any, **settings: Any) -> iso.NamespaceSet:
    """Makes namespaces, or skips where this caller cannot."""
    try:
        with unmoved():
            return iso.create_namespaces(kinds, **settings)
    except (iso.PermissionDeniedError, iso.UnsupportedError) as error:
        skip(str(error))
        raise


def enter(*namespaces: iso.Namespace) -> iso.Inside:
    """`entered()`, or skips where this caller cannot."""
    try:
        with unmoved(), iso.entered(*namespaces):
            pass
    except iso.PermissionDeniedError as error:
        skip(str(error))
    return iso.entered(*namespaces)


def mount_tmpfs(path: str) -> None:
    if libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", 0, None) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno), path)


@contextlib.contextmanager
def in_new_user_namespace() -> "Iterator[int]":
    """A process in a user namespace without maps; gives its id."""
    try:
        child = subprocess.Popen(
            ["unshare", "--user", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except FileNotFoundError as error:
        skip(str(error))
        raise
    with child:
        assert child.stdin is not None and child.stdout is not None
        if child.stdout.readline() != b"\n":
            skip("unshare(1) makes no user namespace here")
        try:
            yield child.pid
        finally:
            child.stdin.close()
