"""spawn() and Job: streams, signals, waits from everywhere, and what becomes of a job nobody wants."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import List

import pytest

import libisolate as iso
from conftest import wait_until


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_pipes_are_files(nothing_left: None) -> None:
    with iso.spawn(["cat"], stdin="pipe", stdout="pipe", text=True) as job:
        assert job.stdin is not None and job.stdout is not None and job.stderr is None
        print("line", file=job.stdin, flush=True)
        assert job.stdout.readline() == "line\n"
        job.stdin.close()
        assert job.wait().exit_code == 0


def test_pid_namespaces_enforcement_usage(nothing_left: None) -> None:
    with iso.spawn(["sleep", "100"]) as job:
        with open(f"/proc/{job.pid}/comm") as file:
            assert file.read() == "sleep\n"
        for kind, inode in job.namespaces.items():
            if kind != "time":
                assert os.readlink(f"/proc/{job.pid}/ns/{kind}") == f"{kind}:[{inode}]"
        assert job.enforcement["namespace.pid"].status == "enforced"
        assert job.usage().wall_time > 0
        assert job.poll() is None and job.outcome is None
    assert job.outcome is not None and job.outcome.reason == "killed"
    assert not alive(job.pid)
    assert job.wait() is job.outcome and job.poll() is job.outcome


def test_wait_with_timeout(nothing_left: None) -> None:
    with iso.spawn(["sleep", "100"]) as job:
        with pytest.raises(TimeoutError) as caught:
            job.wait(0.05)
        assert isinstance(caught.value, iso.TimeoutExpired) and caught.value.kind == "timeout"
        assert alive(job.pid), "a wait that gave up leaves the job alone"
        job.kill()
        assert job.wait(30).reason == "killed"


def test_signals(nothing_left: None) -> None:
    script = "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.01; done"
    with iso.spawn(["sh", "-c", script], stdout="pipe", text=True) as job:
        assert job.stdout is not None and job.stdout.readline() == "ready\n"
        with pytest.raises(iso.InvalidSpecError, match="signal: 99: is not a signal"):
            job.send_signal(99)
        assert job.send_signal(signal.SIGUSR1)
        assert job.stdout.readline() == "usr1\n"
        assert job.terminate()
        r = job.wait()
        assert (r.reason, r.signal) == ("signal", signal.SIGTERM)
        assert not job.terminate(), "there is nothing to signal any more"


def test_communicate_can_be_resumed(nothing_left: None) -> None:
    script = "echo early; sleep 0.5; cat; echo late >&2"
    with iso.spawn(["sh", "-c", script], stdin="pipe", stdout="pipe", stderr="pipe") as job:
        with pytest.raises(iso.TimeoutExpired):
            job.communicate(b"body\n" * 50_000, timeout=0.05)
        out, err = job.communicate()
        assert (out, err) == (b"early\n" + b"body\n" * 50_000, b"late\n")


def test_waits_from_many_threads(nothing_left: None) -> None:
    with iso.spawn(["sleep", "100"]) as job:
        seen: List[str] = []
        waiters = [threading.Thread(target=lambda: seen.append(job.wait().reason)) for _ in range(8)]
        for thread in waiters:
            thread.start()
        job.kill()
        for thread in waiters:
            thread.join()
        assert seen == ["killed"] * 8


def test_other_threads_run_during_a_wait(nothing_left: None) -> None:
    with iso.spawn(["cat"], stdin="pipe", stdout="null") as job:
        closer = threading.Thread(target=lambda: job.stdin and job.stdin.close())
        closer.start()
        # Were the interpreter locked, the thread could not end what is waited for.
        assert job.wait(60).exit_code == 0
        closer.join()


def test_many_jobs_at_once_from_threads(nothing_left: None) -> None:
    results: List[bytes] = []

    def work(n: int) -> None:
        for i in range(4):
            r = iso.run(["echo", f"{n} {i}"], capture_output=True)
            results.append(r.stdout or b"")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(f"{n} {i}\n".encode() for n in range(6) for i in range(4))


def test_a_job_runs_on_when_its_thread_has_ended(nothing_left: None) -> None:
    jobs: List[iso.Job[bytes]] = []
    thread = threading.Thread(target=lambda: jobs.append(iso.spawn(["sh", "-c", "sleep 0.3; exit 5"])))
    thread.start()
    thread.join()
    with jobs[0] as job:
        assert job.wait().exit_code == 5
    jobs.clear()


def test_a_job_nobody_holds_is_killed(nothing_left: None) -> None:
    with pytest.warns(ResourceWarning, match="still running"):
        job = iso.spawn(["sleep", "100"])
        pid = job.pid
        del job
        gc.collect()
    assert not alive(pid)


def test_a_block_that_raises_kills(nothing_left: None) -> None:
    with pytest.raises(KeyError):
        with iso.spawn(["sleep", "100"]) as job:
            raise KeyError
    assert not alive(job.pid) and job.outcome is not None and job.outcome.reason == "killed"


def test_closing_twice_and_after_the_end(nothing_left: None) -> None:
    job = iso.spawn(["true"])
    job.wait()
    job.close()
    job.close()
    assert job.wait().exit_code == 0 and not job.send_signal(15)
    job.kill()
    with pytest.raises(ValueError, match="closed"):
        job.fileno()


def test_a_forked_child_leaves_the_job_alone(nothing_left: None) -> None:
    job = iso.spawn(["sleep", "100"])
    child = os.fork()
    if child == 0:
        try:
            job.close()
            del job
            gc.collect()
            # The module itself works here too.
            ok = iso.run(["true"]).success
        finally:
            os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert alive(job.pid), "the child's copy must not kill it"
    job.close()
    assert job.outcome is not None and job.outcome.reason == "killed"
    del job
    gc.collect()


PROGRAM = """
import os, signal, threading, time
import libisolate as iso

def interrupt():
    # Only once the main thread sleeps in the wait: its system call is ppoll.
    while open(f"/proc/self/task/{os.getpid()}/syscall").read().split()[0] != "271":
        time.sleep(0.005)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
job = iso.spawn(["sleep", "100"])
try:
    job.wait()
except KeyboardInterrupt:
    print("interrupted", job.poll() is None, flush=True)
    job.close()
    print(job.outcome.reason)
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="knows the number of ppoll(2) on x86-64 only")
def test_ctrl_c_during_a_wait() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted True\nkilled\n", done.stderr


def test_signal_handlers_run_during_a_wait(nothing_left: None) -> None:
    seen: List[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with iso.spawn(["cat"], stdin="pipe", stdout="null") as job:

            def finish() -> None:
                wait_until(lambda: seen, "the handler runs while the wait goes on")
                assert job.stdin is not None
                job.stdin.close()

            thread = threading.Thread(target=finish)
            thread.start()
            assert job.wait(60).exit_code == 0
            thread.join()
        assert seen == [signal.SIGALRM]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_jobs_end_with_the_interpreter() -> None:
    program = textwrap.dedent(
        """
        import libisolate as iso, sys
        job = iso.spawn(["sleep", "100"])
        cycle = [job]; cycle.append(cycle)
        print(job.pid)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    wait_until(lambda: not alive(int(done.stdout)), "the job is gone")


def test_killed_interpreter_takes_its_jobs_along() -> None:
    # Without a cgroup: a killed process cannot take its directory away.
    program = 'import libisolate as iso, os; j = iso.spawn(["sleep", "100"], cgroup="none"); print(j.pid, flush=True); os.kill(os.getpid(), 9)'
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    wait_until(lambda: not alive(int(done.stdout)), "the job is gone")
