"""What is told of namespaces without a handle, and numbers of one as another has them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Sequence

from . import _native, _wire
from ._namespace import Namespace, Path
from ._ns_types import CgroupPath, IdMaps, NamespaceEntry, NamespaceKind, Persisted, SubordinateIds
from ._ns_types import TreeNode
from ._spec import TimeOffsets


@dataclass(frozen=True)
class KindFacts:
    """A kind of namespace (namespaces(7))."""

    name: NamespaceKind
    """Its name, as under /proc/PID/ns."""

    flag: int
    """Its flag for clone(2), unshare(2) and setns(2)."""

    isolates: str
    """What it isolates, in a few words."""

    since: str
    """The first Linux that has it as a namespace of its own, such as "4.6"."""

    nested: bool
    """Whether namespaces of this kind have a parent: user and pid."""

    for_children: bool
    """Whether a process can have another for its children than for itself: pid and time."""

    supported: bool
    """Whether this kernel has it."""


def namespace_kinds() -> Sequence[KindFacts]:
    """The eight kinds, in alphabetical order."""
    return tuple(KindFacts(*facts) for facts in _native.namespace_kinds())


def list_namespaces() -> Sequence[NamespaceEntry]:
    """Every namespace that the caller can see, by kind and inode number, with who keeps it alive.

    They are found by way of processes, threads, bind mounts and descriptors, and by listns(2) from Linux
    6.19 on. What the caller may not look into, or what ends meanwhile, is left out. Raises NotFoundError
    without /proc.
    """
    return _wire.read_list(NamespaceEntry, json.loads(_native.list_namespaces()))


def namespace_tree() -> Sequence[TreeNode]:
    """`list_namespaces()` as a tree: user namespaces by parent, with what they own below them, and pid
    namespaces by parent."""
    return _wire.read_list(TreeNode, json.loads(_native.namespace_tree()))


def persisted_namespaces() -> Sequence[Persisted]:
    """The namespaces that are kept at paths in the caller's mount namespace, by path.

    Raises NotFoundError without /proc.
    """
    return _wire.read_list(Persisted, json.loads(_native.persisted_namespaces()))


def unpersist(path: Path) -> None:
    """Takes away what `Namespace.persist()` made: the mount, and its file where that is empty. Handles and
    processes stay in the namespace; without any it is gone.

    Raises InvalidSpecError for a path at which no namespace is mounted, BusyError where one is mounted over
    another, NotFoundError, PermissionDeniedError without CAP_SYS_ADMIN over the caller's mount namespace.
    """
    _native.unpersist(os.fsdecode(path))


def unpersist_name(name: str) -> None:
    """Takes away what `Namespace.persist_name()` or `ip netns add` made, as `ip netns del` does.

    Raises as `unpersist()`, and InvalidSpecError for what can be no name.
    """
    _native.unpersist_name(name)


def translate_pid(pid: int, *, from_: Namespace, to: Namespace) -> int:
    """The number in `to` of the process, or thread, that has the number `pid` in `from_`.

    Raises NotFoundError when no process has the number, when it is outside the caller's own namespace, and
    when it has no number in `to`; InvalidSpecError for namespaces of another kind, and numbers below 1.
    """
    return _native.translate_pid(pid, from_._native, to._native)


def translate_uid(uid: int, *, from_: Namespace, to: Namespace) -> int:
    """The number in `to` of the user that has the number `uid` in `from_`.

    Raises NotFoundError when it is not mapped in `from_` or has no number in `to`; as
    `Namespace.id_maps()` for both.
    """
    return _native.translate_uid(uid, from_._native, to._native)


def translate_gid(gid: int, *, from_: Namespace, to: Namespace) -> int:
    """The number in `to` of the group that has the number `gid` in `from_`; as `translate_uid()`."""
    return _native.translate_gid(gid, from_._native, to._native)


def id_maps(pid: int) -> IdMaps:
    """The maps of a process's user namespace; `outside` is what the caller sees.

    Raises NotFoundError for a process that is gone or whose namespace is not the caller's own or nested in
    it; PermissionDeniedError where that cannot be found out.
    """
    return _wire.read(IdMaps, json.loads(_native.id_maps(pid)))


def write_id_maps(pid: int, maps: IdMaps) -> None:
    """Writes the maps of the user namespace of a process, which has none yet; `outside` is as the caller
    sees it.

    A caller with CAP_SETUID and CAP_SETGID writes them itself, as does one that maps its own id alone;
    whatever /etc/subuid and /etc/subgid allow besides is written by newuidmap(1) and newgidmap(1). The
    kernel takes none back: when the second map fails, the first stays.

    Raises InvalidSpecError for more than 340 lines or 4095 bytes of text, a count of 0, ids beyond
    4294967294, and lines that share ids; NotFoundError for a process that is gone; PermissionDeniedError for
    ids that the caller may not map; UnsupportedError where the programs are not there; BusyError when there
    is a map already.
    """
    _native.write_id_maps(pid, _wire.text(maps))


def subordinate_ids() -> SubordinateIds:
    """What /etc/subuid and /etc/subgid give the caller: ids that it may map besides its own.

    Raises PermissionDeniedError when a file may not be read.
    """
    return _wire.read(SubordinateIds, json.loads(_native.subordinate_ids()))


def cgroup_paths(pid: int) -> Sequence[CgroupPath]:
    """Where a process is in the cgroup trees, as the caller sees it.

    Raises NotFoundError for a process that is gone.
    """
    return _wire.read_list(CgroupPath, json.loads(_native.cgroup_paths(pid)))


def time_offsets_of(pid: int) -> TimeOffsets:
    """The clock offsets that the children of a process begin with, in seconds.

    Raises NotFoundError for a process that is gone, UnsupportedError before Linux 5.6.
    """
    return _wire.read(TimeOffsets, json.loads(_native.time_offsets_of(pid)))


def set_time_offsets(pid: int, offsets: TimeOffsets) -> None:
    """Sets the clock offsets of the time namespace that a process has made for its children, while none is
    born yet. It takes CAP_SYS_TIME over the namespace.

    Raises BusyError once a process lives in the namespace; InvalidSpecError for an offset that takes a clock
    below 0; PermissionDeniedError; NotFoundError for a process that is gone.
    """
    _native.set_time_offsets(pid, _wire.text(offsets))


__all__ = [
    "KindFacts",
    "cgroup_paths",
    "id_maps",
    "list_namespaces",
    "namespace_kinds",
    "namespace_tree",
    "persisted_namespaces",
    "set_time_offsets",
    "subordinate_ids",
    "time_offsets_of",
    "translate_gid",
    "translate_pid",
    "translate_uid",
    "unpersist",
    "unpersist_name",
    "write_id_maps",
]
