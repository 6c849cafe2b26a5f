"""Namespaces as handles: what they are, and each kind's effect, seen from inside and from outside."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

import libisolate as iso
from conftest import fds, skip
from namespaces import KINDS, create, enter, here, in_new_user_namespace, libc, mount_tmpfs, places, unmoved


@pytest.fixture(autouse=True)
def nobody_moves() -> Iterator[None]:
    with unmoved():
        yield


def test_kinds() -> None:
    kinds = {facts.name: facts for facts in iso.namespace_kinds()}
    assert tuple(kinds) == KINDS
    assert kinds["net"].flag == 0x40000000 and kinds["time"].since == "5.6"
    assert [name for name, facts in kinds.items() if facts.nested] == ["pid", "user"]
    assert [name for name, facts in kinds.items() if facts.for_children] == ["pid", "time"]
    for name, facts in kinds.items():
        assert facts.supported == os.path.exists(f"/proc/self/ns/{name}") and facts.isolates


@pytest.mark.parametrize("kind", KINDS)
def test_all_ways_lead_to_the_same(kind: iso.NamespaceKind, nothing_left: None) -> None:
    path = f"/proc/self/ns/{kind}"
    ways: List[Callable[[], iso.Namespace]] = [
        lambda: iso.Namespace.of_thread(kind),
        lambda: iso.Namespace.of_process(os.getpid(), kind),
        lambda: iso.Namespace.open(path),
        lambda: iso.Namespace.open(Path(path)),
        lambda: iso.Namespace.open(os.fsencode(path)),
    ]
    with contextlib.ExitStack() as stack:
        if hasattr(os, "pidfd_open"):
            pidfd = os.pidfd_open(os.getpid())
            stack.callback(os.close, pidfd)
            ways.append(lambda: iso.Namespace.of_pidfd(pidfd, kind))
        file = stack.enter_context(open(path))
        ways += [lambda: iso.Namespace.of_fd(file), lambda: iso.Namespace.of_fd(file.fileno())]
        handles = [stack.enter_context(way()) for way in ways]
        with contextlib.suppress(iso.UnsupportedError):
            number, words = handles[0].kernel_id, handles[0].file_handle()
            again = (iso.Namespace.of_kernel_id(number), iso.Namespace.of_file_handle(words), handles[0].dup())
            handles += map(stack.enter_context, again)
        assert len(set(handles)) == 1 and all(handle == handles[0] for handle in handles)
        for handle in handles:
            stat = os.fstat(handle.fileno())
            assert handle.id == iso.NamespaceId(device=stat.st_dev, inode=stat.st_ino)
            assert str(handle) == os.readlink(path) and handle.inode == stat.st_ino and handle.kind == kind
            assert not os.get_inheritable(handle.fileno())
            assert handle.expect(kind) is handle
        assert len({handle.fileno() for handle in handles}) == len(handles)
        assert handles[0] != "net" and handles[0] not in ("x", None)


def test_closing(nothing_left: None) -> None:
    with iso.Namespace.of_thread("uts") as ours:
        other = iso.Namespace.of_thread("ipc")
        text, number = repr(ours), hash(ours)
        fd = ours.fileno()
        assert not ours.closed and text == f"<libisolate.Namespace {here('uts')}>"
    assert ours.closed and repr(ours) == text.replace(">", " closed>")
    with pytest.raises(OSError):
        os.fstat(fd)
    ours.close()
    assert hash(ours) == number and ours != other and ours.inode == os.stat("/proc/self/ns/uts").st_ino
    for use in (ours.fileno, ours.dup, ours.owner, lambda: ours.hostname, lambda: iso.entered(ours).__enter__()):
        with pytest.raises(ValueError, match="the namespace handle is closed"):
            use()
    with pytest.raises(ValueError, match="closed"):
        iso.spawn(["true"], namespaces=iso.Namespaces(uts=ours))
    with pytest.warns(ResourceWarning, match="unclosed namespace ipc:"):
        del other
        gc.collect()


def test_a_fork_closes_its_own_copy(nothing_left: None) -> None:
    with iso.Namespace.of_thread("net") as ours:
        child = os.fork()
        if child == 0:
            try:
                told = str(ours)
                ours.close()
                os._exit(0 if told == here("net") else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert os.fstat(ours.fileno()).st_ino == ours.inode


def test_family(nothing_left: None) -> None:
    own = os.getpid()
    with create(["user", "net", "uts"]) as made, iso.Namespace.of_thread("user") as ours:
        with made["user"].parent() as parent, made["net"].owner() as owner, made["user"].owner() as above:
            assert parent == ours and owner == made["user"] and above == ours
        assert made["user"].owner_uid == made["net"].owner_uid == os.geteuid()
        assert not made["user"].is_initial
        with made["uts"].owner() as owner, pytest.raises(iso.InvalidSpecError, match="has no parent"):
            assert owner == made["user"]
            made["uts"].parent()
        with iso.Namespace.of_process(own, "user") as user, pytest.raises(iso.NotFoundError, match="initial|outside"):
            user.parent()
        with iso.Namespace.of_process(own, "pid") as pid, pytest.raises(iso.NotFoundError, match="initial|outside"):
            pid.parent()
        assert ours.is_initial == (ours.inode == 0xEFFFFFFD)


def test_for_children(nothing_left: None) -> None:
    for kind in ("pid", "time"):
        with iso.Namespace.of_children(os.getpid(), kind) as theirs:
            assert str(theirs) == os.readlink(f"/proc/self/ns/{kind}_for_children")
    with pytest.raises(iso.InvalidSpecError, match="only pid and time"):
        iso.Namespace.of_children(os.getpid(), "net")


def test_uts_names_are_seen_inside(nothing_left: None) -> None:
    host = socket.gethostname()
    with create("uts", hostname="alpha", domainname="beta") as made, enter(made["uts"]) as inside:
        uts = made["uts"]
        assert inside(socket.gethostname) == "alpha" == uts.hostname and uts.domainname == "beta"
        uts.hostname, uts.domainname = "gamma", "delta"
        assert inside(os.uname).nodename == "gamma"
        assert inside(Path("/proc/sys/kernel/domainname").read_text) == "delta\n"
        with pytest.raises(iso.InvalidSpecError, match="at most 64 bytes"):
            uts.hostname = "x" * 65
        with pytest.raises(iso.InvalidSpecError, match="at most 64 bytes"):
            uts.domainname = "a\0b"
        assert uts.hostname == "gamma"
        with pytest.raises(iso.InvalidSpecError, match="is not a net namespace"):
            uts.socket()
    assert socket.gethostname() == host


def test_net_sockets_and_parameters(nothing_left: None) -> None:
    forwarding = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    with create("net", sysctls={"net.ipv4.ip_forward": "1"}) as made:
        net = made["net"]
        assert net.sysctl("net.ipv4.ip_forward") == "1"
        net.set_sysctl("net.ipv4.ip_default_ttl", 17)
        assert net.sysctl("net.ipv4.ip_default_ttl") == "17"
        assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == forwarding
        with net.socket() as listener:
            assert listener.family == socket.AF_INET and listener.type == socket.SOCK_STREAM
            assert not os.get_inheritable(listener.fileno())
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            with net.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
                client.connect(("127.0.0.1", port))
                accepted, _ = listener.accept()
                accepted.sendall(b"from inside")
                accepted.close()
                assert client.recv(100) == b"from inside"
            with socket.socket() as outside, pytest.raises(ConnectionRefusedError):
                outside.connect(("127.0.0.1", port))
        with pytest.raises(iso.InvalidSpecError, match="is a uts namespace's|sysctl"):
            net.sysctl("kernel.hostname")
        with pytest.raises(iso.NotFoundError):
            net.sysctl("net.ipv4.there_is_none")
        with pytest.raises(iso.IsolateError) as caught:
            net.set_sysctl("net.ipv4.ip_default_ttl", "many")
        assert caught.value.errno == 22 and caught.value.stage == "namespace"


def test_net_from_a_thread_inside(nothing_left: None) -> None:
    with create("net") as made, enter(made["net"]) as inside:
        assert inside(socket.if_nameindex) == [(1, "lo")]
        listener = inside(socket.create_server, ("127.0.0.1", 0))
        with listener, made["net"].socket() as client:
            client.connect(listener.getsockname())


def test_ipc_queues_are_apart(nothing_left: None) -> None:
    key, create_it = 0x1507, 0o1600

    def queue(flags: int) -> int:
        return int(libc.msgget(key, flags)) if libc.msgget(key, flags) >= 0 else -ctypes.get_errno()

    with create("ipc") as made, enter(made["ipc"]) as inside:
        assert inside(queue, 0) == -2
        assert inside(queue, create_it) >= 0 and inside(queue, 0) >= 0
        assert queue(0) == -2, "the host has no such queue"
        limit = int(made["ipc"].sysctl("kernel.msgmax"))
        made["ipc"].set_sysctl("kernel.msgmax", limit + 1)
        assert int(Path("/proc/sys/kernel/msgmax").read_text()) != limit + 1


def test_mounts(nothing_left: None, tmp_path: Path) -> None:
    with create("mnt") as made, enter(made["mnt"]) as inside:
        mnt = made["mnt"]
        try:
            before = mnt.mount_info()
        except iso.UnsupportedError as error:
            skip(str(error))
        inside(mount_tmpfs, str(tmp_path))
        inside((tmp_path / "inside").write_text, "x")
        assert inside(os.listdir, tmp_path) == ["inside"] and os.listdir(tmp_path) == []
        assert mnt.mount_info() == iso.MountInfo(id=before.id, mounts=before.mounts + 1)
        assert mnt.mount_namespace_id == before.id
        assert len(inside(Path("/proc/thread-self/mountinfo").read_text).splitlines()) == before.mounts + 1
        with iso.Namespace.of_thread("mnt") as ours:
            assert ours.mount_namespace_id != before.id
            try:
                mnt.next_mount_namespace().close()
            except iso.NotFoundError:
                pass
            except PermissionError as error:
                # Told to root in the initial pid namespace alone.
                assert os.readlink("/proc/self/ns/pid") != "pid:[4026531836]"
                skip(str(error))
            # Which of them that is, is not said by age: each processor has a stock of numbers.
            low, high = sorted((ours, mnt), key=lambda one: one.mount_namespace_id)
            assert walk(low, high, iso.Namespace.next_mount_namespace)
            assert walk(high, low, iso.Namespace.previous_mount_namespace)
            assert not walk(high, low, iso.Namespace.next_mount_namespace)


def walk(start: iso.Namespace, goal: iso.Namespace, step: Callable[[iso.Namespace], iso.Namespace]) -> bool:
    """Whether the goal comes before the end, at which there is an error of its own."""
    at = start.dup()
    while at != goal:
        try:
            with at:
                following = step(at)
        except iso.NotFoundError as error:
            assert error.errno == 2
            return False
        at = following
    at.close()
    return True


def test_pid_numbers_and_the_end(nothing_left: None) -> None:
    with iso.Namespace.of_thread("pid") as ours, create("pid") as made:
        pid, holder = made["pid"], made.holder_pid
        assert holder is not None and os.readlink(f"/proc/{holder}/ns/pid") == str(pid)
        assert [(p.pid, p.inside) for p in pid.processes()] == [(holder, 1)]
        assert iso.translate_pid(holder, from_=ours, to=pid) == 1
        assert iso.translate_pid(1, from_=pid, to=ours) == holder
        with pytest.raises(iso.NotFoundError):
            iso.translate_pid(os.getpid(), from_=ours, to=pid)
        with enter(pid) as inside:
            told = inside(subprocess.run, ["sh", "-c", "echo $$"], stdout=subprocess.PIPE).stdout
            assert 1 < int(told) < 20, "born as one of the first there"
            child = inside(subprocess.Popen, ["sleep", "100"])
            assert [p.inside for p in pid.processes() if p.pid == child.pid] != []
            with pid.parent() as parent:
                assert parent == ours
    assert child.wait() == -9, "with its pid 1 a pid namespace ends"


def test_time_offsets(nothing_left: None) -> None:
    wanted = iso.TimeOffsets(monotonic=86400.0, boottime=1e6)
    with create("time", time_offsets=wanted) as made:
        assert made["time"].time_offsets == wanted
        assert iso.time_offsets_of(os.getpid()) == iso.TimeOffsets()
        namespaces = iso.Namespaces(time=made["time"])
        try:
            ran = iso.run(["cat", "/proc/uptime"], profile="none", namespaces=namespaces, capture_output=True, text=True)
        except iso.PermissionDeniedError as error:
            skip(str(error))
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        assert 1e6 - 60 < float(ran.stdout.split()[0]) - uptime < 1e6 + 60
    with pytest.raises(iso.BusyError, match="lives in the time namespace already"):
        iso.set_time_offsets(os.getpid(), wanted)


def test_time_offsets_of_a_process_that_made_it(nothing_left: None) -> None:
    code = """
        import os, time
        import libisolate as iso
        try:
            iso.unshare_thread("time")
        except iso.PermissionDeniedError as error:
            raise SystemExit(f"skip {error}")
        wanted = iso.TimeOffsets(monotonic=1000.5, boottime=2000.0)
        iso.set_time_offsets(os.getpid(), wanted)
        assert iso.time_offsets_of(os.getpid()) == wanted
        with iso.Namespace.of_children(os.getpid(), "time") as theirs, iso.Namespace.of_thread("time") as ours:
            assert theirs != ours and theirs.time_offsets == wanted
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        child = os.fork()
        if child == 0:
            later = time.clock_gettime(time.CLOCK_MONOTONIC) - before
            os._exit(0 if 1000 < later < 1100 else 1)
        assert os.waitpid(child, 0)[1] == 0
        try:
            iso.set_time_offsets(os.getpid(), iso.TimeOffsets())
        except iso.BusyError as error:
            print("refused:", error)
    """
    assert "refused: namespace: /proc/" in alone(code)


def test_cgroup_paths(limited: None, nothing_left: None) -> None:
    with iso.spawn(["sleep", "100"], limits=iso.Limits(pids=16)) as job, job.namespace("cgroup") as cgroup:
        try:
            inside = {path.hierarchy: path for path in cgroup.cgroup_paths(job.pid)}
        except iso.PermissionDeniedError as error:
            skip(str(error))
        outside = {path.hierarchy: path for path in iso.cgroup_paths(job.pid)}
        placed = [number for number, path in outside.items() if f"/isolate-{os.getpid()}-" in path.path]
        assert placed and outside.keys() == inside.keys()
        for number in placed:
            assert inside[number].path == "/" and inside[number].controllers == outside[number].controllers


def test_user_maps_and_translation(nothing_left: None) -> None:
    uid, gid = os.geteuid(), os.getegid()
    lines = dict(uid_map=[iso.IdMap(7, uid, 1)], gid_map=[iso.IdMap(9, gid, 1)])
    if uid == 0:
        lines = dict(
            uid_map=[iso.IdMap(0, 100000, 1000), iso.IdMap(5000, 7, 1)], gid_map=[iso.IdMap(0, 200000, 1000)]
        )
    with create("user", **lines) as made, iso.Namespace.of_thread("user") as ours:
        maps = made["user"].id_maps()
        assert (list(maps.uid), list(maps.gid)) == (lines["uid_map"], lines["gid_map"])
        for translate, first in ((iso.translate_uid, maps.uid[0]), (iso.translate_gid, maps.gid[0])):
            assert translate(first.inside, from_=made["user"], to=ours) == first.outside
            assert translate(first.outside, from_=ours, to=made["user"]) == first.inside
            with pytest.raises(iso.NotFoundError, match="is not mapped in"):
                translate(first.inside + first.count, from_=made["user"], to=ours)
        script = "id -u; cat /proc/self/uid_map"
        inside = iso.run(
            ["sh", "-c", script], profile="none", namespaces=iso.Namespaces(user=made["user"]), uid=maps.uid[0].inside,
            gid=maps.gid[0].inside, capture_output=True, text=True,
        )
        assert inside.success, inside
        rows = [line.split() for line in inside.stdout.splitlines()]
        assert rows[0] == [str(maps.uid[0].inside)] and len(rows) == 1 + len(maps.uid)


def test_writing_id_maps(nothing_left: None) -> None:
    with in_new_user_namespace() as pid:
        assert iso.id_maps(pid) == iso.IdMaps(setgroups=True)
        many = [iso.IdMap(at * 2, at * 2, 1) for at in range(341)]
        wrong = {
            "340": many, "count": [iso.IdMap(0, 0, 0)], "4294967294": [iso.IdMap(0, 4294967290, 10)],
            "inside|share|overlap|both": [iso.IdMap(0, 0, 2), iso.IdMap(1, 10, 2)],
        }
        for words, lines in wrong.items():
            with pytest.raises(iso.InvalidSpecError, match=words):
                iso.write_id_maps(pid, iso.IdMaps(uid=lines))
        maps = iso.IdMaps(uid=(iso.IdMap(0, os.geteuid(), 1),), gid=(iso.IdMap(0, os.getegid(), 1),), setgroups=False)
        iso.write_id_maps(pid, maps)
        assert iso.id_maps(pid) == maps
        assert Path(f"/proc/{pid}/uid_map").read_text().split() == ["0", str(os.geteuid()), "1"]
        assert Path(f"/proc/{pid}/setgroups").read_text() == "deny\n"
        with pytest.raises(iso.BusyError):
            iso.write_id_maps(pid, maps)
    with pytest.raises(iso.NotFoundError):
        iso.write_id_maps(pid, maps)
    ids = iso.subordinate_ids()
    assert all(first + count <= 2**32 for first, count in [*ids.uid, *ids.gid])


def test_the_list_and_the_tree(nothing_left: None) -> None:
    with create(["user", "uts"]) as made:
        entries = {(entry.kind, entry.id): entry for entry in iso.list_namespaces()}
        for kind in KINDS:
            with iso.Namespace.of_thread(kind) as ours:
                entry = entries[kind, ours.id]
                assert entry.processes >= 1 and entry.initial == ours.is_initial
                assert any(pin.type == "process" and pin.pid == os.getpid() for pin in entry.pins)
        user, uts = (entries[kind, made[kind].id] for kind in ("user", "uts"))
        assert iso.FdPin(type="fd", pid=os.getpid(), fd=made["uts"].fileno()) in uts.pins
        assert iso.ChildPin(type="child", inode=made["uts"].inode) in user.pins
        assert uts.owner == made["user"].inode and user.parent == os.stat("/proc/self/ns/user").st_ino
        assert uts.processes == 0 and uts.pid is None and uts.command is None and uts.owner_uid == os.geteuid()
        with contextlib.suppress(iso.UnsupportedError):
            assert uts.kernel_id == made["uts"].kernel_id
        assert below(iso.namespace_tree(), made["user"].id) >= {made["uts"].id}
        number = made["uts"].id
    assert ("uts", number) not in {(entry.kind, entry.id) for entry in iso.list_namespaces()}


def below(nodes: Any, top: iso.NamespaceId) -> Any:
    """The ids right below a node of the tree, wherever that is."""
    found = set()
    for node in nodes:
        if node.entry.id == top:
            found |= {child.entry.id for child in node.children}
        found |= below(node.children, top)
    return found


def test_a_set(nothing_left: None) -> None:
    with create(["uts", "ipc"]) as made:
        assert list(made) == ["ipc", "uts"] and len(made) == 2 and made.holder_pid is None
        assert "net" not in made and made.get("net") is None
        with pytest.raises(KeyError):
            made["net"]
        taken, left = made.take("uts"), made["ipc"]
        assert list(made) == ["ipc"]
    assert left.closed and not taken.closed
    with taken:
        assert taken.kind == "uts"
    made.close()


@pytest.mark.parametrize(
    "kinds, settings, words",
    [
        ([], {}, "no namespace is named"),
        (["net", "net"], {}, "is named twice"),
        (["nett"], {}, '"nett": is no kind of namespace: expected cgroup, ipc'),
        ("net", {"hostname": "x"}, "uts"),
        ("net", {"timeout": 3}, "the rest is for a job"),
        ("net", {"hostnome": "x"}, "unknown field"),
        ("net", {"sysctls": {"kernel.msgmax": "1"}}, "ipc"),
        ("time", {"time_offsets": iso.TimeOffsets(monotonic=-1e12)}, "time_offsets.monotonic"),
    ],
)
def test_settings_that_do_not_fit(kinds: Any, settings: Any, words: str, nothing_left: None) -> None:
    with pytest.raises(iso.InvalidSpecError, match=words):
        create(kinds, **settings)


@pytest.mark.parametrize("give", ["handle", "path", "fd", "file"])
def test_a_spec_takes_a_handle_a_path_and_a_descriptor(give: str, nothing_left: None, tmp_path: Path) -> None:
    with create(["user", "uts"], hostname="taken") as made:
        user, uts = made["user"], made["uts"]
        given: Any = {"handle": uts, "fd": uts.fileno(), "path": f"/proc/self/fd/{uts.fileno()}"}.get(give)
        with contextlib.ExitStack() as stack:
            if give == "file":
                given = stack.enter_context(open(f"/proc/self/fd/{uts.fileno()}"))
            namespaces = iso.Namespaces(user=user, uts=given)
            ran = iso.run(["uname", "-n"], profile="none", namespaces=namespaces, capture_output=True, text=True)
            text = iso.Spec(["x"], namespaces=namespaces).to_json()
        assert ran.stdout == "taken\n" and ran.namespaces["uts"] == uts.inode
        assert iso.Spec.from_json(text).to_json() == text


def alone(code: str) -> str:
    """Runs code in an interpreter of its own, with one thread; gives what it printed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-c", textwrap.dedent(code)], env=environment, timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    if ran.stdout.startswith("skip "):
        skip(ran.stdout)
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def test_descriptors_stay_as_many_over_ten_thousand_handles(nothing_left: None) -> None:
    before = fds()
    for at in range(10_000 // len(KINDS)):
        for kind in KINDS:
            with iso.Namespace.of_thread(kind) as ours:
                assert ours.inode
        if at % 250 == 0:
            assert fds() == before
    assert fds() == before and places()
