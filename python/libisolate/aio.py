"""`run()`, `spawn()` and `events()` for asyncio: the event loop itself waits for the descriptor, no thread does."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import weakref
from types import TracebackType
from typing import IO, Any, Callable, Dict, Generic, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union

from . import _job, _native, _wire
from ._aio_events import Events, events
from ._cgroup import Cgroup
from ._job import Argv, TextMode
from ._namespace import Namespace
from ._ns_types import NamespaceKind, Process
from ._spec import Enforced, Limits, Outcome, Spec, Usage

T = TypeVar("T")


class Job:
    """A running job; made by `await spawn()`.

    An async context manager: at the end of the block the job is killed, if it still runs, and reaped. So is
    one that is no longer referenced.
    """

    stdin: Optional[asyncio.StreamWriter] = None
    """Where to write to the program's stdin, where the spec says "pipe"."""
    stdout: Optional[asyncio.StreamReader] = None
    """Where to read the program's stdout, where the spec says "pipe"."""
    stderr: Optional[asyncio.StreamReader] = None
    """Where to read the program's stderr, where the spec says "pipe"."""

    def __init__(self, job: _job.Job[Any]) -> None:
        self._job = job
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[Outcome[Any]] = self._loop.create_future()
        self._transports: list[asyncio.BaseTransport] = []
        self._watched: Optional[int] = job.fileno()
        # Weak: the loop must not keep alive a job that nobody else holds.
        self._loop.add_reader(self._watched, _ready, weakref.ref(self))

    async def _connect(self) -> None:
        job = self._job
        if job.stdin is not None:
            self.stdin = await self._writer(job.stdin)
        if job.stdout is not None:
            self.stdout = await self._reader(job.stdout)
        if job.stderr is not None:
            self.stderr = await self._reader(job.stderr)

    async def _reader(self, pipe: IO[Any]) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self._loop)
        transport, _ = await self._loop.connect_read_pipe(lambda: protocol, pipe)
        self._transports.append(transport)
        return reader

    async def _writer(self, pipe: IO[Any]) -> asyncio.StreamWriter:
        # The protocol for readers is the public one that also has what a writer's flow control needs.
        reader = asyncio.StreamReader(loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self._loop)
        transport, _ = await self._loop.connect_write_pipe(lambda: protocol, pipe)
        self._transports.append(transport)
        return asyncio.StreamWriter(transport, protocol, reader, self._loop)

    def _turn(self) -> None:
        try:
            outcome = self._job.poll()
        except Exception as error:
            self._unwatch()
            if not self._end.done():
                self._end.set_exception(error)
            return
        if outcome is not None:
            self._unwatch()
            if not self._end.done():
                self._end.set_result(outcome)

    def _unwatch(self) -> None:
        if self._watched is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._watched)
        self._watched = None

    @property
    def pid(self) -> int:
        """Process id of the program as the caller sees it."""
        return self._job.pid

    @property
    def enforcement(self) -> Mapping[str, Enforced]:
        """What is in force, by name."""
        return self._job.enforcement

    @property
    def namespaces(self) -> Mapping[str, int]:
        """The inode numbers of the job's namespaces by kind."""
        return self._job.namespaces

    @property
    def outcome(self) -> Optional[Outcome[Any]]:
        """How the job ended, once that is known."""
        return self._job.outcome

    def namespace(self, kind: NamespaceKind) -> Namespace:
        """A handle of one of the job's namespaces, as `libisolate.Job.namespace()`."""
        return self._job.namespace(kind)

    def processes(self) -> Sequence[Process]:
        """The processes of the job, as `libisolate.Job.processes()`."""
        return self._job.processes()

    def cgroup(self) -> Cgroup:
        """The job's own group, as `libisolate.Job.cgroup()`."""
        return self._job.cgroup()

    async def update(
        self, limits: Union[Limits, Mapping[str, Any], None] = None, **fields: Any
    ) -> Dict[str, Enforced]:
        """Puts other limits in force while the job runs, as `libisolate.Job.update()`."""
        update = functools.partial(self._job.update, limits, **fields)
        return await self._loop.run_in_executor(None, update)

    async def exec(
        self,
        argv: Optional[Argv] = None,
        *,
        spec: Union[Spec, Mapping[str, Any], None] = None,
        **options: Any,
    ) -> Job:
        """Starts another program inside the running job, as `libisolate.Job.exec()`."""
        request = _job.fields(argv, spec, options)
        return await _start(request, TextMode(False, None, None), self._job._native.exec)

    def usage(self) -> Usage:
        """What the job has used so far."""
        return self._job.usage()

    async def wait(self) -> Outcome[Any]:
        """Waits for the job to end. A wait that is cancelled leaves the job running."""
        return await asyncio.shield(self._end)

    def send_signal(self, signal: int) -> bool:
        """Sends a signal to the program. `False` when the job has ended."""
        return self._job.send_signal(signal)

    def terminate(self) -> bool:
        """Sends SIGTERM to the program. `False` when the job has ended."""
        return self._job.terminate()

    def kill(self) -> None:
        """Kills every process of the job. It then ends as "killed"."""
        self._job.kill()

    async def communicate(self, input: Optional[bytes] = None) -> Tuple[Optional[bytes], Optional[bytes]]:
        """Writes `input` to the program's stdin, reads its piped streams to their end, and waits.

        Gives stdout and stderr, piped or captured.
        """
        _, out, err, outcome = await asyncio.gather(
            self._feed(input), _read(self.stdout), _read(self.stderr), self.wait()
        )
        return (outcome.stdout if out is None else out, outcome.stderr if err is None else err)

    async def _feed(self, input: Optional[bytes]) -> None:
        if self.stdin is None:
            if input:
                raise ValueError("input needs stdin=\"pipe\"")
            return
        try:
            if input:
                self.stdin.write(input)
                await self.stdin.drain()
            self.stdin.close()
            await self.stdin.wait_closed()
        except (BrokenPipeError, ConnectionResetError):
            # The program did not want it; its outcome tells whether that is a failure.
            pass

    async def close(self) -> None:
        """Closes the pipes, kills the job if it still runs, and reaps it."""
        try:
            if not self._end.done():
                self._job.kill()
                await self.wait()
        finally:
            self._unwatch()
            for transport in self._transports:
                transport.close()
            # Also what is left to do when this was cancelled above: a killed job is reaped at once.
            self._job.close()
            if not self._end.done() and self._job.outcome is not None:
                self._end.set_result(self._job.outcome)

    async def __aenter__(self) -> Job:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        if getattr(self, "_watched", None) is not None:
            self._unwatch()

    def __repr__(self) -> str:
        return repr(self._job).replace("libisolate.Job", "libisolate.aio.Job")


