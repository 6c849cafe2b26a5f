"""The package itself: its names, its version, its README, the command."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import libisolate as iso
from groups import has
from libisolate import _native

README = Path(__file__).parents[1] / "README.md"


def test_every_exported_name_exists() -> None:
    assert [name for name in iso.__all__ if not hasattr(iso, name)] == []
    from libisolate import _cgroup, _cgroup_events, _cgroup_types, _ns_facts, _ns_threads, _ns_types, _spec, errors

    for module in (_cgroup, _cgroup_events, _cgroup_types, _ns_facts, _ns_threads, _ns_types, _spec, errors):
        assert set(module.__all__) <= set(iso.__all__)


def test_version() -> None:
    assert iso.__version__ == _native.__version__ and re.fullmatch(r"\d+\.\d+\.\d+", iso.__version__)


def test_host_tells_the_eight_namespaces() -> None:
    assert set(iso.host()["namespaces"]) == {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}


def test_asyncio_is_not_imported_unasked() -> None:
    program = "import sys, libisolate; assert 'asyncio' not in sys.modules; libisolate.aio.run; assert 'asyncio' in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def readme_prints(number: int) -> str:
    snippet = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)[number]
    done = subprocess.run([sys.executable, "-W", "error", "-c", snippet], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_readme_of_jobs() -> None:
    text = readme_prints(0)
    assert "exit 0" in text and "killed" in text


def test_readme_of_cgroups(nothing_left: None) -> None:
    has("memory")
    text = readme_prints(1)
    assert f"limit={256 << 20}" in text and "kind='empty'" in text


def command(*args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "libisolate", *args], capture_output=True, text=True, timeout=60)


def test_the_command() -> None:
    done = command("run", "--hostname", "box", "--", "sh", "-c", "hostname; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "box\n", "")
    assert command("run", "--timeout", "0.1", "--", "sleep", "100").returncode == 124
    done = command("run", "--", "/no/such")
    assert (done.returncode, done.stderr) == (127, "isolatectl: exec: /no/such: No such file or directory\n")
    assert iso.__version__ in command("info").stdout


def test_the_command_passes_signals_on() -> None:
    script = "trap 'echo got; exit 9' INT; echo ready; while :; do sleep 0.02; done"
    args = [sys.executable, "-m", "libisolate", "run", "--", "sh", "-c", script]
    with subprocess.Popen(args, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "got\n"
        assert process.wait() == 9


def test_move_to_leaf_where_nothing_is_to_be_done_or_a_clear_error() -> None:
    # In a process of its own: it would move this one.
    program = "import libisolate as iso\ntry: iso.move_to_leaf()\nexcept iso.IsolateError as e: assert e.stage == 'cgroup', e"
    subprocess.run([sys.executable, "-c", program], check=True)
