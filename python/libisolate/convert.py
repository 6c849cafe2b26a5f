"""Conversions between the values of cgroup v1 and v2, as pure functions under named rules.

Nothing here looks at the host. Numbers of v1 keep their meaning: -1 is "no limit", 0 is "not set". The rules
for weights are those of `ConversionRule`; "runc-2025" is what the library itself goes by.
"""

from __future__ import annotations

from . import _native
from ._cgroup_types import ConversionRule


def shares_to_weight(shares: int, rule: ConversionRule = "runc-2025") -> int:
    """The `cpu.weight` for `cpu.shares`, 1 to 10000. 0 stays 0; what is outside 2 to 262144 counts as the
    nearer end, as it does in the v1 kernel."""
    return _native.shares_to_weight(shares, rule)


def weight_to_shares(weight: int, rule: ConversionRule = "runc-2025") -> int:
    """The `cpu.shares` for a `cpu.weight`, 2 to 262144: `shares_to_weight()` makes the same weight of it again,
    for every weight and rule. 0 stays 0.

    Raises InvalidSpecError above 10000.
    """
    return _native.weight_to_shares(weight, rule)


def blkio_to_io_weight(weight: int, rule: ConversionRule = "runc-2025") -> int:
    """The `io.weight` for a `blkio.weight`, 1 to 10000. 0 stays 0. `io.bfq.weight` takes the v1 value as it is.

    Raises InvalidSpecError for anything but 0 and 10 to 1000.
    """
    return _native.blkio_to_io_weight(weight, rule)


def io_to_blkio_weight(weight: int, rule: ConversionRule = "runc-2025") -> int:
    """The `blkio.weight` nearest to an `io.weight`, 10 to 1000; what `blkio_to_io_weight()` has made comes back
    exactly. 0 stays 0. It is what `io.bfq.weight` takes, too.

    Raises InvalidSpecError above 10000.
    """
    return _native.io_to_blkio_weight(weight, rule)


def swap_max(memsw: int, limit: int) -> int:
    """The `memory.swap.max` for a v1 pair of `memory.memsw.limit_in_bytes` and `memory.limit_in_bytes`. A
    result of 0 of a sum that is not 0 forbids swap.

    Raises InvalidSpecError when the sum is below the limit, or there is a sum without a limit, or one is
    below -1.
    """
    return _native.swap_max(memsw, limit)


def memsw_limit(swap: int, limit: int) -> int:
    """The `memory.memsw.limit_in_bytes` for a `memory.swap.max` and a memory limit: what `swap_max()` turns into
    `swap` again.

    Raises InvalidSpecError when swap has a limit and memory has none, which v1 cannot say, or one is out of
    range.
    """
    return _native.memsw_limit(swap, limit)


def cpu_max(quota: int, period: int = 0) -> str:
    """The text of `cpu.max` for a v1 quota and period, microseconds. A quota of 0 or less is "max"; a period of 0
    is the default, 100000.

    Raises InvalidSpecError for a period outside 1000 to 1000000, a quota outside 1000 to 17592186044415.
    """
    return _native.cpu_max(quota, period)


def quota_of(cpus: float, period: int = 0) -> int:
    """The quota, microseconds, that gives a number of CPUs over a period (0 for the default, 100000).

    Raises InvalidSpecError for a period outside 1000 to 1000000; for fewer CPUs than a quota of 1000 gives, or
    more than a million, or not a number.
    """
    return _native.quota_of(cpus, period)


__all__ = [
    "blkio_to_io_weight", "cpu_max", "io_to_blkio_weight", "memsw_limit", "quota_of", "shares_to_weight", "swap_max",
    "weight_to_shares",
]
