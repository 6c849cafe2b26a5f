"""`run()`, `spawn()` and `Job`: the library in the manner of `subprocess`."""

from __future__ import annotations

import atexit
import dataclasses
import io
import json
import os
import selectors
import signal as _signal
import time
import warnings
import weakref
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, AnyStr, Dict, Generic, List, Mapping, Optional, Sequence
from typing import Tuple, Type, Union, cast, overload

from . import _native, _wire
from ._cgroup import Cgroup, settings
from ._namespace import Namespace
from ._ns_types import NamespaceKind, Process
from ._spec import Enforced, Limits, Outcome, Spec, Text, Usage
from ._timeout import Timeout, seconds
from .errors import NotFoundError, TimeoutExpired

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Unpack

    from ._spec import SpecOptions

Argv = Union[Sequence[Text], Spec]

_running: "weakref.WeakSet[Job[Any]]" = weakref.WeakSet()


@dataclasses.dataclass(frozen=True)
class TextMode:
    """How bytes become text, as `open()` has it; or that they do not."""

    on: bool
    encoding: Optional[str]
    errors: Optional[str]

    @classmethod
    def of(cls, text: Optional[bool], encoding: Optional[str], errors: Optional[str]) -> TextMode:
        return cls(bool(text) or encoding is not None or errors is not None, encoding, errors)

    def decode(self, data: Any) -> Any:
        if data is None or not self.on:
            return data
        with io.TextIOWrapper(io.BytesIO(data), self.encoding, self.errors) as reader:
            return reader.read()

    def encode(self, data: Any) -> bytes:
        if not isinstance(data, str):
            return bytes(data)
        return data.encode(self.encoding or "utf-8", self.errors or "strict")

    def open(self, fd: Optional[int], mode: str) -> Any:
        if fd is None:
            return None
        if self.on:
            return open(fd, mode, encoding=self.encoding, errors=self.errors)
        return open(fd, mode + "b")


def fields(argv: Optional[Argv], spec: Any, options: Mapping[str, Any]) -> Dict[str, Any]:
    """The fields of the spec that a call describes."""
    if isinstance(argv, Spec):
        argv, spec = None, argv
    merged = {} if spec is None else _wire.fields_of(spec)
    if argv is not None:
        merged["argv"] = argv
    merged.update(options)
    return merged


