"""Cgroups as handles: made, found, filled, frozen, killed, limited and measured, seen from inside."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest

import libisolate as iso
from conftest import cgroups, fds, skip, wait_until
from groups import HOG, MIB, counter, create, go, has, name, place_of, process, sleeper


def directories(group: iso.Cgroup) -> List[Path]:
    return [Path(place.path) for place in group.places()]


def test_made_found_and_taken_away(nothing_left: None) -> None:
    with create() as group:
        made = directories(group)
        assert made and all(path.is_dir() for path in made)
        assert sorted({c for place in group.places() for c in place.controllers}) == list(group.controllers())
        assert {place.version for place in group.places()} <= {"v1", "v2"}
        assert group.children() == () and group.processes() == () and not group.is_populated()
        with iso.Cgroup.open(group.path) as again:
            assert directories(again) == made
        # Whoever opened it only lets go of it.
        assert all(path.is_dir() for path in made)
        with group.create_child("inner") as inner:
            assert group.children() == ("inner",) and inner.path == f"{group.path}/inner"
            with group.child("inner") as found:
                assert directories(found) == directories(inner)
                assert [path.parent for path in directories(found)] == made
        assert group.children() == ()
        assert repr(group) == f"<libisolate.Cgroup {group.path}>"
    assert group.closed and repr(group).endswith(" closed>")
    assert not any(path.exists() for path in made)


def test_a_parent_and_controllers(nothing_left: None) -> None:
    has("pids")
    with create(controllers="pids") as above:
        # Besides it only what the v2 tree, which every group is in, has handed down already.
        assert "pids" in above.controllers() and "memory" not in above.controllers()
        with iso.Cgroup.create("below", parent=above.path, controllers=["pids"]) as below:
            assert above.children() == ("below",) and "pids" in below.controllers()
    with pytest.raises(iso.NotFoundError):
        iso.Cgroup.create(name(), parent="isolate-no-such")
    with pytest.raises(iso.UnsupportedError, match="controller nonsense"):
        iso.Cgroup.create(name(), controllers=["nonsense"])


def test_own_and_that_of_a_process(nothing_left: None) -> None:
    with iso.Cgroup.own() as own:
        assert own.path == "." and os.getpid() in own.processes()
    with create() as group, sleeper() as child:
        group.attach(child.pid)
        with iso.Cgroup.of_process(child.pid) as found:
            assert set(directories(group)) <= set(directories(found))
            assert child.pid in found.processes()


def test_processes_are_moved_and_listed(nothing_left: None) -> None:
    with create() as group, sleeper() as one, sleeper() as other:
        before = place_of(one.pid, "")
        group.attach(one.pid, other.pid)
        assert group.processes() == tuple(sorted((one.pid, other.pid))) and group.is_populated()
        assert place_of(one.pid, "").endswith(f"/{group.path}") and place_of(one.pid, "") != before
        # With controllers of its own it could hold nobody beside a group that does (v2).
        with group.create_child("inner", controllers=[]) as inner:
            inner.attach(other.pid)
            assert group.processes() == (one.pid,) and inner.processes() == (other.pid,)
            assert group.processes(recursive=True) == tuple(sorted((one.pid, other.pid)))
        assert other.wait() == -signal.SIGKILL and one.poll() is None


def test_all_are_moved_or_none(nothing_left: None) -> None:
    with create() as group, sleeper() as child:
        places = iso.cgroup_paths(child.pid)
        gone = subprocess.Popen(["true"])
        gone.wait()
        with pytest.raises(iso.NotFoundError) as caught:
            group.attach(child.pid, gone.pid)
        assert str(gone.pid) in str(caught.value) and caught.value.stage == "cgroup"
        assert group.processes() == () and iso.cgroup_paths(child.pid) == places


def test_a_thread_alone(nothing_left: None) -> None:
    program = "import threading, time; threading.Thread(target=time.sleep, args=(600,)).start(); print(flush=True)"
    with create() as group, process(program) as child:
        go(child)
        assert child.stdout is not None and child.stdout.readline() == b"\n"
        thread = max(int(task) for task in os.listdir(f"/proc/{child.pid}/task"))
        assert thread != child.pid
        try:
            group.attach_threads(thread)
        except iso.UnsupportedError as error:
            skip(str(error))
        assert thread in group.threads() and child.pid not in group.threads()


def test_frozen_means_that_nothing_moves(nothing_left: None) -> None:
    with create() as group, counter() as (child, count):
        group.attach(child.pid)
        try:
            group.freeze()
        except iso.UnsupportedError as error:
            skip(str(error))
        assert group.is_frozen()
        stood = bytes(count[:])
        # A thousand counts would fit in.
        subprocess.run(["true"], check=True)
        assert bytes(count[:]) == stood
        group.thaw(timeout=30)
        assert not group.is_frozen()
        wait_until(lambda: bytes(count[:]) != stood, "it counts again")
        # Frozen ones die, too.
        group.freeze()
        group.kill()
        assert child.wait() == -signal.SIGKILL


def test_nobody_ends_the_caller(nothing_left: None) -> None:
    # In a process of its own and by its one group: were it not refused, that alone would end.
    program = """
