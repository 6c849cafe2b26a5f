"""What the library tells of namespaces.

Made by `cargo xtask codegen` from the Rust types; not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional, Sequence, Tuple, Union

from ._spec import IdMap


@dataclass(frozen=True)
class IdMaps:
    """The maps of a user namespace."""

    uid: Sequence[IdMap] = ()
    """User ids; none before a map is written. Writing none leaves the map to be written later."""

    gid: Sequence[IdMap] = ()
    """Group ids, as `uid`."""

    setgroups: bool = False
    """Whether processes there may set their supplementary groups (setgroups(2))."""

NamespaceKind = Literal["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"]
"""A kind of namespace.

"cgroup": The cgroup root (cgroup_namespaces(7)), Linux 4.6.

"ipc": System V IPC and POSIX message queues (ipc_namespaces(7)), Linux 2.6.19.

"net": Network devices, addresses, ports (network_namespaces(7)), Linux 2.6.24.

"mnt": Mounts (mount_namespaces(7)), Linux 2.4.19.

"pid": Process ids (pid_namespaces(7)), Linux 2.6.24.

"time": Monotonic and boot-time clocks (time_namespaces(7)), Linux 5.6.

"user": User and group ids, capabilities (user_namespaces(7)), Linux 3.8.

"uts": Host and domain name (uts_namespaces(7)), Linux 2.6.19.
"""


@dataclass(frozen=True)
class NamespaceId:
    """What tells one namespace from another while both exist: the device and inode numbers of
    its file under /proc/PID/ns (namespaces(7)). Another namespace may get them once this one is
    gone.
    """

    device: int
    """Device number of the kernel's file system of namespaces."""

    inode: int
    """Inode number, as in `net:[4026531833]`."""


@dataclass(frozen=True)
class MountInfo:
    """The number of mounts in a mount namespace, and its number (ioctl_nsfs(2))."""

    id: int
    """The number that no other mount namespace gets until the machine reboots."""

    mounts: int
    """How many mounts it has."""


@dataclass(frozen=True)
class CgroupPath:
    """A process's place in one cgroup hierarchy, as somebody sees it (cgroups(7),
    /proc/PID/cgroup).
    """

    hierarchy: int
    """The hierarchy's number; 0 for the v2 tree."""

    controllers: Sequence[str]
    """The v1 controllers of the hierarchy, or `name=NAME`; none for the v2 tree."""

    path: str
    """The path below the root that is seen; it begins with `/..` for what is above that."""


@dataclass(frozen=True)
class ProcessPin:
    """A process that lives in it."""

    type: Literal["process"]
    """What it is."""

    pid: int
    """Its number as /proc shows it."""


@dataclass(frozen=True)
class ThreadPin:
    """A thread that is in it while the main thread of its process is elsewhere."""

    type: Literal["thread"]
    """What it is."""

    pid: int
    """The process's number as /proc shows it."""

    tid: int
    """The thread's number."""


@dataclass(frozen=True)
class ForChildrenPin:
    """A process whose next children will be in it, of the kinds pid and time."""

    type: Literal["for_children"]
    """What it is."""

    pid: int
    """Its number as /proc shows it."""


@dataclass(frozen=True)
class MountPin:
    """A bind mount."""

    type: Literal["mount"]
    """What it is."""

    path: str
    """Where, as the process below has it."""

    pid: int
    """A process in the mount namespace of the mount."""


@dataclass(frozen=True)
class FdPin:
    """An open descriptor."""

    type: Literal["fd"]
    """What it is."""

    pid: int
    """The number, as /proc shows it, of the process that has it."""

    fd: int
    """Its number there."""


@dataclass(frozen=True)
class ChildPin:
    """A namespace that is nested in it or owned by it."""

    type: Literal["child"]
    """What it is."""

    inode: int
    """The inode number of that namespace."""

Pin = Union[ProcessPin, ThreadPin, ForChildrenPin, MountPin, FdPin, ChildPin]
"""What keeps a namespace alive."""


@dataclass(frozen=True)
class NamespaceEntry:
    """A namespace, and who keeps it alive."""

    kind: NamespaceKind
    """Its kind."""

    id: NamespaceId
    """Its device and inode numbers."""

    kernel_id: Optional[int]
    """Its 64-bit number, which no other namespace gets until the machine reboots (Linux 6.18)."""

    initial: bool
    """Whether it is the one that the kernel booted with. Of mount and net namespaces this is
    only known from Linux 6.18 on, and is false before.
    """

    owner_uid: Optional[int]
    """The user id, as the caller sees it, of whoever made the user namespace, or, of another
    kind, the user namespace that owns it. None where the caller may not know.
    """

    owner: Optional[int]
    """Inode number of the user namespace whose capabilities count in it; of a user namespace
    that is its parent. None for the initial user namespace, and where it is beyond the caller's
    view.
    """

    parent: Optional[int]
    """Inode number of the namespace it is nested in, of the kinds user and pid."""

    processes: int
    """How many processes live in it: have their main thread there. Those of namespaces nested
    in it are not counted.
    """

    pid: Optional[int]
    """The lowest number among these processes, as /proc shows it."""

    command: Optional[str]
    """The command line of that process, at most 4096 bytes; its name in brackets where it has
    none.
    """

    pins: Sequence[Pin]
    """Everything that was found to keep it alive, sorted. Empty where that is out of sight,
    such as a socket that was made in it.
    """


@dataclass(frozen=True)
class TreeNode:
    """A namespace with those below it."""

    entry: NamespaceEntry
    """The namespace."""

    children: Sequence[TreeNode]
    """Those below it, in the order of the list."""


@dataclass(frozen=True)
class Persisted:
    """A namespace that is kept at a path."""

    path: str
    """Where it is mounted, as the caller's root has it."""

    kind: NamespaceKind
    """Its kind."""

    id: NamespaceId
    """Its device and inode numbers."""


@dataclass(frozen=True)
class Process:
    """A process in a namespace or a job."""

    pid: int
    """Its number as the caller sees it."""

    inside: int
    """Its number in the pid namespace that was asked about, or, where none was, in its own."""

    name: str
    """Its name (/proc/PID/comm), at most 15 bytes, 63 of a kernel thread."""


@dataclass(frozen=True)
class SubordinateIds:
    """Ids that an ordinary user may map besides its own (subuid(5))."""

    uid: Sequence[Tuple[int, int]]
    """User ids of /etc/subuid: first and count of each range, in the file's order."""

    gid: Sequence[Tuple[int, int]]
    """Group ids of /etc/subgid."""


__all__ = [
    "CgroupPath",
    "ChildPin",
    "FdPin",
    "ForChildrenPin",
    "IdMaps",
    "MountInfo",
    "MountPin",
    "NamespaceEntry",
    "NamespaceId",
    "NamespaceKind",
    "Persisted",
    "Pin",
    "Process",
    "ProcessPin",
    "SubordinateIds",
    "ThreadPin",
    "TreeNode",
]
