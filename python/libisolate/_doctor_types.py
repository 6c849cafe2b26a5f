"""What the doctor finds.

Made by `cargo xtask codegen` from the Rust types; not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional, Sequence

CheckArea = Literal["kernel", "proc", "namespaces", "ids", "cgroups", "systemd", "jobs"]
"""What a check is about.

"kernel": The kernel's release, its calls, filters and programs.

"proc": /proc and what it holds.

"namespaces": The eight kinds of namespaces, and mounts in them.

"ids": Maps of user and group ids.

"cgroups": The cgroup trees and their controllers.

"systemd": systemd as the manager of the cgroup tree.

"jobs": Jobs, tried for real.
"""

CheckStatus = Literal["works", "limited", "fails", "absent"]
"""What a check came to.

"works": It works.

"limited": It works with less than it could; the reason says what is lost.

"fails": What needs it cannot be had.

"absent": It is not there, and nothing here misses it.
"""


@dataclass(frozen=True)
class Check:
    """One thing that was examined."""

    area: CheckArea
    """What it is about."""

    name: str
    """What was examined, in a few words; unique in its area."""

    status: CheckStatus
    """What it came to."""

    needed: bool
    """Whether a default job, a strict one without limits, does not start without it."""

    found: str
    """What was found, in a few words."""

    reason: Optional[str]
    """Why it does not work in full, in one line."""

    remedy: Optional[str]
    """What to do about it, in one line: a command or a file with its content where there is one."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found wrong and right with this host for this caller."""

    ready: bool
    """Whether everything works that a default job needs."""

    checks: Sequence[Check]
    """All that was examined, area by area."""


__all__ = [
    "Check",
    "CheckArea",
    "CheckStatus",
    "Diagnosis",
]
