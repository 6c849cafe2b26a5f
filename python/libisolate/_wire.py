"""Specs on their way to JSON, outcomes on their way back. No rule of a spec is checked here: the native
library does, with the same text in every language."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
import math
import os
import subprocess
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type, TypeVar

_STREAMS = ("stdin", "stdout", "stderr")
_SUBPROCESS = {subprocess.PIPE: "pipe", subprocess.DEVNULL: "null"}

T = TypeVar("T")


def dump(fields: Mapping[str, Any]) -> str:
    """The JSON text of a spec given by its fields."""
    spec = {}
    for name, value in fields.items():
        if name in _STREAMS:
            value = _stream(value)
        spec[name] = _encode(value, name)
    return json.dumps(spec)


def fields_of(spec: Any) -> Dict[str, Any]:
    """The fields of a `Spec` or of a mapping with the same keys."""
    if dataclasses.is_dataclass(spec) and not isinstance(spec, type):
        return _fields(spec)
    return dict(spec)


def _fields(value: Any) -> Dict[str, Any]:
    pairs = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
    return {name: value for name, value in pairs if value is not None}


def _stream(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _SUBPROCESS.get(value, {"fd": value})
    if hasattr(value, "fileno"):
        return {"fd": value.fileno()}
    return value


def _encode(value: Any, where: str) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return _bytes(value)
    if isinstance(value, float):
        # JSON has no words for these; as text they meet the check that names them.
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, os.PathLike):
        return _encode(os.fspath(value), where)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        encoded = {k: _encode(v, f"{where}.{k}") for k, v in _fields(value).items()}
        tag = getattr(value, "_tag", None)
        return encoded if tag is None else {tag: encoded}
    if isinstance(value, Mapping):
        return {_key(k, where): _encode(v, f"{where}.{k}") for k, v in value.items()}
    if hasattr(value, "__iter__"):
        return [_encode(v, f"{where}[{n}]") for n, v in enumerate(value)]
    if hasattr(value, "__index__"):
        return value.__index__()
    raise TypeError(f"{where}: {type(value).__name__!r} objects have no place in a spec")


def _key(key: Any, where: str) -> str:
    if isinstance(key, bytes):
        key = os.fsdecode(key)
    if not isinstance(key, str):
        raise TypeError(f"{where}: keys must be text, not {type(key).__name__!r}")
    return key


def _text(value: str) -> Any:
    try:
        value.encode()
    except UnicodeEncodeError:
        # os.fsdecode() puts bytes that are no UTF-8 into surrogates; this takes them out again.
        return _bytes(os.fsencode(value))
    return value


def _bytes(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


def load(cls: Type[T], data: Mapping[str, Any]) -> T:
    """A dataclass from its JSON object; what is not there is `None`."""
    return cls(**{f.name: data.get(f.name) for f in dataclasses.fields(cls)})  # type: ignore[arg-type]


Ended = Tuple[str, Optional[bytes], Optional[bytes]]


def outcome(ended: Ended) -> Any:
    """The outcome from what the native library gives, streams as bytes."""
    from ._spec import Enforced, Outcome, Usage

    text, stdout, stderr = ended
    data: Dict[str, Any] = json.loads(text)
    data["usage"] = load(Usage, data["usage"])
    data["enforcement"] = enforcement(data["enforcement"])
    data["stdout"] = stdout
    data["stderr"] = stderr
    return load(Outcome, data)


def enforcement(rows: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """What was put in force, by name."""
    from ._spec import Enforced

    return {row["name"]: load(Enforced, row) for row in rows}


def bytes_of(value: Any) -> Any:
    """Text or bytes from their JSON form."""
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    return value


__all__: List[str] = []
