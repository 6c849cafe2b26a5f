"""A user's file for `mypy --strict`: what it says about types must hold, and no more is wrong than is marked."""

import asyncio
from pathlib import Path

import libisolate as iso


def use() -> None:
    outcome = iso.run(["make", b"-j2", Path("x")], binds=[iso.Bind(Path("/src"), "/work", rw=True)], timeout=60)
    raw: "bytes | None" = outcome.stdout
    text: "str | None" = iso.run(["ls"], capture_output=True, text=True).stdout
    peak: "int | None" = outcome.usage.memory_peak
    row: iso.Enforced = outcome.enforcement["memory"]
    if outcome.reason == "out_of_memory":
        print(raw, text, peak, row.value)
    with iso.spawn(iso.Spec(["ls"], net="none"), encoding="utf-8", stdout="pipe") as job:
        assert job.stdout is not None
        line: str = job.stdout.readline()
        print(line, job.wait(timeout=1.5).success)
    try:
        iso.run(["x"], limits=iso.Limits(memory="1G", cpus=0.5))
    except iso.NotFoundError as error:
        number: int = error.errno
        print(number, error.stage)
    iso.run(["x"], memroy=1)  # type: ignore[call-overload]
    iso.run(["x"], net="everything")  # type: ignore[call-overload]


async def use_async() -> None:
    done = await iso.aio.run(["true"], capture_output=True)
    print(done.exit_code)
    async with await iso.aio.spawn(["cat"], stdin="pipe") as job:
        job.kill()
        await job.wait()


if __name__ == "__main__":
    use()
    asyncio.run(use_async())
