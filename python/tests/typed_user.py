"""A user's file for `mypy --strict`: what it says about types must hold, and no more is wrong than is marked."""

import asyncio
import socket
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
    limits = iso.Limits(
        io=[iso.IoLimit("/dev/sda", read_bps="1M", latency=0.01)], devices=[iso.DeviceRule(False, "a")],
        net_priorities={"*": 3}, hugetlb={"2MB": "4M"}, rdma=[iso.RdmaLimit("mlx5_0", handles=2)],
        cpuset_partition="isolated", cpu_period="20ms", files={"memory.swap.high": "max"},
    )
    iso.run(["x"], limits=limits)
    iso.Limits(io=["/dev/sda"])  # type: ignore[list-item]
    iso.Limits(cpuset_partition="owner")  # type: ignore[arg-type]
    iso.run(["x"], memroy=1)  # type: ignore[call-overload]
    iso.run(["x"], net="everything")  # type: ignore[call-overload]


def use_namespaces() -> None:
    with iso.create_namespaces(["net", "uts"], hostname="box") as made:
        net: iso.Namespace = made["net"]
        name: str = made["uts"].hostname
        with iso.entered(*made.values()) as inside:
            listener = inside(socket.create_server, ("127.0.0.1", 0))
            port: int = listener.getsockname()[1]
            print(inside(str, port), name)
            inside(len, 5)  # type: ignore[arg-type]
        job = iso.spawn(["true"], namespaces=iso.Namespaces(net=net, uts="/run/x/uts", ipc=3, pid="new"), text=True)
        program: "iso.Job[str]" = job.exec(["true"], text=True)
        inner: "iso.Job[bytes]" = job.exec(["true"])
        print(program.pid, inner.pid, job.namespace("user").owner_uid)
    for entry in iso.list_namespaces():
        number: "int | None" = entry.kernel_id
        for pin in entry.pins:
            if pin.type == "mount":
                print(pin.path, number)
    iso.Namespace.of_thread("nett")  # type: ignore[arg-type]
    iso.create_namespaces("net", timeout=3)  # type: ignore[call-arg]


def use_systemd(driver: iso.Driver) -> None:
    iso.run(["x"], driver=driver, slice="a-b.slice", unit="u")
    with iso.Cgroup.create("batch", driver="systemd", slice="a-b.slice") as group:
        unit: "str | None" = group.unit
        print(unit and unit.removesuffix(".scope"))
    iso.Cgroup.create("batch", driver="runc")  # type: ignore[arg-type]


def use_cgroups() -> None:
    with iso.Cgroup.create("batch", controllers=["memory"]) as group:
        rows: "dict[str, iso.Enforced]" = group.apply(iso.Limits(memory="1G"), cpus=0.5)
        limit: "int | None" = group.set_memory("limit", None)
        memory: "iso.MemoryStat | None" = group.stat("memory", "cpu").memory
        print(rows, limit, memory and memory.stat["anon"], group.processes()[0] + 1)
        with group.events("oom", iso.ThresholdWatch("8M"), iso.PressureWatch("cpu", 1, 2)) as events:
            for event in events:
                if event.kind == "oom_kill":
                    print(event.count + 1, event.detail)
        group.notify_on_release = True
        group.stat("all")  # type: ignore[arg-type]
        group.events("ooom")  # type: ignore[arg-type]
        group.memory("use")  # type: ignore[arg-type]
    with iso.spawn(["x"], limits=iso.Limits(memory="1G")) as job, job.cgroup() as own:
        print(job.update(memory="2G")["memory"].value, own.path)
    weight: int = iso.convert.shares_to_weight(1024, "linear")
    print(weight, iso.convert.shares_to_weight(1, "x"))  # type: ignore[arg-type]


def ask_the_doctor() -> None:
    diagnosis: iso.Diagnosis = iso.doctor()
    for check in diagnosis.checks:
        status: iso.CheckStatus = check.status
        print(check.area, status, check.reason or "", diagnosis.ready)


async def watch(group: iso.Cgroup) -> None:
    async with iso.aio.events(group, "populated") as events:
        async for event in events:
            kind: iso.CgroupEventKind = event.kind
            print(kind)


async def use_async() -> None:
    done = await iso.aio.run(["true"], capture_output=True)
    print(done.exit_code)
    async with await iso.aio.spawn(["cat"], stdin="pipe") as job:
        job.kill()
        await job.wait()


if __name__ == "__main__":
    use()
    asyncio.run(use_async())
