"""Threads and namespaces: inside on a thread of its own, with the calling one, many at once; bad input; and
that no other thread is ever anywhere else than it was."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gc
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple, Type

import pytest

import libisolate as iso
from conftest import skip, threads, wait_until
from namespaces import KINDS, create, enter, here, unmoved
from test_namespace import alone


@pytest.fixture
def uts() -> Iterator[iso.Namespace]:
    with create("uts", hostname="inside") as made:
        with enter(made["uts"]):
            pass
        yield made["uts"]


def on_a_thread(body: Callable[[], Any]) -> Any:
    """Runs what moves the calling thread on one that ends then."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool, unmoved():
        return pool.submit(body).result()


class Own(BaseException):
    """No Exception, so that whoever catches those lets it pass."""


def test_functions_run_inside(uts: iso.Namespace, nothing_left: None) -> None:
    with unmoved(), iso.entered(uts) as inside:
        assert inside(socket.gethostname) == "inside" != socket.gethostname()
        assert inside(here, "uts") == str(uts) != here("uts")
        assert inside(threading.get_native_id) not in (0, threading.get_native_id())
        assert inside(dict, [("a", 1)], b=2) == {"a": 1, "b": 2}
        assert inside(lambda: [inside]) == [inside]
        assert repr(inside) == f"<libisolate.Inside {uts}>"
        with inside(open, "/proc/thread-self/ns/uts") as file:
            assert os.fstat(file.fileno()).st_ino == uts.inode
    with uts.entered() as again:
        assert again(socket.gethostname) == "inside"


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), KeyboardInterrupt(), SystemExit(3), Own(1), StopIteration()])
def test_exceptions_come_back_as_they_are(error: BaseException, uts: iso.Namespace, nothing_left: None) -> None:
    def fail() -> None:
        raise error

    with unmoved(), iso.entered(uts) as inside:
        with pytest.raises(type(error)) as caught:
            inside(fail)
        assert caught.value is error
        assert "fail" in [entry.name for entry in caught.traceback]
        with pytest.raises(TypeError, match="positional argument"):
            inside(here)
        assert inside(here, "uts") == str(uts), "it goes on"
    del caught


def test_the_block_ends_by_an_exception(uts: iso.Namespace, nothing_left: None) -> None:
    with unmoved(), pytest.raises(Own):
        with iso.entered(uts) as inside:
            raise Own
    with pytest.raises(ValueError, match="has been left"):
        inside(os.getpid)


def test_thread_locals_last(uts: iso.Namespace, nothing_left: None) -> None:
    kept = threading.local()
    with iso.entered(uts) as inside:
        inside(setattr, kept, "value", 1)
        assert inside(getattr, kept, "value") == 1 and not hasattr(kept, "value")


def test_nested(uts: iso.Namespace, nothing_left: None) -> None:
    with create(["ipc", "net"]) as made, unmoved(), iso.entered(uts) as outer:
        assert outer(outer, outer, here, "uts") == str(uts), "from inside it is called at once"
        with iso.entered(made["ipc"]) as inner:
            assert inner(here, "ipc") == str(made["ipc"]) and inner(here, "uts") == here("uts")
            assert outer(inner, here, "ipc") == str(made["ipc"])
        with pytest.raises(RuntimeError, match="started already"):
            outer.__enter__()
        with pytest.raises(RuntimeError, match="cannot be left from inside"):
            outer(outer.__exit__, None, None, None)

        def both() -> Tuple[str, str]:
            with iso.entered(made["net"]) as deeper:
                return deeper(here, "uts"), deeper(here, "net")

        assert outer(both) == (str(uts), str(made["net"])), "a thread begins where the one is that starts it"


def test_several_at_once(nothing_left: None) -> None:
    with create(["uts", "ipc", "net", "mnt", "cgroup"]) as made, enter(*made.values()) as inside:
        for kind in made:
            assert inside(here, kind) == str(made[kind]) != here(kind)


def test_before_and_after(uts: iso.Namespace, nothing_left: None) -> None:
    inside = iso.entered(uts)
    with pytest.raises(ValueError, match="is not started"):
        inside(os.getpid)
    with inside:
        assert inside(here, "uts") == str(uts)
    with pytest.raises(ValueError, match="has been left"):
        inside(os.getpid)
    with inside:
        assert inside(here, "uts") == str(uts), "it can be started again"
    before = threads()
    left = iso.entered(uts).__enter__()
    assert threads() == before + 1
    del left
    gc.collect()
    wait_until(lambda: threads() == before, "the thread of one that nobody has ends")