def _ready(reference: weakref.ReferenceType[Job]) -> None:
    job = reference()
    if job is not None:
        job._turn()


async def _read(reader: Optional[asyncio.StreamReader]) -> Optional[bytes]:
    return None if reader is None else await reader.read()


async def _start(
    request: Mapping[str, Any], mode: TextMode, start: Callable[[str], _native.Job] = _native.spawn
) -> Job:
    """Starts on a thread of the loop's own, because a launch sleeps for a while."""
    text = _wire.dump(request)
    starting = asyncio.get_running_loop().run_in_executor(None, start, text)
    try:
        native = await asyncio.shield(starting)
    except asyncio.CancelledError:
        # The launch cannot be called back; what it starts is dropped, which kills it.
        starting.add_done_callback(_drop)
        raise
    job = Job(_job.Job(native, mode))
    try:
        await job._connect()
    except BaseException:
        await job.close()
        raise
    return job


def _drop(starting: asyncio.Future[_native.Job]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        starting.result().close()


async def spawn(
    argv: Optional[Argv] = None,
    *,
    spec: Union[Spec, Mapping[str, Any], None] = None,
    **options: Any,
) -> Job:
    """Starts a job, as `libisolate.spawn()`. Piped streams are asyncio streams of bytes."""
    return await _start(_job.fields(argv, spec, options), TextMode(False, None, None))


async def run(
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
) -> Outcome[Any]:
    """Runs a job to its end, as `libisolate.run()`. When cancelled, kills the job and reaps it."""
    mode = TextMode.of(text, encoding, errors)
    request = _job.streams(_job.fields(argv, spec, options), capture_output, input)
    data = None if input is None else mode.encode(input)
    async with await _start(request, TextMode(False, None, None)) as job:
        out, err = await job.communicate(data)
        ended = await job.wait()
    outcome = dataclasses.replace(ended, stdout=mode.decode(out), stderr=mode.decode(err))
    if check:
        outcome.check_returncode()
    return outcome


__all__ = ["Events", "Job", "events", "run", "spawn"]
