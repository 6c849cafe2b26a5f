"""The events of a cgroup for asyncio."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import AsyncIterator, List, Optional, Type

from . import _cgroup_events
from ._cgroup import Cgroup
from ._cgroup_types import CgroupEvent, Watch


class Events:
    """The events of a group, made by `events()`: an async iterator that ends after that of the group's removal,
    and an async context manager that closes it."""

    def __init__(self, events: _cgroup_events.Events) -> None:
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._waiting: List[asyncio.Future[None]] = []

    async def wait(self) -> Optional[CgroupEvent]:
        """The next event; `None` when there will be none any more. When cancelled, no event is lost."""
        while True:
            event = self._events.next()
            if event is not None or self._events.is_over():
                return event
            await self._readable()
            if self._events.closed:
                return None

    async def _readable(self) -> None:
        # Watched only while somebody waits: what nobody takes leaves the descriptor readable.
        turn = self._loop.create_future()
        if not self._waiting:
            self._loop.add_reader(self._events.fileno(), self._wake)
        self._waiting.append(turn)
        try:
            await turn
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
                if not self._waiting:
                    self._loop.remove_reader(self._events.fileno())

    def _wake(self) -> None:
        self._loop.remove_reader(self._events.fileno())
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    def is_over(self) -> bool:
        """Whether the group is gone and every event was taken."""
        return self._events.is_over()

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._events.closed

    def close(self) -> None:
        """Closes its descriptors. Who waits gets `None`, and an iteration ends."""
        if self._waiting:
            self._wake()
        self._events.close()

    def __aiter__(self) -> AsyncIterator[CgroupEvent]:
        return self

    async def __anext__(self) -> CgroupEvent:
        event = await self.wait()
        if event is None:
            raise StopAsyncIteration
        return event

    async def __aenter__(self) -> Events:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._events).replace("libisolate.Events", "libisolate.aio.Events")


def events(group: Cgroup, *watches: Watch) -> Events:
    """Begins to watch a group, as `Cgroup.events()`; the running event loop itself waits, no thread does."""
    return Events(group.events(*watches))


__all__ = ["Events", "events"]
