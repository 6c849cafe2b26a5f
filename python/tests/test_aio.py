"""libisolate.aio: the event loop waits, runs on meanwhile, and a cancelled run leaves nothing."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import Any, Coroutine

import pytest

import libisolate as iso
from conftest import children, fds, wait_until
from test_job import alive


def go(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(main, 60))


@pytest.fixture(autouse=True)
def nothing_open() -> Any:
    before = (fds(), children())
    yield
    gc.collect()
    assert (fds(), children()) == before


def test_run() -> None:
    r = go(iso.aio.run(["sh", "-c", "cat; echo err >&2; exit 3"], input="in\n", capture_output=True, text=True))
    assert (r.reason, r.exit_code, r.stdout, r.stderr) == ("exit", 3, "in\n", "err\n")
    with pytest.raises(iso.JobFailed):
        go(iso.aio.run(["false"], check=True))
    with pytest.raises(iso.NotFoundError):
        go(iso.aio.run(["/no/such"]))


def test_large_streams_at_once() -> None:
    data = os.urandom(1 << 20)
    r = go(iso.aio.run(["sh", "-c", "cat > /tmp/data; cat /tmp/data; cat /tmp/data >&2"], input=data, stdout="pipe", stderr="capture"))
    assert r.stdout == data and r.stderr == data


def test_the_loop_runs_on() -> None:
    async def main() -> int:
        turns = 0
        task = asyncio.ensure_future(iso.aio.run(["sleep", "0.3"]))
        while not task.done():
            turns += 1
            await asyncio.sleep(0.001)
        assert (await task).success
        return turns

    assert go(main()) > 10


def test_eight_at_once() -> None:
    async def main() -> Any:
        runs = [iso.aio.run(["echo", str(n)], capture_output=True) for n in range(8)]
        return await asyncio.gather(*runs)

    assert [r.stdout for r in go(main())] == [f"{n}\n".encode() for n in range(8)]


def test_streams() -> None:
    async def main() -> None:
        async with await iso.aio.spawn(["cat"], stdin="pipe", stdout="pipe") as job:
            assert job.stdin is not None and job.stdout is not None and job.stderr is None
            job.stdin.write(b"one\n")
            assert await job.stdout.readline() == b"one\n"
            job.stdin.close()
            assert (await job.wait()).exit_code == 0
            assert await job.stdout.read() == b""

    go(main())


def test_a_cancelled_run_kills(tmp_path: Path) -> None:
    async def main() -> int:
        before = set(children())
        # It hears its input only once run() has it in hand.
        script = "read line; touch /work/up; sleep 100"
        bind = iso.Bind(tmp_path, "/work", rw=True)
        task = asyncio.ensure_future(iso.aio.run(["sh", "-c", script], input=b"go\n", binds=[bind]))
        while not (tmp_path / "up").exists():
            await asyncio.sleep(0.005)
        assert set(children()) - before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(set(children()) - before)

    assert go(main()) == 0


def test_cancelled_while_it_starts() -> None:
    async def main() -> None:
        task = asyncio.ensure_future(iso.aio.run(["sleep", "100"]))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = children()
    go(main())
    wait_until(lambda: children() == before, "the job that was starting is gone")


def test_a_cancelled_wait_leaves_the_job_running() -> None:
    async def main() -> None:
        async with await iso.aio.spawn(["sleep", "100"]) as job:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(job.wait(), 0.05)
            assert alive(job.pid)
            job.kill()
            assert (await job.wait()).reason == "killed"
            assert job.outcome is not None

    go(main())


def test_the_end_of_the_block_kills() -> None:
    async def main() -> int:
        async with await iso.aio.spawn(["sleep", "100"], stdout="pipe") as job:
            pass
        assert (await job.wait()).reason == "killed"
        return job.pid

    assert not alive(go(main()))


def test_a_job_nobody_holds_is_killed() -> None:
    async def main() -> int:
        job = await iso.aio.spawn(["sleep", "100"])
        pid = job.pid
        del job
        gc.collect()
        return pid

    with pytest.warns(ResourceWarning):
        pid = go(main())
    assert not alive(pid)


def test_library_limits_without_a_wait() -> None:
    async def main() -> None:
        async with await iso.aio.spawn(["cat", "/dev/zero"], stdout="capture", limits=iso.Limits(output=4096)) as job:
            while job.outcome is None:
                await asyncio.sleep(0.005)
            assert job.outcome.reason == "output_limit"

    go(main())
