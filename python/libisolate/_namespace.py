"""`Namespace`: a handle of a namespace, what it is, and what can be done with it."""

from __future__ import annotations

import json
import os
import socket as _socket
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Iterable, List, Optional, Sequence, Type, Union

from . import _native, _wire
from ._ns_types import CgroupPath, IdMaps, MountInfo, NamespaceId, NamespaceKind, Process
from ._spec import TimeOffsets

if TYPE_CHECKING:
    from ._ns_threads import Inside
    from ._spec import HasFileno

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Kinds = Union[NamespaceKind, Iterable[NamespaceKind]]


def listed(given: Kinds) -> List[str]:
    """One kind or several, as a list."""
    return [given] if isinstance(given, str) else list(given)


def descriptor(given: Union[int, HasFileno]) -> int:
    """The number of a descriptor or of anything that has one."""
    return given if isinstance(given, int) else given.fileno()


class Namespace:
    """A handle of a namespace, made by one of the class methods.

    It keeps the namespace alive, even when no process is in it, until it is closed: by `close()` or at the
    end of a `with` block. (Of a pid namespace that is only the shell: once its pid 1 has ended, no process
    can be made there.) Two handles are equal, and have the same hash, when they are of the same namespace.
    The descriptor behind it is close-on-exec, and a spec takes the handle where it takes a namespace:
    `Namespaces(net=handle)`.

    Methods may be called from any thread. None moves the calling thread or another of the process. They
    raise IsolateError (`stage` is "namespace"), and ValueError once the handle is closed.
    """

    __slots__ = ("_native", "__weakref__")

    def __init__(self, native: _native.Namespace) -> None:
        self._native = native

    @classmethod
    def of_thread(cls, kind: NamespaceKind) -> Namespace:
        """The calling thread's own.

        Raises UnsupportedError where the kernel has no such kind.
        """
        return cls(_native.Namespace.of_thread(kind))

    @classmethod
    def of_process(cls, pid: int, kind: NamespaceKind) -> Namespace:
        """That of a process, or of a thread by its id.

        Raises NotFoundError for a process that is gone, PermissionDeniedError where it may not be looked
        into (ptrace(2), "access mode checking").
        """
        return cls(_native.Namespace.of_process(pid, kind))

    @classmethod
    def of_children(cls, pid: int, kind: NamespaceKind) -> Namespace:
        """That in which the children of a process begin, of the kinds "pid" and "time".

        Raises as `of_process()`; InvalidSpecError for another kind; NotFoundError for a new pid namespace
        that has no first process yet.
        """
        return cls(_native.Namespace.of_children(pid, kind))

    @classmethod
    def of_pidfd(cls, pidfd: Union[int, HasFileno], kind: NamespaceKind) -> Namespace:
        """That of the process of a pidfd (`os.pidfd_open()`), even when its number is another's by now.

        Raises NotFoundError for a process that has ended, PermissionDeniedError as `of_process()`,
        InvalidSpecError for a descriptor that is no pidfd.
        """
        return cls(_native.Namespace.of_pidfd(descriptor(pidfd), kind))

    @classmethod
    def open(cls, path: Path) -> Namespace:
        """That at a path: a file under /proc/PID/ns, or one at which a namespace is kept by a bind mount.

        Raises NotFoundError, PermissionDeniedError, and InvalidSpecError for a file that is not a
        namespace. No other file is opened for more than a look.
        """
        return cls(_native.Namespace.open(os.fsdecode(path)))

    @classmethod
    def of_fd(cls, fd: Union[int, HasFileno]) -> Namespace:
        """That of a descriptor, which stays the caller's.

        Raises InvalidSpecError for one that is closed or not of a namespace.
        """
        return cls(_native.Namespace.of_fd(descriptor(fd)))

    @classmethod
    def of_file_handle(cls, handle: bytes) -> Namespace:
        """That of bytes that `file_handle()` gave, here or in another process, since the machine started.

        Raises NotFoundError when the namespace is gone, PermissionDeniedError without rights over it,
        InvalidSpecError for other bytes, UnsupportedError before Linux 6.18.
        """
        return cls(_native.Namespace.of_file_handle(handle))

    @classmethod
    def of_kernel_id(cls, id: int) -> Namespace:
        """That with a number as `kernel_id` gives it.

        Raises as `of_file_handle()`.
        """
        return cls(_native.Namespace.of_kernel_id(id))

    @classmethod
    def named(cls, name: str) -> Namespace:
        """The network namespace with a name under /run/netns, made here or by `ip netns add`.

        Raises as `open()`, and InvalidSpecError for what can be no name.
        """
        return cls(_native.Namespace.named(name))

    @property
    def kind(self) -> NamespaceKind:
        """Its kind, such as "net"."""
        return self._native.kind

    @property
    def id(self) -> NamespaceId:
        """Its device and inode numbers; another namespace may get them once this one is gone."""
        device, inode = self._native.id
        return NamespaceId(device=device, inode=inode)

    @property
    def inode(self) -> int:
        """Its inode number, as in "net:[4026531833]"."""
        return self._native.id[1]

    @property
    def kernel_id(self) -> int:
        """Its 64-bit number, which no other namespace gets until the machine restarts.

        Raises UnsupportedError before Linux 6.18.
        """
        return self._native.kernel_id()

    @property
    def is_initial(self) -> bool:
        """Whether it is the one that the kernel booted with; of mount and net namespaces this is known from
        Linux 6.18 on, and `False` before."""
        return self._native.is_initial()

    @property
    def closed(self) -> bool:
        """Whether the handle is closed."""
        return self._native.closed

    def fileno(self) -> int:
        """The descriptor, for setns(2) or another program. It stays the handle's."""
        return self._native.fileno()

    def file_handle(self) -> bytes:
        """Bytes by which any process finds the namespace again until the machine restarts.

        Raises UnsupportedError before Linux 6.18.
        """
        return self._native.file_handle()

    def dup(self) -> Namespace:
        """Another handle of the same namespace, to be closed by itself.

        Raises LimitError when the process can have no more descriptors.
        """
        return type(self)(self._native.dup())

    def expect(self, kind: NamespaceKind) -> Namespace:
        """The same handle, when it is of this kind; else raises InvalidSpecError."""
        self._native.expect(kind)
        return self

    def parent(self) -> Namespace:
        """A handle of the namespace it is nested in, of the kinds "user" and "pid".

        Raises NotFoundError for the initial one and where the parent is outside the caller's own,
        InvalidSpecError for another kind.
        """
        return type(self)(self._native.parent())

    def owner(self) -> Namespace:
        """A handle of the user namespace whose capabilities count in it; of a user namespace its parent.

        Raises NotFoundError for the initial user namespace and where the owner is outside the caller's own.
        """
        return type(self)(self._native.owner())

    @property
    def owner_uid(self) -> int:
        """The user id, as the caller sees it, of whoever made the user namespace, or, of another kind, the
        one that owns it. 65534 where the caller's own does not map it.

        Raises as `owner()`.
        """
        return self._native.owner_uid()

    def mount_info(self) -> MountInfo:
        """How many mounts a mount namespace has, and its number.

        Raises InvalidSpecError for another kind, UnsupportedError before Linux 6.12, PermissionDeniedError.
        """
        return _wire.read(MountInfo, json.loads(self._native.mount_info()))

    @property
    def mount_namespace_id(self) -> int:
        """The number of a mount namespace, as statmount(2) and listmount(2) take it.

        Raises as `mount_info()`; Linux 6.11.
        """
        return self._native.mount_namespace_id()

    def next_mount_namespace(self) -> Namespace:
        """A handle of the mount namespace with the next higher `mount_namespace_id`, of those the caller has
        CAP_SYS_ADMIN over. The numbers say little of age.

        Raises NotFoundError at the end, else as `mount_info()`.
        """
        return type(self)(self._native.next_mount_namespace())

    def previous_mount_namespace(self) -> Namespace:
        """A handle of the one with the next lower number; see `next_mount_namespace()`."""
        return type(self)(self._native.previous_mount_namespace())

    @property
    def hostname(self) -> str:
        """The host name in a uts namespace, for everyone in it; at most 64 bytes. To be set, too.

        Raises InvalidSpecError for another kind and for a name that is too long, PermissionDeniedError
        without CAP_SYS_ADMIN over the namespace.
        """
        return self._native.hostname()

    @hostname.setter
    def hostname(self, name: str) -> None:
        self._native.set_hostname(name)

    @property
    def domainname(self) -> str:
        """The NIS domain name in a uts namespace, as `hostname`; empty or "(none)" where none was set."""
        return self._native.domainname()

    @domainname.setter
    def domainname(self, name: str) -> None:
        self._native.set_domainname(name)

    def sysctl(self, name: str) -> str:
        """A kernel parameter of the namespace's own, such as "net.ipv4.ip_forward" of a net namespace.

        Raises InvalidSpecError for one that is not this kind's, NotFoundError for one that the namespace
        has not, PermissionDeniedError.
        """
        return self._native.sysctl(name)

    def set_sysctl(self, name: str, value: Union[str, int]) -> None:
        """Sets a kernel parameter of the namespace's own, for everyone in it.

        Raises as `sysctl()`, and IsolateError (EINVAL) for a value that the kernel does not take.
        """
        self._native.set_sysctl(name, str(value))

    @property
    def time_offsets(self) -> TimeOffsets:
        """The clock offsets of a time namespace, in seconds.

        Raises InvalidSpecError for another kind, PermissionDeniedError without CAP_SYS_ADMIN over it.
        """
        return _wire.read(TimeOffsets, json.loads(self._native.time_offsets()))

    def socket(
        self,
        family: int = _socket.AF_INET,
        type: int = _socket.SOCK_STREAM,
        proto: int = 0,
    ) -> _socket.socket:
        """Opens a socket in a net namespace, to be used from here: it stays in its namespace.

        Raises InvalidSpecError for another kind, PermissionDeniedError, and what socket(2) says.
        """
        fd = self._native.socket(family, type, proto)
        try:
            return _socket.socket(fileno=fd)
        except BaseException:
            os.close(fd)
            raise

    def cgroup_paths(self, pid: int) -> Sequence[CgroupPath]:
        """Where a process is in the cgroup trees as seen from a cgroup namespace; for how the caller sees
        it there is `libisolate.cgroup_paths()`.

        Raises InvalidSpecError for another kind, NotFoundError for a process that is gone.
        """
        return _wire.read_list(CgroupPath, json.loads(self._native.cgroup_paths(pid)))

    def id_maps(self) -> IdMaps:
        """The maps of a user namespace; `outside` is what the caller sees.

        Raises InvalidSpecError for another kind, NotFoundError for one that is not the caller's own or
        nested in it, PermissionDeniedError.
        """
        return _wire.read(IdMaps, json.loads(self._native.id_maps()))

    def processes(self) -> Sequence[Process]:
        """Who lives in it, by ascending number: in a pid namespace also who lives in those nested in it.

        Processes that the caller may not look into are left out. Raises NotFoundError without /proc.
        """
        return _wire.read_list(Process, json.loads(self._native.processes()))

    def persist(self, path: Path) -> None:
        """Keeps it at a path, by a bind mount on a new empty file, until `unpersist()`.

        Raises BusyError where something is at the path already, NotFoundError without its directory,
        PermissionDeniedError without CAP_SYS_ADMIN over the caller's mount namespace, InvalidSpecError for
        a mount namespace that the kernel does not let be kept there. Then nothing is left behind.
        """
        self._native.persist(os.fsdecode(path))

    def persist_name(self, name: str) -> str:
        """Keeps a network namespace under a name, as `ip netns add` does; gives the path, /run/netns/NAME.

        Raises as `persist()`, and InvalidSpecError for another kind and for what can be no name.
        """
        return os.fspath(self._native.persist_name(name))

    def entered(self) -> Inside:
        """As `libisolate.entered()` with this one alone."""
        from ._ns_threads import entered

        return entered(self)

    def close(self) -> None:
        """Closes the handle. The namespace lives on as long as something else keeps it."""
        self._native.close()

    def __enter__(self) -> Namespace:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Not set when __init__ failed.
        native = getattr(self, "_native", None)
        if native is not None and not native.closed:
            warnings.warn(f"unclosed namespace {self}", ResourceWarning, source=self)

    def __eq__(self, other: object) -> bool:
        return self._native == other._native if isinstance(other, Namespace) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._native)

    def __str__(self) -> str:
        """As the kernel shows it: "net:[4026531833]"."""
        return f"{self.kind}:[{self.inode}]"

    def __repr__(self) -> str:
        return f"<libisolate.Namespace {self}{' closed' if self.closed else ''}>"


__all__ = ["Namespace"]