import libisolate as iso, os, sys
group = iso.Cgroup.open(sys.argv[1])
group.attach(os.getpid())
for end in (group.freeze, group.kill, group.remove):
    try: end()
    except iso.InvalidSpecError: print("refused", flush=True)
"""
    with create() as group:
        child = subprocess.run([sys.executable, "-c", program, group.path], capture_output=True, text=True, timeout=60)
        assert (child.returncode, child.stdout, child.stderr) == (0, "refused\n" * 3, "")


def test_killed_with_all_that_were_forked(nothing_left: None) -> None:
    program = "import os, time; print(os.fork(), flush=True); time.sleep(600)"
    with create() as group, process(program) as child:
        group.attach(child.pid)
        go(child)
        assert child.stdout is not None
        child.stdout.readline()
        wait_until(lambda: len(group.processes()) == 2, "it has forked")
        with pytest.raises(iso.BusyError):
            group.remove()
        group.kill()
        assert child.wait() == -signal.SIGKILL
        wait_until(lambda: not group.is_populated(), "all are gone")


def limited_memory(group: iso.Cgroup) -> None:
    """32 MiB and not a byte of swap."""
    enforced = group.apply(iso.Limits(memory="32M", swap=0, best_effort=["swap"]))
    assert enforced["memory"].status == "enforced" and int(enforced["memory"].value or 0) == 32 * MIB


def test_a_hog_is_killed_at_the_limit(nothing_left: None) -> None:
    has("memory")
    with create() as group, process(HOG) as hog:
        limited_memory(group)
        assert group.memory("limit") == 32 * MIB
        with group.events("oom") as events:
            group.attach(hog.pid)
            go(hog)
            assert hog.wait() == -signal.SIGKILL
            assert hog.stdout is not None and hog.stdout.read() == b""
            kinds = set()
            while "oom_kill" not in kinds:
                event = events.wait(timeout=30)
                assert event is not None, kinds
                kinds.add(event.kind)
                assert event.watch == 0 and event.count >= 1 and event.file.startswith("memory.")
        used = group.stat("memory")
        assert used.memory is not None and used.cpu is None
        assert used.memory.oom_kills == 1 and used.memory.limit == 32 * MIB
        assert group.oom_control() == iso.OomControl(paused=False, under_oom=False, kills=1)
        assert group.memory("max_usage") in range(16 * MIB, 32 * MIB + 1)


def test_out_of_memory_it_pauses_and_goes_on(nothing_left: None) -> None:
    has("memory")
    with create() as group, process(HOG) as hog:
        limited_memory(group)
        try:
            group.set_oom_pause(True)
        except iso.UnsupportedError as error:
            skip(str(error))
        group.attach(hog.pid)
        go(hog)
        wait_until(lambda: group.oom_control().under_oom, "it waits for memory")
        assert hog.poll() is None and group.oom_control().paused
        group.set_memory("memsw_limit", 256 * MIB) if group.memory("memsw_limit") else None
        assert group.set_memory("limit", 256 * MIB) == 256 * MIB
        assert hog.stdout is not None and hog.stdout.readline() == b"full\n"
        assert hog.wait() == 0 and group.oom_control().kills == 0


def test_a_limit_below_the_use_is_refused(nothing_left: None) -> None:
    if len(Path("/proc/swaps").read_text().splitlines()) > 1:
        skip("there is swap to make room by")
    has("memory")
    with create() as group, process(HOG + "; import time; time.sleep(600)") as hog:
        group.attach(hog.pid)
        go(hog)
        assert hog.stdout is not None and hog.stdout.readline() == b"full\n"
        before = group.apply(memory="1G")["memory"].value
        for refused in (lambda: group.set_memory("limit", MIB), lambda: group.apply(memory="1M")):
            with pytest.raises(iso.BusyError, match="uses [0-9]+ bytes"):
                refused()
        assert str(group.memory("limit")) == before and hog.poll() is None
        assert group.reclaim() >= 0
        group.reset_memory("max_usage")
        assert (group.memory("max_usage") or 0) >= 60 * MIB
        with pytest.raises(iso.InvalidSpecError):
            group.reset_memory("usage")
        with pytest.raises(iso.InvalidSpecError, match="is none of usage"):
            group.memory("use")  # type: ignore[arg-type]


def test_no_process_beyond_the_limit(nothing_left: None) -> None:
    has("pids")
    program = "import os\ntry:\n  os.fork()\nexcept BlockingIOError as e: print(e.errno, flush=True)"
    with create() as group, process(program) as child:
        assert group.apply(pids=1)["pids"].value == "1"
        with group.events("pids_events") as events:
            group.attach(child.pid)
            go(child)
            assert child.stdout is not None and child.stdout.readline() == b"11\n"
            event = events.wait(timeout=30)
            assert event is not None and (event.kind, event.file) == ("pids_limit", "pids.events")
        pids = group.stat("pids").pids
        assert pids is not None and pids.limit == 1 and pids.denied == 1


def test_limits_all_or_none(nothing_left: None) -> None:
    has("pids")
    with create(controllers="pids") as group:
        assert group.apply({"pids": 7})["pids"].value == "7"
        with pytest.raises(iso.UnsupportedError, match="memory"):
            group.apply(iso.Limits(pids=9), memory="64M")
        assert group.get("pids.max") == "7\n"
        enforced = group.apply(iso.Limits(pids=9, best_effort=["memory"]), memory="64M")
        assert enforced["memory"].status == "skipped" and enforced["memory"].reason
        assert group.get("pids.max") == "9\n"
        with pytest.raises(iso.InvalidSpecError, match="limits.memroy"):
            group.apply(memroy=1)
        with pytest.raises(iso.InvalidSpecError, match="cpu_time"):
            group.apply(cpu_time=3)
        with pytest.raises(TypeError, match="limits.pids"):
            group.apply(pids=object())


def test_files_as_they_are(nothing_left: None) -> None:
    has("pids")
    with create() as group:
        assert group.set("pids.max", 12) == "12" and group.get("pids.max") == "12\n"
        for bad in ("..", "a/b", "", "/etc/passwd"):
            with pytest.raises(iso.InvalidSpecError):
                group.get(bad)
        with pytest.raises(iso.UnsupportedError, match="no such file; it has"):
            group.get("pids.nonsense")
        with pytest.raises(iso.IsolateError, match="pids.max: \"many\": Invalid argument"):
            group.set("pids.max", "many")
        assert group.get("pids.max") == "12\n"


def test_what_is_measured_moves(nothing_left: None) -> None:
    with create() as group, counter() as (child, count):
        group.attach(child.pid)
        first = group.stat("cpu").cpu
        if first is None or first.usage_usec is None:
            skip("no CPU time is told here")
        assert first is not None
        wait_until(lambda: group.stat("cpu").cpu.usage_usec > first.usage_usec, "it uses the CPU")  # type: ignore
        stat = group.stat()
        for kind, part in (("memory", stat.memory), ("pids", stat.pids)):
            assert (part is not None) == (kind in group.controllers())
        if stat.pids is not None:
            assert stat.pids.current == 1 and stat.pids.limit is None
        if stat.memory is not None:
            assert (stat.memory.peak or 0) >= (stat.memory.limit or 0) >= 0 and stat.memory.stat
        assert pickle.loads(pickle.dumps(stat)) == stat == copy.deepcopy(stat)
        assert group.stat("pids", "cpu").memory is None
        with pytest.raises(iso.InvalidSpecError, match="is not one of cpu, memory"):
            group.stat("everything")  # type: ignore[arg-type]


def test_a_device_is_refused_and_why(nothing_left: None) -> None:
    program = "\ntry: open('/dev/full').close(); print('opened', flush=True)\nexcept OSError as e: print(e.errno, flush=True)"
    with create() as group, process(program) as child:
        try:
            assert group.explain_device("/dev/null", "rw").allowed
            group.apply(devices=[iso.DeviceRule(allow=False, device="c 1:7", access="rwm")])
        except (iso.UnsupportedError, iso.PermissionDeniedError) as error:
            skip(str(error))
        told = group.explain_device(Path("/dev/full"), "r")
        assert not told.allowed and told.reason and group.explain_device("c 1:3").allowed
        group.attach(child.pid)
        go(child)
        assert child.stdout is not None and child.stdout.readline() == b"1\n"
        with pytest.raises(iso.InvalidSpecError):
            group.explain_device("c 1:3", "x")
        with pytest.raises(iso.NotFoundError):
            group.explain_device("/no/such")


def test_the_release_agent(nothing_left: None) -> None:
    with create() as group:
        if not any(place.version == "v1" for place in group.places()):
            with pytest.raises(iso.UnsupportedError, match="watch for populated"):
                group.notify_on_release
            return
        assert group.notify_on_release is False
        group.notify_on_release = True
        v1 = [path for path, place in zip(directories(group), group.places()) if place.version == "v1"]
        assert group.notify_on_release and {(p / "notify_on_release").read_text() for p in v1} == {"1\n"}
        with pytest.raises(iso.UnsupportedError, match="only the root group"):
            group.release_agent("pids")
        with pytest.raises(iso.InvalidSpecError):
            group.set_release_agent("pids", "relative")


def test_given_to_a_user(nothing_left: None) -> None:
    with create() as group:
        versions = {place.version for place in group.places()}
        if versions != {"v2"}:
            with pytest.raises(iso.UnsupportedError, match="another user's hands"):
                group.delegate(uid=65534)
            skip("groups with v1 directories are given to nobody")
        if os.geteuid() != 0:
            with pytest.raises(iso.PermissionDeniedError):
                group.delegate(uid=0)
            return
        group.delegate(uid=65534, gid=65534)
        (place,) = directories(group)
        assert (place / "cgroup.procs").stat().st_uid == 65534 == place.stat().st_gid


GONE: List[Tuple[str, Callable[[iso.Cgroup], Any]]] = [
    ("attach", lambda group: group.attach(os.getpid())),
    ("attach_threads", lambda group: group.attach_threads(threading.get_native_id())),
    ("freeze", lambda group: group.freeze()),
    ("thaw", lambda group: group.thaw()),
    ("is_frozen", lambda group: group.is_frozen()),
    ("is_populated", lambda group: group.is_populated()),
    ("get", lambda group: group.get("cgroup.procs")),
    ("set", lambda group: group.set("cgroup.procs", 0)),
    ("apply", lambda group: group.apply(pids=3)),
    ("stat", lambda group: group.stat()),
    ("events", lambda group: group.events("populated")),
    ("no events", lambda group: group.events()),
    ("memory", lambda group: group.memory("usage")),
    ("set_memory", lambda group: group.set_memory("limit", None)),
    ("reset_memory", lambda group: group.reset_memory("max_usage")),
    ("oom_control", lambda group: group.oom_control()),
    ("set_oom_pause", lambda group: group.set_oom_pause(True)),
    ("reclaim", lambda group: group.reclaim()),
    ("delegate", lambda group: group.delegate(uid=0)),
    ("explain_device", lambda group: group.explain_device("c 1:3")),
    ("notify_on_release", lambda group: group.notify_on_release),
    ("create_child", lambda group: group.create_child("inner")),
    ("child", lambda group: group.child("inner")),
]


@pytest.mark.parametrize("call", [call for _, call in GONE], ids=[word for word, _ in GONE])
def test_once_removed_every_call_says_so(call: Callable[[iso.Cgroup], Any], nothing_left: None) -> None:
    with create() as group:
        group.remove()
        group.remove()
        with pytest.raises(iso.NotFoundError) as caught:
            call(group)
        error = caught.value
        assert error.stage == "cgroup" and "\n" not in str(error)
        assert group.children() == group.processes() == group.threads(recursive=True) == ()


def test_once_closed_every_call_says_so(nothing_left: None) -> None:
    with create() as group:
        again = iso.Cgroup.open(group.path)
        again.close()
        again.close()
        for _, call in GONE:
            with pytest.raises(ValueError, match="the cgroup handle is closed"):
                call(again)
        assert again.path == group.path
        with again:
            pass


def test_wrong_types(nothing_left: None) -> None:
    with create() as group:
        calls: List[Callable[[], Any]] = [
            lambda: iso.Cgroup.create(5),  # type: ignore[arg-type]
            lambda: iso.Cgroup.create("x", parent=5),  # type: ignore[arg-type]
            lambda: iso.Cgroup.create("x", controllers=[5]),  # type: ignore[list-item]
            lambda: iso.Cgroup.create("x", "y"),  # type: ignore[misc]
            lambda: iso.Cgroup.open(b"x"),  # type: ignore[arg-type]
            lambda: iso.Cgroup.of_process("1"),  # type: ignore[arg-type]
            lambda: group.attach("1"),  # type: ignore[arg-type]
            lambda: group.attach([1]),  # type: ignore[arg-type]
            lambda: group.attach_threads(1.5),  # type: ignore[arg-type]
            lambda: group.freeze("soon"),  # type: ignore[arg-type]
            lambda: group.freeze(None),  # type: ignore[arg-type]
            lambda: group.delegate("root"),  # type: ignore[arg-type]
            lambda: group.get(5),  # type: ignore[arg-type]
            lambda: group.apply(5),  # type: ignore[arg-type]
            lambda: group.stat(5),  # type: ignore[arg-type]
            lambda: group.memory(5),  # type: ignore[arg-type]
            lambda: group.set_memory("limit", "1M"),  # type: ignore[arg-type]
            lambda: group.set_oom_pause("no"),  # type: ignore[arg-type]
            lambda: group.explain_device(5),  # type: ignore[arg-type]
            lambda: group.reclaim("1M"),  # type: ignore[arg-type]
            lambda: group.events(object()),  # type: ignore[arg-type]
            lambda: iso.Cgroup(),  # type: ignore[call-arg]
        ]
        for number, call in enumerate(calls):
            with pytest.raises(TypeError):
                call()
                pytest.fail(f"call {number} was taken")
        for bad in ("", "..", "a/b", "cgroup.procs"):
            with pytest.raises(iso.InvalidSpecError):
                iso.Cgroup.create(bad)
        with pytest.raises(iso.InvalidSpecError):
            group.attach(-1)
        with pytest.raises(iso.BusyError):
            iso.Cgroup.create(group.path)


def test_an_exception_in_the_block_leaves_nothing(nothing_left: None) -> None:
    with sleeper() as child, pytest.raises(KeyError):
        with create() as group:
            group.attach(child.pid)
            raise KeyError
    assert child.wait() == -signal.SIGKILL


def test_a_forked_child_leaves_the_group_alone(nothing_left: None) -> None:
    group = create()
    with group, sleeper() as child:
        group.attach(child.pid)
        pid = os.fork()
        if pid == 0:
            group.__exit__(None, None, None)
            os._exit(0)
        os.waitpid(pid, 0)
        assert child.poll() is None and group.processes() == (child.pid,)


def test_no_descriptor_stays(nothing_left: None) -> None:
    create().__exit__(None, None, None)
    before = fds()
    for _ in range(20):
        group = create()
        group.stat()
        group.apply(best_effort=["pids"], pids=5)
        with pytest.raises(iso.IsolateError):
            group.events(iso.ThresholdWatch(bytes=0))
        group.events("populated").close()
        iso.Cgroup.open(group.path)
        group.remove()
        del group
    gc.collect()
    assert fds() == before and cgroups() == []


def test_other_threads_run_meanwhile(nothing_left: None) -> None:
    # The thread that waits holds no lock that the one that wakes it would need.
    with create() as group, sleeper() as child, group.events("populated") as events:
        seen: List[Any] = []
        waiting = threading.Thread(target=lambda: seen.append(events.wait(timeout=60)))
        waiting.start()
        group.attach(child.pid)
        waiting.join()
        assert [event.kind for event in seen] == ["populated"]
