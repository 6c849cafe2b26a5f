"""`Cgroup`: a group of processes with limits, across all hierarchies of the host."""

from __future__ import annotations

import json
import os
from types import TracebackType
from typing import Any, Dict, Iterable, Mapping, Optional, Sequence, Type, Union

from . import _native, _wire
from ._cgroup_events import Events
from ._cgroup_types import CgroupPlace, DeviceExplanation, MemoryValue, OomControl, Stat, StatKind, Watch
from ._spec import Driver, Enforced, Limits, Text
from ._timeout import Timeout, seconds

Controllers = Union[str, Iterable[str]]


def settings(limits: Union[Limits, Mapping[str, Any], None], fields: Mapping[str, Any]) -> str:
    """The JSON text of a spec that says these limits and nothing else."""
    merged = {} if limits is None else _wire.fields_of(limits)
    return _wire.dump({"argv": [], "limits": {**merged, **fields}})


def _listed(controllers: Optional[Controllers]) -> Optional[Sequence[str]]:
    if controllers is None or isinstance(controllers, str):
        return controllers and [controllers]
    return list(controllers)


class Cgroup:
    """A group of processes with limits: one directory in each hierarchy that it spans (cgroups(7)).

    Made or opened by one of the class methods. Its directories are held open: the handle stays with the
    group that it was made for, also when another takes its name. At the end of a `with` block a group that
    was made by this handle is killed and removed; one that was opened is left as it is. Without a block the
    group stays until `remove()`.

    Methods may be called from any thread, and other threads run meanwhile. They raise IsolateError (`stage`
    is "cgroup"): NotFoundError once the group is removed; ValueError once the handle is closed.
    """

    __slots__ = ("_native", "_made_by", "__weakref__")

    def __init__(self, native: _native.Cgroup, made: bool = False) -> None:
        self._native = native
        # The process that made the group: a child of os.fork() holds the same object, but not the group.
        self._made_by = os.getpid() if made else None

    @classmethod
    def create(
        cls,
        name: str,
        *,
        parent: Optional[str] = None,
        controllers: Optional[Controllers] = None,
        driver: Optional[Driver] = None,
        slice: Optional[str] = None,
    ) -> Cgroup:
        """Makes a group of that name, which must not be there yet.

        It is made below `parent`: "a/b" below the caller's own, "/a/b" from the root of each hierarchy as
        the caller sees it; left out, below the caller's own. It has the `controllers` that are named, or
        all that can be had. On a host with v1 hierarchies and a v2 tree it gets a directory in the v2 tree
        too, also when no controller is there: that gives freezing, killing, events and pressure.

        By the `driver` "systemd", and by "auto" where systemd manages the caller's own group, it is a group
        in a transient scope of that name (with ".scope" or without) in the `slice`, which is handed over
        whole. A scope lives by its processes, so one of this library's own waits in it until the group is
        removed or the handle closed; then systemd takes the scope away as soon as it is empty. Left out,
        the driver is "cgroupfs".

        Raises InvalidSpecError for a name or path that leads elsewhere; BusyError when the group or unit is
        there or the group above it holds processes; NotFoundError without the parent; UnsupportedError or
        PermissionDeniedError for a controller or systemd that cannot be had, with what to do. Nothing is
        left of what was made.
        """
        settings = _wire.dump({"argv": [], "driver": driver, "slice": slice})
        return cls(_native.Cgroup.create(name, parent, _listed(controllers), settings), made=True)

    @classmethod
    def open(cls, path: str) -> Cgroup:
        """Opens a group that is there: "a/b" below the caller's own, "/a/b" from the root of each hierarchy
        as the caller sees it, "/" that itself. The handle spans the hierarchies that have it.

        Raises InvalidSpecError for a path that leads upward, NotFoundError when no hierarchy has it.
        """
        return cls(_native.Cgroup.open(path))

    @classmethod
    def own(cls) -> Cgroup:
        """The group that the caller is in, in every hierarchy.

        Raises NotFoundError where no tree is mounted.
        """
        return cls(_native.Cgroup.own())

    @classmethod
    def of_process(cls, pid: int) -> Cgroup:
        """The group that a process is in, in every hierarchy that the caller sees it in.

        Raises NotFoundError when there is no such process, or no tree shows its group.
        """
        return cls(_native.Cgroup.of_process(pid))

    @property
    def path(self) -> str:
        """The path by which the handle was made, as `open()` takes it; "." for the caller's own group,
        "process N" for that of a process."""
        return self._native.path

    @property
    def unit(self) -> Optional[str]:
        """The scope of systemd's that the group is in, with ".scope", where this process had it made."""
        return self._native.unit

    @property
    def closed(self) -> bool:
        """Whether the handle is closed."""
        return self._native.closed

    def places(self) -> Sequence[CgroupPlace]:
        """The group's directories, one for each hierarchy."""
        return _wire.read_list(CgroupPlace, json.loads(self._native.places()))

    def controllers(self) -> Sequence[str]:
        """The controllers that the group has, of whatever version, by name."""
        return tuple(self._native.controllers())

    def children(self) -> Sequence[str]:
        """The names of the groups directly below, in whatever hierarchy. None once the group is removed."""
        return tuple(self._native.children())

    def child(self, name: str) -> Cgroup:
        """Opens a group directly below.

        Raises NotFoundError when there is none of that name.
        """
        return type(self)(self._native.child(name))

    def create_child(self, name: str, *, controllers: Optional[Controllers] = None) -> Cgroup:
        """Makes a group below this one, with the controllers that it must have, or all that this one has.

        Raises as `create()`.
        """
        return type(self)(self._native.create_child(name, _listed(controllers)), made=True)

    def attach(self, *pids: int) -> None:
        """Moves processes, with all their threads, into the group in every hierarchy: all of them or none.

        The price of a move is some 10 ms of the kernel's, and is paid once for all moves that follow each
        other closely: move many in one call.

        Raises NotFoundError for a process that is gone, PermissionDeniedError where the group was not
        delegated to the caller, BusyError where the group hands controllers to groups below it (v2: only
        groups at the end of the tree hold processes). Those that were moved are moved back.
        """
        self._native.attach(pids)

    def attach_threads(self, *tids: int) -> None:
        """Moves single threads into the group: all of them or none.

        v1 hierarchies take any thread. The v2 tree takes threads only in a threaded group (write "threaded"
        to `cgroup.type`); where there are v1 hierarchies too, a thread stays in its process's place of a v2
        tree that is not threaded.

        Raises as `attach()`, and UnsupportedError where the group is not threaded and has no v1 hierarchy.
        """
        self._native.attach_threads(tids)

    def processes(self, recursive: bool = False) -> Sequence[int]:
        """The processes in the group, and with `recursive` in those below it, as the caller sees them: those
        of another pid namespace are left out. Sorted. None once the group is removed."""
        return tuple(self._native.processes(recursive))

    def threads(self, recursive: bool = False) -> Sequence[int]:
        """The threads in the group, and with `recursive` in those below it."""
        return tuple(self._native.threads(recursive))

    def freeze(self, timeout: Timeout = 10.0) -> None:
        """Stops every process in the group and below it, and returns when all stand. New ones that come in
        stop at once.

        By the v2 directory where there is one (Linux 5.2), else by the v1 freezer. Frozen by v2 they can be
        killed; frozen by v1 they die when they are thawed, which `kill()` does.

        Raises InvalidSpecError for a group that the caller is in itself: nobody could thaw it.
        UnsupportedError without a v2 directory and a v1 freezer. TimeoutExpired when some still move after
        `timeout` seconds: all are thawed again.
        """
        self._native.freeze(seconds(timeout))

    def thaw(self, timeout: Timeout = 10.0) -> None:
        """Lets every process go on, and returns when all do.

        Raises BusyError when a group above is frozen, which keeps this one frozen, or when some still stand
        after `timeout` seconds. UnsupportedError as `freeze()`.
        """
        self._native.thaw(seconds(timeout))

    def is_frozen(self) -> bool:
        """Whether all processes of the group stand, by its own state or that of a group above.

        Raises UnsupportedError as `freeze()`.
        """
        return self._native.is_frozen()

    def is_populated(self) -> bool:
        """Whether a process is in the group or below it."""
        return self._native.is_populated()

    def kill(self) -> None:
        """Kills every process of the group and of those below it, forked ones included, frozen ones too.

        With a v2 directory (Linux 5.14) the processes are then as good as dead. Of v1 directories none is left
        when it returns, after 10 seconds at most.

        Raises BusyError when processes stay, InvalidSpecError for a group that the caller is in.
        """
        self._native.kill()

    def remove(self) -> None:
        """Takes the group away in every hierarchy, with the groups below it, which must be empty.

        Raises BusyError with the path that would not go and how many processes are in it; the other
        hierarchies' directories are gone. InvalidSpecError for a group that the caller is in. What is gone
        already is removed.
        """
        self._native.remove()

    def delegate(self, uid: Optional[int] = None, gid: Optional[int] = None) -> None:
        """Gives the group to a user: its directory and the files by which it is divided further, but not
        those of its own limits (cgroups(7), "Delegation"). `None` leaves the owner or the group of the
        files as it is.

        Raises UnsupportedError for a group with v1 directories: whoever may write those is not held by the
        limits above them; make one of v2 controllers alone. PermissionDeniedError unless the caller is
        root. What was changed before a failure is changed back.
        """
        self._native.delegate(uid, gid)

    def get(self, file: str) -> str:
        """Reads a file of the group's, such as "memory.stat", from whichever hierarchy has it.

        Raises InvalidSpecError for what is no file name, UnsupportedError when the group has no such file.
        """
        return self._native.get_file(file)

    def set(self, file: str, value: Union[str, int]) -> str:
        """Writes a file of the group's as it is, and gives what it holds then; of a file that cannot be read,
        nothing.

        Raises as `get()`, and what the kernel says, with file and value.
        """
        return self._native.set_file(file, str(value))

    def apply(
        self, limits: Union[Limits, Mapping[str, Any], None] = None, **fields: Any
    ) -> Dict[str, Enforced]:
        """Puts limits in force, given as `Limits` or as its fields, in an order that the kernel takes whatever
        holds now, and reads them back: gives what is in force, by name. What is not named stays as it is. All
        or nothing: after an error every limit is as before.

        `best_effort` lists those that may be left out. A limit below the present use is refused, and nobody
        is killed.

        Raises InvalidSpecError for a value out of range, and for `cpu_time`, `output` and `rlimits`, which
        no group holds; UnsupportedError for a controller or file that the group does not have; BusyError
        for a limit below the use, with use and peak; else what the kernel says, with file and value.
        """
        return _wire.enforcement(json.loads(self._native.apply(settings(limits, fields))))

    def stat(self, *kinds: StatKind) -> Stat:
        """What the group uses and has used: the parts that are named, or all.

        Cheap to call again and again: the files are read through the directories that are held open. A part
        is `None` when it was not asked for or the group has no such controller, a number when this kernel
        does not tell it or, of a limit, when there is none.
        """
        return _wire.read(Stat, json.loads(self._native.stat(kinds)))

    def events(self, *watches: Watch) -> Events:
        """Begins to watch the group: what happens from now on is told by the `Events`, which outlive the
        handle. Without watches, only its removal is.

        Raises UnsupportedError when nothing on this layout tells of what is to be watched, with what to
        watch instead; InvalidSpecError for a number out of range; PermissionDeniedError when a file of the
        group is not the caller's to use.
        """
        return Events(self._native.events(_wire.text(watches, "watch")))

    def memory(self, value: MemoryValue) -> Optional[int]:
        """Reads a number of the memory controller's, by its name here or that of v1's file; `None` is no
        limit.

        Raises UnsupportedError without the memory controller, without swap accounting, and for what v2 does
        not have.
        """
        return self._native.memory(value)

    def set_memory(self, value: MemoryValue, limit: Optional[int]) -> Optional[int]:
        """Sets "limit" or "memsw_limit" in bytes, `None` for none; gives what is in force then (rounded down
        to a page by the kernel).

        Where the group uses more than a new limit, the kernel first takes back what it can; a limit that is
        below the use even then is refused and nobody is killed.

        Raises BusyError for a limit below the use, with use and peak; InvalidSpecError for a value that is
        no limit, and for a limit of both that is below that of memory.
        """
        return self._native.set_memory(value, limit)

    def reset_memory(self, value: MemoryValue) -> None:
        """Starts a peak or a count again.

        Raises InvalidSpecError for a use or a limit; UnsupportedError on v2 for all but the peak, and for
        that before Linux 6.12.
        """
        self._native.reset_memory(value)

    def oom_control(self) -> OomControl:
        """What happens when the group is out of memory, and how often it has.

        Raises UnsupportedError without the memory controller.
        """
        return _wire.read(OomControl, json.loads(self._native.oom_control()))

    def set_oom_pause(self, paused: bool) -> None:
        """Whether who needs memory that is not there waits for it instead of being killed: until a limit is
        raised, memory is freed, or this is taken back. v1 alone.

        Raises UnsupportedError on v2: freeze the group at an event of `memory.high` instead.
        """
        self._native.set_oom_pause(paused)

    def reclaim(self, bytes: Optional[int] = None) -> int:
        """Asks the kernel to take memory back from the group: page cache and, where there is swap, idle
        memory. All that goes (v2: Linux 5.19), or so many bytes (v2). Gives the bytes that were freed.

        Raises UnsupportedError for a number of bytes on v1.
        """
        return self._native.reclaim(bytes)

    def explain_device(self, device: Text, access: str = "rwm") -> DeviceExplanation:
        """Whether the processes of the group may use a device, and which rule of which group says so. The device
        is "c 1:3", "b 8:0" or a path, the access letters of "rwm" (read, write, make a node).

        Looks at the groups above, too, as far as the caller sees them, and at the programs of v2 groups that
        it may open (CAP_SYS_ADMIN); the reason says what could not be looked at. Permissions of the device's
        node and missing capabilities are not looked at.

        Raises InvalidSpecError for what is no device and no access, NotFoundError for a path that is not
        there.
        """
        told = self._native.explain_device(os.fsdecode(device), access)
        return _wire.read(DeviceExplanation, json.loads(told))

    @property
    def notify_on_release(self) -> bool:
        """Whether the hierarchy's release agent is run when the group has become empty, in all of its v1
        hierarchies (cgroups(7)). To be set, too; after a failure it is as before.

        Raises UnsupportedError without v1 directories: watch for "populated" instead.
        """
        return self._native.notify_on_release()

    @notify_on_release.setter
    def notify_on_release(self, notify: bool) -> None:
        self._native.set_notify_on_release(notify)

    def release_agent(self, hierarchy: str) -> str:
        """The program that the kernel runs for a v1 hierarchy when a group with `notify_on_release` has become
        empty; empty for none. The hierarchy is named by a controller of it, or as "name=NAME". Only the group
        at the root of the hierarchy has it.

        Raises UnsupportedError for a group that is not the root of a v1 hierarchy.
        """
        return self._native.release_agent(hierarchy)

    def set_release_agent(self, hierarchy: str, program: str) -> None:
        """Sets `release_agent()` for the whole hierarchy: an absolute path, or nothing. It is run as root
        outside of every namespace and limit: only root of the initial user namespace may.

        Raises as there; InvalidSpecError for a path that is relative or longer than 4095 bytes;
        PermissionDeniedError.
        """
        self._native.set_release_agent(hierarchy, program)

    def close(self) -> None:
        """Closes the handle. The group stays, and so do `Events` of it; one that systemd made goes with its
        scope, once nothing runs in it."""
        self._native.close()

    def __enter__(self) -> Cgroup:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        try:
            if self._made_by == os.getpid() and not self.closed:
                self.kill()
                self.remove()
        finally:
            self.close()

    def __repr__(self) -> str:
        return f"<libisolate.Cgroup {self.path}{' closed' if self.closed else ''}>"


__all__ = ["Cgroup"]
