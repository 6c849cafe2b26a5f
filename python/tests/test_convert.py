"""Conversions between cgroup v1 and v2: published values, both ways, and what is refused."""

from __future__ import annotations

import pytest

import libisolate as iso
from libisolate import convert


def test_weights() -> None:
    assert [convert.shares_to_weight(n) for n in (0, 1, 2, 1024, 262144, 1 << 40)] == [0, 1, 1, 100, 10000, 10000]
    assert [convert.shares_to_weight(1024, rule) for rule in ("runc-2025", "systemd", "linear")] == [100, 100, 39]  # type: ignore[arg-type]
    assert convert.weight_to_shares(100) == 1024 and convert.weight_to_shares(39, "linear") == 1024
    for weight in range(1, 10001, 7):
        assert convert.shares_to_weight(convert.weight_to_shares(weight)) == weight
    assert [convert.blkio_to_io_weight(n) for n in (0, 10, 500, 1000)] == [0, 1, 4950, 10000]
    assert convert.blkio_to_io_weight(100, "systemd") == 100 == convert.io_to_blkio_weight(100, "systemd")
    assert convert.io_to_blkio_weight(4950) == 500


def test_memory_and_cpu() -> None:
    assert convert.swap_max(3000, 1000) == 2000 and convert.swap_max(-1, 1000) == -1
    assert convert.memsw_limit(2000, 1000) == 3000 and convert.memsw_limit(-1, 1000) == -1
    assert convert.cpu_max(50000) == "50000 100000" and convert.cpu_max(-1, 20000) == "max 20000"
    assert convert.quota_of(1.5) == 150000 and convert.quota_of(0.5, 10000) == 5000


def test_refused() -> None:
    calls = [
        lambda: convert.weight_to_shares(10001),
        lambda: convert.blkio_to_io_weight(9),
        lambda: convert.io_to_blkio_weight(10001),
        lambda: convert.shares_to_weight(5, "other"),  # type: ignore[arg-type]
        lambda: convert.swap_max(999, 1000),
        lambda: convert.memsw_limit(5, -1),
        lambda: convert.cpu_max(5),
        lambda: convert.quota_of(float("nan")),
    ]
    for call in calls:
        with pytest.raises(iso.InvalidSpecError):
            call()
    with pytest.raises(TypeError):
        convert.shares_to_weight("5")  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        convert.shares_to_weight(-1)
