"""The package itself: its names, its version, its README, the command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import libisolate as iso
from libisolate import _native

README = Path(__file__).parents[1] / "README.md"


def test_every_exported_name_exists() -> None:
    assert [name for name in iso.__all__ if not hasattr(iso, name)] == []
    from libisolate import _spec, errors

    assert set(_spec.__all__) | set(errors.__all__) <= set(iso.__all__)


def test_version() -> None:
    assert iso.__version__ == _native.__version__ and re.fullmatch(r"\d+\.\d+\.\d+", iso.__version__)


def test_host_tells_the_eight_namespaces() -> None:
    assert set(iso.host()["namespaces"]) == {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}


def test_asyncio_is_not_imported_unasked() -> None:
    program = "import sys, libisolate; assert 'asyncio' not in sys.modules; libisolate.aio.run; assert 'asyncio' in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("snippet", re.findall(r"```python\n(.*?)```", README.read_text(), re.S))
def test_readme(snippet: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", snippet], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "exit 0" in done.stdout and "killed" in done.stdout
