"""Specs on their way to JSON, outcomes and what is told of namespaces and cgroups on their way back. No rule
of a spec is checked here: the native library does, with the same text in every language."""

from __future__ import annotations

import base64
import collections.abc
import dataclasses
import datetime
import functools
import json
import math
import os
import subprocess
from typing import Any, Dict, List, Literal, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union
from typing import get_args, get_origin, get_type_hints

_STREAMS = ("stdin", "stdout", "stderr")
_SUBPROCESS = {subprocess.PIPE: "pipe", subprocess.DEVNULL: "null"}

T = TypeVar("T")


def dump(fields: Mapping[str, Any]) -> str:
    """The JSON text of a spec given by its fields."""
    spec = {}
    for name, value in fields.items():
        if name in _STREAMS:
            value = _stream(value)
        elif name == "namespaces":
            value = _namespaces(value)
        spec[name] = _encode(value, name)
    return json.dumps(spec)


def text(value: Any, name: Optional[str] = None) -> str:
    """The JSON text of a dataclass other than a spec, or of what has another name."""
    return json.dumps(_encode(value, name or type(value).__name__))


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


def _namespaces(value: Any) -> Any:
    """What is said of each kind: a word of its own, or a namespace, which the wire has a word for."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = _fields(value)
    return {kind: _namespace(mode) for kind, mode in value.items()} if isinstance(value, Mapping) else value


def _namespace(mode: Any) -> Any:
    if isinstance(mode, bool):
        return mode
    if isinstance(mode, int):
        return {"fd": mode}
    if hasattr(mode, "fileno"):
        return {"fd": mode.fileno()}
    if isinstance(mode, (bytes, os.PathLike)) or (isinstance(mode, str) and "/" in mode):
        return {"path": mode}
    return mode


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


def read(cls: Type[T], data: Mapping[str, Any]) -> T:
    """As `load()`, with the dataclasses in it."""
    return cls(**_load_fields(cls, data))


def read_list(cls: Type[T], data: Sequence[Mapping[str, Any]]) -> Tuple[T, ...]:
    """A list of JSON objects."""
    return tuple(read(cls, item) for item in data)


Ended = Tuple[str, Optional[bytes], Optional[bytes]]


def outcome(ended: Ended) -> Any:
    """The outcome from what the native library gives, streams as bytes."""
    from ._spec import Outcome, Usage

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


def spec(cls: Type[T], text: str) -> T:
    """A spec from its JSON text, which the native library has found to be one."""
    data = json.loads(text)
    fields = _load_fields(cls, data)
    for name in _STREAMS:
        # No descriptor, which is for the library to say: in Python -1 is subprocess.PIPE.
        if isinstance(fields.get(name), int) and fields[name] < 0:
            fields[name] = data[name]
    return cls(**fields)


def _load_fields(cls: Any, data: Mapping[str, Any]) -> Dict[str, Any]:
    hints = _hints(cls)
    return {name: _decode(value, hints[name]) for name, value in data.items()}


# It evaluates every annotation anew, and a list has thousands of rows.
_hints = functools.lru_cache(maxsize=None)(get_type_hints)


def _decode(value: Any, hint: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if isinstance(value, list):
        if origin is tuple:
            return tuple(value)
        item = next(a for h in (hint, *args) if get_origin(h) is collections.abc.Sequence for a in get_args(h))
        return tuple(_decode(v, item) for v in value)
    if not isinstance(value, dict):
        return value
    arms = args if origin is Union else (hint,)
    for arm in arms:
        if get_origin(arm) is collections.abc.Mapping:
            return {k: _decode(v, get_args(arm)[1]) for k, v in value.items()}
    structs: List[Any] = [arm for arm in arms if dataclasses.is_dataclass(arm) and _is(arm, value)]
    # A variant with a payload, and bytes that are no text, are an object with one key.
    key, inner = next(iter(value.items()), ("", {}))
    for arm in structs:
        tag = getattr(arm, "_tag", None)
        if tag is None:
            return arm(**_load_fields(arm, value))
        if tag == key:
            return arm(**_load_fields(arm, inner))
    if key == "base64":
        raw = base64.b64decode(str(inner))
        return os.fsdecode(raw) if hint is str else raw
    if key == "path":
        # Of a namespace. A slash is what tells a path from a word, and so are bytes.
        path = _decode(inner, hint)
        return path if "/" in os.fsdecode(path) else os.fsencode(path)
    return inner


def _is(cls: Any, value: Mapping[str, Any]) -> bool:
    """Whether a struct that is one of several is the one: it has the word that tells."""
    hint = _hints(cls).get("type")
    return get_origin(hint) is not Literal or value.get("type") in get_args(hint)