def test_many_callers(uts: iso.Namespace, nothing_left: None) -> None:
    with unmoved(), iso.entered(uts) as inside, concurrent.futures.ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda n: inside(lambda: (n, threading.get_ident(), here("uts"))), range(400)))
    assert [n for n, _, _ in seen] == list(range(400))
    assert {place for _, _, place in seen} == {str(uts)} and len({ident for _, ident, _ in seen}) == 1


def test_what_was_asked_for_is_done_before_the_end(uts: iso.Namespace, nothing_left: None) -> None:
    done: List[int] = []
    inside = iso.entered(uts).__enter__()
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        go_on.wait(30)
        done.append(1)

    caller = threading.Thread(target=inside, args=(slow,))
    caller.start()
    assert begun.wait(30)
    threading.Timer(0.1, go_on.set).start()
    inside.__exit__(None, None, None)
    assert done == [1]
    caller.join()


def test_ctrl_c_interrupts_the_wait(uts: iso.Namespace, nothing_left: None) -> None:
    go_on = threading.Event()
    with unmoved(), iso.entered(uts) as inside:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            inside(go_on.wait, 30)
        go_on.set()
        assert inside(here, "uts") == str(uts), "the function came to its end, and the next is called"


def test_a_fork_has_no_thread_inside(uts: iso.Namespace, nothing_left: None) -> None:
    with unmoved(), iso.entered(uts) as inside:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                inside(os.getpid)
            except RuntimeError as error:
                inside.__exit__(None, None, None)
                status = 0 if "fork" in str(error) else 2
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        assert os.waitpid(inside(os.fork), 0)[1] == 0, "nobody waits for the function in the child"
        assert inside(here, "uts") == str(uts), "it goes on in the parent"


def test_at_the_end_of_the_interpreter() -> None:
    told = alone("""
        import socket
        import libisolate as iso
        try:
            made = iso.create_namespaces("uts", hostname="late")
            inside = iso.entered(made["uts"]).__enter__()
        except iso.PermissionDeniedError as error:
            raise SystemExit(f"skip {error}")
        print(inside(socket.gethostname))
    """)
    assert told.startswith("late\n") and "Traceback" not in told and "unclosed namespace uts:" in told


def test_the_calling_thread_enters(uts: iso.Namespace, nothing_left: None) -> None:
    with create(["ipc", "net"]) as made:

        def move() -> Tuple[str, ...]:
            iso.enter_thread(uts)
            iso.enter_thread(made["ipc"], made["net"])
            begun: List[str] = []
            child = threading.Thread(target=lambda: begun.append(here("net")))
            child.start()
            child.join()
            return here("uts"), here("ipc"), here("net"), begun[0]

        assert on_a_thread(move) == (str(uts), str(made["ipc"]), str(made["net"]), str(made["net"]))


def test_the_calling_thread_enters_all_or_none(uts: iso.Namespace, nothing_left: None) -> None:
    with create("mnt") as made:

        def refused() -> Tuple[str, Dict[str, str]]:
            before = {kind: here(kind) for kind in KINDS}
            with pytest.raises(iso.UnsupportedError, match="thread of its own"):
                iso.enter_thread(made["mnt"])
            with pytest.raises(iso.InvalidSpecError, match="is named twice"):
                iso.enter_thread(uts, uts)
            with pytest.raises(iso.InvalidSpecError, match="no namespace is named"):
                iso.enter_thread()
            for kind in ("user", "time"):
                with iso.Namespace.of_thread(kind) as ours, pytest.raises(iso.UnsupportedError, match="one thread"):
                    iso.enter_thread(uts, ours)
            assert before == {kind: here(kind) for kind in KINDS}

        on_a_thread(refused)


