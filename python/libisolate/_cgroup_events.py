"""`Events`: what happens to a cgroup, as it happens."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Iterator, Optional, Type

from . import _native, _wire
from ._cgroup_types import CgroupEvent
from ._timeout import Timeout, seconds


class Events:
    """The events of a group from `Cgroup.events()` on: what it was asked to watch, and its removal.

    An iterator: each turn waits for the next event, and it ends after that of the removal. A context manager
    that closes it. For an event loop there is `fileno()`, and `libisolate.aio.events()`. It does not keep
    the group from being removed.

    Every method may be called from several threads; each event is given once. They raise ValueError once it
    is closed, and IsolateError when a file of the group cannot be read although the group is there.
    """

    __slots__ = ("_native", "__weakref__")

    def __init__(self, native: _native.Events) -> None:
        self._native = native

    def fileno(self) -> int:
        """A descriptor that is readable while there may be something to take, and after the end. Not to be
        read or closed.

        Where the kernel has no notification it is readable ten times a second (see `Watch`), with nothing
        to take.
        """
        return self._native.fileno()

    def next(self) -> Optional[CgroupEvent]:
        """The next event, or `None` when there is none now, or never again (`is_over()`). Does not block.

        To be called when the descriptor is readable, until it gives `None`.
        """
        return _event(self._native.next())

    def wait(self, timeout: Optional[Timeout] = None) -> Optional[CgroupEvent]:
        """Waits for the next event, at most `timeout` seconds; `None` when they have passed, or when there
        will be no event any more.

        Other threads run meanwhile, and Ctrl-C interrupts.
        """
        return _event(self._native.wait(seconds(timeout)))

    def is_over(self) -> bool:
        """Whether the group is gone and every event was taken."""
        return self._native.is_over()

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._native.closed

    def close(self) -> None:
        """Closes its descriptors."""
        self._native.close()

    def __iter__(self) -> Iterator[CgroupEvent]:
        return self

    def __next__(self) -> CgroupEvent:
        event = self.wait()
        if event is None:
            raise StopIteration
        return event

    def __enter__(self) -> Events:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<libisolate.Events{' closed' if self.closed else ''}>"


def _event(text: Optional[str]) -> Optional[CgroupEvent]:
    return None if text is None else _wire.read(CgroupEvent, json.loads(text))


__all__ = ["Events"]
