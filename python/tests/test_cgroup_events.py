"""Events of cgroups: waited for, iterated over, polled, and by asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import select
import signal
import threading
from typing import Any, List

import pytest

import libisolate as iso
from conftest import fds, wait_until
from groups import MIB, create, go, has, process, sleeper


def kinds(events: iso.Events) -> List[str]:
    return [event.kind for event in events]


def test_filled_emptied_removed(nothing_left: None) -> None:
    with create() as group, sleeper() as child, group.events("populated") as events:
        assert events.next() is None and not events.is_over()
        group.attach(child.pid)
        event = events.wait(timeout=30)
        assert event is not None and event.kind == "populated" and event.watch == 0 and event.count == 1
        assert pickle.loads(pickle.dumps(event)) == event and hash(event)
        child.kill()
        child.wait()
        event = events.wait(timeout=30)
        assert event is not None and event.kind == "empty"
        group.remove()
        assert kinds(events) == ["removed"]
        assert events.is_over() and events.wait() is None and events.next() is None and list(events) == []


def test_every_watch_has_its_number(nothing_left: None) -> None:
    with create() as group, sleeper() as child:
        with group.events("populated", "frozen") as events:
            seen = []
            for change in (lambda: group.attach(child.pid), group.freeze, group.thaw):
                # What has changed back again before anybody looks is no event.
                change()
                event = events.wait(timeout=30)
                assert event is not None, seen
                seen.append((event.watch, event.kind))
        assert seen == [(0, "populated"), (1, "frozen"), (1, "thawed")]


def test_memory_crosses_a_threshold(nothing_left: None) -> None:
    has("memory")
    program = "b = bytearray(64 << 20); b[::4096] = b'x' * len(b[::4096]); import time; time.sleep(600)"
    with create() as group, process(program) as hog:
        group.attach(hog.pid)
        try:
            events = group.events(iso.ThresholdWatch("32M"))
        except iso.UnsupportedError as error:
            assert not any(p.version == "v1" and "memory" in p.controllers for p in group.places())
            assert "v1" in str(error) or "memory" in str(error)
            return
        with events:
            go(hog)
            event = events.wait(timeout=60)
            assert event is not None and event.kind == "threshold" and event.detail == "above"
            assert (event.value or 0) >= 32 * MIB


def test_bad_watches(nothing_left: None) -> None:
    with create() as group:
        for bad in ("oomm", 5, iso.ThresholdWatch(bytes="much"), iso.PressureWatch("cpu", 0, 0)):
            with pytest.raises((iso.InvalidSpecError, iso.UnsupportedError)) as caught:
                group.events(bad)  # type: ignore[arg-type]
            assert caught.value.stage == "cgroup" and "line 1" not in str(caught.value)


def test_the_descriptor_is_readable_when_there_is_something(nothing_left: None) -> None:
    with create() as group, group.events() as events:
        poll = select.poll()
        poll.register(events, select.POLLIN)
        group.remove()
        wait_until(lambda: poll.poll(100) and events.next(), "the removal is told")
        # As at the end of a file.
        assert poll.poll(0) and events.next() is None


def test_closed(nothing_left: None) -> None:
    with create() as group:
        events = group.events("populated")
        events.close()
        events.close()
        assert events.closed and repr(events) == "<libisolate.Events closed>"
        for call in (events.fileno, events.next, events.wait, events.is_over, lambda: next(iter(events))):
            with pytest.raises(ValueError, match="closed"):
                call()


def test_the_wait_ends_with_the_timeout_and_with_ctrl_c(nothing_left: None) -> None:
    def handler(*_: Any) -> None:
        raise KeyboardInterrupt

    with create() as group, group.events("populated") as events:
        assert events.wait(timeout=0) is None and events.wait(timeout=0.01) is None and events.wait(-1) is None
        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt):
                events.wait()
        finally:
            signal.signal(signal.SIGALRM, before)


def test_by_asyncio(nothing_left: None) -> None:
    async def main() -> None:
        with create() as group, sleeper() as child:
            async with iso.aio.events(group, "populated") as events:
                group.attach(child.pid)
                seen = []
                async for event in events:
                    seen.append(event.kind)
                    if event.kind == "populated":
                        child.kill()
                        child.wait()
                    if event.kind == "empty":
                        group.remove()
                assert seen == ["populated", "empty", "removed"]
                assert events.is_over() and await events.wait() is None
            assert events.closed

    asyncio.run(main())


def test_asyncio_gives_each_event_once_and_loses_none(nothing_left: None) -> None:
    async def main() -> None:
        with create() as group, sleeper() as child:
            async with iso.aio.events(group, "populated") as events:
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(events.wait(), 0.05)
                waiting = [asyncio.ensure_future(events.wait()) for _ in range(3)]
                await asyncio.sleep(0)
                group.attach(child.pid)
                done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=30)
                assert [task.result().kind for task in done if task.result()] == ["populated"]
                # Closing wakes who still waits.
                events.close()
                assert [await task for task in rest] == [None, None]
                with pytest.raises(ValueError):
                    await events.wait()

    asyncio.run(main())


def test_asyncio_leaves_no_descriptor() -> None:
    async def main() -> None:
        with create() as group:
            before = fds()
            for _ in range(10):
                async with iso.aio.events(group, "populated") as events:
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(events.wait(), 0.001)
            assert fds() == before

    asyncio.run(main())


def test_the_group_of_an_asyncio_job(limited: None) -> None:
    async def main() -> None:
        async with await iso.aio.spawn(["sleep", "600"], limits=iso.Limits(memory="64M")) as job:
            with job.cgroup() as group:
                assert job.pid in group.processes(recursive=True)
                assert (await job.update(memory="128M"))["memory"].value == str(128 * MIB)
                assert group.memory("limit") == 128 * MIB == int(job.enforcement["memory"].value or 0)
                async with iso.aio.events(group, "populated") as events:
                    job.kill()
                    await job.wait()
                    assert [event.kind async for event in events][-1] == "removed"

    asyncio.run(main())


def test_many_threads_take_each_event_once(nothing_left: None) -> None:
    with create() as group, sleeper() as child, group.events("populated") as events:
        taken: List[str] = []

        def take() -> None:
            for event in events:
                taken.append(event.kind)

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        group.attach(child.pid)
        wait_until(lambda: "populated" in taken, "one of them has it")
        child.kill()
        child.wait()
        wait_until(lambda: "empty" in taken, "one of them has it")
        group.remove()
        for thread in threads:
            thread.join()
        assert sorted(taken) == ["empty", "populated", "removed"]
