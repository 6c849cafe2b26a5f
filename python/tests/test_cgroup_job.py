"""The group of a running job, and its limits changed while it runs."""

from __future__ import annotations

import sys

import pytest

import libisolate as iso
from groups import HOG, MIB


def test_the_group_of_a_job(limited: None, nothing_left: None) -> None:
    with iso.spawn(["sleep", "600"], limits=iso.Limits(memory="64M", pids=16)) as job:
        with job.cgroup() as group:
            assert job.pid in group.processes(recursive=True)
            assert group.memory("limit") == 64 * MIB
            stat = group.stat()
            assert stat.memory is not None and stat.memory.limit == 64 * MIB
        assert job.poll() is None, "the block's end leaves what it only opened"
        enforced = job.update(memory="128M")
        assert enforced["memory"].value == str(128 * MIB) == job.enforcement["memory"].value
        with pytest.raises(iso.InvalidSpecError):
            job.update(iso.Limits(memory=0))
        job.kill()
        outcome = job.wait()
        assert outcome.enforcement["memory"].value == str(128 * MIB)
        with pytest.raises(iso.NotFoundError):
            job.cgroup()
        with pytest.raises(iso.NotFoundError):
            job.update(memory="64M")


def test_a_limit_changed_while_the_job_runs_holds(limited: None, nothing_left: None) -> None:
    program = "import sys; sys.stdin.readline(); " + HOG
    with iso.spawn([sys.executable, "-S", "-c", program], stdin="pipe", stdout="pipe", profile="none",
                   limits=iso.Limits(memory="512M")) as job:
        job.update(memory="32M", swap=0, best_effort=["swap"])
        assert job.communicate(b"\n") == (b"", None)
        assert job.wait().reason == "out_of_memory"