def test_entering_by_pidfd(uts: iso.Namespace, nothing_left: None) -> None:
    with iso.spawn(["sleep", "100"], namespaces=iso.Namespaces(user="host")) as job:
        with open_pidfd(job.pid) as pidfd:

            def move() -> Tuple[str, str]:
                iso.enter_thread_pidfd(pidfd, ["uts", "net"])
                return here("uts"), here("net")

            inodes = job.namespaces
            assert on_a_thread(move) == (f"uts:[{inodes['uts']}]", f"net:[{inodes['net']}]")
            with unmoved(), pytest.raises(iso.UnsupportedError, match="one thread"):
                iso.enter_thread_pidfd(pidfd, "user")
            job.kill()
            job.wait()
            with unmoved(), pytest.raises(iso.NotFoundError, match="ended|gone"):
                iso.enter_thread_pidfd(pidfd, "uts")
            with unmoved(), pytest.raises(iso.NotFoundError, match="ended|gone"):
                iso.Namespace.of_pidfd(pidfd, "uts")


@contextlib.contextmanager
def open_pidfd(pid: int) -> Iterator[int]:
    if not hasattr(os, "pidfd_open"):
        skip("this Python has no os.pidfd_open()")
    pidfd = os.pidfd_open(pid)
    try:
        yield pidfd
    finally:
        os.close(pidfd)


def test_the_calling_thread_gets_new_ones(uts: iso.Namespace, nothing_left: None) -> None:
    def move() -> Dict[str, bool]:
        before = {kind: here(kind) for kind in KINDS}
        iso.unshare_thread(["uts", "net"])
        iso.unshare_thread("ipc")
        with pytest.raises(iso.UnsupportedError, match="user"):
            iso.unshare_thread("user")
        with pytest.raises(iso.InvalidSpecError, match="no namespace is named"):
            iso.unshare_thread([])
        socket.sethostname("moved")
        return {kind for kind in KINDS if here(kind) != before[kind]}

    name = socket.gethostname()
    assert on_a_thread(move) == {"uts", "net", "ipc"} and socket.gethostname() == name


def test_a_job_and_a_program_inside(nothing_left: None) -> None:
    with iso.spawn(["sleep", "100"]) as job, unmoved():
        for kind in KINDS:
            with job.namespace(kind) as theirs:
                assert theirs.kind == kind and theirs.inode == job.namespaces[kind]
        assert [(p.pid, p.name) for p in job.processes()] == [(job.pid, "sleep")]
        script = "echo $0; readlink /proc/self/ns/net; ls /proc | grep -c '^[0-9]'"
        with job.exec(["sh", "-c", script, "inside"], stdout="capture", text=True) as program:
            ended = program.wait()
            assert program.namespaces == job.namespaces and ended.stdout is not None
            name, net, processes = ended.stdout.split()
            assert (name, net) == ("inside", f"net:[{job.namespaces['net']}]") and int(processes) >= 3
        with job.exec(["cat"], stdin="pipe", stdout="pipe") as program:
            assert {p.name for p in job.processes()} >= {"sleep", "cat"}
            assert program.communicate(b"through")[0] == b"through"
        for options in (dict(namespaces=iso.Namespaces(net="new")), dict(hostname="x"), dict(root="host")):
            with pytest.raises(iso.InvalidSpecError, match="is decided by the job"):
                job.exec(["true"], **options)
        with pytest.raises(iso.InvalidSpecError, match="is no kind of namespace"):
            job.namespace("nett")
        job.kill()
        job.wait()
        assert list(job.processes()) == []
        with pytest.raises(iso.NotFoundError, match="ended"):
            job.exec(["true"])
        with pytest.raises(iso.NotFoundError):
            job.namespace("net")


def test_a_program_inside_with_asyncio(nothing_left: None) -> None:
    async def use() -> None:
        async with await iso.aio.spawn(["sleep", "100"]) as job:
            async with await job.exec(["readlink", "/proc/self/ns/net"], stdout="pipe") as program:
                out, _ = await program.communicate()
            with job.namespace("net") as net:
                assert out == f"{net}\n".encode()
            assert [p.name for p in job.processes()] == ["sleep"]

    asyncio.run(use())


def closed_fd() -> int:
    fd = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.close(fd)
    return fd


def ended_pid() -> int:
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def inside_of(kind: iso.NamespaceKind) -> None:
    with iso.Namespace.of_thread(kind) as ours, iso.entered(ours):
        pass


