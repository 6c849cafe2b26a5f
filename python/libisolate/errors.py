"""The exceptions. Each is an `IsolateError`, and the builtin that a person expects in its place."""

from __future__ import annotations

import errno as _errno
from typing import TYPE_CHECKING, Any, Dict, Tuple, Type

if TYPE_CHECKING:
    from ._spec import Outcome


class IsolateError(Exception):
    """A failure of the library. The text is the same in every language: `stage: subject: what`.

    `str(error)` is that one line.
    """

    kind: str
    """The kind of failure, such as "invalid_spec" or "permission"."""
    errno: int
    """The errno of the failed system call, or the one that stands for the kind."""
    stage: str
    """Where it happened, such as "spec", "mount" or "exec"."""
    subject: str
    """What it happened to: a path, a field of the spec, a program. May be empty."""

    def __init__(
        self, message: str, *, kind: str = "other", errno: int = _errno.EIO, stage: str = "", subject: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind
        # The OSError among the bases keeps these in slots of its own; it prints them only together with
        # a strerror, which is not set.
        self.errno = errno
        self.stage = stage
        self.subject = subject
        if isinstance(self, OSError):
            setattr(self, "filename", subject or None)

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> Tuple[Any, ...]:
        return (_rebuild, (type(self), self.args[0], self.kind, self.errno, self.stage, self.subject))


class InvalidSpecError(IsolateError, ValueError):
    """The spec is wrong in itself; no host could run it."""


class NotFoundError(IsolateError, FileNotFoundError):  # type: ignore[misc]
    """A file, program, user or object that the caller named does not exist."""


class PermissionDeniedError(IsolateError, PermissionError):  # type: ignore[misc]
    """The kernel or the file system refused the caller."""


class UnsupportedError(IsolateError):
    """This kernel, file system or cgroup layout cannot do what was asked."""


class BusyError(IsolateError):
    """The object is in use."""


class LimitError(IsolateError):
    """A limit of the host or of the caller stands in the way (descriptors, memory, namespaces)."""


class TimeoutExpired(IsolateError, TimeoutError):  # type: ignore[misc]
    """The time that the caller gave for an operation has passed. The job still runs."""


class ChildError(IsolateError):
    """The job's init ended without a report."""


class InternalError(IsolateError):
    """A defect of this library."""


class JobFailed(IsolateError):
    """The job ran and failed. Raised by `check=True` and `Outcome.check_returncode()` only."""

    outcome: Outcome[Any]
    """How it ended."""

    def __init__(self, outcome: Outcome[Any]) -> None:
        how = {
            "exit": f"exited with code {outcome.exit_code}",
            "signal": f"ended by signal {outcome.signal}",
        }.get(outcome.reason, outcome.reason.replace("_", " "))
        # Most reasons are evidenced by more than their name.
        if outcome.reason not in ("exit", "signal"):
            how = f"{how} ({outcome.evidence})"
        super().__init__(f"job: pid {outcome.pid}: {how}", kind="job_failed", errno=_errno.ECHILD, stage="job")
        self.subject = f"pid {outcome.pid}"
        self.outcome = outcome

    @property
    def stdout(self) -> Any:
        """What was captured of stdout."""
        return self.outcome.stdout

    @property
    def stderr(self) -> Any:
        """What was captured of stderr."""
        return self.outcome.stderr

    def __reduce__(self) -> Tuple[Any, ...]:
        return (JobFailed, (self.outcome,))


_BY_KIND: Dict[str, Type[IsolateError]] = {
    "invalid_spec": InvalidSpecError,
    "not_found": NotFoundError,
    "permission": PermissionDeniedError,
    "unsupported": UnsupportedError,
    "busy": BusyError,
    "limit": LimitError,
    "timeout": TimeoutExpired,
    "child": ChildError,
    "internal": InternalError,
    "other": IsolateError,
}


def _make(kind: str, errno: int, stage: str, subject: str, message: str) -> IsolateError:
    """Called by the native module for each error it raises."""
    cls = _BY_KIND.get(kind, IsolateError)
    return cls(message, kind=kind, errno=errno, stage=stage, subject=subject)


def _rebuild(
    cls: Type[IsolateError], message: str, kind: str, errno: int, stage: str, subject: str
) -> IsolateError:
    return cls(message, kind=kind, errno=errno, stage=stage, subject=subject)


__all__ = [
    "BusyError",
    "ChildError",
    "InternalError",
    "InvalidSpecError",
    "IsolateError",
    "JobFailed",
    "LimitError",
    "NotFoundError",
    "PermissionDeniedError",
    "TimeoutExpired",
    "UnsupportedError",
]
