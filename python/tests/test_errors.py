"""Bad input: one typed error each, its text, and nothing left behind."""

from __future__ import annotations

import pickle
from typing import Any, Dict, Type

import pytest

import libisolate as iso

pytestmark = pytest.mark.usefixtures("nothing_left")

CASES: Dict[str, Any] = {
    "unknown field": (dict(memroy=1), iso.InvalidSpecError, ValueError, "spec", "memroy", "unknown field `memroy`, expected one of"),
    "unknown field below": (
        dict(limits={"memroy": 1}), iso.InvalidSpecError, ValueError, "spec", "limits.memroy", "unknown field `memroy`, expected one of",
    ),
    "unit": (dict(limits=iso.Limits(memory="12Q")), iso.InvalidSpecError, ValueError, "spec", "limits.memory", 'the unknown suffix "Q"'),
    "negative": (dict(limits=iso.Limits(memory=-1)), iso.InvalidSpecError, ValueError, "spec", "limits.memory", "a size must be 0 or more"),
    "negative time": (dict(timeout=-1), iso.InvalidSpecError, ValueError, "spec", "timeout", "a time must be 0 or more"),
    "no number": (dict(timeout=float("nan")), iso.InvalidSpecError, ValueError, "spec", "timeout", '"nan" is not a time'),
    "argv is text": (dict(argv="ls -l"), iso.InvalidSpecError, ValueError, "spec", "argv", "expected a list"),
    "argv is empty": (dict(argv=[]), iso.InvalidSpecError, ValueError, "spec", "argv", ""),
    "NUL": (dict(argv=["a\0b"]), iso.InvalidSpecError, ValueError, "spec", "argv[0]", "NUL"),
    "no program": (dict(argv=["/no/such"]), iso.NotFoundError, FileNotFoundError, "exec", "/no/such", "No such file or directory"),
    "no cwd": (dict(cwd="/no/such"), iso.NotFoundError, FileNotFoundError, "cwd", "/no/such", "No such file or directory"),
    "no source": (dict(binds=[iso.Bind("/no/such")]), iso.NotFoundError, FileNotFoundError, None, "/no/such", ""),
    "no root": (dict(root=iso.RootDir("/no/such")), iso.NotFoundError, FileNotFoundError, None, "/no/such", ""),
    "not executable": (dict(argv=["/etc/passwd"]), iso.PermissionDeniedError, PermissionError, "exec", "/etc/passwd", "Permission denied"),
    "argv too long": (
        dict(argv=["true", "x" * (1 << 18)]), iso.InvalidSpecError, ValueError, "spec", "argv[1]", "the kernel takes at most",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input(case: str) -> None:
    options, kind, builtin, stage, subject, text = CASES[case]
    with pytest.raises(iso.IsolateError) as caught:
        iso.run(**{"argv": ["true"], **options})
    error = caught.value
    assert isinstance(error, kind) and isinstance(error, builtin)
    message = str(error)
    assert text in message and "\n" not in message and not message.endswith(".")
    if stage is not None:
        assert error.stage == stage
    if subject is not None:
        assert subject in error.subject
    assert message.startswith(f"{error.stage}: {error.subject}: ")
    assert error.errno > 0
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == message and again.errno == error.errno


def test_what_has_no_place_in_a_spec() -> None:
    with pytest.raises(TypeError, match=r"binds\[0\]: 'object' objects have no place in a spec"):
        iso.run(["true"], binds=[object()])  # type: ignore[list-item]


@pytest.mark.parametrize("cls", [iso.NotFoundError, iso.PermissionDeniedError, iso.TimeoutExpired])
def test_errors_are_the_builtins_one_expects(cls: Type[iso.IsolateError]) -> None:
    error = cls("stage: subject: what", kind="k", errno=2, stage="stage", subject="subject")
    assert isinstance(error, OSError) and error.errno == 2 and error.filename == "subject"
    assert str(error) == "stage: subject: what"