BAD: Dict[str, Tuple[Type[iso.IsolateError], str, Callable[[Path], Any]]] = {
    "a closed descriptor": (iso.InvalidSpecError, "Bad file descriptor", lambda _: iso.Namespace.of_fd(closed_fd())),
    "no descriptor": (iso.InvalidSpecError, "descriptor -1", lambda _: iso.Namespace.of_fd(-1)),
    "a file": (iso.InvalidSpecError, "is not a namespace", lambda _: iso.Namespace.of_fd(0)),
    "a file at a path": (iso.InvalidSpecError, "is not a namespace", lambda _: iso.Namespace.open("/dev/null")),
    "a fifo": (iso.InvalidSpecError, "is not a namespace", lambda tmp: iso.Namespace.open(fifo(tmp))),
    "a symlink loop": (iso.InvalidSpecError, "symbolic links", lambda tmp: iso.Namespace.open(loop(tmp))),
    "no file": (iso.NotFoundError, "No such file", lambda tmp: iso.Namespace.open(tmp / "none")),
    "a NUL": (iso.InvalidSpecError, "NUL", lambda _: iso.Namespace.open("a\0b")),
    "a gone process": (iso.NotFoundError, "No such process", lambda _: iso.Namespace.of_process(ended_pid(), "net")),
    "process 0": (iso.InvalidSpecError, "is no process id", lambda _: iso.Namespace.of_process(0, "net")),
    "process -1": (iso.InvalidSpecError, "is no process id", lambda _: iso.Namespace.of_process(-1, "net")),
    "no kind": (iso.InvalidSpecError, "expected cgroup", lambda _: iso.Namespace.of_thread("mount")),  # type: ignore
    "no pidfd": (iso.InvalidSpecError, "is not a pidfd", lambda _: iso.Namespace.of_pidfd(0, "net")),
    "a closed pidfd": (iso.InvalidSpecError, "Bad file descriptor", lambda _: iso.Namespace.of_pidfd(closed_fd(), "net")),
    "pidfd -1": (iso.InvalidSpecError, "descriptor -1", lambda _: iso.Namespace.of_pidfd(-1, "net")),
    "another kind": (iso.InvalidSpecError, "is asked for", lambda _: of_net().expect("uts")),
    "no handle": (iso.InvalidSpecError, "handle", lambda _: iso.Namespace.of_file_handle(b"x" * 24)),
    "no number": ((iso.NotFoundError, iso.UnsupportedError), "gone|needs Linux 6.18", lambda _: iso.Namespace.of_kernel_id(2**62)),
    "no name": (iso.NotFoundError, "No such file", lambda _: iso.Namespace.named("libisolate-has-none")),
    "a user namespace twice": (iso.UnsupportedError, "one thread", lambda _: inside_of("user")),
    "a time namespace": (iso.UnsupportedError, "one thread", lambda _: inside_of("time")),
    "nothing inside": (iso.InvalidSpecError, "no namespace is named", lambda _: iso.entered().__enter__()),
    "a gone process's maps": (iso.NotFoundError, "No such process", lambda _: iso.id_maps(ended_pid())),
    "a gone process's paths": (iso.NotFoundError, "no such process", lambda _: iso.cgroup_paths(ended_pid())),
    "a gone process's clocks": (iso.NotFoundError, "no such process", lambda _: iso.time_offsets_of(ended_pid())),
    "pids of net": (iso.InvalidSpecError, "pid", lambda _: iso.translate_pid(1, from_=of_net(), to=of_net())),
    "uids of net": (iso.InvalidSpecError, "user", lambda _: iso.translate_uid(1, from_=of_net(), to=of_net())),
    "nothing kept": (iso.NotFoundError, "No such file", lambda tmp: iso.unpersist(tmp / "none")),
    "a name of two": (iso.InvalidSpecError, "a/b", lambda _: iso.unpersist_name("a/b")),
    "a name of uts": (iso.InvalidSpecError, "net", lambda _: iso.Namespace.of_thread("uts").persist_name("x")),
    "a spec's word": (iso.InvalidSpecError, "namespaces.net", lambda _: iso.spawn(["true"], namespaces={"net": "nwe"})),  # type: ignore
    "a spec's file": (iso.InvalidSpecError, "is not a namespace", lambda _: joined(iso.Namespaces(net="/dev/null"))),
    "a spec's kind": (iso.InvalidSpecError, "uts", lambda _: joined(iso.Namespaces(uts="/proc/self/ns/net"))),
    "a spec's descriptor": (iso.InvalidSpecError, "descriptor", lambda _: joined(iso.Namespaces(net=closed_fd()))),
}


