"""Threads and namespaces: `entered()` with a thread of its own, `enter_thread()` and `unshare_thread()` with
the calling one."""

from __future__ import annotations

import atexit
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Callable, Optional, Tuple, Type, TypeVar, Union

from . import _native
from ._namespace import Kinds, Namespace, descriptor, listed

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from ._spec import HasFileno

    P = ParamSpec("P")

R = TypeVar("R")

_started: "weakref.WeakSet[Inside]" = weakref.WeakSet()


class Inside:
    """A thread of its own that lives in namespaces; made by `entered()`, started by `with`.

    Call it with a function and its arguments: the function runs on that thread, the caller waits (Ctrl-C
    interrupts the wait, not the function), and gets what it returns, or its exception as it is. One function
    runs at a time; calls from other threads wait their turn, one from inside runs at once. The callers'
    threads never move. Descriptors that the functions open are the whole process's.

    At the end of the block the functions that were asked for come to their end, and so does the thread.
    Called before or after the block it raises ValueError, and RuntimeError in a child of `os.fork()`, which
    has no such thread.
    """

    def __init__(self, namespaces: Tuple[Namespace, ...]) -> None:
        self._namespaces = namespaces
        self._native: Optional[_native.Inside] = None

    def __call__(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._native is None:
            raise ValueError("the thread inside is not started: it lives in a with block")
        result: R = self._native.call(function, args, kwargs)
        return result

    def __enter__(self) -> Inside:
        if self._native is not None and not self._native.closed:
            raise RuntimeError("the thread inside is started already")
        self._native = _native.Inside([namespace._native for namespace in self._namespaces])
        _started.add(self)
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._native is not None:
            self._native.close()

    def __repr__(self) -> str:
        return f"<libisolate.Inside {' '.join(map(str, self._namespaces))}>"


@atexit.register
def _close_all() -> None:
    # Before the interpreter takes itself apart, where a thread can no longer run Python.
    for inside in list(_started):
        inside._close()


def entered(*namespaces: Namespace) -> Inside:
    """A thread of its own in namespaces, for what works where its thread is.

        with iso.entered(net, uts) as inside:
            sock = inside(socket.create_server, ("127.0.0.1", 80))
            name = inside(socket.gethostname)

    Of a pid namespace it enters the one for its children. Entering raises UnsupportedError for user and time
    namespaces, which the kernel lets no thread of several enter (a job can); PermissionDeniedError without
    CAP_SYS_ADMIN over each; InvalidSpecError for none, or two of a kind.
    """
    return Inside(namespaces)


def enter_thread(*namespaces: Namespace) -> None:
    """Moves the calling thread into namespaces: into all of them, or, on an error, into none.

    For good: a thread begins where the one that starts it is, all others stay where they are. Code that
    shares its thread with others wants `entered()`. Of a pid namespace it enters the one for its children.

    Raises UnsupportedError for what the kernel does not let one thread of several do: user and time
    namespaces, and mount namespaces while the thread shares its working directory with others;
    PermissionDeniedError without CAP_SYS_ADMIN over each; InvalidSpecError for none, or two of a kind.
    """
    _native.enter_thread([namespace._native for namespace in namespaces])


def enter_thread_pidfd(pidfd: Union[int, HasFileno], kinds: Kinds) -> None:
    """Moves the calling thread into namespaces of the process of a pidfd, several kinds in one step.

    Raises as `enter_thread()`; NotFoundError when the process has ended; UnsupportedError before Linux 5.8.
    """
    _native.enter_thread_pidfd(descriptor(pidfd), listed(kinds))


def unshare_thread(kinds: Kinds) -> None:
    """Gives the calling thread new namespaces: all of them, or none.

    For good, and for this thread alone. New pid and time namespaces are for its children; after either of
    them the kernel lets this thread start no further thread. A new mount namespace is a copy, whose mounts
    stay shared with the old one as they were.

    Raises UnsupportedError for a user namespace, which the kernel gives only to a process with one thread
    (`create_namespaces()` makes one, and so does a job); PermissionDeniedError without CAP_SYS_ADMIN;
    LimitError where user.max_KIND_namespaces is reached.
    """
    _native.unshare_thread(listed(kinds))


__all__ = ["Inside", "enter_thread", "enter_thread_pidfd", "entered", "unshare_thread"]
