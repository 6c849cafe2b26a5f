"""Groups and jobs in scopes that systemd makes, and what is said where it is not."""

from __future__ import annotations

import gc
import os
import subprocess
from pathlib import Path
from typing import Any, List

import pytest

import libisolate as iso
from conftest import skip, wait_until
from groups import name, sleeper

NO_SYSTEMD = 'driver: "systemd": this host was not booted with systemd'


@pytest.fixture
def systemd() -> None:
    """For tests that need systemd to make groups for this caller: skips where it does not."""
    try:
        iso.run(["true"], profile="none", driver="systemd")
    except (iso.UnsupportedError, iso.PermissionDeniedError) as error:
        skip(str(error))


def systemctl(*words: str) -> str:
    user = [] if os.geteuid() == 0 else ["--user"]
    # A test machine may have this program's files in a root of their own.
    env = {**os.environ, "SYSTEMD_IGNORE_CHROOT": "1"}
    return subprocess.run(["systemctl", *user, *words], env=env, capture_output=True, text=True).stdout.strip()


def scopes(paths: List[str]) -> List[str]:
    """Those that are in a scope of this process's."""
    return [path for path in paths if f"isolate-{os.getpid()}-" in path and ".scope/" in path]


def scope_of(group: iso.Cgroup) -> Path:
    """The scope's directory where systemd keeps account of it."""
    place = scopes([str(place.path) for place in group.places()])[0]
    return Path(place.split(".scope/")[0] + ".scope")


def test_a_job_in_a_named_scope(systemd: None, nothing_left: None) -> None:
    unit = name()
    done = iso.run(
        ["cat", "/proc/self/cgroup"], profile="none", driver="systemd", unit=unit, capture_output=True
    )
    assert scopes(done.stdout.decode().splitlines())
    told = done.enforcement["unit"]
    assert (told.requested, told.status, told.value) == (unit, "enforced", f"{unit}.scope")
    assert systemctl("show", "--value", "-p", "LoadState", f"{unit}.scope") == "not-found"


def test_a_running_job_tells_its_unit(systemd: None, nothing_left: None) -> None:
    with iso.spawn(["sleep", "1000"], profile="none", driver="systemd") as job:
        with job.cgroup() as group:
            assert group.unit is not None and group.unit.startswith("isolate-")
            assert systemctl("show", "--value", "-p", "ActiveState", group.unit) == "active"
            scope = scope_of(group)
        assert scope.is_dir()
        job.kill()
        assert job.wait().reason == "killed"
    assert not scope.exists()


def test_a_slice_is_made_and_said_to_be_the_one(systemd: None, nothing_left: None) -> None:
    top = f"isolatepy{os.getpid()}"
    with iso.Cgroup.create(name(), driver="systemd", slice=f"{top}-inner.slice") as group:
        assert scope_of(group).parts[-3:-1] == (f"{top}.slice", f"{top}-inner.slice")
    systemctl("stop", f"{top}.slice")


def test_a_group_takes_this_programs_processes(systemd: None, nothing_left: None) -> None:
    with sleeper() as child, iso.Cgroup.create(name(), driver="systemd") as group:
        assert group.unit == f"{group.path}.scope"
        group.attach(child.pid)
        assert group.processes() == (child.pid,)
        assert scopes(Path(f"/proc/{child.pid}/cgroup").read_text().splitlines())
        with pytest.raises(iso.BusyError, match="UnitExists"):
            iso.Cgroup.create(group.path, driver="systemd")
        scope = scope_of(group)
    # The end of the block has killed and removed.
    assert child.wait() == -9
    assert not scope.exists()


def test_a_closed_handle_leaves_what_has_processes(systemd: None, nothing_left: None) -> None:
    with sleeper() as child:
        group = iso.Cgroup.create(name(), driver="systemd")
        group.attach(child.pid)
        scope = scope_of(group)
        group.close()
        assert child.poll() is None and scope.is_dir()
        assert scopes(Path(f"/proc/{child.pid}/cgroup").read_text().splitlines())
    wait_until(lambda: not scope.exists(), "the scope goes with its last process")


def test_a_handle_that_nobody_has_takes_its_scope_along(systemd: None, nothing_left: None) -> None:
    scope = scope_of(iso.Cgroup.create(name(), driver="systemd"))
    gc.collect()
    wait_until(lambda: not scope.exists(), "the scope goes with its handle")


def test_where_there_is_no_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/run/systemd/system").is_dir():
        skip("systemd is here")
    for variable in ("DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(iso.UnsupportedError, match=NO_SYSTEMD):
        iso.run(["true"], driver="systemd")
    with pytest.raises(iso.UnsupportedError, match=NO_SYSTEMD):
        iso.Cgroup.create(name(), driver="systemd")
    with pytest.raises(iso.UnsupportedError, match="unit: this host was not booted with systemd"):
        iso.run(["true"], unit="u")


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"driver": "cgroupfs", "slice": "a.slice"}, 'slice: is for systemd, and driver is "cgroupfs"'),
        ({"cgroup": "none", "unit": "u"}, "unit: is for the job's cgroup, and cgroup is \"none\""),
        ({"slice": "foo--bar.slice"}, 'slice: "foo--bar.slice": has an empty part'),
        ({"unit": "a/b"}, "unit: \"a/b\": holds '/'"),
        ({"driver": "runc"}, "driver: unknown word `runc`, expected one of `auto`, `cgroupfs`, `systemd`"),
        ({"slice": 5}, "slice: invalid type"),
    ],
)
def test_what_no_host_could_do(fields: Any, message: str) -> None:
    with pytest.raises(iso.InvalidSpecError) as told:
        iso.run(["true"], **fields)
    assert message in str(told.value)


def test_groups_that_nobody_can_make() -> None:
    with pytest.raises(iso.InvalidSpecError, match="slice: is for systemd"):
        iso.Cgroup.create(name(), slice="a.slice")
    with pytest.raises(iso.InvalidSpecError, match="driver: unknown word `runc`"):
        iso.Cgroup.create(name(), driver="runc")  # type: ignore[arg-type]
    with pytest.raises(iso.InvalidSpecError, match="slice: invalid type"):
        iso.Cgroup.create(name(), slice=5)  # type: ignore[arg-type]


def test_a_group_of_another_driver_has_no_unit() -> None:
    with iso.Cgroup.own() as own:
        assert own.unit is None
    try:
        group = iso.Cgroup.create(name(), driver="cgroupfs")
    except (iso.UnsupportedError, iso.PermissionDeniedError) as error:
        skip(str(error))
    with group:
        assert group.unit is None