def of_net() -> iso.Namespace:
    return iso.Namespace.of_thread("net")


def joined(namespaces: iso.Namespaces) -> Any:
    return iso.spawn(["true"], profile="none", namespaces=namespaces)


def fifo(tmp: Path) -> Path:
    os.mkfifo(tmp / "fifo")
    return tmp / "fifo"


def loop(tmp: Path) -> Path:
    (tmp / "loop").symlink_to("loop")
    return tmp / "loop"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str, nothing_left: None, tmp_path: Path) -> None:
    kind, words, call = BAD[case]
    try:
        with unmoved(), pytest.raises(kind, match=words) as caught:
            call(tmp_path)
    finally:
        gc.collect()
    text = str(caught.value)
    assert "\n" not in text and not text.endswith(".") and text.startswith(f"{caught.value.stage}: ")
    assert caught.value.stage in ("namespace", "spec", "ids")
    del caught


def test_wrong_types(nothing_left: None) -> None:
    calls: List[Callable[[], Any]] = [
        lambda: iso.Namespace.of_process("1", "net"),  # type: ignore[arg-type]
        lambda: iso.Namespace.of_thread(5),  # type: ignore[arg-type]
        lambda: iso.Namespace.of_file_handle("text"),  # type: ignore[arg-type]
        lambda: iso.Namespace.open(5),  # type: ignore[arg-type]
        lambda: iso.create_namespaces(5),  # type: ignore[arg-type]
    ]
    for call in calls:
        with unmoved(), pytest.raises(TypeError):
            call()
    with pytest.raises((AttributeError, TypeError)):
        iso.entered("net").__enter__()  # type: ignore[arg-type]


def test_a_recycled_number_is_not_the_process(nothing_left: None) -> None:
    child = subprocess.Popen(["sleep", "100"])
    with open_pidfd(child.pid) as pidfd:
        with iso.Namespace.of_pidfd(pidfd, "net") as theirs, iso.Namespace.of_thread("net") as ours:
            assert theirs == ours
        child.kill()
        child.wait()
        with unmoved(), pytest.raises(iso.NotFoundError, match="has ended"):
            iso.Namespace.of_pidfd(pidfd, "net")


def test_eight_threads_make_enter_and_drop(nothing_left: None) -> None:
    with create(["uts", "ipc"]) as shared:
        with enter(shared["uts"]):
            pass
        stop, moved = threading.Event(), []

        def watch() -> None:
            before = {kind: here(kind) for kind in KINDS}
            while not stop.is_set():
                if before != {kind: here(kind) for kind in KINDS}:
                    moved.append(threading.get_ident())

        def work(number: int) -> int:
            before = {kind: here(kind) for kind in KINDS}
            for turn in range(30):
                with iso.create_namespaces(["uts", "net"], hostname=f"box-{number}-{turn}") as made:
                    assert made["uts"].hostname == f"box-{number}-{turn}"
                    with iso.entered(made["uts"], shared["ipc"]) as inside:
                        assert inside(socket.gethostname) == f"box-{number}-{turn}"
                        assert inside(here, "ipc") == str(shared["ipc"])
                        with pytest.raises(ZeroDivisionError):
                            inside(lambda: 1 // 0)
                    with pytest.raises(iso.UnsupportedError):
                        inside_of("user")
                    with shared["uts"].dup() as again, made["net"].owner() as owner:
                        assert again == shared["uts"] and owner.kind == "user"
                assert before == {kind: here(kind) for kind in KINDS}
            return number

        watchers = [threading.Thread(target=watch) for _ in range(2)]
        with unmoved():
            for watcher in watchers:
                watcher.start()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                assert sorted(pool.map(work, range(8))) == list(range(8))
            stop.set()
            for watcher in watchers:
                watcher.join()
        assert moved == []


def test_other_threads_run_while_one_is_made(uts: iso.Namespace) -> None:
    """The interpreter's lock is free while a function inside waits and while a set is made."""
    turns, stop = [0], threading.Event()

    def count() -> None:
        while not stop.is_set():
            turns[0] += 1
            time.sleep(0)

    counter = threading.Thread(target=count)
    counter.start()
    with iso.entered(uts) as inside:
        before = turns[0]
        inside(lambda: wait_until(lambda: turns[0] > before + 100, "the counter runs on"))
    stop.set()
    counter.join()
