"""Runs commands in Linux namespaces and cgroups, with limits, and tells the truth about how they ended.

    import libisolate as iso

    r = iso.run(["make", "-j2"], cwd="/work", binds=[iso.Bind("/src", "/work", rw=True)],
                limits=iso.Limits(memory="512M", pids=64), timeout=60, capture_output=True)
    print(r.reason, r.exit_code, r.usage.memory_peak, r.enforcement["memory"])

Without another word a job has all eight namespaces, no network, a read-only root of the host's system
directories, no capabilities and a clean environment; each is opened up by a field of `Spec`.

The namespaces alone, without a job:

    with iso.create_namespaces("net", sysctls={"net.ipv4.ip_forward": "1"}) as made:
        with made["net"].entered() as inside:
            listener = inside(socket.create_server, ("127.0.0.1", 80))

And the cgroups:

    with iso.Cgroup.create("batch") as group:
        group.apply(memory="512M", cpus=0.5)
        group.attach(process.pid)
        print(group.stat("memory").memory.current)
"""

from __future__ import annotations

import json as _json
from typing import TYPE_CHECKING, Any, Dict

from . import _native, _wire, convert
from ._cgroup import Cgroup
from ._cgroup_events import Events
from ._cgroup_types import (
    CgroupEvent, CgroupEventKind, CgroupPlace, CgroupVersion, ConversionRule, CpuStat, DeviceExplanation, HugetlbStat, IoStat,
    MemoryStat, MemoryValue, MiscStat, OomControl, PidsStat, Pressure, PressureLevel, PressureLevelMode,
    PressureLevelWatch, PressureResource, PressureStat, PressureWatch, RdmaStat, Stalls, Stat, StatKind,
    ThresholdWatch, Watch,
)
from ._doctor_types import Check, CheckArea, CheckStatus, Diagnosis
from ._job import Job, run, spawn
from ._namespace import Namespace
from ._ns_create import NamespaceSet, create_namespaces
from ._ns_facts import (
    KindFacts, cgroup_paths, id_maps, list_namespaces, namespace_kinds, namespace_tree, persisted_namespaces,
    set_time_offsets, subordinate_ids, time_offsets_of, translate_gid, translate_pid, translate_uid, unpersist,
    unpersist_name, write_id_maps,
)
from ._ns_threads import Inside, enter_thread, enter_thread_pidfd, entered, unshare_thread
from ._ns_types import (
    CgroupPath, ChildPin, FdPin, ForChildrenPin, IdMaps, MountInfo, MountPin, NamespaceEntry, NamespaceId,
    NamespaceKind, Persisted, Pin, Process, ProcessPin, SubordinateIds, ThreadPin, TreeNode,
)
from ._spec import (
    Bind, CgroupMode, CpusetPartition, DeviceRule, Driver, Enforced, EnforcementStatus, HasFileno, IdMap,
    IoLimit, Limits, NamespaceMode, Namespaces, Net, Outcome, Profile, RdmaLimit, Reason, Root, RootDir,
    Seccomp, Seconds, Size, Spec, SpecOptions, Stdio, StdioFile, Text, TimeOffsets, Tmpfs, Usage,
)
from .errors import (
    BusyError, ChildError, InternalError, InvalidSpecError, IsolateError, JobFailed, LimitError, NotFoundError,
    PermissionDeniedError, TimeoutExpired, UnsupportedError,
)

if TYPE_CHECKING:
    from . import aio

__version__ = _native.__version__


def host() -> Dict[str, Any]:
    """What this kernel, cgroup tree and user can do, found out by asking.

    Raises IsolateError when /proc is not mounted or cannot be read.
    """
    data: Dict[str, Any] = _json.loads(_native.host())
    return data


def doctor() -> Diagnosis:
    """Examines this host for this caller: what of the library works, what does not, why, and what to do.

    Makes each kind of namespace and runs two small jobs; nothing of them is left, and nothing of the calling
    process changes. What a host lacks is no exception but a check that says so.
    """
    return _wire.read(Diagnosis, _json.loads(_native.doctor()))


def move_to_leaf() -> None:
    """Moves the calling process out of its own v2 cgroup into a group `isolate-leaf` below it, so that limits
    can be set beside it. For a program that is alone in a cgroup of its own, before its first job.

    Where nothing is to be done, does nothing. Raises BusyError when other processes are in the cgroup, and
    PermissionDeniedError when it is not the caller's to change.
    """
    _native.move_to_leaf()


def __getattr__(name: str) -> Any:
    # asyncio is slow to import, and most programs have no use for it.
    if name == "aio":
        import importlib

        return importlib.import_module(".aio", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Bind", "BusyError", "Cgroup", "CgroupEvent", "CgroupEventKind", "CgroupMode", "CgroupPath", "CgroupPlace",
    "CgroupVersion", "Check", "CheckArea", "CheckStatus", "ChildError", "ChildPin", "ConversionRule", "CpuStat",
    "CpusetPartition", "DeviceExplanation", "DeviceRule", "Diagnosis", "Driver", "Enforced", "EnforcementStatus",
    "Events", "FdPin", "ForChildrenPin", "HasFileno", "HugetlbStat", "IdMap",
    "IdMaps", "Inside", "InternalError", "InvalidSpecError", "IoLimit", "IoStat", "IsolateError", "Job",
    "JobFailed", "KindFacts", "LimitError", "Limits", "MemoryStat", "MemoryValue", "MiscStat", "MountInfo",
    "MountPin", "Namespace", "NamespaceEntry", "NamespaceId", "NamespaceKind", "NamespaceMode", "NamespaceSet",
    "Namespaces", "Net", "NotFoundError", "OomControl", "Outcome", "PermissionDeniedError", "Persisted",
    "PidsStat", "Pin", "Pressure", "PressureLevel", "PressureLevelMode", "PressureLevelWatch",
    "PressureResource", "PressureStat", "PressureWatch", "Process", "ProcessPin", "Profile", "RdmaLimit",
    "RdmaStat", "Reason", "Root", "RootDir", "Seccomp", "Seconds", "Size", "Spec", "SpecOptions", "Stalls",
    "Stat", "StatKind", "Stdio", "StdioFile", "SubordinateIds", "Text", "ThreadPin", "ThresholdWatch",
    "TimeOffsets", "TimeoutExpired", "Tmpfs", "TreeNode", "UnsupportedError", "Usage", "Watch", "aio",
    "cgroup_paths", "convert", "create_namespaces", "doctor", "enter_thread", "enter_thread_pidfd", "entered", "host",
    "id_maps", "list_namespaces", "move_to_leaf", "namespace_kinds", "namespace_tree", "persisted_namespaces",
    "run", "set_time_offsets", "spawn", "subordinate_ids", "time_offsets_of", "translate_gid", "translate_pid",
    "translate_uid", "unpersist", "unpersist_name", "unshare_thread", "write_id_maps",
]
