"""How long a caller waits."""

from __future__ import annotations

import datetime
from typing import Optional, Union, overload

Timeout = Union[float, datetime.timedelta]


@overload
def seconds(timeout: Timeout) -> float: ...
@overload
def seconds(timeout: Optional[Timeout]) -> Optional[float]: ...


def seconds(timeout: Optional[Timeout]) -> Optional[float]:
    """A timeout as the native library takes it."""
    if isinstance(timeout, datetime.timedelta):
        return timeout.total_seconds()
    return timeout