class Job(Generic[AnyStr]):
    """A running job; made by `spawn()`.

    A context manager: at the end of the block the job is killed, if it still runs, and reaped. So is one
    that is no longer referenced, and every one when the interpreter ends. Methods may be called from any
    thread.

    What is captured, and what the library itself limits (time, CPU time, output), is attended to while
    some call of `wait()`, `poll()` or `communicate()` is made, or `fileno()` is watched.
    """

    stdin: Optional[IO[AnyStr]]
    """Where to write to the program's stdin, where the spec says "pipe"."""
    stdout: Optional[IO[AnyStr]]
    """Where to read the program's stdout, where the spec says "pipe"."""
    stderr: Optional[IO[AnyStr]]
    """Where to read the program's stderr, where the spec says "pipe"."""

    def __init__(self, native: _native.Job, mode: TextMode) -> None:
        self._native = native
        self._mode = mode
        self._outcome: Optional[Outcome[AnyStr]] = None
        self._owner = os.getpid()
        self.stdin = mode.open(native.take_stdin(), "w")
        self.stdout = mode.open(native.take_stdout(), "r")
        self.stderr = mode.open(native.take_stderr(), "r")
        self._enforcement: Dict[str, Enforced] = _wire.enforcement(json.loads(native.enforcement()))
        self._namespaces: Dict[str, int] = json.loads(native.namespaces())
        self._pending = memoryview(b"")
        self._read: Dict[str, List[bytes]] = {}
        _running.add(self)

    @property
    def pid(self) -> int:
        """Process id of the program as the caller sees it."""
        return self._native.pid

    @property
    def enforcement(self) -> Mapping[str, Enforced]:
        """What is in force, by name."""
        return self._enforcement

    @property
    def namespaces(self) -> Mapping[str, int]:
        """The inode numbers of the job's namespaces by kind."""
        return self._namespaces

    @property
    def outcome(self) -> Optional[Outcome[AnyStr]]:
        """How the job ended, once that is known; does not look."""
        return self._outcome

    def fileno(self) -> int:
        """A descriptor for an event loop: when it is readable, call `poll()`. Not to be read or closed."""
        return self._native.fileno()

    def namespace(self, kind: NamespaceKind) -> Namespace:
        """A handle of one of the job's namespaces, which lives on as long as the handle does.

        Raises NotFoundError when the job has ended, PermissionDeniedError where it may not be looked into.
        """
        return Namespace(self._native.namespace(kind))

    def processes(self) -> Sequence[Process]:
        """The processes of the job by ascending number, without the init; `inside` is the number in the
        job's own pid namespace where it has one. None once the job has ended.
        """
        return _wire.read_list(Process, json.loads(self._native.processes()))

    def cgroup(self) -> Cgroup:
        """The job's own group, as a handle that lives on after the job; the group does not.

        Raises NotFoundError when the job has no group, or has ended.
        """
        return Cgroup(self._native.cgroup())

    def update(
        self, limits: Union[Limits, Mapping[str, Any], None] = None, **fields: Any
    ) -> Dict[str, Enforced]:
        """Puts other limits in force while the job runs, given as `Limits` or as its fields; gives what is in
        force, by name. All or nothing; what is not named stays as it is. `enforcement` and the outcome tell
        of them from then on.

        A controller that the job's group does not have yet, it gets; on v1 that moves the job's processes, at
        the price that `Cgroup.attach()` tells of.

        Raises as `Cgroup.apply()`, and NotFoundError as `cgroup()`.
        """
        enforced = _wire.enforcement(json.loads(self._native.update(settings(limits, fields))))
        self._enforcement = _wire.enforcement(json.loads(self._native.enforcement()))
        return enforced

    if TYPE_CHECKING:

        @overload
        def exec(
            self, argv: Optional[Argv] = ..., *, text: Literal[True], encoding: Optional[str] = ...,
            errors: Optional[str] = ..., spec: Union[Spec, Mapping[str, Any], None] = ...,
            **options: Unpack[SpecOptions],
        ) -> Job[str]: ...
        @overload
        def exec(
            self, argv: Optional[Argv] = ..., *, text: Optional[bool] = ..., encoding: str,
            errors: Optional[str] = ..., spec: Union[Spec, Mapping[str, Any], None] = ...,
            **options: Unpack[SpecOptions],
        ) -> Job[str]: ...
        @overload
        def exec(
            self, argv: Optional[Argv] = ..., *, text: Union[Literal[False], None] = ..., encoding: None = ...,
            errors: None = ..., spec: Union[Spec, Mapping[str, Any], None] = ..., **options: Unpack[SpecOptions],
        ) -> Job[bytes]: ...

    def exec(
        self,
        argv: Optional[Argv] = None,
        *,
        text: Optional[bool] = None,
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        spec: Union[Spec, Mapping[str, Any], None] = None,
        **options: Any,
    ) -> Any:
        """Starts another program inside the running job: in its namespaces, its cgroup (so that its limits
        hold for both) and its root, with its ids unless others are named. It ends with the job at the latest.

        Arguments as of `spawn()`. Raises InvalidSpecError for what the job has decided: namespaces, root,
        mounts, maps, names, cgroup; NotFoundError when the job has ended; else as `spawn()`.
        """
        mode = TextMode.of(text, encoding, errors)
        return Job(self._native.exec(_wire.dump(fields(argv, spec, options))), mode)

    def usage(self) -> Usage:
        """What the job has used so far."""
        if self._outcome is not None:
            return self._outcome.usage
        return _wire.load(Usage, json.loads(self._native.usage()))

    def poll(self) -> Optional[Outcome[AnyStr]]:
        """The outcome when the job has ended, else `None`. Does not block."""
        if self._outcome is None:
            ended = self._native.poll()
            if ended is not None:
                self._end(ended)
        return self._outcome

    def wait(self, timeout: Optional[Timeout] = None) -> Outcome[AnyStr]:
        """Waits for the job to end, at most `timeout` seconds.

        Other threads run meanwhile, and Ctrl-C interrupts. Raises TimeoutExpired; the job then still runs.
        A job that fills a pipe nobody reads never ends: see `communicate()`.
        """
        if self._outcome is None:
            self._end(self._native.wait(seconds(timeout)))
        return cast("Outcome[AnyStr]", self._outcome)

    def send_signal(self, signal: int) -> bool:
        """Sends a signal to the program. `False` when the job has ended."""
        if self._outcome is not None:
            return False
        try:
            self._native.signal(signal)
        except NotFoundError:
            return False
        return True

    def terminate(self) -> bool:
        """Sends SIGTERM to the program. `False` when the job has ended."""
        return self.send_signal(_signal.SIGTERM)

    def kill(self) -> None:
        """Kills every process of the job. It then ends as "killed"."""
        if self._outcome is None:
            self._native.kill()

    def communicate(
        self, input: Optional[AnyStr] = None, timeout: Optional[Timeout] = None
    ) -> Tuple[Optional[AnyStr], Optional[AnyStr]]:
        """Writes `input` to the program's stdin, reads its piped streams to their end, and waits.

        All at once, on this thread, so that no full pipe stops the job. Gives stdout and stderr, piped or
        captured. After TimeoutExpired it may be called again, without input, and nothing is lost.
        """
        deadline = None if timeout is None else time.monotonic() + seconds(timeout)
        with selectors.DefaultSelector() as selector:
            self._feed(selector, input)
            for name in ("stdout", "stderr"):
                stream = getattr(self, name)
                if stream is not None and not stream.closed:
                    self._read.setdefault(name, [])
                    selector.register(stream, selectors.EVENT_READ, name)
            if selector.get_map():
                self._exchange(selector, deadline, timeout)
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        outcome = self.wait(left)
        out, err = (self._mode.decode(self._piped(name)) for name in ("stdout", "stderr"))
        return (outcome.stdout if out is None else out, outcome.stderr if err is None else err)

    def _piped(self, name: str) -> Optional[bytes]:
        parts = self._read.get(name)
        return None if parts is None else b"".join(parts)

    def _feed(self, selector: selectors.BaseSelector, input: Optional[AnyStr]) -> None:
        if self.stdin is None or self.stdin.closed:
            if input:
                raise ValueError("input needs stdin=\"pipe\"")
            return
        try:
            self.stdin.flush()
        except BrokenPipeError:
            pass
        if input:
            self._pending = memoryview(self._mode.encode(input))
        if self._pending:
            os.set_blocking(self.stdin.fileno(), False)
            selector.register(self.stdin, selectors.EVENT_WRITE, "stdin")
        else:
            self._close_stream("stdin")

    def _exchange(
        self, selector: selectors.BaseSelector, deadline: Optional[float], timeout: Optional[Timeout]
    ) -> None:
        """Moves bytes until no stream is left, with an eye on the job itself: it captures too."""
        if self._outcome is None:
            selector.register(self._native.fileno(), selectors.EVENT_READ, "job")
        while any(key.data != "job" for key in selector.get_map().values()):
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutExpired(
                    f"wait: pid {self.pid}: the job still runs after {seconds(timeout)} seconds",
                    kind="timeout", errno=110, stage="wait", subject=f"pid {self.pid}",
                )
            for key, _ in selector.select(left):
                if key.data == "job":
                    if self.poll() is not None:
                        selector.unregister(key.fileobj)
                elif key.data == "stdin":
                    self._write(selector, key)
                else:
                    data = os.read(key.fd, 65536)
                    if data:
                        self._read[key.data].append(data)
                    else:
                        selector.unregister(key.fileobj)
                        self._close_stream(key.data)

    def _write(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        try:
            self._pending = self._pending[os.write(key.fd, self._pending[:65536]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # The program did not want it; its outcome tells whether that is a failure.
            self._pending = memoryview(b"")
        if not self._pending:
            selector.unregister(key.fileobj)
            self._close_stream("stdin")

    def _close_stream(self, name: str) -> None:
        stream = getattr(self, name)
        if stream is not None:
            try:
                stream.close()
            except BrokenPipeError:
                pass

    def close(self) -> None:
        """Closes the pipes, kills the job if it still runs, and reaps it.

        In a child of os.fork() it closes the child's copies only; the job is its parent's.
        """
        for name in ("stdin", "stdout", "stderr"):
            self._close_stream(name)
        ended = self._native.close()
        if ended is not None and self._outcome is None:
            self._end(ended)

    def _end(self, ended: _wire.Ended) -> None:
        outcome = _wire.outcome(ended)
        if self._mode.on:
            outcome = dataclasses.replace(
                outcome,
                stdout=self._mode.decode(outcome.stdout),
                stderr=self._mode.decode(outcome.stderr),
            )
        self._outcome = outcome

    def __enter__(self) -> Job[AnyStr]:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Not set when __init__ failed, nor once the interpreter has taken itself apart.
        owner = getattr(self, "_owner", None)
        if owner is not None and self._outcome is None and owner == os.getpid():
            warnings.warn(f"job {self.pid} is still running and is killed", ResourceWarning, source=self)

    def __repr__(self) -> str:
        state = "running" if self._outcome is None else self._outcome.reason
        return f"<libisolate.Job pid={self.pid} {state}>"


@atexit.register
def _close_all() -> None:
    for job in list(_running):
        job.close()


if TYPE_CHECKING:

    @overload
    def spawn(
        argv: Optional[Argv] = ..., *, text: Literal[True], encoding: Optional[str] = ...,
        errors: Optional[str] = ..., spec: Union[Spec, Mapping[str, Any], None] = ..., **options: Unpack[SpecOptions],
    ) -> Job[str]: ...
    @overload
    def spawn(
        argv: Optional[Argv] = ..., *, text: Optional[bool] = ..., encoding: str,
        errors: Optional[str] = ..., spec: Union[Spec, Mapping[str, Any], None] = ..., **options: Unpack[SpecOptions],
    ) -> Job[str]: ...
    @overload
    def spawn(
        argv: Optional[Argv] = ..., *, text: Union[Literal[False], None] = ..., encoding: None = ...,
        errors: None = ..., spec: Union[Spec, Mapping[str, Any], None] = ..., **options: Unpack[SpecOptions],
    ) -> Job[bytes]: ...


def spawn(
    argv: Optional[Argv] = None,
    *,
    text: Optional[bool] = None,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    spec: Union[Spec, Mapping[str, Any], None] = None,
    **options: Any,
) -> Any:
    """Starts a job; when this returns, its program runs.

    `argv` is the program and its arguments, or a whole `Spec`; every other keyword is a field of the spec
    and overrides that field of `spec`. With `text`, `encoding` or `errors` the streams are text.

    Raises IsolateError for everything that kept the job from starting.
    """
    mode = TextMode.of(text, encoding, errors)
    return Job(_native.spawn(_wire.dump(fields(argv, spec, options))), mode)


if TYPE_CHECKING:

    @overload
    def run(
        argv: Optional[Argv] = ..., *, check: bool = ..., capture_output: bool = ..., text: Literal[True],
        encoding: Optional[str] = ..., errors: Optional[str] = ..., input: Optional[str] = ...,
        spec: Union[Spec, Mapping[str, Any], None] = ..., **options: Unpack[SpecOptions],
    ) -> Outcome[str]: ...
    @overload
    def run(
        argv: Optional[Argv] = ..., *, check: bool = ..., capture_output: bool = ..., text: Optional[bool] = ...,
        encoding: str, errors: Optional[str] = ..., input: Optional[str] = ...,
        spec: Union[Spec, Mapping[str, Any], None] = ..., **options: Unpack[SpecOptions],
    ) -> Outcome[str]: ...
    @overload
    def run(
        argv: Optional[Argv] = ..., *, check: bool = ..., capture_output: bool = ...,
        text: Union[Literal[False], None] = ..., encoding: None = ..., errors: None = ...,
        input: Optional[bytes] = ..., spec: Union[Spec, Mapping[str, Any], None] = ..., **options: Unpack[SpecOptions],
    ) -> Outcome[bytes]: ...


def run(
    argv: Optional[Argv] = None,
    *,
    check: bool = False,
    capture_output: bool = False,
    text: Optional[bool] = None,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    input: Any = None,
    spec: Union[Spec, Mapping[str, Any], None] = None,
    **options: Any,
) -> Any:
    """Runs a job to its end and gives its outcome.

    `argv` is the program and its arguments, or a whole `Spec`; every other keyword is a field of the spec
    and overrides that field of `spec`. `capture_output` captures both streams. `input` is written to the
    program's stdin. With `text`, `encoding` or `errors` the streams are text. With `check`, a job that did
    not exit with code 0 raises JobFailed.

    Raises IsolateError for everything that kept the job from starting. A job that ran and failed is an
    outcome.
    """
    request = streams(fields(argv, spec, options), capture_output, input)
    job: Job[Any] = Job(_native.spawn(_wire.dump(request)), TextMode.of(text, encoding, errors))
    with job:
        out, err = job.communicate(input)
        outcome = dataclasses.replace(job.wait(), stdout=out, stderr=err)
    if check:
        outcome.check_returncode()
    return outcome


def streams(request: Dict[str, Any], capture_output: bool, input: Any) -> Dict[str, Any]:
    """The fields with what `capture_output` and `input` ask for."""
    if capture_output:
        for name in ("stdout", "stderr"):
            if request.get(name, "inherit") != "inherit":
                raise ValueError(f"{name} and capture_output may not both be given")
            request[name] = "capture"
    if input is not None:
        if request.get("stdin", "inherit") != "inherit":
            raise ValueError("stdin and input may not both be given")
        request["stdin"] = "pipe"
    return request
